"""Readers of observed spectra: every kind of file written by the test, and what is wrong with some.

Real MILES and SDSS files are read where they are at hand.
"""

import gzip

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from skyloom.arms.spectra import observed
from skyloom.errors import InputError
from skyloom.io import folders

WAVE = 4440 + 0.09 * np.arange(667)
FLUX = 1 - 0.3 * np.exp(-(((WAVE - 4471.5) / 2) ** 2))


def text(path, separator=" ", header="", columns=(WAVE, FLUX)):
    rows = zip(*columns, strict=True)
    lines = [separator.join(f"{value:.6f}" for value in row) for row in rows]
    path.write_text(header + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def image(path, data=FLUX, **cards):
    unit = fits.PrimaryHDU(np.asarray(data, np.float32))
    unit.header.update({name.replace("_", "-"): value for name, value in cards.items()})
    unit.writeto(path)
    return path


def table(path, header=None, **named):
    columns = []
    for name, (form, values, unit) in named.items():
        columns.append(fits.Column(name=name, format=form, array=values, unit=unit))
    unit = fits.BinTableHDU.from_columns(columns, name="COADD")
    unit.header.update(header or {})
    fits.HDUList([fits.PrimaryHDU(), unit]).writeto(path)
    return path


def check(spectrum, wave=WAVE, flux=FLUX, tolerance=2e-6):
    np.testing.assert_allclose(spectrum.wavelength, wave, rtol=0, atol=tolerance)
    np.testing.assert_allclose(spectrum.flux, flux, rtol=0, atol=1e-6)
    return spectrum


@pytest.mark.parametrize(
    ("separator", "header"),
    [
        ("\t", ""),
        (" ", "# wavelength flux\n"),
        ("  ", "; IDL\n% MATLAB\n\n"),
        (",", "wavelength,flux\n"),
        (";", "wavelength (Å);flux\n"),
        (" ", "object HD 127972\nobserved 2014-01-31\n"),
    ],
)
def test_two_columns_of_text_are_read_however_separated_and_headed(tmp_path, separator, header):
    name = "hd127972_2014-01-31_07-43-08_final_corr.txt"
    spectrum = check(observed.read_spectrum(text(tmp_path / name, separator, header)))
    assert spectrum.name == "hd127972_2014-01-31_07-43-08_final_corr"
    assert (spectrum.medium, spectrum.uncertainty, spectrum.known) == (None, None, {})


def test_named_columns_of_text_are_found_with_their_unit_and_error(tmp_path):
    header = "number,error,lambda (nm),flux\n"
    columns = (np.arange(667), np.full(667, 0.01), WAVE / 10, FLUX)
    spectrum = check(
        observed.read_spectrum(text(tmp_path / "a.csv", ",", header, columns)), tolerance=1e-4
    )
    np.testing.assert_allclose(spectrum.uncertainty, 0.01)


def test_a_descending_spectrum_is_turned_round(tmp_path):
    check(observed.read_spectrum(text(tmp_path / "a.dat", columns=(WAVE[::-1], FLUX[::-1]))))


def test_ecsv_is_read_with_units_and_known_labels(tmp_path):
    content = Table({"flux": FLUX, "wavelength": WAVE / 1e4})
    content["wavelength"].unit = "um"
    content.meta = {"teff": 24000, "medium": "vacuum"}
    content.write(tmp_path / "a.ecsv")
    spectrum = check(observed.read_spectrum(tmp_path / "a.ecsv"))
    assert spectrum.medium == "vacuum" and spectrum.known == {"teff": 24000.0}


@pytest.mark.parametrize(
    ("unit", "scale"), [("Angstrom", 1), ("nm", 0.1), ("um", 1e-4), ("m", 1e-10), (None, 1)]
)
def test_fits_tables_are_read_in_any_unit_of_length(tmp_path, unit, scale):
    path = table(tmp_path / "a.fits", WAVE=("D", WAVE * scale, unit), FLUX=("E", FLUX, None))
    check(observed.read_spectrum(path))


def test_vectors_in_one_row_are_read_with_their_errors(tmp_path):
    path = table(
        tmp_path / "a.fits",
        OBJECT=("8A", ["HD1"], None),
        SNR=("E", [50.0], None),
        WAVE=("667D", WAVE[None], "angstrom"),
        FLUX=("667E", FLUX[None], None),
        ERR=("667E", np.full((1, 667), 0.02), None),
    )
    np.testing.assert_allclose(check(observed.read_spectrum(path)).uncertainty, 0.02, rtol=1e-6)


def test_sdss_tables_have_logarithms_inverse_variances_and_vacuum(tmp_path):
    inverse = np.full(667, 400.0)
    inverse[5] = 0
    path = table(
        tmp_path / "spec-0266-51602-0013.fits",
        {"VACUUM": True},
        flux=("E", FLUX, None),
        loglam=("D", np.log10(WAVE), None),
        ivar=("E", inverse, None),
    )
    spectrum = check(observed.read_spectrum(path))
    assert spectrum.medium == "vacuum" and spectrum.name == "spec-0266-51602-0013"
    np.testing.assert_array_equal(np.isnan(spectrum.uncertainty), np.arange(667) == 5)
    assert spectrum.uncertainty[0] == pytest.approx(0.05)


LOG = np.log10(WAVE[0]) + 1e-5 * np.arange(667)
NATURAL = 4440 * np.exp(0.05 * np.arange(667) / 4440)


@pytest.mark.parametrize(
    ("cards", "expected", "medium"),
    [
        ({"CRVAL1": 4440.0, "CDELT1": 0.09}, WAVE, None),
        ({"CRVAL1": 4440.9, "CRPIX1": 11.0, "CD1_1": 0.09, "CTYPE1": "AWAV"}, WAVE, "air"),
        ({"CRVAL1": 444.0, "CDELT1": 0.009, "CUNIT1": "nm"}, WAVE, None),
        ({"CRVAL1": 4.44e-7, "CDELT1": 9e-12, "CUNIT1": "m", "AIRORVAC": "vac"}, WAVE, "vacuum"),
        ({"CRVAL1": 444.0, "CDELT1": 0.009, "WAT1_001": "units=nanometers"}, WAVE, None),
        ({"CRVAL1": LOG[0], "CDELT1": 1e-5, "DC_FLAG": 1}, 10**LOG, None),
        ({"CRVAL1": LOG[0], "CDELT1": 1e-5, "WFITTYPE": "LOG-LINEAR"}, 10**LOG, None),
        ({"CRVAL1": LOG[0], "CDELT1": 1e-5, "CTYPE1": "WAVE-LOG"}, 10**LOG, "vacuum"),
        ({"CRVAL1": 4440.0, "CDELT1": 0.05, "CTYPE1": "AWAV-LOG"}, NATURAL, "air"),
        ({"COEFF0": LOG[0], "COEFF1": 1e-5, "VACUUM": True}, 10**LOG, "vacuum"),
    ],
)
def test_images_are_read_by_their_wavelength_axis(tmp_path, cards, expected, medium):
    cards = {k if k != "DC_FLAG" else "DC-FLAG": v for k, v in cards.items()}
    unit = fits.PrimaryHDU(FLUX.astype(np.float32))
    unit.header.update(cards)
    unit.writeto(tmp_path / "a.fits")
    assert check(observed.read_spectrum(tmp_path / "a.fits"), expected).medium == medium


def test_the_logarithmic_axis_is_astropys(tmp_path):
    unit = fits.PrimaryHDU(FLUX.astype(np.float32))
    unit.header.update({"CRVAL1": 4440.0, "CDELT1": 0.05, "CTYPE1": "AWAV-LOG", "CRPIX1": 1.0})
    unit.header["CUNIT1"] = "Angstrom"
    unit.writeto(tmp_path / "a.fits")
    from astropy.wcs import WCS

    theirs = WCS(unit.header).wcs_pix2world(np.arange(667), 0)[0] * 1e10
    check(observed.read_spectrum(tmp_path / "a.fits"), theirs)


def test_irafs_bands_give_their_first_and_gzip_is_read(tmp_path):
    path = image(
        tmp_path / "a.fits", np.stack([FLUX, 0 * FLUX])[:, None], CRVAL1=4440.0, CDELT1=0.09
    )
    packed = tmp_path / "b.fits.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert check(observed.read_spectrum(packed)).name == "b"


def broken(tmp_path):
    """Files that cannot be used, and words of the reason."""
    yield tmp_path / "missing.txt", "does not exist"
    empty = tmp_path / "empty.txt"
    empty.touch()
    yield empty, "empty"
    single = tmp_path / "single.txt"
    single.write_text("1.0\n2.0\n", encoding="utf-8")
    yield single, "two columns"
    ragged = tmp_path / "ragged.txt"
    ragged.write_text("4460 1\n4461 1\n4462\n", encoding="utf-8")
    yield ragged, "line 3"
    shuffled = WAVE.copy()
    shuffled[[10, 11]] = shuffled[[11, 10]]
    yield text(tmp_path / "unsorted.txt", columns=(shuffled, FLUX)), "sort"
    yield text(tmp_path / "nm.txt", columns=(WAVE / 10, FLUX)), "look like nm"
    yield text(tmp_path / "um.txt", columns=(WAVE / 1e4, FLUX)), "look like µm"
    yield text(tmp_path / "pixels.txt", columns=(np.arange(667) - 300, FLUX)), "not Å"


def test_bad_text_is_refused_in_one_sentence_that_names_the_file(tmp_path):
    for path, words in broken(tmp_path):
        with pytest.raises(InputError, match=words) as error:
            observed.read_spectrum(path)
        assert str(path) in str(error.value) and "\n" not in str(error.value)


def broken_fits(tmp_path):
    whole = image(tmp_path / "whole.fits", CRVAL1=4440.0, CDELT1=0.09).read_bytes()
    header = tmp_path / "header.fits"
    header.write_bytes(whole[:1000])
    yield header, "FITS|truncated"
    yield image(tmp_path / "2d.fits", np.ones((50, 60)), CRVAL1=4440.0, CDELT1=1.0), "extract a row"
    yield image(tmp_path / "order.fits", CTYPE1="MULTISPE"), "orders"
    fits.PrimaryHDU().writeto(tmp_path / "none.fits")
    yield tmp_path / "none.fits", "no spectrum"
    yield table(tmp_path / "other.fits", MASS=("D", WAVE, None)), "no spectrum"
    two = {
        "WAVE": ("667D", np.stack([WAVE, WAVE]), None),
        "FLUX": ("667D", np.ones((2, 667)), None),
    }
    yield table(tmp_path / "two.fits", **two), "several spectra"


def test_bad_fits_is_refused_in_one_sentence_that_names_the_file(tmp_path):
    for path, words in broken_fits(tmp_path):
        with pytest.raises(InputError, match=words) as error:
            observed.read_spectrum(path)
        assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("f_t24000g50v370.dat", {"teff": 24000, "log_g": 5.0, "v_rot": 370}),
        ("t05250g45m-05v100.fits", {"teff": 5250, "log_g": 4.5, "m_h": -0.5, "v_sin_i": 100}),
        ("hd127972_2014-01-31_07-43-08_final_corr.txt", {}),
    ],
)
def test_names_tell_labels(name, expected):
    assert observed.labels_of_name(folders.name_of(name)) == pytest.approx(expected)


def test_a_listing_is_sorted_and_passes_over_hidden_files(tmp_path):
    for name in ("b.txt", "a/c.txt", ".hidden", ".git/x"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    listed = folders.observed_files([tmp_path, "alone.txt"])
    assert [name for _, name in listed] == ["a/c.txt", "b.txt", "alone.txt"]
    assert folders.observed_files(None) == []
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="holds no file"):
        folders.observed_files(str(tmp_path / "none"))


def test_all_real_miles_spectra_are_read(real_data):
    files = sorted((real_data / "stellar").glob("MILES_*.fits"))
    assert len(files) >= 11
    for path in files:
        spectrum = observed.read_spectrum(path)
        assert spectrum.wavelength[[0, -1]] == pytest.approx([3540.5, 7409.6])
        logarithm = float(path.name.split("_lt")[1][:4])
        assert np.log10(spectrum.known["teff"]) == pytest.approx(logarithm, abs=0.006)
        assert set(spectrum.known) == {"teff", "log_g", "m_h"}
        assert np.isfinite(spectrum.flux).all()


def test_all_real_sdss_spectra_are_read_as_vacuum_with_uncertainties(real_data):
    files = sorted((real_data / "sdss").glob("spec-*.fits"))
    assert files
    for path in files:
        spectrum = observed.read_spectrum(path)
        assert spectrum.medium == "vacuum" and spectrum.uncertainty is not None
        assert 3500 < spectrum.wavelength[0] < 4000 and spectrum.wavelength[-1] > 9000
