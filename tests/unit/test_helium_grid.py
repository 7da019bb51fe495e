"""Axes and names of the helium grid, and its rotating spectra."""

import numpy as np
import pytest
from refusal import refused
from scipy.integrate import quad

from skyloom.arms.spectra import broadening
from skyloom.arms.spectra.helium import grid
from skyloom.errors import InputError
from skyloom.simulate.helium import profile

WINDOW = np.linspace(4460, 4480, 201)
PAPER = {"teff": [15_000, 39_000, 1_000], "log_g": [2.0, 5.0, 0.5], "v_rot": [100, 400, 10]}


def test_full_grid_has_the_papers_number_of_models():
    nodes = grid.nodes(PAPER)
    assert len(nodes) == 5425 == len(np.unique(nodes, axis=0))
    assert grid.file_name(*nodes[0]) == "f_t15000g20v100.dat"
    assert grid.file_name(*nodes[4]) == "f_t15000g20v140.dat"


def test_every_name_gives_its_labels_back():
    nodes = grid.nodes(PAPER)
    names = [grid.file_name(*node) for node in nodes]
    assert len(set(names)) == len(names) and "f_t24000g50v370.dat" in names
    np.testing.assert_allclose([grid.labels_of_name(name) for name in names], nodes, rtol=1e-12)


@pytest.mark.parametrize(
    "name", ["t24000g50v370.dat", "f_t24000g5.0v370.dat", "f_t24000g50v370.dat.txt", "notes.md"]
)
def test_other_names_are_refused(name):
    refused(f"^{name} is not named like f_t24000g50v370.dat", grid.labels_of_name, name)


@pytest.mark.parametrize("axis", [[1, 2, 0.3], [2, 1, 0.5], [1, 2, 0]])
def test_steps_that_do_not_fit_are_refused(axis):
    refused("does not lead from", grid.axis, *axis)


def test_values_that_names_cannot_hold_are_refused():
    with pytest.raises(InputError, match=r"helium.synthetic.log_g: files' names hold multiples"):
        grid.axes({**PAPER, "log_g": [2.0, 3.0, 0.25]})


@pytest.mark.parametrize("v_rot", [100, 370])
def test_spectrum_is_the_direct_convolution_with_grays_profile(v_rot):
    made = grid.spectra(WINDOW, [22_000], [4.0], [v_rot], limb_darkening=0.6)[0, 0]

    def direct(wavelength):
        def shifted(velocity):
            seen = np.array([wavelength * (1 - velocity / 299792.458)])
            weight = broadening.rotation_profile(np.array([velocity]), v_rot, 0.6)[0]
            return weight * (1 - profile.spectrum(seen, 22_000, 4.0)[0])

        return 1 - quad(shifted, -v_rot, v_rot, limit=200, epsabs=1e-7)[0]

    for pixel in (3, 95, 113, 150):
        assert made[pixel] == pytest.approx(direct(WINDOW[pixel]), abs=5e-4)


def test_rotation_carries_magnesium_into_the_window():
    slow, fast = grid.spectra(WINDOW, [16_000], [4.0], [20, 300], limb_darkening=0.6)[0]
    assert slow[-20:].min() > 0.998 and fast[-20:].max() < 0.975
    assert fast[-1] < fast[-60:].max() - 0.02


def test_slow_models_do_not_depend_on_faster_ones_beside_them():
    alone = grid.spectra(WINDOW, [20_000], [3.5], [150], limb_darkening=0.6)[0, 0]
    beside = grid.spectra(WINDOW, [20_000], [3.5], [150, 400], limb_darkening=0.6)[0, 0]
    np.testing.assert_allclose(alone, beside, atol=1e-12)


def test_models_come_with_their_labels():
    options = {
        "teff": [15_000, 20_000, 5_000],
        "log_g": [3.0, 4.0, 1.0],
        "v_rot": [100, 200, 50],
        "limb_darkening": 0.6,
    }
    made = [model() for model in grid.models(options, WINDOW)]
    np.testing.assert_array_equal(
        np.concatenate([labels for labels, _ in made]), grid.nodes(options)
    )
    expected = grid.spectra(WINDOW, [20_000], [3.0], [100, 150, 200], limb_darkening=0.6)[0]
    np.testing.assert_allclose(made[2][1], expected, rtol=1e-12)
