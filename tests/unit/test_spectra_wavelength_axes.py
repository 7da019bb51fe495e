"""Axes of one-dimensional images: wavelengths are read, all else is refused by name."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from skyloom.arms.spectra import observed
from skyloom.errors import InputError

PIXELS = 3000
FLUX = np.ones(PIXELS, "f4")
LINEAR = {"CRVAL1": 4400.0, "CDELT1": 0.05}


def read(tmp_path, cards, extension=None):
    units = [fits.PrimaryHDU(FLUX if extension is None else None)]
    units[0].header.update(cards)
    if extension is not None:
        units.append(fits.ImageHDU(FLUX))
        units[1].header.update(extension)
    fits.HDUList(units).writeto(tmp_path / "a.fits")
    return observed.read_spectrum(tmp_path / "a.fits").wavelength


def refused(tmp_path, cards, *words, **options):
    with pytest.raises(InputError) as told:
        read(tmp_path, cards, **options)
    text = str(told.value)
    assert "\n" not in text and str(tmp_path / "a.fits") in text
    assert all(word in text for word in words), text


# As IRAF, ESO, MOOG, BeSS, MUSE, XMM-like pipelines and FITS paper III write them.
TYPES = ["LINEAR", "WAVE", "AWAV", "LAMBDA", "lambda", "WAVELENGTH", "Wavelength", "Angstrom"]
TYPES += ["ANGSTROMS", "air wavelength", "Wavelength [A]", "WAVELEN", "", " "]


@pytest.mark.parametrize("kind", TYPES)
def test_linear_axes_of_wavelength_are_read_under_every_name_in_use(tmp_path, kind):
    found = read(tmp_path, {**LINEAR, "CTYPE1": kind})
    np.testing.assert_allclose(found, 4400 + 0.05 * np.arange(PIXELS), atol=1e-9)


@pytest.mark.parametrize(
    "kind", ["WAVE-AIR", "WAVE-VAC", "Ang", "A", "Angstroem", "NONE", "UNKNOWN"]
)
def test_sloppy_names_of_a_linear_axis_are_no_reason_to_refuse_it(tmp_path, kind):
    assert read(tmp_path, {**LINEAR, "CTYPE1": kind})[0] == LINEAR["CRVAL1"]


@pytest.mark.parametrize("unit", ["Angstrom (air)", "Angstrom (vacuum)", "A_vac"])
def test_a_unit_may_name_the_medium(tmp_path, unit):
    assert read(tmp_path, {**LINEAR, "CUNIT1": unit})[0] == LINEAR["CRVAL1"]


@pytest.mark.parametrize(
    "kind", ["LAM-LOG", "LOG-LINEAR", "LOGLAM", "LOG10(LAMBDA)", "log lambda", "WAVE-LOG"]
)
def test_logarithmic_axes_are_read_under_every_name_in_use(tmp_path, kind):
    found = read(tmp_path, {"CRVAL1": 3.64, "CDELT1": 1e-5, "CTYPE1": kind})
    np.testing.assert_allclose(found, 10 ** (3.64 + 1e-5 * np.arange(PIXELS)), rtol=1e-12)


def test_an_unknown_name_beside_a_unit_of_length_is_a_wavelength(tmp_path):
    cards = {**LINEAR, "CTYPE1": "SPECTRAL", "CUNIT1": "Angstrom"}
    assert read(tmp_path, cards)[0] == 4400


OTHERS = ["PIXEL", "pixel", "VELO", "VELO-LSR", "VRAD", "FREQ", "FREQ-LSR", "ENER", "WAVN", "ZOPT"]
OTHERS += ["WAVENUMBER", "RA---TAN", "GLON-CAR", "TIME", "WAVE-TAB", "AWAV-TAB", "WAVE-F2W", "BETA"]
OTHERS += ["AWAV-GRI", "log(frequency)", "ORDER", "SPECTRAL"]


@pytest.mark.parametrize("kind", OTHERS)
def test_an_axis_that_is_no_wavelength_is_refused_by_its_name(tmp_path, kind):
    refused(tmp_path, {**LINEAR, "CTYPE1": kind}, f"CTYPE1 = {kind!r}", "no wavelength")


@pytest.mark.parametrize(
    "cards",
    [
        {"CTYPE1": "PIXEL", "CUNIT1": "Angstrom"},
        {"CTYPE1": "LINEAR", "WAT1_001": "wtype=linear label=Pixel"},
        {"CTYPE1": "LINEAR", "WAT1_001": 'wtype=linear label="Velocity" units=km/s'},
        {"CTYPE1": "WAVE", "CUNIT1": "Hz"},
        {"CTYPE1": "LINEAR", "DC-FLAG": -1},
    ],
    ids=str,
)
def test_labels_and_units_of_other_axes_are_refused(tmp_path, cards):
    refused(tmp_path, {**LINEAR, **cards})


@pytest.mark.parametrize(
    "cards",
    [
        {"CRVAL1": 1.0, "CDELT1": 1.0},
        {"CRVAL1": 1.0, "CDELT1": 1.0, "CRPIX1": 1.0, "CTYPE1": "LINEAR"},
        {"CRVAL1": 0.0, "CDELT1": 1.0},
        {"CRVAL1": 0.5, "CD1_1": 1.0},
        {"CRVAL1": 1500.0, "CRPIX1": 1500.0, "CDELT1": 1.0},
        {"CRVAL1": 2.0, "CDELT1": 2.0, "CTYPE1": "Wavelength"},
    ],
    ids=str,
)
def test_an_axis_that_counts_pixels_is_refused(tmp_path, cards):
    refused(tmp_path, cards, "counts", "pixels")


@pytest.mark.parametrize("unit", [{"CUNIT1": "Angstrom"}, {"WAT1_001": "units=angstroms"}])
def test_a_stated_unit_makes_wavelengths_of_any_start(tmp_path, unit):
    assert read(tmp_path, {"CRVAL1": 1.0, "CDELT1": 1.0, **unit})[-1] == PIXELS


@pytest.mark.parametrize("increment", [1.0, 0.0501, -0.05])
def test_two_steps_that_differ_are_refused_with_both_values(tmp_path, increment):
    cards = {"CRVAL1": 4400.0, "CDELT1": increment, "CD1_1": 0.05}
    refused(tmp_path, cards, "CD1_1 = 0.05", f"CDELT1 = {increment:g}")


@pytest.mark.parametrize("increment", [0.05, float(np.float32(0.05)), 0.0500001])
def test_two_steps_that_agree_to_rounding_are_one(tmp_path, increment):
    found = read(tmp_path, {"CRVAL1": 4400.0, "CDELT1": increment, "CD1_1": 0.05})
    np.testing.assert_allclose(found, 4400 + 0.05 * np.arange(PIXELS), atol=1e-9)


@pytest.mark.parametrize(
    "cards",
    [
        {"CD1_1": 0.0, "CDELT1": 0.05},
        {"CD1_1": 0.05, "CDELT1": 0.0},
        # astropy's words of an axis, added to a header that has its own.
        {"CD1_1": 0.05, "CDELT1": 1.0, "PC1_1": 0.05},
    ],
    ids=str,
)
def test_steps_of_0_and_a_step_in_two_parts_contradict_nothing(tmp_path, cards):
    found = read(tmp_path, {"CRVAL1": 4400.0, **cards})
    np.testing.assert_allclose(found, 4400 + 0.05 * np.arange(PIXELS), atol=1e-9)


def test_a_step_in_pc1_1_is_astropys(tmp_path):
    header = fits.Header({"CRVAL1": 4400.0, "CRPIX1": 1.0, "CDELT1": 1.0, "PC1_1": 0.05})
    header.update({"CTYPE1": "AWAV", "CUNIT1": "Angstrom", "NAXIS": 1})
    theirs = WCS(header).wcs_pix2world(np.arange(PIXELS), 0)[0] * 1e10
    del header["NAXIS"]
    np.testing.assert_allclose(read(tmp_path, header), theirs, rtol=1e-12)


def test_a_left_over_linear_axis_beside_coeff0_is_refused(tmp_path):
    log = {"COEFF0": 3.64, "COEFF1": 1e-5}
    refused(tmp_path, {**log, **LINEAR, "CTYPE1": "LINEAR"}, "COEFF0", "CRVAL1 = 4400")


@pytest.mark.parametrize("flag", [{"DC-FLAG": 1}, {}], ids=str)
def test_coeff0_beside_the_same_axis_is_read(tmp_path, flag):
    # As LAMOST and SDSS write it; what rewrites a header may lose IRAF's flag.
    log = {"COEFF0": 3.64, "COEFF1": 1e-5, "CRVAL1": 3.64, "CD1_1": 1e-5, **flag}
    assert read(tmp_path, log)[-1] == pytest.approx(10 ** (3.64 + 1e-5 * (PIXELS - 1)))


def test_an_extensions_own_axis_does_not_inherit_that_of_the_first_unit(tmp_path):
    primary = {"CTYPE1": "RA---TAN", "CDELT1": 0.1, "COEFF0": 3.5, "COEFF1": 1e-4, "CRPIX1": 3.0}
    assert read(tmp_path, primary, {"CRVAL1": 4400.0, "CD1_1": 0.05})[1] == pytest.approx(4400.05)
