"""What `pip install .` gives: the pins of its extras, what imports without them, its kernels."""

import ast
import json
import re
import tomllib

import numpy as np
import pytest
from interpreter import EXTRAS as NOT_BASE
from interpreter import HIDING, ROOT, python
from packaging.requirements import Requirement
from refusal import refused

from skyloom.kernels import compiled, histogram2d, polyline, reference

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
#: Imports each module of the library where packages seem not to be installed, and tells what those
#: say that cannot be imported.
WITHOUT = f"""{HIDING}
import importlib, json, pkgutil
said = {{}}
import skyloom
for module in pkgutil.walk_packages(skyloom.__path__, "skyloom.", onerror=lambda _: None):
    if not module.name.endswith("__main__"):
        try:
            importlib.import_module(module.name)
        except ImportError as error:
            said[module.name] = str(error)
json.dump(said, sys.stdout)
"""


def pins(name):
    """Requirements of a file by the package's name."""
    lines = (ROOT / name).read_text().splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]
    return {one.name: one for one in found}


def test_extras_have_the_pins_of_the_requirements_and_all_is_in_one_of_them():
    pinned = pins("requirements.txt")
    # To write the configuration's files: Snakemake brings it for the workflow.
    pinned["pydantic"] = pins("requirements-dev.txt")["pydantic"]
    base = {one.name: one for one in map(Requirement, PROJECT["dependencies"])}
    for name, one in base.items():
        (version,) = pinned[name].specifier
        assert one.specifier.contains(version.version), one
    exact = {
        one.name: one
        for name in EXTRAS.keys() - {"torch"}
        for one in map(Requirement, EXTRAS[name])
    }
    assert exact == {name: one for name, one in pinned.items() if name not in base}
    (torch,) = map(Requirement, EXTRAS["torch"])
    assert torch.specifier.contains(re.search(r"torch==(\S+)", (ROOT / ".ci/run").read_text())[1])


def test_what_needs_no_extra_imports_without_it_and_all_else_names_it():
    done = python(WITHOUT, ROOT, *NOT_BASE)
    assert done.returncode == 0, done.stderr
    said = {name.removeprefix("skyloom."): text for name, text in json.loads(done.stdout).items()}
    extras = {
        name: re.search(r'pip install "skyloom\[(\w+)\]"', text)[1] for name, text in said.items()
    }
    networks = {name for name, extra in extras.items() if extra == "networks"}
    assert {name: extra for name, extra in extras.items() if name not in networks} == {
        **dict.fromkeys(("draw", "report"), "report"),
        **dict.fromkeys(("config", "record.crate", "export", "export_card", "schema"), "workflow"),
        "loaders.pytorch": "torch",
    }
    # Networks, and what trains them and asks them.
    askers = {"loaders.tfdata", "explain.attention"}
    parts = (".experiments", ".prediction", ".release", ".training", ".architectures", ".members")
    assert all(
        name.startswith("learn.") or name.endswith((*parts, ".encoder", ".decoder"))
        for name in networks - askers
    )


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty folder where compiled kernels are kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for kernel in (histogram2d, polyline):
        kernel.load.cache_clear()
    return tmp_path / "skyloom"


def test_a_kernel_compiles_by_itself_once_and_loads(cache, monkeypatch):
    place, edges = np.random.default_rng(1).uniform(-1, 1, (100, 3)), np.linspace(-1, 1, 9)
    options = {"statistics": ["sum"], "edges": edges}
    maps = histogram2d.project(histogram2d.load(), place, [np.ones(100)], **options)
    assert np.array_equal(maps, reference.project(place, [np.ones(100)], **options))
    polyline.load()
    kept = sorted(path.name for path in cache.iterdir())
    assert [name.partition("-")[0] for name in kept] == ["histogram2d", "polyline"]
    assert cache.stat().st_mode & 0o777 == 0o700
    # Without a compiler from now on.
    monkeypatch.setenv("CC", "no-such-compiler")
    histogram2d.load.cache_clear()
    histogram2d.load()


def test_another_source_is_another_kernel(cache, tmp_path):
    source = tmp_path / "one.c"
    paths = set()
    for text in ("int one(void) { return 1; }", "int one(void) { return 2; }"):
        source.write_text(text)
        paths.add(compiled.cached_library(source))
    assert len(paths) == len(list(cache.iterdir())) == 2


def test_a_folder_that_others_can_write_to_keeps_no_kernel(cache, monkeypatch):
    cache.mkdir()
    cache.chmod(0o777)
    refused("XDG_CACHE_HOME", histogram2d.load)
    assert not list(cache.iterdir())
    cache.rmdir()
    cache.write_text("a file")
    refused("no place to keep", histogram2d.load)


def test_a_test_that_is_skipped_for_want_of_a_package_says_truly_where_it_comes_from():
    required = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8").lower()
    said = re.compile(r'importorskip\(\s*"(\w+)[^"]*",\s*reason="([^"]+)"')
    found = [
        pair
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for pair in said.findall(path.read_text(encoding="utf-8"))
    ]
    assert {"torch", "datasets"} <= {package for package, _ in found}
    for package, reason in found:
        if "requirements-dev" in reason:
            assert re.search(rf"^{package}==", required, re.M), (package, reason)


#: Modules that other programs import first.
FRONT = "__init__ datasets errors kernels/* loaders/* registries arms/sdss/spectrum "
FRONT += (
    "arms/spectra/table_columns arms/spectra/observed splits arms/tng/galaxies arms/tng/picture "
)
FRONT += "simulate/universe/folder arms/xmm/images"


def untyped(body):
    """Public functions and methods with a parameter or a result that has no type."""
    found = []
    for node in body:
        name = getattr(node, "name", "_")
        if name.startswith("_") and name != "__init__":
            continue
        if isinstance(node, ast.ClassDef):
            found += [f"{name}.{own}" for own in untyped(node.body)]
        elif isinstance(node, ast.FunctionDef):
            args = node.args
            given = [*args.posonlyargs, *args.args, *args.kwonlyargs]
            given += filter(None, (args.vararg, args.kwarg))
            typed = all(own.annotation or own.arg == "self" for own in given)
            found += [] if typed and node.returns else [name]
    return found


@pytest.mark.parametrize("modules", FRONT.split())
def test_what_other_programs_import_first_has_types(modules):
    files = sorted((ROOT / "src" / "skyloom").glob(f"{modules}.py"))
    assert files and {f.name: untyped(ast.parse(f.read_text()).body) for f in files} == {
        f.name: [] for f in files
    }
