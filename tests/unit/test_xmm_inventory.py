"""A folder of images: fifty ways to be unusable, one line each, and the good ones kept."""

import functools
import gzip
import shutil

import fake_xmm
import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from fake_xmm import build

from skyloom.simulate.epic import files as archive

SHAPE = (24, 24)
COUNTS = np.random.default_rng(3).poisson(1.5, SHAPE).astype("i4")


def fits_bytes(pixels=COUNTS, **given):
    """A FITS file; EXPOSURE is there unless it is given as None."""
    return fake_xmm.content(pixels, **{"EXPOSURE": 100.0, **given})


def changed(value):
    """The counts as float32 with one pixel of another value."""
    pixels = COUNTS.astype("f4")
    pixels[3, 4] = value
    return pixels


def card(key, value):
    """The beginning of a header's card."""
    return f"{key:8}={value:>21}".encode()


@functools.cache
def damaged():
    """Fifty unusable files: name -> bytes, or None for a link that leads nowhere."""
    good, event_list = fits_bytes(), fits.BinTableHDU(Table({"TIME": np.arange(300.0)}))
    packed, data, axis = gzip.compress(good), len(good) - 2880, card("NAXIS1", "24")
    flipped = bytearray(packed)
    flipped[-6] ^= 0x55
    broken = {
        "empty": b"",
        "text": b"404 Not Found\n",
        "html": b"<html><body>login</body></html>" * 200,
        "zeros": bytes(5000),
        "random": np.random.default_rng(1).bytes(9000),
        "zip": b"PK\x03\x04" + bytes(3000),
        "image_of_png": b"\x89PNG\r\n\x1a\n" + bytes(3000),
        "half_header": good[:1000],
        "header_only": good[:2880],
        "half": good[: 2880 + data // 3],
        "a_byte_less": good.rstrip(b"\0")[:-1] if good.rstrip(b"\0") != good else good[:-1000],
        "endless_header": good.replace(b"END     ", b"FIN     "),
        "no_naxis": good.replace(b"NAXIS1  =", b"NAXISX  ="),
        "negative_naxis": good.replace(axis, card("NAXIS1", "-24")),
        "word_for_naxis": good.replace(axis, card("NAXIS1", "'many'")),
        "odd_bitpix": good.replace(card("BITPIX", "32"), card("BITPIX", "24")),
        "huge": good.replace(axis, card("NAXIS1", "900000")),
        "events": fits_bytes(None, more=[event_list]),
        "primary_only": fits_bytes(None),
        "spectrum": fits_bytes(COUNTS[0]),
        "cube": fits_bytes(np.stack([COUNTS] * 3)),
        "one_plane": fits_bytes(COUNTS[None]),
        "extension_cube": fits_bytes(None, more=[fits.ImageHDU(np.stack([COUNTS] * 2))]),
        "nan": fits_bytes(changed(np.nan)),
        "infinite": fits_bytes(changed(np.inf)),
        "minus_infinite": fits_bytes(changed(-np.inf)),
        "all_nan": fits_bytes(np.full(SHAPE, np.nan, "f4")),
        "negative": fits_bytes(changed(-2)),
        "all_zero": fits_bytes(np.zeros(SHAPE, "i4")),
        "blank": fits_bytes(BLANK=int(COUNTS.max())),
        "no_exposure": fits_bytes(EXPOSURE=None),
        "zero_exposure": fits_bytes(EXPOSURE=0.0),
        "negative_exposure": fits_bytes(EXPOSURE=-1.0),
        "word_for_exposure": fits_bytes(EXPOSURE="long"),
        "true_exposure": fits_bytes(EXPOSURE=True),
        "undefined_exposure": fits_bytes().replace(
            b"EXPOSURE=                100.0", b"EXPOSURE=                     "
        ),
        "larger": fits_bytes(np.ones((30, 24), "i4")),
        "smaller": fits_bytes(np.ones((20, 20), "i4")),
        "turned": fits_bytes(np.ones((24, 30), "i4")),
        "exposure_map": fits_bytes(CONTENT="EPIC EXPOSURE MAP"),
        "background_map": fits_bytes(CONTENT="EPIC MERGED BACKGROUND MAP"),
        "bad_class": good,
        "missing_class": good,
        "no_row": good,
        "cut_table": fits_bytes(more=[event_list])[:-2880],
        "dangling": None,
    }
    files = {f"{number:010d}.fits": content for number, content in enumerate(broken.values(), 1000)}
    files["0000002000.FTZ"] = packed[: len(packed) // 2]
    files["0000002001.fits.gz"] = bytes(flipped)
    files["second/0000000001.fits"] = good  # a duplicate
    files["notes.txt"] = b"taken with care"
    return files, {name: f"{number:010d}" for number, name in enumerate(broken, 1000)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Five good images in five guises, fifty damaged ones, and their table."""
    images = tmp_path_factory.mktemp("inventory") / "images"
    (images / "second").mkdir(parents=True)
    fine = fits_bytes()
    (images / "0000000001.fits").write_bytes(fine)
    (images / "P0000000002EPX000OIMAGE8000.FTZ").write_bytes(gzip.compress(fine))
    (images / "0000000003.FITS.GZ").write_bytes(gzip.compress(fine))
    (images / "second" / "field.fits").write_bytes(fits_bytes(COUNTS.astype("u2"), OBS_ID="4"))
    extension = fits.ImageHDU(COUNTS.astype("f8"))
    (images / "second" / "0000000005.fit").write_bytes(fits_bytes(None, more=[extension]))
    files, named = damaged()
    for name, content in files.items():
        if content is None:
            (images / name).symlink_to(images / "nowhere")
        else:
            (images / name).write_bytes(content)
    known = ["0000000001", "0000000002", "0000000003", "0000000004", "0000000005"]
    known += [own for name, own in named.items() if name != "no_row"] + ["0000002000", "0000002001"]
    classes = [2] * len(known)
    classes[known.index(named["bad_class"])] = 9
    classes[known.index(named["missing_class"])] = -32768
    Table({"OBS_ID": known, "OBS_CLASS": classes}).write(images.parent / "o.csv")
    return images


def test_fifty_damaged_inputs_give_fifty_lines_and_the_good_ones_survive(folder):
    files, _ = damaged()
    assert len(files) == 50
    good, rejects = build(folder, folder.parent / "o.csv")
    assert sorted(rejects["file"]) == sorted(files)
    assert list(good["obs_id"]) == [f"000000000{number}" for number in range(1, 6)]
    assert list(good["exposure"]) == [100.0] * 5
    assert good.meta == {"frame": [24, 24], "synthetic": False} | good.meta
    # Every reason is one sentence that names its file.
    for row in rejects:
        assert row["file"] in row["reason"] and str(folder) not in row["reason"]
        assert row["reason"].endswith(".") and "\n" not in row["reason"]


@pytest.mark.parametrize("blocks", [2, 7])
def test_any_number_of_blocks_gives_the_same_tables(folder, blocks):
    one, many = (build(folder, folder.parent / "o.csv", blocks=count) for count in (1, blocks))
    for first, second in zip(one, many, strict=True):
        whole = {"max_lines": -1, "max_width": -1}
        assert first.pformat(**whole) == second.pformat(**whole)
        assert first.meta == second.meta


def test_padding_keeps_the_smaller_ones(folder):
    frame = {"size": [30, 30], "smaller": "pad"}
    good, rejects = build(folder, folder.parent / "o.csv", frame=frame)
    assert len(good) == 8 and len(rejects) == 47
    assert good.meta["frame"] == [30, 30]


@pytest.fixture
def images(tmp_path):
    """An empty folder of images."""
    (tmp_path / "images").mkdir()
    return tmp_path / "images"


def listed(images, observations, columns=""):
    return fake_xmm.table(images.parent / "o.csv", observations, columns)


def test_table_rows_without_an_image_are_listed_under_the_tables_name(images):
    (images / "0000000001.fits").write_bytes(fits_bytes())
    table = listed(images, [1, 2, "3,8", "2,1", ",1"])
    good, rejects = build(images, table)
    assert list(good["obs_id"]) == ["0000000001"]
    assert list(rejects["file"]) == ["o.csv"] * 4
    text = " ".join(rejects["reason"])
    for words in ("0000000002 of o.csv has no image", "OBS_CLASS is 8", "Row 4", "Row 5"):
        assert words in text


@pytest.mark.parametrize(
    ("camera", "seconds"), [("sum", 30.0), ("pn", 5.0), ("mos1", 10.0), ("mos2", 15.0)]
)
def test_the_exposure_of_the_table_is_that_of_the_chosen_camera(images, camera, seconds):
    for number in (1, 2):
        (images / f"000000000{number}.fits").write_bytes(fits_bytes())
    table = listed(images, ["1,0,5,10,15", "2,0,0,,nan"], ",PN_TEXP,M1_TEXP,M2_TEXP")
    good, rejects = build(images, table, exposure="table", camera=camera)
    assert list(good["exposure"]) == [seconds]
    assert len(rejects) == 1 and "no exposure above 0" in rejects["reason"][0]


def test_each_image_finds_its_own_exposure_map(images):
    (images / "other").mkdir()
    for name in (
        "P0000000001M2U009IMAGE_3000.FTZ",
        "0000000002_mos1_0.5-2.0img.fits.gz",
        "other/0000000003.fits",
        "0000000004_image.fits",
        "0000000005_image.fits",
    ):
        (images / name).write_bytes(fits_bytes(INSTRUME="EMOS2"))
    exposed = np.full(SHAPE, 7.0)
    for name, peak in {
        "P0000000001M2U009EXPMAP3000.FTZ": 10,
        "P0000000001M1U009EXPMAP3000.FTZ": 99,
        "0000000002_mos1_0.5-2.0expmap.fits.gz": 20,
        "0000000002_mos1_2.0-5.0expmap.fits.gz": 99,
        "other/expmap_of_0000000003.fits": 30,
        "0000000005_expmap.fits": 0,
        "P0000000005M2X000BKGMAP3000.FTZ": 99,
    }.items():
        (images / name).write_bytes(fits_bytes(exposed * peak, CONTENT="EPIC EXPOSURE MAP"))
    good, rejects = build(images, listed(images, range(1, 6)), exposure="map")
    assert list(good["exposure"]) == [70.0, 140.0, 210.0]
    assert good["exposure_map"][0] == "P0000000001M2U009EXPMAP3000.FTZ"
    reasons = dict(zip(rejects["file"], rejects["reason"], strict=True))
    assert "no exposure map" in reasons["0000000004_image.fits"]
    assert "without a pixel above 0" in reasons["0000000005_image.fits"]
    assert len(rejects) == 2


def test_the_frame_is_that_of_most_observations(images):
    for number, shape in enumerate([(8, 8), (9, 9), (9, 9)], 1):
        (images / f"000000000{number}.fits").write_bytes(fits_bytes(np.ones(shape, "i4")))
    # Three cameras of one observation are one vote.
    for camera in ("a", "b", "c"):
        (images / f"0000000001_{camera}.fits").write_bytes(fits_bytes(np.ones((8, 8), "i4")))
    good, _ = build(images, listed(images, (1, 2, 3)))
    assert good.meta["frame"] == [9, 9] and list(good["obs_id"]) == ["0000000002", "0000000003"]


def test_the_simulators_flaws_are_all_rejected_and_all_else_is_used(tmp_path):
    options = {"images": 12, "flawed": len(archive.FLAWS), "exposure_maps": True}
    images, table = tmp_path / "images", tmp_path / "o.fits"
    list(archive.write_images(images, options, 11))
    archive.write_table(options, 11, table)
    for exposure in ("header", "table", "map"):
        good, rejects = build(images, table, exposure=exposure)
        assert good.meta["synthetic"] and rejects.meta["synthetic"]
        assert good.meta["frame"] == [648, 648]
        if exposure != "map":
            assert len(good) == 12 and len(rejects) == len(archive.FLAWS)


@pytest.mark.parametrize("exposure", ["header", "map"])
def test_real_files_of_one_kind_each_with_its_own_map(real_data, images, exposure):
    shutil.copytree(real_data / "xmm", images, dirs_exist_ok=True)
    # The other observation's images have other pixels and another band: a run of their own.
    for observation, file, pixels in (
        ("0098010101", "P0098010101M2U009IMAGE_3000.FTZ", 4.0),
        ("0201901401", "0201901401_mos1_exp1-0.50-2.00keVimg.fits.gz", 4.35),
    ):
        table = listed(images, [f"{observation},3,28000"], ",M2_TEXP")
        good, rejects = build(images, table, exposure=exposure)
        assert list(good["file"]) == [file] and list(good["pixel_scale"]) == [pixels]
        assert len(rejects) == 3 and not good.meta["synthetic"]
        if exposure == "map":
            expected = file.replace("IMAGE_", "EXPMAP").replace("img", "expmap")
            assert list(good["exposure_map"]) == [expected]


def test_real_files_of_two_kinds_do_not_mix(real_data, images):
    shutil.copytree(real_data / "xmm", images, dirs_exist_ok=True)
    table = listed(images, ["0098010101,3,28000", "0201901401,0,5100"], ",M2_TEXP")
    good, rejects = build(images, table, frame={"size": [648, 648], "smaller": "pad"})
    # Both observations have an image of MOS2, so that camera is kept; their bands differ.
    assert list(good["file"]) == ["0201901401_mos2_exp1-0.50-2.00keVimg.fits.gz"]
    reasons = dict(zip(rejects["file"], rejects["reason"], strict=True))
    assert "1-2 keV" in reasons["P0098010101M2U009IMAGE_3000.FTZ"]
    assert "camera" in reasons["0201901401_pn_exp1-0.50-2.00keVimg.fits.gz"]
