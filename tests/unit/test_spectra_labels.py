"""Scaling of labels: fitted to one side, inverted exactly."""

import numpy as np
import pytest
from refusal import refused

from skyloom.arms.spectra.labels import Scaling, names_and_units

LABELS = np.array([[15000.0, 2.0, 100.0], [20000.0, 3.0, 100.0], [31000.0, 5.0, 100.0]])


def test_standard_labels_have_mean_zero_and_deviation_one():
    scaled = Scaling.fit(LABELS, "standard").apply(LABELS)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scaled[:, :2].std(axis=0), 1)


def test_minmax_labels_run_from_zero_to_one():
    scaled = Scaling.fit(LABELS, "minmax").apply(LABELS)
    np.testing.assert_allclose(scaled[:, :2], [[0, 0], [5 / 16, 1 / 3], [1, 1]])


@pytest.mark.parametrize("kind", ["standard", "minmax"])
def test_a_label_that_never_changes_keeps_its_units(kind):
    scaling = Scaling.fit(LABELS, kind)
    assert scaling.scale[2] == 1
    np.testing.assert_array_equal(scaling.apply(LABELS)[:, 2], 0)


@pytest.mark.parametrize("kind", ["standard", "minmax"])
def test_scaling_is_undone_also_from_json(kind):
    scaling = Scaling.from_dict(Scaling.fit(LABELS, kind).as_dict())
    np.testing.assert_allclose(scaling.invert(scaling.apply(LABELS)), LABELS, rtol=1e-14)
    step = scaling.invert(np.ones(3)) - scaling.invert(np.zeros(3))
    np.testing.assert_allclose(scaling.invert_spread(np.ones(3)), step, rtol=1e-9)


def test_unknown_scalings_and_empty_sides_are_refused():
    refused("training.labels is 'log'", Scaling.fit, LABELS, "log")
    refused("no training spectra", Scaling.fit, LABELS[:0], "standard")


def test_names_and_units_of_a_dataset_are_parted():
    names, units = names_and_units({"name": "teff,log_g,v_rot", "units": "K,dex,km / s"})
    assert names == ["teff", "log_g", "v_rot"] and units == ["K", "dex", "km / s"]
