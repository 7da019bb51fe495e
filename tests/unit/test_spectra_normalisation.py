"""What counts as normalised: lines, noise and cosmic rays do, other units do not."""

import numpy as np
import pytest

from skyloom.arms.spectra import normalisation
from skyloom.arms.spectra.helium import grid
from skyloom.simulate.helium import stars

GRID = np.linspace(4460, 4480, 201)


def gauss(width, depth=1.0):
    return depth * np.exp(-0.5 * ((GRID - 4471) / width) ** 2)


NORMALISED = {
    "flat": np.ones(201),
    "black line core": 1 - gauss(2, 0.98),
    "balmer line wider than the window": 1 - gauss(14, 0.9),
    "emission of a disc": 1 + stars.emission(GRID, 300) * 8,
    "emission of a shell": 1 + gauss(2, 12.0),
    "noise at S/N 5": 1 + np.random.default_rng(1).normal(0, 0.2, 201),
    "cosmic rays": np.where(np.arange(201) % 25 == 3, 500.0, 1.0),
    "slope": np.linspace(0.8, 1.25, 201),
    "bands of a cool giant": np.full(201, 0.35),
}
OTHERS = {
    "per cent": 100 * NORMALISED["black line core"],
    "counts": np.random.default_rng(1).poisson(4000, 201),
    "absolute": 4e7 * NORMALISED["black line core"],
    "erg/s/cm2": 1e-13 * NORMALISED["black line core"],
    "three": 3 * NORMALISED["black line core"],
    "less the continuum": -gauss(2, 0.5),
    "logarithm": np.log10(1e-13 * np.ones(201)),
    "magnitudes": 9.2 + gauss(2, 0.4),
    "absolute, with a cosmic ray": np.where(np.arange(201) == 3, 1.0, 1e-13),
}


@pytest.mark.parametrize("name", NORMALISED)
def test_a_normalised_flux_is_known_whatever_its_lines(name):
    assert normalisation.is_normalised(NORMALISED[name])


@pytest.mark.parametrize("name", OTHERS)
def test_other_fluxes_are_known(name):
    assert not normalisation.is_normalised(OTHERS[name])


def test_every_corner_of_the_synthetic_grid_is_normalised():
    flux = grid.spectra(
        GRID, [15_000, 15_000, 39_000], [2.0, 5.0, 5.0], [0, 400], limb_darkening=0.6
    )
    assert (
        normalisation.is_normalised(flux).all()
        and not normalisation.is_normalised(100 * flux).any()
    )


def test_long_spectra_are_judged_as_short_ones():
    flux = np.repeat(np.stack([NORMALISED["slope"], OTHERS["counts"]]), 150, axis=1)
    assert list(normalisation.is_normalised(flux)) == [True, False]
