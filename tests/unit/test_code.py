"""The hash of a step's library code: what counts and what does not."""

import ast
import shutil
import tempfile
from pathlib import Path

import pytest
import yaml

from skyloom.arms import registry
from skyloom.arms.sdss import architectures
from skyloom.record import code_hash

SCRIPTS, LIBRARY = FOLDERS = (Path("scripts").resolve(), Path("src").resolve())


@pytest.fixture
def library(tmp_path):
    (tmp_path / "skyloom").mkdir()
    for name, text in {
        "skyloom/__init__.py": "",
        "skyloom/a.py": "from skyloom import b\n",
        "skyloom/b.py": "import numpy\n",
        "skyloom/c.py": "",
        "skyloom/d.py": "from . import c\nx = 1\n",
        "go.py": "import skyloom.a\n",
        "other.py": "def late():\n    from skyloom.d import x\n",
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def names(script, *folders):
    """Files that a script imports, by their names below the folders."""
    found = code_hash.dependencies(script, folders)
    return [str(p.relative_to(next(filter(p.is_relative_to, folders)))) for p in found]


def test_imports_are_followed_through_modules_packages_and_functions(library):
    for script, reached in (("go", "ab"), ("other", "cd")):
        modules = ["__init__", *reached]
        found = names(library / f"{script}.py", library)
        assert found == [f"skyloom/{name}.py" for name in modules]


STEP = """
from skyloom import tools
from skyloom.tools import scaled as scale
from skyloom.kinds import made

def main(values):
    print("working")
    return scale(values), tools.limit(values), made("round")
"""
TOOLS = '''"""Tools."""
from skyloom.errors import InputError
from skyloom import units

FACTOR = 2

def scaled(values, *, factor=FACTOR):
    """Twice."""
    # Why.
    return [units.of(value) * factor for value in values]

def limit(values):
    if not values:
        raise InputError(f"{values} is empty: fill it.")
    return max(values)

def unused(values):
    return values
'''
KINDS = """
KINDS = {}

def register(function):
    KINDS[function.__name__] = function
    return function

@register
def round():
    return 1

def made(name):
    return KINDS[name]()
"""
FILES = {
    "go.py": STEP,
    "skyloom/__init__.py": "",
    "skyloom/tools.py": TOOLS,
    "skyloom/units.py": "def of(value):\n    return value\n\ndef to(value):\n    return value\n",
    "skyloom/kinds.py": KINDS,
    "skyloom/errors.py": "class InputError(Exception):\n    pass\n",
}


def hashed(folder, changes=()):
    """The hash of go.py, with pieces of text replaced in some files."""
    root = Path(tempfile.mkdtemp(dir=folder))
    (root / "skyloom").mkdir()
    for name, text in FILES.items():
        for file, old, new in changes:
            if file == name:
                assert old in text
                text = text.replace(old, new)
        (root / name).write_text(text)
    return code_hash.fingerprint(root / "go.py", root)


COUNTS = [
    ("go.py", "tools.limit(values)", "tools.limit(values[1:])"),
    ("skyloom/tools.py", "* factor", "+ factor"),
    ("skyloom/tools.py", "FACTOR = 2", "FACTOR = 2.0"),
    ("skyloom/tools.py", "if not values", "if len(values) < 2"),
    ("skyloom/units.py", "of(value):\n    return value", "of(value):\n    return -value"),
    ("skyloom/kinds.py", "return 1", "return 2"),
    ("skyloom/errors.py", "(Exception)", "(OSError)"),
    ("skyloom/__init__.py", "", "import os\nos.umask(7)\n"),
]
TYPES = """
from __future__ import annotations
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from skyloom.other import Kind
"""
# Words for people, and what a step does not reach.
COUNTS_NOT = [
    ("go.py", "working", "at work"),
    ("go.py", "def main(values):", "def main(values: list) -> tuple:\n    # More."),
    ("go.py", "\nfrom skyloom import tools", f"{TYPES}\nfrom skyloom import tools"),
    ("skyloom/tools.py", "Twice.", "Two times as much."),
    ("skyloom/tools.py", "    # Why.\n", "\n    # Because.\n"),
    ("skyloom/tools.py", "is empty: fill it.", "has nothing."),
    ("skyloom/tools.py", "unused(values):\n    return", "unused(values):\n    return not"),
    ("skyloom/units.py", "to(value):\n    return value", "to(value):\n    return -value"),
]


@pytest.mark.parametrize("edit", [*COUNTS, *COUNTS_NOT], ids=lambda edit: f"{edit[0]} {edit[2]!r}")
def test_whatever_a_step_reaches_counts_but_words_for_people(tmp_path, edit):
    assert (hashed(tmp_path, [edit]) != hashed(tmp_path)) is (edit in COUNTS)


def test_what_an_error_is_told_beside_its_text_counts(tmp_path):
    refused, absent = (
        hashed(tmp_path, [("skyloom/tools.py", 'fill it.")', f'fill it.", kind="{kind}")')])
        for kind in ("refused", "absent")
    )
    assert refused != absent


@pytest.mark.parametrize(
    "use",
    [
        "def main(units=units):\n    return units.of(1)\n",
        "def main(rows):\n    return [of for of in units.of(rows)]\n",
        "class Main:\n    units = None\n    def run(self):\n        return units.of(1)\n",
        "def main():\n    from skyloom import units as own\n    return lambda: own.of(1)\n",
        "def main():\n    return getattr(units, 'of')(1)\n",
        "if units.to:\n    def main():\n        return units.of(1)\n",
        "main = {'of': units.of}\n",
        # Two of a name: which is meant is decided when they run.
        "from skyloom.units import of\nof = abs(of)\n",
        "try:\n    from skyloom.units import of\nexcept ImportError:\n    from math import of\n"
        "def main():\n    return of(1)\n",
        "def main(kind):\n    if kind:\n        from skyloom.units import of\n    else:\n"
        "        from skyloom.kinds import made as of\n    return of(1)\n",
        "from skyloom.units import of\ndef main():\n    def late():\n"
        "        from skyloom.kinds import made as of\n        return of\n    return of(1), late\n",
        "class Main:\n    from skyloom.units import of\n    def of_(self, f=of):\n        f()\n",
    ],
)
def test_a_name_is_followed_wherever_it_may_be_used(tmp_path, use):
    step = ("go.py", STEP, f"from skyloom import units\n{use}")
    edit = ("skyloom/units.py", "of(value):\n    return value", "of(value):\n    return -value")
    assert hashed(tmp_path, [step, edit]) != hashed(tmp_path, [step])


# A function of each family, and the steps that rerun when it does something else.
EDITS = {
    "arms/xmm/rebin.py:rebin": ["xmm/bin_images", "xmm/predict_folder"],
    "arms/tng/rotation.py:face_on": ["tng/project_maps", "project channels"],
    # Further channels have a formula in the list, the gas's three one in the kernel.
    "arms/tng/channels.py:magnetic_field_strength": ["tng/describe_simulation", "project channels"],
    "arms/tng/images.py:unsharp_mask": ["tng/make_dataset"],
    "arms/sdss/drawing.py:draw": ["sdss/make_dataset", "sdss/predict_folder"],
    "arms/spectra/broadening.py:rotate_all": ["helium/simulate_spectra", "stellar/synthesise_grid"],
    # `load` compiles a kernel that it is given no file of.
    "kernels/compiled.py:compile_source": [
        "sdss/compile_kernel",
        "sdss/make_dataset",
        "sdss/predict_folder",
        "tng/compile_kernel",
        "tng/project_maps",
        "project channels",
    ],
    "draw/sdss_confusion_matrices.py:shares": ["draw sdss.confusions"],
    "draw/entries/tng.py:maps": ["draw tng.maps"],
    "report/page.py:table": ["report/write_report"],
    # What a step finds by a table's names.
    "report/xmm.py:answer": ["report/write_report"],
    "learn/lenet.py:build": ["sdss/train_network"],
    "arms/xmm/published.py:_wrong": ["compare xmm"],
    "judge/published.py:of_run": ["compare sdss", "compare spectra", "compare tng", "compare xmm"],
    "datasets.py:write": [
        *(f"{arm}/make_dataset" for arm in ("sdss", "semantic", "spectra")),
        *(f"tng/make_{kind}dataset" for kind in ("", "inclined_")),
        "xmm/make_dataset",
    ],
}


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    """The steps and figures whose hash changes when the text of some library files does."""
    project = tmp_path_factory.mktemp("project")
    root, library = folders = (project / "scripts", project / "src")
    for ours, copy in zip(FOLDERS, folders, strict=True):
        shutil.copytree(ours, copy, ignore=shutil.ignore_patterns("__pycache__"))
    paths = sorted(root.glob("*/*.py"))
    found = {path.relative_to(root).with_suffix("").as_posix(): (path, None) for path in paths}
    for file in sorted((LIBRARY / "skyloom" / "draw" / "entries").glob("[a-z]*.py")):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef):
                entry = f"{file.stem}.{node.name}"
                found[f"draw {entry}"] = root / "draw.py", f"skyloom.draw.entries.{entry}"
    for arm in ("sdss", "semantic", "spectra", "tng", "xmm"):
        entry = f"skyloom.arms.{arm}.published.compare"
        found[f"compare {arm}"] = root / "compare_published.py", entry
    project = root / "tng/project_maps.py"
    found["tng/project_maps"] = project, "skyloom.arms.tng.gas_channels.GAS"
    found["project channels"] = project, "skyloom.arms.tng.channels.QUANTITIES"
    told = tuple(registry.module(arm, "report") for arm in registry.ARMS)
    built = tuple(own.module for own in architectures.ARCHITECTURES.values() if own.module)
    for step, modules in {"report/write_report": told, "sdss/train_network": built}.items():
        found[step] = root / f"{step}.py", modules

    def hashes():
        return {n: code_hash.fingerprint(path, folders, entry=e) for n, (path, e) in found.items()}

    before = hashes()

    def steps(edit, *files):
        texts = {library / "skyloom" / f: (LIBRARY / "skyloom" / f).read_text() for f in files}
        for path, text in texts.items():
            path.write_text(edit(text))
        code_hash.forget()
        after = hashes()
        for path, text in texts.items():
            path.write_text(text)
        return [name for name in found if after[name] != before[name]]

    return steps


@pytest.mark.parametrize("place", EDITS)
def test_an_edited_function_reruns_the_steps_that_reach_it_and_no_other(changed, place):
    file, name = place.split(":")

    def edit(text):
        (function,) = (node for node in ast.parse(text).body if getattr(node, "name", "") == name)
        last, lines = function.body[-1], text.splitlines(keepends=True)
        lines.insert(last.lineno - 1, " " * last.col_offset + "locals()\n")
        return "".join(lines)

    assert changed(edit, file) == EDITS[place]


def test_a_comment_in_files_that_all_use_reruns_nothing(changed):
    files = (
        "io/files.py",
        "errors.py",
        "io/hdf5_damage.py",
        "io/temporary_files.py",
    )
    assert changed(lambda text: text.replace("\n\n\n", "\n\n\n# A comment.\n\n\n"), *files) == []


def test_a_step_has_the_same_hash_wherever_it_and_the_library_lie(library):
    (library / "kernel.c").write_text("int x;")
    one = code_hash.fingerprint("go.py", library, "kernel.c")
    (library / "deep" / "src").mkdir(parents=True)
    for name in ("skyloom", "kernel.c"):
        (library / name).rename(library / "deep" / "src" / name)
    folders = (library, library / "deep" / "src")
    assert code_hash.fingerprint("go.py", folders, "kernel.c") == one
    assert names("go.py", *folders[::-1]) == [f"skyloom/{name}.py" for name in ("__init__", *"ab")]


def test_what_all_steps_do_alike_is_no_part_of_their_hash(library):
    (library / "recipe.py").write_text("import step\nfrom skyloom import c\n")
    assert names(library / "recipe.py", library) == ["skyloom/__init__.py", "skyloom/c.py"]
    used = names("tng/measure_maxima.py", *FOLDERS)
    assert "skyloom/io/files.py" in used and not {"step.py", "skyloom/record/provenance.py"} & set(
        used
    )


def test_one_more_channel_remakes_other_channels_at_most(changed):
    entry = '\nQUANTITIES["more"] = Quantity("gas", (), "K", "more", ("sum",), None, "nobody")\n'
    # Not the universe, not the archive's cutouts, and nothing that is built of the main maps.
    remade = changed(lambda text: text + entry, "arms/tng/channels.py")
    assert remade == ["tng/describe_simulation", "project channels"]


def test_extra_files_count(library):
    (library / "kernel.c").write_text("int x;")
    first = code_hash.fingerprint(library / "go.py", library, library / "kernel.c")
    (library / "kernel.c").write_text("int y;")
    code_hash.forget()
    assert code_hash.fingerprint(library / "go.py", library, library / "kernel.c") != first


# Steps of the tng arm that compute with a network.
_NETWORKS = {"compute_features", "train_head", "train_members", "explain_network"}


@pytest.mark.parametrize("step", sorted((SCRIPTS / "tng").glob("*.py")), ids=lambda p: p.stem)
def test_only_network_steps_depend_on_modules_that_import_tensorflow(step):
    heavy = {
        path.relative_to(folder).as_posix()
        for folder in FOLDERS
        for path in folder.rglob("*.py")
        if "import tensorflow" in path.read_text() or "import keras" in path.read_text()
    }
    used = heavy & {*names(step, *FOLDERS), step.relative_to(SCRIPTS).as_posix()}
    assert heavy and bool(used) is (step.stem in _NETWORKS)


def test_conda_environment_has_the_pins_of_the_requirements():
    environment = yaml.safe_load(Path("envs/skyloom.yaml").read_text())
    lines = Path("requirements.txt").read_text().splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    assert environment["dependencies"][-1]["pip"] == pinned
    assert all("==" in line for line in pinned)
