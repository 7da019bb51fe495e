"""A dataset holds one kind of image: coordinates, cameras, energy band, pixel size."""

import fake_xmm
import numpy as np
import pytest

from skyloom.arms.xmm import inventory, selection

PIXELS = np.random.default_rng(3).poisson(1.5, (64, 64)).astype("i4")


def sky(arcsec, **more):
    """The keywords of pixels of a size."""
    step = arcsec / 3600
    return {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CDELT1": -step, "CDELT2": step} | more


def build(folder, given, exposure="header", camera="sum"):
    """Inventory and reasons of images: {name: header}; the first ten digits are the observation."""
    (folder / "images").mkdir()
    for name, header in given.items():
        fake_xmm.write(folder / "images" / name, PIXELS, **({"EXPOSURE": 100.0} | header))
    rows = [f"00000000{number:02d},0,10,20,30" for number in range(1, 30)]
    table = fake_xmm.table(folder / "o.csv", rows, ",PN_TEXP,M1_TEXP,M2_TEXP")
    good, rejects = fake_xmm.build(folder / "images", table, exposure=exposure, camera=camera)
    told = {row["file"]: row["reason"] for row in rejects if row["file"] != "o.csv"}
    return good, told


def numbered(headers):
    return {f"00000000{number:02d}.fits": header for number, header in enumerate(headers, 1)}


def test_the_most_frequent_pixel_size_stays_and_the_others_are_refused_with_both(tmp_path):
    sizes = [4.1, 4, 4, 30, 4, 4]
    good, told = build(tmp_path, numbered(sky(size) for size in sizes))
    assert list(good["pixel_scale"]) == [4.0] * 4
    assert set(told) == {"0000000001.fits", "0000000004.fits"}
    for name, size in {"0000000001.fits": "4.1", "0000000004.fits": "30"}.items():
        reason = told[name]
        assert f"{size} arcsec" in reason and "of 4 arcsec" in reason and "4 of 6" in reason
        assert reason.startswith(name) and reason.endswith(".")


@pytest.mark.parametrize(
    "header",
    [
        sky(4.0, CDELT1=-0.00111, CDELT2=0.00111),
        sky(4.0, CDELT1=float(np.float32(-4 / 3600))),
        sky(4.0, CROTA2=30.0),
        sky(4.0, CDELT1=1.0, CDELT2=1.0, CD1_1=-8e-4, CD1_2=7.71e-4, CD2_1=7.71e-4, CD2_2=8e-4),
        sky(4.0, CTYPE1="GLON-TAN", CTYPE2="GLAT-TAN"),
        sky(4 * 3600, CUNIT1="arcsec", CUNIT2="arcsec"),
        {"CDELT1": -4 / 3600, "CDELT2": 4 / 3600},
        {},
        {"CDELT1": 1.0, "CDELT2": 1.0},
        {"CTYPE1": "RA---TAN", "CDELT1": 0.0, "CDELT2": 0.0},
    ],
)
def test_the_same_pixels_in_other_words_and_images_that_state_none_are_kept(tmp_path, header):
    good, told = build(tmp_path, numbered([sky(4), header, sky(4)]))
    assert len(good) == 3 and told == {}


def test_images_that_state_no_pixels_are_counted_and_told(tmp_path):
    good, told = build(tmp_path, numbered([sky(4), {}, sky(4)]))
    assert np.isnan(good["pixel_scale"][1])
    assert "1 of the images" in inventory.summary(good, told)


@pytest.mark.parametrize("sizes", [(30, 4, 4.1), (4.1, 30, 4), (4, 4.1, 30)])
def test_of_equally_many_the_pipelines_pixel_size_stays_in_any_order(tmp_path, sizes):
    good, told = build(tmp_path, numbered(sky(size) for size in sizes))
    assert list(good["pixel_scale"]) == [4.0] and len(told) == 2


def test_many_images_of_one_observation_are_one_vote(tmp_path):
    given = {f"0000000001_{number}.fits": sky(4.1) for number in range(5)}
    good, _ = build(tmp_path, given | {"0000000002.fits": sky(4), "0000000003.fits": sky(4)})
    assert list(good["obs_id"]) == ["0000000002", "0000000003"]


def test_detector_and_sky_coordinates_do_not_mix(tmp_path):
    detector = {"CTYPE1": "DETX", "CTYPE2": "DETY", "CDELT1": 80.0, "CDELT2": 80.0}
    good, told = build(tmp_path, numbered([detector, sky(4), sky(4)]))
    assert list(good["obs_id"]) == ["0000000002", "0000000003"]
    assert "DETX" in told["0000000001.fits"] and "sky" in told["0000000001.fits"]


def test_a_folder_as_downloaded_keeps_the_sum_of_all_cameras_in_the_documents_band(tmp_path):
    given = {"P0000000001EPX000OIMAGE8000.fits": sky(4, DSTYP1="PI", DSVAL1="200:12000")}
    for camera, header in (("M1", "EMOS1"), ("M2", "EMOS2"), ("PN", "EPN")):
        for observation in (1, 2):
            for band in "12358":
                name = f"P000000000{observation}{camera}S001IMAGE_{band}000.fits"
                given[name] = sky(4, INSTRUME=header)
    good, told = build(tmp_path, given)
    assert list(good["file"]) == ["P0000000001EPX000OIMAGE8000.fits"]
    assert (good["camera"][0], good["band"][0]) == ("EP", "0.2-12")
    assert len(told) == 30 and all("camera" in reason for reason in told.values())


def test_one_sum_of_cameras_does_not_outweigh_many_images_of_one_camera(tmp_path):
    given = {f"P000000000{n}M2S001IMAGE_8000.fits": {"INSTRUME": "EMOS2"} for n in range(1, 6)}
    good, told = build(tmp_path, given | {"P0000000006EPX000OIMAGE8000.fits": {}})
    assert list(good["camera"]) == ["M2"] * 5
    assert list(told) == ["P0000000006EPX000OIMAGE8000.fits"]


def test_energy_bands_do_not_mix(tmp_path):
    bands = ["(500:2000", "501:2000", "2000:10000", "500:2000"]
    headers = [{"DSTYP1": "CCDNR", "DSVAL1": "1", "DSTYP2": "PI", "DSVAL2": b} for b in bands]
    good, told = build(tmp_path, numbered(headers))
    assert list(good["band"]) == ["0.5-2"] * 3
    assert "2-10 keV" in told["0000000003.fits"] and "0.5-2 keV" in told["0000000003.fits"]


def test_energy_bands_that_names_alone_give_do_not_mix(tmp_path):
    bands = ["0.50-2.00", "0.50-2.00", "2.00-10.00"]
    given = {f"000000000{n}_mos1-{band}keVimg.fits": {} for n, band in enumerate(bands, 1)}
    header = {"0000000004_mos1.fits": {"DSTYP1": "PI", "DSVAL1": "(500:2000"}}
    good, told = build(tmp_path, given | header)
    assert list(good["band"]) == ["0.5-2"] * 3
    assert list(told) == ["0000000003_mos1-2.00-10.00keVimg.fits"]


def test_a_sum_of_cameras_is_known_by_its_name_whichever_parts_header_it_has(tmp_path):
    given = {
        f"P000000000{number}EPX000OIMAGE8000.fits": {"INSTRUME": instrument}
        for number, instrument in enumerate(("EPN", "EMOS1", "EPIC"), 1)
    }
    good, told = build(tmp_path, given, exposure="table")
    assert list(good["camera"]) == ["EP"] * 3 and told == {}
    assert list(good["exposure"]) == [60.0] * 3


def test_exposure_of_other_cameras_than_the_counts_is_refused(tmp_path):
    given = {
        "0000000001.fits": {"INSTRUME": "EMOS2"},
        "0000000002.fits": {"INSTRUME": "EPIC"},
        "0000000003.fits": {},
    }
    good, told = build(tmp_path, given, exposure="table")
    assert list(good["obs_id"]) == ["0000000002", "0000000003"]
    assert "mos2" in told["0000000001.fits"] and "xmm.camera is sum" in told["0000000001.fits"]


@pytest.mark.parametrize(
    ("band", "text"),
    [((200.0, 12000.0), "0.2-12"), ((201.0, 500.0), "0.2-0.5"), ((1000, 2000), "1-2"), (None, "-")],
)
def test_a_band_is_written_in_kev_without_its_first_channel(band, text):
    assert selection.band_text(band) == text
