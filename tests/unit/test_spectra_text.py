"""Columns of text: read by their names, shifted where rows are numbered, else refused."""

import numpy as np
import pytest
from refusal import refused

from skyloom.arms.spectra import observed
from skyloom.errors import InputError

WAVE = 4400 + 0.05 * np.arange(2000)
FLUX = 1 - 0.3 * np.exp(-(((WAVE - 4471.48) / 2) ** 2))
ERROR = np.full(2000, 0.01)


def write(path, header, *columns, between=" ", first=None):
    rows = [between.join(f"{value:.5f}" for value in row) for row in zip(*columns, strict=True)]
    if first is not None:
        rows = [f"{name}{between}{row}" for name, row in zip(first, rows, strict=True)]
    path.write_text("\n".join([*([header] if header else []), *rows]) + "\n", encoding="utf-8")
    return path


def check(path, error=False):
    spectrum = observed.read_spectrum(path)
    np.testing.assert_allclose(spectrum.wavelength, WAVE, atol=1e-5)
    np.testing.assert_allclose(spectrum.flux, FLUX, atol=1e-5)
    assert (spectrum.uncertainty is not None) == error
    return spectrum


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize(("between", "quote"), [(" ", ""), (" ", '"'), ("\t", ""), (",", '"')])
def test_row_numbers_that_r_and_pandas_write_are_no_wavelengths(tmp_path, start, between, quote):
    header = between.join(f"{quote}{name}{quote}" for name in ("wavelength", "flux"))
    numbers = [f"{quote}{number}{quote}" for number in range(start, start + 2000)]
    check(write(tmp_path / "a.txt", header, WAVE, FLUX, between=between, first=numbers))


def test_row_numbers_before_three_columns_are_none_of_them(tmp_path):
    path = write(tmp_path / "a.txt", "wave flux err", WAVE, FLUX, ERROR, first=range(2000))
    check(path, error=True)


@pytest.mark.parametrize(
    ("header", "columns", "first"),
    [
        ("wavelength flux", (WAVE, FLUX), range(500, 2500)),
        ("wavelength flux", (WAVE, FLUX, ERROR), None),
        ("wavelength flux", (WAVE, FLUX, ERROR), range(1, 2001)),
        ("wavelength [Angstrom] flux", (WAVE, FLUX, ERROR), None),
    ],
)
def test_a_header_with_fewer_names_than_columns_is_refused(tmp_path, header, columns, first):
    path = write(tmp_path / "a.txt", header, *columns, first=first)
    with pytest.raises(InputError, match="header names 2 .*name every column") as told:
        observed.read_spectrum(path)
    assert str(path) in str(told.value)


@pytest.mark.parametrize(
    "header", ["", "no names at all", "wavelength\n", "lambda intens", "V1 V2"]
)
@pytest.mark.parametrize("start", [1, 4001])
def test_row_numbers_that_no_header_explains_are_refused_as_counts(tmp_path, header, start):
    path = write(tmp_path / "a.txt", header, WAVE, FLUX, first=range(start, start + 2000))
    refused(f"counts .*from {start}", observed.read_spectrum, path)


@pytest.mark.parametrize(
    "header", ["", "# Normalised flux against wavelength", "# wavelength and flux of HD 127972"]
)
def test_whole_wavelengths_and_more_columns_under_a_sentence_are_read(tmp_path, header):
    whole = np.arange(4000, 6000)
    path = write(tmp_path / "a.txt", header, whole, FLUX, *5 * [ERROR])
    spectrum = observed.read_spectrum(path)
    np.testing.assert_array_equal(spectrum.wavelength, whole)
    np.testing.assert_allclose(spectrum.flux, FLUX, atol=1e-5)


@pytest.mark.parametrize("header", ["channel counts", "# pixel intens", "wavenumber y"])
def test_numbers_of_pixels_are_no_wavelengths_whatever_stands_beside_them(tmp_path, header):
    path = write(tmp_path / "a.txt", header, np.arange(3000, 5000), FLUX)
    refused("where wavelengths should stand", observed.read_spectrum, path)


def test_a_title_with_a_greek_star_names_no_column(tmp_path):
    check(write(tmp_path / "a.txt", "# nu Peg", WAVE, FLUX))


@pytest.mark.parametrize(
    "name", ["pixel", "velocity", "Velocity (km/s)", "frequency", "wavenumber", "energy"]
)
def test_another_quantity_in_place_of_wavelengths_is_named(tmp_path, name):
    path = write(tmp_path / "a.csv", f"{name},flux", WAVE, FLUX, between=",")
    refused(name.split(" ")[0], observed.read_spectrum, path)


@pytest.mark.parametrize(
    "header",
    [
        "wavelength (Angstrom) flux",
        "wavelength [Å] flux [erg s-1 cm-2]",
        "(1) wavelength (2) flux",
        "# wavelength flux",
        "HD 127972 flux corrected to the wavelength scale of the sun",
    ],
)
def test_headers_that_fit_are_read_and_prose_is_passed_over(tmp_path, header):
    check(write(tmp_path / "a.txt", header, WAVE, FLUX))


def test_a_unit_behind_a_blank_belongs_to_its_name(tmp_path):
    check(write(tmp_path / "a.txt", "wavelength (nm) flux", WAVE / 10, FLUX), False)


def test_a_remark_below_the_points_names_no_columns(tmp_path):
    path = write(tmp_path / "a.txt", "# wavelength flux err", WAVE, FLUX, ERROR)
    with path.open("a", encoding="utf-8") as file:
        file.write("# err wavelength flux\n")
    check(path, error=True)
