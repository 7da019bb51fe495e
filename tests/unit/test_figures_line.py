"""The figure of one line: which spectrum is typical, and the grid's profile at given labels."""

import figure_axes
import numpy as np
import pytest
from astropy.table import Table

from skyloom.draw import spectra_line


def nodes():
    """A grid of two labels."""
    return np.array([(t, g) for t in (1.0, 2.0, 3.0) for g in (10.0, 20.0, 30.0)])


def spectra(labels):
    """Spectra that are linear in their labels, so that interpolation must be exact."""
    return np.stack([labels[:, 0] + labels[:, 1], labels[:, 0] - 2 * labels[:, 1]], axis=1)


@pytest.mark.parametrize("wanted", [(1.0, 10.0), (2.5, 17.0), (1.2, 29.0), (3.0, 30.0)])
def test_a_profile_between_nodes_is_interpolated_linearly(wanted):
    found, inside = spectra_line.profile(nodes(), spectra(nodes()), wanted)
    assert inside
    np.testing.assert_allclose(found, spectra(np.array([wanted]))[0], rtol=1e-12)


def test_beyond_the_grid_the_nearest_node_is_shown_and_told_apart():
    found, inside = spectra_line.profile(nodes(), spectra(nodes()), (9.0, 21.0))
    assert not inside
    np.testing.assert_array_equal(found, spectra(np.array([(3.0, 20.0)]))[0])


def test_a_grid_without_extent_in_a_label_has_nearest_profiles():
    flat = nodes()[:3]
    found, inside = spectra_line.profile(flat, spectra(flat), (1.0, 19.0))
    assert not inside
    np.testing.assert_array_equal(found, spectra(flat)[1])


def test_the_typical_spectrum_is_that_of_median_error_over_networks_and_labels():
    true = np.array([(0.0, 0.0), (1.0, 100.0), (2.0, 200.0), (3.0, 300.0), (4.0, 400.0)])
    # In units of each label's scatter the rows err by 5, 1, 3, 2 and 4.
    away = np.array([5.0, 1.0, 3.0, 2.0, 4.0])[:, None] * true.std(axis=0)
    assert spectra_line.typical(true, [true + away, true - away]) == 2


def test_the_figure_says_true_and_predicted_labels_with_units_and_that_it_is_synthetic():
    grid = np.array([(t, g) for t in (20000.0, 24000.0) for g in (3.0, 4.0)])
    flux = np.linspace(0.8, 1.0, 5)[None] + 0 * grid[:, :1]
    table = Table({"teff": [21000.0], "log_g": [3.5], "id": ["star"]})
    table["teff_predicted"], table["log_g_predicted"] = [22000.0], [3.25]
    table["teff_uncertainty"], table["log_g_uncertainty"] = [400.0], [0.1]
    tables = {"clean_initial": table, "clean_modified": table}
    row, known, answers = spectra_line.read_typical(tables, ["teff", "log_g"], grid, flux)
    figure = spectra_line.line(
        np.linspace(4460, 4480, 5), flux[0], answers, name="star", known=known, synthetic=True
    )
    texts = [text.get_text() for text in figure.axes[2].texts]
    assert row == 0
    assert texts[0].endswith("21000 K")
    assert texts[1] == r"initial:  $T_\mathrm{eff}$ 22000 ± 400 K"
    assert texts[-1] == "modified:  log g 3.25 ± 0.10 dex"
    figure_axes.check(figure, ())
    assert figure.axes[1].get_xlabel() == "Wavelength [Å, air]"
