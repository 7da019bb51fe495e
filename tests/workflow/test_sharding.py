"""However a run is spread over jobs and cores, its datasets are the same bytes."""

import hashlib
import importlib
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow

ROOT = Path(__file__).parents[2]
#: Of every arm: each way in which shards are put together again.
DATASETS = {
    "tng": ("composite", "inclined_mass"),
    "semantic": ("clean",),
    "xmm": ("zscale_log_rebin2",),
    "helium": ("snr_100",),
    "stellar": ("snr_100",),
    "sdss": ("images_28", "spectra"),
}
_FEW = {"images": {"train": 30, "validation": 10, "test": 10}}
_GRID = {"teff": [15000, 35000, 5000], "log_g": [3.0, 5.0, 1.0], "v_rot": [100, 400, 100]}
_STARS = {"teff": [4500, 8500], "log_g": [2.0, 4.0], "m_h": [-1.0], "v_sin_i": [0, 100]}
EVERY_ARM = {
    "run": "mini",
    "arms": list(DATASETS),
    "tng": {
        "snapshots": [99],
        "synthetic": {"galaxies": 14, "gas_cells": 200, "chunks": 3},
        "grid": {"bins": 32},
        "inclined": {"inclinations": [0, 60], "galaxies": 5},
    },
    "semantic": {"datasets": {"clean": _FEW}},
    "xmm": {"synthetic": {"images": 30, "flawed": 3}},
    "helium": {"synthetic": {**_GRID, "flawed": 3, "observed": 1}},
    "stellar": {"pixels": 7448, "synthetic": {**_STARS, "observed": 1}},
    "sdss": {"synthetic": {"spectra": 40, "flawed": 3}, "sample": {"size": 30}},
}
BLOCKS = ("xmm", "helium", "stellar", "sdss")


def sharded(project, cores):
    """Digests of the datasets of every arm, and how many shards some arms had."""
    results = project.folder / "results" / "mini"
    names = [f"{arm}/datasets/{name}.h5" for arm, all_ in DATASETS.items() for name in all_]
    # Sums over whole images: linear algebra cuts them where it has threads.
    names.append("xmm/statistics.ecsv")
    project.snakemake("--cores", str(cores), *(f"results/mini/{name}" for name in names))
    # A dataset asks for no network.
    assert not list(results.glob("*/models"))
    pieces = {
        "tng": results.glob("tng/maps/snap_099.part_*.h5"),
        "xmm": results.glob("xmm/rates/rebin2.block_*.h5"),
        "sdss": results.glob("sdss/inventory/block_*.ecsv"),
    }
    digests = {name: hashlib.sha256((results / name).read_bytes()).hexdigest() for name in names}
    return digests, {arm: len(list(paths)) for arm, paths in pieces.items()}


def overlay(shards):
    """A configuration in which every arm that can be is cut into so many shards."""
    made = {**EVERY_ARM, "tng": {**EVERY_ARM["tng"], "parts_per_snapshot": shards}}
    return made | {arm: {**EVERY_ARM[arm], "blocks": shards} for arm in BLOCKS}


def test_datasets_of_every_arm_are_the_same_bytes_from_any_number_of_shards_and_cores(make_project):
    projects = [make_project(overlay(shards)) for shards in (1, 3)]
    with ThreadPoolExecutor() as pool:
        (whole, one), (parts, several) = pool.map(sharded, projects, (1, 4))
    assert set(one.values()) == {1} and set(several.values()) == {3}
    assert {name for name in whole if whole[name] != parts[name]} == set()


@pytest.fixture
def planning(monkeypatch):
    """The benchmark of planning."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("plan")


def test_published_runs_of_all_arms_are_planned_as_fewer_than_2000_jobs(planning, tmp_path):
    shutil.copytree(ROOT / "config", tmp_path / "config")
    _, jobs = planning.plan(tmp_path, planning.inputs(tmp_path))
    assert 300 < jobs < planning.MOST_JOBS


def test_jobs_ask_for_half_of_the_cores_so_that_none_waits_for_all_of_them(make_project):
    project = make_project()
    most = {}
    for cores in (1, 2, 8, 64):
        text = project.snakemake("-n", "--cores", str(cores), "tng_mass_model").stdout
        most[cores] = max([1, *map(int, re.findall(r"^ +threads: (\d+)$", text, re.MULTILINE))])
    # Features ask for 16.
    assert most == {1: 1, 2: 1, 8: 4, 64: 16}
