"""The hash of a step's library code: what counts and what does not."""

from pathlib import Path

import pytest
import yaml

from skyloom import code

SCRIPTS = Path("scripts")


@pytest.fixture
def library(tmp_path):
    (tmp_path / "skyloom").mkdir()
    for name, text in {
        "skyloom/__init__.py": "",
        "skyloom/a.py": "from skyloom import b\n",
        "skyloom/b.py": "import numpy\n",
        "skyloom/c.py": "",
        "skyloom/d.py": "from . import c\n",
        "step.py": "import skyloom.a\n",
        "other.py": "def late():\n    from skyloom.d import x\n",
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def names(script, root):
    return [path.relative_to(root).as_posix() for path in code.dependencies(script, root)]


def test_imports_are_followed_through_modules_packages_and_functions(library):
    assert names(library / "step.py", library) == [
        "skyloom/__init__.py",
        "skyloom/a.py",
        "skyloom/b.py",
    ]
    assert names(library / "other.py", library) == [
        "skyloom/__init__.py",
        "skyloom/c.py",
        "skyloom/d.py",
    ]


def test_hash_changes_with_what_a_step_uses_and_with_nothing_else(library):
    def both():
        # Each call of Snakemake is a process of its own; here the parsed imports are kept.
        code._imports.cache_clear()
        return [code.fingerprint(library / name, library) for name in ("step.py", "other.py")]

    step, other = both()
    (library / "skyloom/b.py").write_text("import numpy  # changed\n")
    assert both()[0] != step and both()[1] == other
    step, other = both()
    (library / "skyloom/c.py").write_text("x = 1\n")
    assert both()[0] == step and both()[1] != other


def test_what_all_steps_do_alike_is_no_part_of_their_hash(library):
    (library / "recipe.py").write_text("import step\nfrom skyloom import c\n")
    assert names(library / "recipe.py", library) == ["skyloom/__init__.py", "skyloom/c.py"]
    used = names(SCRIPTS / "tng" / "measure_maxima.py", SCRIPTS)
    assert "skyloom/io.py" in used and not {"step.py", "skyloom/provenance.py"} & set(used)


def test_one_more_channel_remakes_other_channels_at_most():
    steps = [*(SCRIPTS / "tng").glob("*.py"), *(SCRIPTS / "semantic").glob("*.py")]
    own = {step.stem for step in steps if "skyloom/tng/channels.py" in names(step, SCRIPTS)}
    # Not the universe, not the archive's cutouts, and nothing that is built of the main maps.
    maps = {"project_channel", "measure_channel", "make_channel_dataset"}
    assert own == {*maps, "describe_simulation"}


def test_extra_files_count(library):
    (library / "kernel.c").write_text("int x;")
    first = code.fingerprint(library / "step.py", library, library / "kernel.c")
    (library / "kernel.c").write_text("int y;")
    assert code.fingerprint(library / "step.py", library, library / "kernel.c") != first


# Steps of the tng arm that compute with a network.
_NETWORKS = {"compute_features", "train_head", "train_members", "explain_network"}


@pytest.mark.parametrize("step", sorted(Path("scripts/tng").glob("*.py")), ids=lambda p: p.stem)
def test_only_network_steps_depend_on_modules_that_import_tensorflow(step):
    heavy = {
        path.relative_to(SCRIPTS).as_posix()
        for path in SCRIPTS.rglob("*.py")
        if "import tensorflow" in path.read_text() or "import keras" in path.read_text()
    }
    used = heavy & {*names(step, SCRIPTS), step.relative_to(SCRIPTS).as_posix()}
    assert heavy and bool(used) is (step.stem in _NETWORKS)


def test_conda_environment_has_the_pins_of_the_requirements():
    environment = yaml.safe_load(Path("envs/skyloom.yaml").read_text())
    lines = Path("requirements.txt").read_text().splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    assert environment["dependencies"][-1]["pip"] == pinned
    assert all("==" in line for line in pinned)
