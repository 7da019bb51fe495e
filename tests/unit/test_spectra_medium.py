"""Air or vacuum: every way in which files say it, and what is done where they do not."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from skyloom.arms.spectra import medium, observed, preparation, wavelengths
from skyloom.errors import InputError

GRID = wavelengths.linear(4460, 4480, 201)
AIR = 4400 + 0.05 * np.arange(3000)
#: NIST: He I 4471 stands at 4471.48 Å in air.
CENTRE = 4471.48


def line(air):
    return 1 - 0.35 * np.exp(-0.5 * ((air - CENTRE) / 1.8) ** 2)


def in_vacuum(air):
    """Morton 1991 (ApJS 77, 119), equation 3, from Edlén 1953: not the formula of the product."""
    square = air**2
    return air * (1 + 2.735182e-4 + 131.4182 / square + 2.76249e8 / square**2)


def centre(path):
    """The line's centroid in air, as the networks would see it, and what was decided."""
    prepared = preparation.prepare(observed.read_spectrum(path), GRID)
    depth = 1 - prepared.flux
    return (depth * GRID).sum() / depth.sum(), prepared.medium


def image(path, wavelength, cards):
    logarithm = np.log10(wavelength[0]) + 5e-6 * np.arange(3000)
    flux = np.interp(10**logarithm, wavelength, line(AIR))
    unit = fits.PrimaryHDU(flux.astype("f4"))
    unit.header.update({"COEFF0": logarithm[0], "COEFF1": 5e-6, **cards})
    unit.writeto(path)
    return path


def table(path, columns, cards, primary=None):
    columns = [fits.Column(name, "D", array=values) for name, values in columns.items()]
    unit = fits.BinTableHDU.from_columns(columns)
    unit.header.update(cards)
    first = fits.PrimaryHDU()
    first.header.update(primary or {})
    fits.HDUList([first, unit]).writeto(path)
    return path


def text(path, header, wavelength):
    np.savetxt(path, np.c_[wavelength, line(AIR)], header=header, fmt="%.5f")
    return path


def test_air_and_vacuum_are_84_km_s_apart_at_4471():
    shift = in_vacuum(CENTRE) / CENTRE - 1
    assert shift * wavelengths.LIGHT == pytest.approx(84.1, abs=0.2)
    assert wavelengths.air_to_vacuum(CENTRE) == pytest.approx(in_vacuum(CENTRE), abs=0.002)


VACUUM_CARDS = [
    *({"VACUUM": value} for value in (True, 1, 1.0, "T", "t", "true", "YES", "1", "vacuum")),
    {"AIRORVAC": "vac"},
    {"AIRORVAC": "VACUUM"},
    {"WAVETYPE": "Vacuum"},
    {"CTYPE1": "VACUUM"},
    {"CTYPE1": "WAVE", "CUNIT1": "Angstrom"},
    {"CTYPE1": "WAVE-LOG"},
]
AIR_CARDS = [
    *({"VACUUM": value} for value in (False, 0, 0.0, "F", "false", "no", "air")),
    {"AIRORVAC": "AIR"},
    {"WAVETYPE": "Air"},
    {"CTYPE1": "AWAV"},
    {"CTYPE1": "AWAV-LOG"},
]


@pytest.mark.parametrize("cards", VACUUM_CARDS, ids=str)
def test_headers_of_images_that_say_vacuum_put_the_line_where_it_is(tmp_path, cards):
    found, said = centre(image(tmp_path / "a.fits", in_vacuum(AIR), cards))
    assert found == pytest.approx(CENTRE, abs=0.005)
    assert said.startswith("vacuum (") and next(iter(cards)) in said


@pytest.mark.parametrize("cards", AIR_CARDS, ids=str)
def test_headers_of_images_that_say_air_put_the_line_where_it_is(tmp_path, cards):
    found, said = centre(image(tmp_path / "a.fits", AIR, cards))
    assert found == pytest.approx(CENTRE, abs=0.005)
    assert said.startswith("air (") and next(iter(cards)) in said


@pytest.mark.parametrize(
    "cards",
    [
        {},
        {"VACUUM": None},
        {"VACUUM": 3.2e-6},
        {"AIRORVAC": ""},
        {"CTYPE1": "Wavelength"},
        {"AIRMASS": 1.2},
        {"AIRORVAC": "air to vacuum"},
    ],
    ids=str,
)
def test_headers_that_say_nothing_are_taken_as_air_and_said_to_be(tmp_path, cards):
    found, said = centre(image(tmp_path / "a.fits", AIR, cards))
    assert said == "air (assumed)" and found == pytest.approx(CENTRE, abs=0.005)


AIR_REMARKS = [
    {"CTYPE1": ("WAVE", "wavelength in air")},
    {"CTYPE1": "WAVE", "COMMENT": "Wavelengths are in air at 15 C"},
    {"CTYPE1": "WAVE", "WAT1_001": 'wtype=linear label="Air wavelength" units=angstroms'},
    {"CTYPE1": "WAVE", "CUNIT1": ("Angstrom", "in air")},
]


@pytest.mark.parametrize("cards", AIR_REMARKS, ids=str)
def test_ctype_wave_beside_remarks_that_say_air_is_a_contradiction(tmp_path, cards):
    path = image(tmp_path / "a.fits", AIR, cards)
    with pytest.raises(InputError, match="CTYPE1 = 'WAVE'.*observation.medium"):
        centre(path)
    prepared = preparation.prepare(observed.read_spectrum(path), GRID, medium="air")
    assert prepared.medium == "air (config)"


@pytest.mark.parametrize(
    ("cards", "vacuum"),
    [
        ({"COMMENT": "All wavelengths are in vacuum"}, True),
        ({"WAT1_001": 'wtype=linear label="Vacuum wavelength" units=Angstroms'}, True),
        ({"CUNIT1": "Angstrom (vacuum)"}, True),
        ({"CTYPE1": "WAVE", "CUNIT1": "Angstrom (vacuum)"}, True),
        ({"CTYPE1": "WAVE", "COMMENT": "airmass 1.2; wavelength 4471"}, True),
        ({"CTYPE1": "WAVE", "COMMENT": "wavelengths were not brought to air"}, True),
        ({"CTYPE1": "WAVE-AIR"}, False),
        ({"CTYPE1": "WAVE_AIR"}, False),
        ({"CTYPE1": "AWAV", "COMMENT": "vacuum wavelengths of the lamp"}, False),
    ],
    ids=str,
)
def test_remarks_units_and_labels_of_an_image_say_it_where_nothing_else_does(
    tmp_path, cards, vacuum
):
    found, said = centre(image(tmp_path / "a.fits", in_vacuum(AIR) if vacuum else AIR, cards))
    assert found == pytest.approx(CENTRE, abs=0.005)
    assert said.startswith("vacuum (" if vacuum else "air (") and "assumed" not in said


@pytest.mark.parametrize(
    ("ucd", "vacuum"), [("em.wl", True), ("em.wl;meta.main", True), ("em.wl;obs.atmos", False)]
)
def test_esos_tables_say_it_by_their_ucd_and_not_by_their_comments(tmp_path, ucd, vacuum):
    wave = in_vacuum(AIR) if vacuum else AIR
    other = "air" if vacuum else "vacuum"
    path = table(
        tmp_path / "a.fits",
        {"WAVE": wave, "FLUX": line(AIR)},
        {"TUCD1": ucd, "TCOMM1": f"{other} wavelength"},
    )
    found, said = centre(path)
    assert found == pytest.approx(CENTRE, abs=0.005) and ucd in said


def test_a_columns_comment_says_it_where_nothing_else_does(tmp_path):
    columns = {"WAVE": in_vacuum(AIR), "FLUX": line(AIR)}
    path = table(tmp_path / "a.fits", columns, {"TCOMM1": "Vacuum wavelength"})
    assert centre(path)[0] == pytest.approx(CENTRE, abs=0.005)


@pytest.mark.parametrize(
    ("cards", "primary", "said"),
    [
        ({"TUCD1": "em.wl;meta.main", "TUCD3": "em.wl;obs.atmos"}, {}, "vacuum (TUCD1"),
        ({}, {}, "air (the column WAVE_AIR)"),
        ({}, {"VACUUM": True}, "vacuum (VACUUM = T)"),
        ({"TUCD3": "em.wl;obs.atmos"}, {}, "air (the column WAVE_AIR)"),
    ],
)
def test_of_two_columns_of_wavelengths_that_is_read_whose_medium_is_sure(
    tmp_path, cards, primary, said
):
    columns = {"WAVE": in_vacuum(AIR), "FLUX": line(AIR), "WAVE_AIR": AIR}
    found, decided = centre(table(tmp_path / "a.fits", columns, cards, primary))
    assert found == pytest.approx(CENTRE, abs=0.005) and decided.startswith(said)


@pytest.mark.parametrize(
    "header",
    [
        "wave_vac flux",
        "lambda_vac flux",
        "vacuum_wavelength flux",
        "Vacuum wavelength (A)   flux",
        "wavelength (A, vacuum) flux",
        "wavelength [Angstrom (vac)] flux",
        "AIRORVAC = vac\nwavelength flux",
        "medium: Vacuum\nobject: HD 1",
        "VACUUM  =                    T / wavelengths",
        "Wavelengths are given in vacuum.\nwavelength flux",
    ],
)
def test_text_says_it_by_its_columns_names_or_its_remarks(tmp_path, header):
    found, said = centre(text(tmp_path / "a.txt", header, in_vacuum(AIR)))
    assert found == pytest.approx(CENTRE, abs=0.005) and said.startswith("vacuum (")


@pytest.mark.parametrize(
    "header",
    [
        "wavelength flux",
        "seen at airmass 1.2",
        "",
        "in vacuo veritas",
        "The wavelengths are not in vacuum.\nwavelength flux",
        "wavelengths before the conversion to vacuum",
    ],
)
def test_text_that_says_nothing_is_assumed_to_be_air(tmp_path, header):
    assert centre(text(tmp_path / "a.txt", header, AIR))[1] == "air (assumed)"


@pytest.mark.parametrize(
    "meta", [{"medium": "Vacuum"}, {"medium": "vac"}, {"VACUUM": True}, {"wavetype": "vacuum"}]
)
def test_ecsv_says_it_in_its_metadata_however_spelt(tmp_path, meta):
    Table({"wavelength": in_vacuum(AIR), "flux": line(AIR)}, meta=meta).write(tmp_path / "a.ecsv")
    assert centre(tmp_path / "a.ecsv")[0] == pytest.approx(CENTRE, abs=0.005)


def test_ecsv_says_it_in_a_columns_description_or_ucd(tmp_path):
    for name, how in (
        ("a", {"description": "vacuum wavelength"}),
        ("b", {"meta": {"ucd": "em.wl"}}),
    ):
        content = Table({"wavelength": in_vacuum(AIR), "flux": line(AIR)})
        for key, value in how.items():
            setattr(content["wavelength"].info, key, value)
        content.write(tmp_path / f"{name}.ecsv")
        assert centre(tmp_path / f"{name}.ecsv")[0] == pytest.approx(CENTRE, abs=0.005)


@pytest.mark.parametrize(
    ("cards", "names"),
    [
        ({"VACUUM": True, "CTYPE1": "AWAV"}, ("VACUUM = T", "CTYPE1 = 'AWAV'")),
        ({"VACUUM": "F", "AIRORVAC": "vac"}, ("VACUUM = 'F'", "AIRORVAC = 'vac'")),
        ({"WAVETYPE": "air", "CTYPE1": "WAVE"}, ("WAVETYPE = 'air'", "CTYPE1 = 'WAVE'")),
    ],
)
def test_contradictions_are_refused_by_name_unless_the_config_decides(tmp_path, cards, names):
    path = image(tmp_path / "a.fits", in_vacuum(AIR), cards)
    with pytest.raises(InputError) as told:
        centre(path)
    assert all(name in str(told.value) for name in (*names, str(path), "observation.medium"))
    prepared = preparation.prepare(observed.read_spectrum(path), GRID, medium="vacuum")
    assert prepared.medium == "vacuum (config)"


def test_a_left_over_axis_does_not_contradict_a_columns_comment(tmp_path):
    columns = {"WAVE": AIR, "FLUX": line(AIR)}
    path = table(tmp_path / "a.fits", columns, {"TCOMM1": "in air"}, {"CTYPE1": "WAVE"})
    assert centre(path) == (pytest.approx(CENTRE, abs=0.005), "air ('in air')")


def test_a_left_over_axis_of_a_tables_first_unit_contradicts_nothing(tmp_path):
    columns = {"WAVE": in_vacuum(AIR), "FLUX": line(AIR)}
    path = table(tmp_path / "a.fits", columns, {"VACUUM": True}, {"CTYPE1": "AWAV"})
    assert centre(path) == (pytest.approx(CENTRE, abs=0.005), "vacuum (VACUUM = T)")


def test_hints_count_only_where_nothing_is_stated():
    assert medium.decide([("a", "air")], [("b", "vacuum")]) == medium.Medium("air", "a")
    assert medium.decide([("a", None)], [("b", "vacuum")]) == medium.Medium("vacuum", "b")
    assert medium.decide([], []) == medium.UNSAID
