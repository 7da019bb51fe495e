"""Observed stars: the members' answer in physical units, and warnings that say why."""

import numpy as np
import pytest
from astropy.table import MaskedColumn, Table

from skyloom.arms.spectra import architectures, prediction
from skyloom.arms.spectra.out_of_distribution import Coverage
from skyloom.errors import InputError
from skyloom.io.files import atomic_hdf5, create_dataset
from skyloom.learn import regression

PIXELS = 24
X = np.linspace(-1, 1, PIXELS)
LABELS = ["teff", "log_g"]


def _flux(depth, width):
    return 1 - np.atleast_1d(depth)[:, None] * np.exp(-((X / np.atleast_1d(width)[:, None]) ** 2))


@pytest.fixture(scope="module")
def training():
    rng = np.random.default_rng(0)
    flux = _flux(rng.uniform(0.2, 0.6, 600), rng.uniform(0.2, 0.5, 600))
    low, high = np.array([15000.0, 2.0]), np.array([39000.0, 5.0])
    return prediction.Training(Coverage.fit(flux[:500], flux[500:]), low, high)


def _metrics(members=2, uncertainty="ensemble", offset=(20000.0, 3.5)):
    return {
        **{"model": "clean_initial", "network": "initial", "uncertainty": uncertainty},
        **{"members": members, "labels": LABELS, "units": ["K", "dex"]},
        "scaling": {"kind": "standard", "offset": list(offset), "scale": [100.0, 0.1]},
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("members")
    for number in (1, 2):
        network = architectures.build("initial", PIXELS, 2, seed=number)
        regression.save(network, folder / f"{number}.keras")
    return folder


def _observed(*flux):
    flux = np.concatenate(flux).astype(np.float32)
    return {
        "names": np.array([f"star_{n}" for n in range(len(flux))]),
        "flux": flux,
        "noise": np.full(flux.shape, 1e-4, np.float32),
        "correlation": np.ones(len(flux)),
        "synthetic": True,
    }


def _inventory(observed, teff=None):
    table = Table({"name": observed["names"]})
    table["file"] = [f"{name}.dat" for name in observed["names"]]
    known = np.full(len(table), np.nan) if teff is None else np.array(teff, dtype=float)
    table["known_teff"] = MaskedColumn(known, mask=np.isnan(known))
    return table


def test_prediction_is_the_members_mean_and_spread_in_physical_units(folder, training):
    model = prediction.Model.load(folder, _metrics())
    observed = _observed(_flux([0.3, 0.5], [0.3, 0.4]))
    table = prediction.predict(observed, _inventory(observed, [21000, np.nan]), [model], training)
    made = np.array([net(observed["flux"][..., None]).numpy() for net in model.networks])
    made = made * [100.0, 0.1] + [20000.0, 3.5]
    np.testing.assert_allclose(table["value"], made.mean(axis=0).ravel(), rtol=1e-5)
    np.testing.assert_allclose(table["uncertainty"], made.std(axis=0, ddof=1).ravel(), rtol=1e-3)
    assert list(table["label"]) == LABELS * 2 and list(table["unit"]) == ["K", "dex"] * 2
    assert table["known"][0] == 21000 and np.all(table["known"].mask[1:])
    assert not table["outside"].any() and table["inside_labels"].all()
    assert prediction.warnings(table) == []
    assert table.meta["synthetic"]


def test_uncertainties_of_observed_stars_are_those_that_the_validation_side_bears_out(
    folder, training
):
    observed = _observed(_flux([0.3, 0.5], [0.3, 0.4]))
    inventory = _inventory(observed)
    stated, borne = (
        prediction.predict(
            observed, inventory, [prediction.Model.load(folder, _metrics(), factors)], training
        )
        for factors in (1.0, [4.0, 0.5])
    )
    np.testing.assert_allclose(borne["uncertainty"] / stated["uncertainty"], [4, 0.5] * 2)
    assert list(borne["factor"]) == [4, 0.5] * 2
    np.testing.assert_array_equal(borne["value"], stated["value"])


def test_a_spectrum_unlike_the_training_side_is_warned_of_in_one_sentence(folder, training):
    model = prediction.Model.load(folder, _metrics(1, "none"))
    observed = _observed(_flux(0.3, 0.3), 1 + 0.3 * np.sin(9 * X)[None])
    table = prediction.predict(observed, _inventory(observed), [model], training)
    assert list(table["outside"]) == [False, False, True, True]
    (sentence,) = prediction.warnings(table)
    assert sentence.startswith("star_1: its spectrum is unlike those of the training side (dist")
    assert sentence.count(". ") == 0 and sentence.endswith(".")
    assert np.all(table["uncertainty"].mask)


def test_labels_beyond_the_training_range_are_warned_of(folder, training):
    model = prediction.Model.load(folder, _metrics(offset=(50000.0, 3.5)))
    observed = _observed(_flux(0.3, 0.3))
    table = prediction.predict(observed, _inventory(observed, [41000]), [model], training)
    assert list(table["inside_labels"]) == [False, True]
    (sentence,) = prediction.warnings(table)
    assert "its teff is known as 41000 K, beyond the training labels (15000 to 39000 K)" in sentence
    assert "teff is predicted as" in sentence and "(clean_initial), beyond" in sentence
    assert "log_g" not in sentence


def test_an_assumed_medium_is_a_warning_that_leaves_the_answers_their_meaning(folder, training):
    model = prediction.Model.load(folder, _metrics())
    observed = _observed(_flux([0.3, 0.5], [0.3, 0.4]), 1 + 0.3 * np.sin(9 * X)[None])
    inventory = _inventory(observed)
    inventory["medium"] = ["air (assumed)", "vacuum (VACUUM = T)", "air (assumed)"]
    table = prediction.predict(observed, inventory, [model], training)
    assert list(table["medium"][::2]) == list(inventory["medium"])
    assert list(table["beyond"][::2]) == [False, False, True]
    first, second, third = table["warning"][::2]
    assert "assumed to be in air" in first and "observation.medium" in first
    assert second == "" and "unlike those" in third and "assumed to be in air" in third


def test_files_of_observed_spectra_are_read(tmp_path):
    made = _observed(_flux(0.3, 0.3))
    with atomic_hdf5(tmp_path / "spectra.h5") as file:
        create_dataset(file, "name", made["names"].astype("S"))
        for name, key in (("spectra", "flux"), ("uncertainty", "noise")):
            create_dataset(file, name, made[key])
        create_dataset(file, "correlation", made["correlation"])
        file.attrs["synthetic"] = True
    read = prediction.read_observed(tmp_path / "spectra.h5")
    for name, value in made.items():
        np.testing.assert_array_equal(read[name], value)


def test_missing_members_and_other_lengths_are_refused(folder, training):
    with pytest.raises(InputError, match="3.keras is not a readable network.*train again"):
        prediction.Model.load(folder, _metrics(3))
    model = prediction.Model.load(folder, _metrics())
    with pytest.raises(InputError, match="have 23 pixels, clean_initial wants 24"):
        model.predict(np.ones((2, 23)))
