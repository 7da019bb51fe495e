"""The helium and stellar arms as a user runs them."""

import os
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from miniature import MINIATURE_HELIUM, MINIATURE_STELLAR, drawn

from skyloom import datasets
from skyloom.io.files import read_json, read_table

pytestmark = pytest.mark.workflow

REAL = Path(os.environ.get("SKYLOOM_REAL_DATA", "")) / "stellar"
LABELS = {
    "helium": ("teff", "log_g", "v_rot"),
    "stellar": ("teff", "log_g", "m_h", "v_sin_i"),
}


@pytest.fixture(params=["helium", "stellar"])
def arm(request):
    """A finished project of either arm."""
    return request.getfixturevalue(f"finished_{request.param}")


def test_whole_arm_gives_every_named_output(arm):
    results, labels = arm.results, LABELS[arm.arm]
    inventory = read_table(results / "inventory.ecsv", need=("file", "id", *labels))
    assert inventory.meta["synthetic"] and len(set(inventory["id"])) == len(inventory)
    assert datasets.check(results / "datasets" / "clean.h5")["samples"] == len(inventory)
    with h5py.File(results / "datasets" / "clean.h5") as file:
        assert bool(file.attrs["synthetic"])
        np.testing.assert_array_equal(file["id"].asstr()[()], inventory["id"])
        for column, label in enumerate(labels):
            np.testing.assert_allclose(file["target"][:, column], inventory[label])
    networks = {"helium": ("initial", "modified"), "stellar": ("starnet",)}[arm.arm]
    for network in networks:
        folder = results / "models" / f"clean_{network}"
        predictions = read_table(folder / "predictions.ecsv")
        assert sorted(predictions["id"]) == sorted(inventory["id"])
        assert {f"{label}_uncertainty" for label in labels} <= set(predictions.colnames)
        assert read_json(folder / "metrics.json")["synthetic"]
        assert (folder / "model.keras").is_file() and (folder / "history.csv").is_file()
    for name in ("summary", "members", "noise", "calibration", "published"):
        assert len(read_table(results / "evaluation" / f"{name}.ecsv"))
    figures = ("grid", "coverage", "curves", "noise", "comparison", "calibration", "observed")
    assert drawn(results, (*figures, f"predictions/clean_{networks[0]}"))


def test_damaged_profiles_are_listed_with_reasons(finished_helium):
    rejects = read_table(finished_helium.results / "rejects.ecsv", need=("file", "reason"))
    assert len(rejects) == 8 and len(set(rejects["reason"])) >= 5
    assert len(read_table(finished_helium.results / "inventory.ecsv")) == 5 * 3 * 4


def test_observed_stars_are_judged_and_the_odd_one_is_warned_of(arm):
    table = read_table(arm.results / "observed" / "predictions.ecsv", need=("value", "warning"))
    assert set(table["label"]) == set(LABELS[arm.arm])
    stars = read_table(arm.results / "observed" / "labels.ecsv", need=("flag", "model"))
    assert sorted(stars["name"]) == sorted(set(table["name"]))
    beyond = dict(zip(table["name"], table["beyond"], strict=True))
    assert [flag == "beyond training" for flag in stars["flag"]] == [
        bool(beyond[name]) for name in stars["name"]
    ]
    assert any(table["warning"]), "an observed star of the simulator is outside on purpose"


def test_noise_of_one_dataset_rebuilds_that_dataset_alone(finished_helium):
    changed = "{datasets: {snr_100: {snr: 70}}}"
    assert finished_helium.planned(config=changed) == {}
    planned = finished_helium.planned("helium_snr_100", config=changed)
    assert planned["spectra_dataset"] == 1 and "helium_read" not in planned


@pytest.mark.skipif(not REAL.is_dir(), reason="SKYLOOM_REAL_DATA names no folder with stellar/")
@pytest.mark.parametrize("name", ["helium", "stellar"])
def test_real_stars_go_through_the_whole_chain(name, request, make_project):
    """All eleven MILES stars are hotter than the stellar grid: each must be warned of."""
    finished = request.getfixturevalue(f"finished_{name}")
    project = make_project({"helium": MINIATURE_HELIUM, "stellar": MINIATURE_STELLAR}[name])
    shutil.copytree(finished.folder / "results", project.folder / "results")
    # A copy has no memory of what its files were made with.
    shutil.rmtree(project.results / "observed")
    shutil.copytree(REAL, project.folder / "miles")
    continuum = "{continuum: {method: polynomial}}"
    project.snakemake(
        "--cores", "2", f"{name}_observed", config=f"{{observed: miles, observation: {continuum}}}"
    )
    inventory = read_table(project.results / "observed" / "inventory.ecsv")
    rejects = read_table(project.results / "observed" / "rejects.ecsv")
    assert len(inventory) == 11 and [row["file"] for row in rejects] == ["sg-HeI-6678.h5"]
    assert not inventory.meta["synthetic"]
    hottest = inventory["known_teff"].argmax()
    assert inventory["known_teff"][hottest] == pytest.approx(10**4.48, rel=0.02)
    table = read_table(project.results / "observed" / "predictions.ecsv")
    if name == "stellar":
        assert all(table["warning"])
