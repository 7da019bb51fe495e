"""The sdss arm as a user runs it."""

import os
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from astropy.io import fits
from miniature import MINIATURE_SDSS, drawn

from skyloom import datasets
from skyloom.io.files import read_json, read_table

pytestmark = pytest.mark.workflow

REAL = Path(os.environ.get("SKYLOOM_REAL_DATA", "")) / "sdss"
SHAPES = {"images_224": (224, 224, 3), "images_28": (28, 28, 1), "spectra": (4500,)}


def test_whole_arm_gives_every_named_output(finished_sdss):
    results = finished_sdss.results
    inventory, rejects = (read_table(results / f"{n}.ecsv") for n in ("inventory", "rejects"))
    assert len(inventory) == 90 and inventory.meta["synthetic"]
    assert set(inventory["class"]) == {"GALAXY", "QSO", "STAR"}
    assert len(rejects) >= 10 and all(rejects["reason"])
    sample = read_table(results / "sample.ecsv")
    assert len(sample) == 80
    for name, shape in SHAPES.items():
        assert datasets.check(results / "datasets" / f"{name}.h5")["shape"] == shape
        with h5py.File(results / "datasets" / f"{name}.h5") as file:
            np.testing.assert_array_equal(file["id"].asstr()[()], sample["id"])
    for model in ("mnist_80_20", "cnn_1d_80_20"):
        folder = results / "models" / model
        assert read_json(folder / "metrics.json")["synthetic"]
        predictions = read_table(folder / "predictions.ecsv")
        p = np.stack([predictions[f"p_{name}"] for name in ("galaxy", "qso", "star")])
        np.testing.assert_allclose(p.sum(axis=0), 1, atol=1e-5)
        assert (folder / "model.keras").is_file() and (folder / "history.csv").is_file()
    for name in ("summary", "readouts", "confusion", "confused", "published"):
        read_table(results / "evaluation" / f"{name}.ecsv")
    figures = ("classes", "redshifts", "examples", "curves", "scores", "published", "prediction")
    assert drawn(results, (*figures, "confusions/80_20", "confused/mnist_80_20"))


def test_width_of_the_line_redraws_the_images_and_nothing_before_them(finished_sdss):
    planned = finished_sdss.planned("sdss_images_28", config="{drawing: {width: 2}}")
    assert planned["sdss_dataset"] == 1
    assert not {"sdss_prepare", "sdss_inspect", "sdss_simulate"} & set(planned)


@pytest.mark.skipif(not REAL.is_dir(), reason="SKYLOOM_REAL_DATA names no folder with sdss/")
def test_real_spectra_are_read_drawn_and_classified_and_damaged_ones_listed(
    finished_sdss, make_project
):
    project = make_project(MINIATURE_SDSS)
    shutil.copytree(finished_sdss.folder / "results", project.folder / "results")
    # A copy has no memory of what its files were made with.
    real = project.folder / "real"
    shutil.copytree(REAL, real)
    files = sorted(real.glob("spec-*.fits"))
    whole = files[0].read_bytes()
    (real / "spec-1111-55555-0001.fits").write_bytes(whole[: len(whole) // 2])
    (real / "spec-1111-55555-0002.fits").write_bytes(b"")
    project.snakemake("--cores", "2", "sdss_predict", config="{prediction: {spectra: real}}")
    answers = project.results / "prediction" / "real"
    table = read_table(answers / "predictions.ecsv")
    assert len(table) == len(files)
    rejects = read_table(answers / "rejects.ecsv")
    assert {Path(str(row["file"])).name for row in rejects} == {
        "spec-1111-55555-0001.fits",
        "spec-1111-55555-0002.fits",
    }
    for row in table:
        with fits.open(real / str(row["file"])) as file:
            known = file[2].data[0]
            assert str(row["class"]) == known["CLASS"].strip()
            assert row["z"] == pytest.approx(float(known["Z"]), abs=1e-6)
