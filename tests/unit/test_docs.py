"""The pages of docs/: what they name is there, and every page is found."""

import ast
import importlib
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

import skyloom
from skyloom.arms.registry import ARMS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
#: Those of the modules are written with the pages, and are not the project's.
PAGES = sorted(
    path.relative_to(DOCS).as_posix()
    for path in DOCS.rglob("*.md")
    if path.parent.name != "modules"
)
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
    assert exists("skyloom.arms.tng.images.lupton") and exists("skyloom.arms.tng")
    assert exists("skyloom.open_tng") and not exists("skyloom.open_tngs")
    assert not exists("skyloom.arms.tng.images.luptons") and not exists("skyloom.tngs.images")


def test_every_page_is_in_the_table_of_contents():
    listed = set()
    for block in re.findall(r"```{toctree}\n(.*?)```", (DOCS / "index.md").read_text(), re.DOTALL):
        listed |= {f"{line}.md" for line in block.splitlines() if line and not line.startswith(":")}
    # A notebook is a page by its own name.
    notebooks = {f"{path.relative_to(DOCS).with_suffix('')}.md" for path in DOCS.rglob("*.ipynb")}
    assert len(notebooks) >= 3 and listed == {*PAGES, *notebooks} - {"index.md"}


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


@pytest.fixture
def reference(monkeypatch):
    """What writes a page for each module."""
    monkeypatch.syspath_prepend(str(DOCS))
    return importlib.import_module("modules")


def test_the_reference_says_what_each_package_is_for_and_lists_its_modules(reference):
    text = (DOCS / "api" / "index.md").read_text(encoding="utf-8")
    sections = dict(
        re.findall(r"^## ([\w.]+)\n\n(.+)\n\n<!-- modules: \1 -->$", text, re.MULTILINE)
    )
    assert sorted(sections) == reference.packages()
    assert len(re.findall("^## ", text, re.MULTILINE)) == len(sections)
    lists = [reference.listed(package) for package in sections]
    entries = re.findall(r"^([\w.]+) <modules/\1>$", "\n".join(lists), re.MULTILINE)
    assert sorted(entries) == sorted(reference.modules())


def test_each_module_has_a_page_and_none_that_is_gone_keeps_its_own(reference, tmp_path):
    (tmp_path / "skyloom.gone.md").write_text("# skyloom.gone")
    reference.write(tmp_path)
    pages = {path.stem: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    files = (ROOT / "src" / "skyloom").rglob("*.py")
    assert len(pages) == len([path for path in files if path.name != "__main__.py"])
    assert {"skyloom", "skyloom.judge", "skyloom.judge.roc"} <= set(pages)
    for name in pages:
        assert f"automodule:: {name}\n   :members:" in (tmp_path / f"{name}.md").read_text()
    # Pages that are as they should be stay, so that Sphinx does not read them anew.
    reference.write(tmp_path)
    assert {path.stem: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == pages


def test_every_arm_has_methods():
    text = (DOCS / "methods.md").read_text(encoding="utf-8")
    sections = " ".join(re.findall(r"^## (.*)", text, re.MULTILINE))
    assert all(arm in sections for arm in ARMS)


#: What git knows and a person wrote: no picture, no listing of a run.
TEXTS = {f".{kind}" for kind in "py md smk yaml yml cff rst html ecsv sh c".split()}


def written():
    """Text files of the project, by their paths from its root."""
    names = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    paths = [Path(name) for name in names.stdout.splitlines()]
    return [path for path in paths if path.suffix in TEXTS and (ROOT / path).is_file()]


def test_sources_are_looked_up_and_documents_have_names():
    # A number of ours is called so; what stands in a paper is cited so that it can be found.
    memory = re.compile(r"from " + r"memory|memory of .{0,20}manual", re.IGNORECASE)
    codes = re.compile(r"\b(?:document|trap) 0?\d{1,3}\b", re.IGNORECASE)
    wrong = {}
    for path in written():
        text = (ROOT / path).read_text(encoding="utf-8", errors="replace")
        found = memory.findall(text)
        found += codes.findall(text) if path.name != "differences.md" else []
        if found and path.name != "test_docs.py":
            wrong[str(path)] = found
    assert wrong == {}


def test_the_readme_is_a_page_and_its_pictures_are_there():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.split()) <= 1300
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", text)
    assert len(pictures) == 1 and (ROOT / pictures[0]).is_file()
    for arm, entry in ARMS.items():
        assert f"| {arm} |" in text and entry.study
    # Every page that a newcomer needs is a step away.
    linked = {Path(link).name for link in re.findall(r"\]\(docs/([\w.-]+\.md)", text)}
    # But those that are texts of the project, which it names themselves.
    named = {page for page in PAGES if not (DOCS / page).read_text().startswith("<!-- file: ")}
    assert linked >= {page for page in named if "/" not in page} - {"configuration.md"}
