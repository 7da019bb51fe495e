"""The package in environments of its own: what it gives alone, and with its extras."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: A user's script: a synthetic archive is written and read, and one galaxy's gas becomes a map.
ALONE = """
from importlib.util import find_spec
import numpy as np
from skyloom import __version__, loaders
from skyloom.kernels import histogram2d
from skyloom.simulate import universe
from skyloom.arms.tng.simulation import Simulation

assert not any(map(find_spec, ("tensorflow", "keras", "matplotlib", "snakemake")))
size = {"galaxies": 12, "gas_cells": 100, "chunks": 2, "seed": 1}
universe.write_snapshot("universe/output", 99, snapshots=[99], **size)
simulation = Simulation("universe/output", 99)
gas = simulation.particles("gas", ["Coordinates", "Masses"], group=0)
place, mass = gas["Coordinates"], gas["Masses"]
view = {"statistics": ["sum"], "edges": np.linspace(0, 35000, 65)}
(image,) = histogram2d.project(histogram2d.load(), place, [mass], **view)
assert len(mass) and np.isclose(image.sum(), mass.sum(dtype=float), rtol=1e-6)
try:
    import skyloom.learn.vgg16
except ImportError as error:
    print(error)
"""
#: Imports every module.
WHOLE = """
import importlib, pkgutil, skyloom
names = [module.name for module in pkgutil.walk_packages(skyloom.__path__, "skyloom.")]
# Of PyTorch, an extra of its own; a program.
for name in {*names} - {"skyloom.loaders.pytorch", "skyloom.config.__main__"}:
    importlib.import_module(name)
print(skyloom.__file__, len(names))
"""


def installed(folder, what):
    """Install a clone into a new environment; its interpreter."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder / "clone")], check=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder / "env")], check=True)
    interpreter = folder / "env" / "bin" / "python"
    words = [interpreter, "-m", "pip", "install", "--quiet", what]
    subprocess.run(words, cwd=folder / "clone", check=True)
    return interpreter


def run(interpreter, program, folder):
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    variables["XDG_CACHE_HOME"] = str(folder / "cache")
    done = subprocess.run(
        [interpreter, "-c", program], cwd=folder, env=variables, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The interpreter of an environment in which the package was installed without extras."""
    return installed(tmp_path_factory.mktemp("alone"), ".")


@pytest.mark.long("a new environment from a package index")
def test_the_library_alone_makes_an_archive_reads_it_and_maps_it(alone, tmp_path):
    assert 'pip install "skyloom[networks]"' in run(alone, ALONE, tmp_path)


@pytest.mark.long("a new environment from a package index")
@pytest.mark.parametrize("name", ["tng", "xray", "spectra"])
def test_a_notebook_runs_after_pip_install(alone, tmp_path, name):
    pages = json.loads((ROOT / "docs" / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(c["source"]) for c in pages["cells"] if c["cell_type"] == "code"]
    place = "import skyloom\nprint(skyloom.__file__)"
    said = run(alone, "\n".join([*cells, place]), tmp_path)
    assert Path(said.split()[-1]).is_relative_to(alone.parents[1])


@pytest.mark.long("a new environment with TensorFlow from a package index")
def test_every_module_imports_with_the_extras(tmp_path):
    interpreter = installed(tmp_path, ".[networks,report,workflow]")
    place, count = run(interpreter, WHOLE, tmp_path).split()
    assert Path(place).is_relative_to(tmp_path / "env")
    assert int(count) + 1 == len(list((ROOT / "src" / "skyloom").rglob("*.py")))
    subprocess.run([interpreter, "-m", "pip", "check"], check=True)
