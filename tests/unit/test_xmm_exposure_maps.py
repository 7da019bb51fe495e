"""An exposure map is used for its own image only: by names, and by what both headers state."""

import fake_xmm
import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from skyloom.arms.xmm import inventory, observations, pixel_grids, products
from skyloom.simulate.epic import files as archive

COUNTS = np.random.default_rng(3).poisson(1.5, (64, 64)).astype("i4")
OBSERVATION = "0098010101"
DEGREES = 4 / 3600
HEADER = {
    "TELESCOP": "XMM",
    "INSTRUME": "EMOS2",
    "OBS_ID": OBSERVATION,
    "EXPIDSTR": "S003",
    "EXPOSURE": 1000.0,
    "RA_PNT": 210.263,
    "DEC_PNT": 2.852,
    "CTYPE1": "RA---TAN",
    "CTYPE2": "DEC--TAN",
    "CRPIX1": 32.5,
    "CRPIX2": 32.5,
    "CRVAL1": 210.263208333333,
    "CRVAL2": 2.85175,
    "CDELT1": -DEGREES,
    "CDELT2": DEGREES,
    "DSTYP1": "PI",
    "DSVAL1": "(1000:2000",
}
IMAGE = f"P{OBSERVATION}M2S003IMAGE_3000.FTZ"
MAP = f"P{OBSERVATION}M2S003EXPMAP3000.FTZ"
CD = {"CD1_1": -DEGREES, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": DEGREES}


def write(path, pixels=COUNTS, **changes):
    """A FITS file with the pipeline's keywords; None leaves one out."""
    return fake_xmm.write(path, pixels, **(HEADER | changes))


def write_map(path, **changes):
    """An exposure map of 1000 s on the same grid."""
    pixels = np.full(COUNTS.shape, 1000.0, "f4")
    write(path, pixels, **({"CONTENT": "EPIC EXPOSURE MAP", "DSTYP1": None} | changes))


def look(folder, exposure="map"):
    """The image's map if it can be used, else the reason: {file: map or reason}."""
    table = observations.read_observations(
        fake_xmm.table(folder.parent / "o.csv", [f"{OBSERVATION},0"])
    )
    listed, maps = inventory.listing(folder)
    options = {"exposure": exposure, "camera": "sum"}
    rows = inventory.inspect(folder, listed, maps, table, options)
    return {row["file"]: row.get("reason", row.get("exposure_map")) for row in rows}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images").mkdir()
    return tmp_path / "images"


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"OBS_ID": "0201901401"}, "OBS_ID", "0201901401"),
        ({"INSTRUME": "EMOS1"}, "INSTRUME", "M1"),
        ({"INSTRUME": "EPIC"}, "INSTRUME", "EP"),
        ({"EXPIDSTR": "U002"}, "EXPIDSTR", "U002"),
        ({"CDELT1": -4.1 / 3600, "CDELT2": 4.1 / 3600}, "CDELT", "4.1 arcsec"),
        ({"CDELT1": None, "CDELT2": None} | {k: v * 7.5 for k, v in CD.items()}, "CD", "30 arcsec"),
        ({"CRVAL1": 210.3}, "CRVAL", "pixels"),
        ({"CRVAL2": 2.85175 + DEGREES}, "CRVAL", "1 pixels"),
        ({"CRPIX1": 34.0}, "CRPIX", "1.5 pixels"),
        ({"CROTA2": 5.0}, "CRVAL", "pixels"),
        ({"CDELT1": DEGREES}, "CRVAL", "pixels"),
        ({"CTYPE1": "DETX", "CTYPE2": "DETY"}, "CTYPE1", "DETX"),
        ({"DSTYP1": "PI", "DSVAL1": "200:12000"}, "DSVAL", "200 to 12000"),
        ({"CRVAL1": None, "RA_PNT": 210.4}, "RA_PNT", "210.4"),
    ],
)
def test_a_map_that_states_another_origin_is_refused_by_name(folder, changes, field, value):
    write(folder / IMAGE)
    write_map(folder / MAP, **changes)
    [reason] = look(folder).values()
    assert "has no exposure map" in reason and IMAGE in reason and MAP in reason
    assert field in reason and value in reason and reason.endswith(".")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        *({key: None} for key in HEADER if key != "EXPOSURE"),
        {key: None for key in HEADER},
        {"CDELT1": -0.00111, "CDELT2": 0.00111},
        {key: float(np.float32(HEADER[key])) for key in ("CRVAL1", "CRVAL2", "CDELT1", "CDELT2")},
        {"CRVAL1": 210.2632, "CRVAL2": 2.8518},
        {"CRVAL1": 210.263208333333 - 360},
        {"CRVAL2": 2.85175 + 3 * DEGREES, "CRPIX2": 35.5},
        {"CDELT1": None, "CDELT2": None} | CD,
        # CDELT beside CD is left over: the matrix is CD's.
        {"CDELT1": 1.0, "CDELT2": 1.0} | CD,
        {"PC1_1": 1.0, "PC2_2": 1.0},
        {"DSTYP1": "PI", "DSVAL1": "1001:2000"},
        {"INSTRUME": "MOS2", "RA_PNT": 210.2632, "DEC_PNT": 2.8517},
        {"BUNIT": "Primary Array"},
        {"BUNIT": "s"},
        {"CDELT1": "INDEF"},
    ],
)
def test_a_map_that_states_less_or_rounds_is_used(folder, changes):
    write(folder / IMAGE)
    write_map(folder / MAP, **changes)
    assert look(folder) == {IMAGE: MAP}


@pytest.mark.parametrize(
    ("image", "other"),
    [
        (f"P{OBSERVATION}EPX000OIMAGE8000.FTZ", f"P{OBSERVATION}EPX000OEXPMP8000.FTZ"),
        (f"{OBSERVATION}_merged_img.fits", f"{OBSERVATION}_merged_expmap.fits"),
        (f"{OBSERVATION}_mosaic.fits", f"{OBSERVATION}_mosaic_expmap.fits"),
        (f"{OBSERVATION}_comb-obj-im-400-750.fits", f"{OBSERVATION}_comb-exp-im-400-750.fits"),
    ],
)
@pytest.mark.parametrize("instrument", ["EPN", "EPIC", None])
def test_a_sum_of_cameras_has_its_own_map_whichever_parts_headers_they_have(
    folder, image, other, instrument
):
    write(folder / image, INSTRUME="EMOS1", EXPIDSTR="S001")
    write_map(folder / other, INSTRUME=instrument, EXPIDSTR="S003")
    assert look(folder) == {image: other}


def test_a_sum_of_one_cameras_exposures_has_its_own_map_and_no_other_cameras(folder):
    image, other = (f"P{OBSERVATION}M2X000{word}3000.FTZ" for word in ("IMAGE_", "EXPMAP"))
    write(folder / image, EXPIDSTR="S001")
    write_map(folder / other, EXPIDSTR="U002")
    assert look(folder) == {image: other}
    write_map(folder / other, INSTRUME="EMOS1")
    assert "INSTRUME" in look(folder)[image]


def test_a_mosaic_is_not_divided_by_the_map_of_one_part(folder):
    write(folder / f"{OBSERVATION}_mosaic_img.fits", INSTRUME="EMOS1", EXPIDSTR="S001")
    write_map(folder / f"{OBSERVATION}_expmap.fits", INSTRUME="EMOS1", EXPIDSTR="S001")
    assert "has no exposure map" in look(folder)[f"{OBSERVATION}_mosaic_img.fits"]


@pytest.mark.parametrize("unit", ["ct/s", "ks", "cm2 s"])
def test_a_map_in_another_unit_than_seconds_is_refused(folder, unit):
    write(folder / IMAGE)
    write_map(folder / MAP, BUNIT=unit)
    [reason] = look(folder).values()
    assert unit in reason and "BUNIT" in reason


@pytest.mark.parametrize(
    ("image", "other"),
    [
        (IMAGE, f"P{OBSERVATION}M2U002EXPMAP3000.FTZ"),
        (IMAGE, f"P{OBSERVATION}M2X000MEXPMP3000.FTZ"),
        (IMAGE, f"P{OBSERVATION}M2S003EXPMAP8000.FTZ"),
        (f"{OBSERVATION}_mos2_exp1-0.50-2.00keVimg.fits", f"{OBSERVATION}_mos2_exp2-expmap.fits"),
        (f"{OBSERVATION}_mos2_0.5-2.0img.fits", f"{OBSERVATION}_mos2_2.0-10.0expmap.fits"),
        (
            f"{OBSERVATION}_mos2S003-obj-im-400-750.fits",
            f"{OBSERVATION}_mos2U002-exp-im-400-750.fits",
        ),
    ],
)
def test_another_exposures_or_bands_map_is_none_though_no_header_says_so(folder, image, other):
    write(folder / image, EXPIDSTR=None, DSTYP1=None)
    write_map(folder / other, EXPIDSTR=None, DSTYP1=None)
    assert "has no exposure map" in look(folder)[image]


def test_of_two_exposures_each_takes_its_own_map_and_the_one_without_is_refused(folder):
    names = {exposure: f"P{OBSERVATION}M2{exposure}{{}}3000.FTZ" for exposure in ("S003", "U002")}
    for exposure, name in names.items():
        write(folder / name.format("IMAGE_"), EXPIDSTR=exposure)
    write_map(folder / names["U002"].format("EXPMAP"), EXPIDSTR="U002")
    found = look(folder)
    assert found[names["U002"].format("IMAGE_")] == names["U002"].format("EXPMAP")
    assert "has no exposure map" in found[names["S003"].format("IMAGE_")]


@pytest.mark.parametrize(
    ("image", "other"),
    [
        (f"P{OBSERVATION}EPX000OIMAGE8000.FTZ", f"P{OBSERVATION}EPX000OEXPMP8000.FTZ"),
        (f"{OBSERVATION}_MOS2_4keV_image.fits", f"{OBSERVATION}_MOS2_4kev_exp.fits"),
        (f"{OBSERVATION}_mos2S003-obj-im-400-750.fits",) * 2,
        (f"{OBSERVATION}_mos2S003-fovimsky-400-750.fits",) * 2,
    ],
)
@pytest.mark.parametrize("content", ["EPIC EXPOSURE MAP", "EPIC MERGED IMAGE", None])
def test_maps_by_the_archives_and_the_scripts_names_are_found_and_never_images(
    folder, image, other, content
):
    other = other.replace("obj-im", "exp-im").replace("fovim", "expim")
    write(folder / image)
    write_map(folder / other, CONTENT=content)
    assert look(folder) == {image: other}
    for exposure in ("header", "map"):
        found = look(folder, exposure)
        assert all(name == image or "exposure map" in reason for name, reason in found.items())


def test_the_synthetic_archives_maps_are_named_and_paired_as_the_real_ones(tmp_path):
    options = {"images": 1, "flawed": 0, "exposure_maps": True}
    first, second = sorted(archive.write_images(tmp_path, options, 11))
    assert first.replace("OEXPMP", "OIMAGE") == second
    listed, maps = inventory.listing(tmp_path)
    assert (listed, maps) == ([second], [first])


@pytest.mark.filterwarnings("ignore::astropy.wcs.FITSFixedWarning")
@pytest.mark.parametrize(
    "changes",
    [
        {"CRVAL1": 210.2632 + 3 * DEGREES},
        {"CRVAL2": 2.853, "CRPIX2": 30.0},
        {"CROTA2": 1.0},
        {"CDELT1": -4.1 / 3600, "CDELT2": 4.1 / 3600},
        {"CDELT1": None, "CDELT2": None, "CD1_1": -8e-4, "CD1_2": 8e-4, "CD2_1": 8e-4}
        | {"CD2_2": 8e-4},
        {"PC1_1": 0.8, "PC1_2": -0.6, "PC2_1": 0.6, "PC2_2": 0.8},
        {"CUNIT1": "arcsec", "CUNIT2": "arcsec", "CDELT1": -4.0, "CDELT2": 4.0}
        | {"CRVAL1": 210.2632 * 3600, "CRVAL2": 2.853 * 3600},
    ],
)
def test_pixels_lie_apart_as_astropys_coordinates_say(changes):
    keep = [key for key in HEADER if key.startswith("C")]
    headers = [
        fits.Header([(k, v) for k, v in own.items() if v is not None])
        for own in ({k: HEADER[k] for k in keep}, {k: HEADER[k] for k in keep} | changes)
    ]
    one, other = (pixel_grids.read_grid(products.lenient(header)) for header in headers)
    first, second = map(WCS, headers)
    corners = [(1, 1), (1, 64), (64, 1), (64, 64)]
    there = second.all_world2pix(first.all_pix2world(corners, 1), 1)
    expected = np.hypot(*(there - corners).T).max()
    assert pixel_grids.apart(one, other, (64, 64)) == pytest.approx(expected, abs=0.02)
    area = second.proj_plane_pixel_area().to_value("arcsec2")
    assert other.scale == pytest.approx(np.sqrt(area), rel=1e-9)
