"""The xmm arm as a user runs it."""

import os
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from miniature import MINIATURE_XMM, drawn

from skyloom import datasets
from skyloom.io.files import read_json, read_table

pytestmark = pytest.mark.workflow

REAL = Path(os.environ.get("SKYLOOM_REAL_DATA", "")) / "xmm"
HEAVY = {"xmm_simulate", "xmm_inspect", "xmm_rates", "xmm_dataset"}


def test_whole_arm_gives_every_named_output(finished_xmm):
    results = finished_xmm.results
    inventory, rejects = (read_table(results / f"{n}.ecsv") for n in ("inventory", "rejects"))
    assert len(inventory) == 60 and inventory.meta["synthetic"]
    assert len(rejects) == 8 and all(rejects["reason"])
    statistics = read_table(results / "statistics.ecsv")
    assert list(statistics["obs_id"]) == list(inventory["obs_id"])
    split = read_table(results / "split.ecsv")
    assert sorted(split["id"]) == sorted(inventory["obs_id"])
    dataset = results / "datasets" / "minmax_sqrt_rebin4.h5"
    assert datasets.check(dataset)["shape"] == (162, 162, 1)
    for name in ("demo", "ordinal"):
        folder = results / "models" / name
        assert read_json(folder / "metrics.json")["synthetic"]
        assert len(read_table(folder / "predictions.ecsv", need=["score"])) == 60
        assert (folder / "model.keras").stat().st_size > 1e5
        assert (folder / "history.csv").is_file()
    printed = read_table(results / "evaluation" / "published.ecsv")
    assert {group[:7] for group in printed["group"]} == {f"Table {k}" for k in range(3, 9)}
    figures = ("stretches", "examples", "statistics", "curves", "roc", "published", "calibration")
    assert drawn(results, figures)


def test_a_stretch_parameter_rebuilds_the_datasets_that_have_it_and_no_rates(finished_xmm):
    planned = finished_xmm.planned(config="{stretch: {log: 500}}")
    assert not set(planned) & HEAVY
    assert "xmm_dataset" in finished_xmm.planned(
        "xmm_minmax_log_rebin4", config="{stretch: {log: 500}}"
    )


@pytest.mark.skipif(not REAL.is_dir(), reason="SKYLOOM_REAL_DATA names no folder with xmm/")
def test_real_images_go_through_a_local_run_and_equal_a_plain_computation(make_project):
    project = make_project(MINIATURE_XMM)
    images = project.folder / "images"
    shutil.copytree(REAL, images)
    real = images / "P0098010101M2U009IMAGE_3000.FTZ"
    Table({"OBS_ID": ["0098010101"], "OBS_CLASS": [1]}).write(project.folder / "list.csv")
    local = "{source: local, images: images, observations: list.csv, frame: {size: [648, 648]}}"
    project.snakemake("--cores", "2", "xmm_none_linear_rebin4", config=local)
    inventory = read_table(project.results / "inventory.ecsv")
    assert list(inventory["obs_id"]) == ["0098010101"] and not inventory.meta["synthetic"]
    with fits.open(real) as file:
        rate = file[0].data / file[0].header["EXPOSURE"]
    expected = rate.reshape(162, 4, 162, 4).mean(axis=(1, 3))
    with h5py.File(project.results / "datasets" / "none_linear_rebin4.h5") as file:
        np.testing.assert_allclose(file["images"][0, :, :, 0], expected, rtol=1e-6)
    reasons = read_table(project.results / "rejects.ecsv")
    assert any("0201901401" in str(row["file"]) for row in reasons)
