"""The pages of docs/: what they name is there, and every page is found."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import skyloom
from skyloom.arms import ARMS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
NAME = re.compile(r"`(skyloom(?:\.\w+)+)`")


@cache
def defined(path):
    """Names that a module defines or imports, and attributes of its classes as Class.name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def exists(name):
    """Whether a dotted name is a module of the library, something that one defines, or public."""
    parts = name.split(".")
    if len(parts) == 2 and parts[1] in skyloom.__all__:
        return True
    for length in range(len(parts), 0, -1):
        base = ROOT.joinpath("src", *parts[:length])
        rest = parts[length:]
        if base.is_dir() and not rest:
            return True
        if base.with_suffix(".py").is_file():
            return all(part in defined(base.with_suffix(".py")) for part in rest)
    return False


@pytest.mark.parametrize("page", PAGES)
def test_functions_that_a_page_names_exist(page):
    names = set(NAME.findall((DOCS / page).read_text(encoding="utf-8")))
    assert {name for name in names if not exists(name)} == set()


def test_what_does_not_exist_is_found_out():
    assert exists("skyloom.tng.images.lupton") and exists("skyloom.tng")
    assert exists("skyloom.open_tng") and not exists("skyloom.open_tngs")
    assert not exists("skyloom.tng.images.luptons") and not exists("skyloom.tngs.images")


def test_every_page_is_in_the_table_of_contents():
    listed = set()
    for block in re.findall(r"```{toctree}\n(.*?)```", (DOCS / "index.md").read_text(), re.DOTALL):
        listed |= {f"{line}.md" for line in block.splitlines() if line and not line.startswith(":")}
    assert listed == {*PAGES} - {"index.md"}


def test_links_to_other_pages_and_to_files_of_the_project_lead_somewhere():
    pages = [DOCS / page for page in PAGES]
    pages += [ROOT / name for name in ("README.md", "config/README.md", "benchmarks/README.md")]
    dead = []
    for path in pages:
        prose = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", prose):
            if "://" not in link and not (path.parent / link).exists():
                dead.append((path.name, link))
    assert dead == []


def test_every_arm_has_methods():
    text = (DOCS / "methods.md").read_text(encoding="utf-8")
    sections = " ".join(re.findall(r"^## (.*)", text, re.MULTILINE))
    assert all(arm in sections for arm in ARMS)
