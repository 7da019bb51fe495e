"""A folder's spectra are shown to a network as in its training, and to every architecture."""

import dataclasses

import numpy as np
import pytest
from astropy.table import Table

from skyloom.arms.sdss import (
    classes,
    experiments,
    prediction,
    preparation,
    processing,
    release,
)
from skyloom.errors import InputError
from skyloom.io.files import atomic_hdf5, read_table, write_table
from skyloom.judge import calibration
from skyloom.learn import cnn_1d, known_region, lenet, regression
from skyloom.learn import release as releases

pytestmark = pytest.mark.usefixtures("whole_batches")

GRID = {"wavelength": [3650, 10300], "pixels": 80}
DRAWING = {
    "backend": "matplotlib",
    "wavelength": None,
    "flux": "minmax",
    "width": 1.5,
    "margin": 0.05,
}
COUNT = 7


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two blocks of prepared spectra, one with pixels that are not known, and their inventory."""
    path = tmp_path_factory.mktemp("prediction")
    flux = np.random.default_rng(0).normal(1, 0.3, (COUNT, GRID["pixels"])).astype(np.float32)
    flux[2, :5] = np.nan
    wavelength = preparation.grid(**GRID)
    inventory = Table(meta={"synthetic": False})
    inventory["id"] = [f"0266-51602-{number:04d}" for number in range(COUNT)]
    inventory["file"] = [f"spec-{name}.fits" for name in inventory["id"]]
    inventory["class"] = ["STAR", "-", "QSO", "GALAXY", "-", "STAR", "STAR"]
    inventory["z"] = np.linspace(0, 3, COUNT)
    blocks = []
    for number, rows in enumerate((slice(0, 4), slice(4, COUNT))):
        blocks.append(path / f"block_{number}.h5")
        with atomic_hdf5(blocks[-1]) as file:
            preparation.write_block(
                file, [flux[rows]], wavelength, inventory["id"][rows], window=9, synthetic=False
            )
    return inventory, blocks, flux, wavelength


def metrics(variant, **inputs):
    parameters = {"grid": GRID} | ({"drawing": DRAWING} if variant != "spectra" else {})
    return {
        "model": "some_80_20",
        "synthetic": True,
        "inputs": {
            "variant": variant,
            "parameters": parameters,
            "smoothing_window": 9,
            **inputs,
        },
    }


def released(folder, network, facts):
    """A folder of a network whose training side is of such spectra as `folder` has."""
    regression.save(network, folder / "model.keras")
    rng = np.random.default_rng(2)
    shapes = [release.shape(rng.normal(1, 0.3, (500, GRID["pixels"]))) for _ in range(2)]
    releases.write(
        folder / "released",
        arm="sdss",
        name=facts["model"],
        networks={"model.keras": folder / "model.keras"},
        facts={"preprocessing": {"grid": GRID, "smoothing": {"window": 9}}, "metrics": facts},
        synthetic=True,
        learnt="500 SDSS spectra",
        record={},
        arrays=known_region.fit(*shapes),
    )
    return releases.read(folder / "released", "sdss", release.PREPARED_BY)


@pytest.mark.parametrize("variant", ["images_28", "spectra"])
def test_probabilities_are_the_networks_on_inputs_made_as_in_training(folder, variant, tmp_path):
    inventory, blocks, flux, wavelength = folder
    made = lenet.build((28, 28, 1), 3) if variant == "images_28" else cnn_1d.build(80, 3)
    own = released(tmp_path, made, metrics(variant))
    table = prediction.predict(inventory, blocks, own)
    seen = processing.inputs(flux, wavelength, variant, options=DRAWING)
    expected = np.asarray(made(seen.astype(np.float32)))
    found = np.stack([table[name] for name in experiments.PROBABILITIES], axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    likeliest = np.array(classes.CLASSES)[expected.argmax(axis=1)]
    np.testing.assert_array_equal(table["predicted"], likeliest)
    assert list(table["class"]) == ["STAR", "", "QSO", "GALAXY", "", "STAR", "STAR"]
    np.testing.assert_allclose(table["error"], 1 - expected.max(axis=1), atol=1e-5)
    assert list(table["flag"]) == ["-"] * COUNT
    assert {*table["learnt_from"]} == {"500 SDSS spectra, synthetic"}
    assert table.meta["synthetic"] is False
    assert table.meta["synthetic_training"] is True
    write_table(table, tmp_path / "predictions.ecsv")
    again = read_table(tmp_path / "predictions.ecsv", need=["file", "id", "z", "predicted"])
    np.testing.assert_array_equal(again["p_star"], table["p_star"])


def test_a_folder_gets_the_probabilities_of_the_models_temperature(folder, tmp_path):
    inventory, blocks, _, _ = folder
    network, known = cnn_1d.build(80, 3), metrics("spectra")
    scale = {"temperature": 2.5, "objects": 26}
    raw, table = (
        prediction.predict(inventory, blocks, released(tmp_path / name, network, own))
        for name, own in (("raw", known), ("scaled", {**known, "calibration": scale}))
    )
    p, q = (np.stack([t[n] for n in experiments.PROBABILITIES], axis=1) for t in (table, raw))
    np.testing.assert_allclose(p, calibration.calibrated(q, 2.5), rtol=1e-9)
    np.testing.assert_array_equal(table["predicted"], raw["predicted"])
    assert table.meta["temperature"] == 2.5 and "temperature" not in raw.meta


def test_a_spectrum_that_is_one_line_or_a_slope_is_called_unlike(folder, tmp_path):
    inventory, _, flux, wavelength = folder
    strange = np.stack([flux[0], np.eye(GRID["pixels"])[40], np.linspace(0, 1, GRID["pixels"])])
    with atomic_hdf5(tmp_path / "block.h5") as file:
        preparation.write_block(
            file, [strange], wavelength, inventory["id"][:3], window=9, synthetic=False
        )
    own = released(tmp_path, cnn_1d.build(80, 3), metrics("spectra"))
    table = prediction.predict(inventory[:3], [tmp_path / "block.h5"], own)
    assert list(table["flag"]) == ["-", "unlike", "unlike"]


def test_spectra_that_were_prepared_in_another_way_are_refused(folder, tmp_path):
    inventory, blocks, _, _ = folder
    own = released(tmp_path, cnn_1d.build(80, 3), metrics("spectra"))

    def asked(rows=inventory, **inputs):
        facts = own.facts | {"metrics": metrics("spectra", **inputs)}
        prediction.predict(rows, blocks, dataclasses.replace(own, facts=facts))

    with pytest.raises(InputError, match="smoothed over 5 pixels, and these are over 9"):
        asked(smoothing_window=5)
    other = {"grid": {**GRID, "wavelength": [3700, 10300]}}
    with pytest.raises(InputError, match="some_80_20 learnt from spectra on the grid"):
        asked(parameters=other)
    with pytest.raises(InputError, match="does not follow the sample"):
        asked(inventory[::-1])


def test_what_is_no_network_is_named(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"half a file")
    for name in ("model.keras", "nowhere.keras"):
        with pytest.raises(InputError, match=f"{name} is not a readable network"):
            prediction.load(tmp_path / name)
