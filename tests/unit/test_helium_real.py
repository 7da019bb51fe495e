"""The trend of He I 4471 with T_eff beside TLUSTY's of He I 6678; skipped without real files."""

import h5py
import numpy as np
import pytest
from scipy.stats import spearmanr

from skyloom.simulate.helium import profile

HELIUM = np.arange(4420, 4478, 0.04)


@pytest.fixture(scope="module")
def tlusty(real_data):
    """Equivalent widths of He I 6678 in BSTAR2006: {log g: (T_eff, Å)}.

    MSG's file has coefficients of Claret's law, I = c0 + sum c_k (mu^(k/2) - 1), whose flux is
    2 pi (c0 / 2 - c1 / 10 - c2 / 6 - 3 c3 / 14 - c4 / 4) (MSG's limb_basis_sm). Nodes are numbered
    from 1, T_eff fastest.
    """
    found = {}
    with h5py.File(real_data / "stellar" / "sg-HeI-6678.h5") as file:
        teff, log_g = (file[f"vgrid/axes[{axis}]/x"][:] for axis in (1, 2))
        for place, node in enumerate(file["vgrid/v_lin_seq"][:], 1):
            group = file[f"specsource/specints[{place}]"]
            scale = group["range"].attrs
            edges = np.exp(scale["logx_0"] + scale["dlogx"] * np.arange(scale["n"]))
            flux = group["c"][:] @ [1 / 2, -1 / 10, -1 / 6, -3 / 14, -1 / 4]
            middle = (edges[1:] + edges[:-1]) / 2
            ends = (middle < middle[40]) | (middle > middle[-41])
            continuum = np.polyval(np.polyfit(middle[ends] - 6678, flux[ends], 1), middle - 6678)
            width = np.sum((1 - flux / continuum) * np.diff(edges))
            gravity, temperature = divmod(int(node) - 1, len(teff))
            found.setdefault(float(log_g[gravity]), []).append((teff[temperature], width))
    return {gravity: np.array(rows).T for gravity, rows in found.items()}


def ours(teff, log_g):
    return profile.equivalent_width(HELIUM, profile.spectrum(HELIUM, teff, log_g))


def test_fluxes_of_the_real_grid_are_those_of_hot_stars(tlusty):
    assert set(tlusty[4.0][0]) == set(np.arange(15_000, 30_001, 1_000))
    assert 0.2 < tlusty[4.0][1].min() < tlusty[4.0][1].max() < 0.65


@pytest.mark.parametrize("log_g", [2.75, 3.0, 3.5, 4.0, 4.5, 4.75])
def test_width_rises_to_21000_k_as_in_the_real_grid(tlusty, log_g):
    teff, real = tlusty[log_g]
    cool = teff <= 21_000
    assert spearmanr(ours(teff[cool], log_g), real[cool])[0] > 0.9


@pytest.mark.parametrize("log_g", [3.5, 4.0, 4.5, 4.75])
def test_how_far_it_rises_is_that_of_the_real_grid(tlusty, log_g):
    teff, real = tlusty[log_g]
    model, top = ours(teff, log_g), np.searchsorted(teff, 21_000)
    np.testing.assert_allclose(model[:top] / model[top], real[:top] / real[top], rtol=0.15)


@pytest.mark.parametrize("log_g", [4.0, 4.5, 4.75])
def test_width_levels_off_beyond_as_in_the_real_grid(tlusty, log_g):
    teff, real = tlusty[log_g]
    hot = teff >= 22_000
    model = ours(teff[hot], log_g)
    # 6678 changes by a tenth from 22,000 to 30,000 K, after rising by a factor of two to four;
    # so does 4471 in the model, which falls, as it is observed to.
    assert np.ptp(real[hot]) / real[hot].mean() < 0.15
    assert np.ptp(model) / model.mean() < 0.15
