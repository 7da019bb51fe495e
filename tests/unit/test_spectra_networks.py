"""The networks of spectra are those of the documents, layer by layer; members agree as stated."""

import numpy as np
import pytest
from refusal import refused

from skyloom.arms.spectra import architectures, ensemble
from skyloom.errors import InputError

# Output shape and parameters of each layer, as printed: figures 8 and 9 of Olivares's article, and
# the slide of Saldic and Rathcke.
PRINTED = {
    ("initial", 201, 3): (
        100_755,
        [((195, 32), 256), ((193, 16), 1552), ((3088,), 0), ((32,), 98848), ((3,), 99)],
    ),
    ("modified", 201, 3): (
        384_435,
        [
            *[((195, 32), 256), ((193, 16), 1552), ((179, 64), 15424), ((11456,), 0)],
            *[((32,), 366624), ((16,), 528), ((3,), 51)],
        ],
    ),
    ("starnet", 7447, 4): (
        7_658_520,
        [
            *[((7447,), 0), ((7447, 1), 0), ((7447, 4), 132), ((7447, 16), 2064)],
            *[((1861, 16), 0), ((29776,), 0), ((256,), 7622912), ((128,), 32896), ((4,), 516)],
        ],
    ),
}
ACTIVATIONS = {
    "initial": ["relu", "relu", "selu", "linear"],
    "modified": ["selu"] * 5 + ["linear"],
    "starnet": ["relu"] * 4 + ["linear"],
}


@pytest.mark.parametrize("case", PRINTED, ids=lambda case: case[0])
def test_layers_are_the_printed_ones(case):
    total, layers = PRINTED[case]
    network = architectures.build(*case)
    # The documents' summaries of the helium networks leave the input out.
    made = network.layers[1:] if case[0] != "starnet" else network.layers
    assert [(layer.output.shape[1:], layer.count_params()) for layer in made] == layers
    assert network.count_params() == total
    found = [layer.activation.__name__ for layer in made if hasattr(layer, "activation")]
    assert found == ACTIVATIONS[case[0]]


def test_variance_outputs_widen_the_last_layer_only():
    plain = architectures.build("initial", 201, 3)
    wide = architectures.build("initial", 201, 3, heteroscedastic=True)
    assert wide.output_shape == (None, 6)
    assert wide.count_params() - plain.count_params() == 3 * 33


def test_seed_decides_every_initial_weight():
    first, again, other = (architectures.build("modified", 201, 3, seed=s) for s in (1, 1, 2))
    for a, b, c in zip(*(net.get_weights() for net in (first, again, other)), strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.ndim == 1 or not np.array_equal(a, c)


def test_unknown_networks_and_short_spectra_are_refused():
    refused("'modifed', nearest is 'modified'", architectures.build, "modifed", 201, 3)
    with pytest.raises(InputError, match="too short for the network modified, which needs 23"):
        architectures.build("modified", 22, 3)


def test_ensemble_spread_is_the_standard_deviation_among_members():
    made = np.array([[[1.0, 0.0]], [[2.0, 0.0]], [[4.0, 3.0]]])
    mean, deviation = ensemble.combine(made, "ensemble")
    np.testing.assert_allclose(mean, [[7 / 3, 1.0]])
    np.testing.assert_allclose(deviation, np.std(made, axis=0, ddof=1))
    assert ensemble.combine(made, "none")[1] is None


def test_variance_of_the_mixture_is_that_of_draws_from_it():
    rng = np.random.default_rng(0)
    means, deviations = np.array([0.0, 1.0, 3.0]), np.array([0.5, 1.0, 2.0])
    made = np.stack([means, 2 * np.log(deviations)], axis=1)[:, None, :]
    mean, deviation = ensemble.combine(made, "heteroscedastic")
    draws = rng.normal(means, deviations, (200_000, 3)).ravel()
    assert mean[0, 0] == pytest.approx(draws.mean(), abs=0.01)
    assert deviation[0, 0] == pytest.approx(draws.std(), rel=0.01)


def test_an_ensemble_of_one_is_refused():
    refused("ensemble with 1 member.*raise members", ensemble.check_members, "ensemble", 1)
    refused("choose one of ensemble, heteroscedastic, none", ensemble.check_members, "dropout", 3)
    ensemble.check_members("none", 1)
