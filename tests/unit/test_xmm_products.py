"""What a file is: by its name and its header, counts of EPIC or something else."""

import fake_xmm
import numpy as np
import pytest

from skyloom.arms.xmm import images, inventory, products
from skyloom.errors import InputError

OTHERS = {
    "P0405320501PNX000DETMSK1000.FTZ": "DETMSK",
    "P0405320501EPX000OBKGMP8000.FTZ": "OBKGMP",
    "P0405320501M1S002EXSNMP8000.FTZ": "EXSNMP",
    "P0405320501PNS001PIEVLI0000.FTZ": "PIEVLI",
    "P0405320501OMS004SIMAGE1000.FTZ": "OM",
    "P0405320501R1S004IMAGE_1000.FTZ": "R1",
    "0098010101_detmask.fits": "mask",
    "mos2S003-mask-im-400-750.fits.gz": "mask",
    "mos2S003-maskimsky-400-750.fits": "mask",
    "mos2S003-cheese.fits": "mask",
    "0098010101_mos2_exp.fits": "exposure map",
    "mos2S003-exp-im-400-750.fits": "exposure map",
    "comb-exp-im-400-7200.fits": "exposure map",
    "mos2S003-expimsky-400-750.fits": "exposure map",
    "0098010101_exposure.fits": "exposure map",
    "mos2S003-back-im-sky-400-750.fits": "background",
    "mos2S003-bkgimsky-400-750.fits": "background",
    "mos2S003-prot-im-sky-400-750.fits": "background",
    "0098010101_bkg.fits": "background",
    "0098010101_pn_bg.fits": "background",
    "0098010101_rate.fits": "count rate",
    "0098010101_ratemap.fits": "count rate",
    "0098010101_sensitivity_map.fits": "sensitivity map",
}
COUNTS = (
    "P0098010101M2U009IMAGE_3000.FTZ",
    "P0405320501EPX000OIMAGE8000.FTZ",
    "P0405320501PNX001IMAGE_5000.FTZ",
    "0201901401_mos1_exp1-0.50-2.00keVimg.fits.gz",
    "0201901401_mos1_exp_1_img.fits",
    "0098010101_MOS2_4kev_image.fits",
    "0098010101-0.50-2.00keV-pn_merged_img.fits",
    "mos2S003-obj-im-400-750.fits.gz",
    "comb-obj-im-400-2300-all_nomask.fits",
    "mos2S003-fovimsky-400-750.fits",
    "0098010101_masked_img.fits",
    "0098010101.fits",
    "export_of_0098010101.fits",
    "0098010101_mos2_cheesed_img.fits",
    "0098010101_rate_filtered_img.fits",
    "0098010101_highrate_img.fits",
    "counts_0098010101_expert.fits",
)
PIXELS = np.random.default_rng(5).poisson(2.0, (20, 30)).astype("i4")


def write(path, **header):
    given = {"EXPOSURE": 50.0, "OBS_ID": "0123456789"} | header
    path.write_bytes(fake_xmm.content(PIXELS, **given))
    return path


@pytest.mark.parametrize(("name", "what"), OTHERS.items())
def test_a_name_that_says_something_else_than_counts_is_refused_with_it(name, what):
    with pytest.raises(InputError, match=what) as raised:
        products.check_name(name)
    assert name in str(raised.value)


@pytest.mark.parametrize("name", COUNTS)
def test_names_of_counts_are_taken_and_stand_in_no_list_of_maps(tmp_path, name):
    products.check_name(name)
    write(tmp_path / name.replace(".FTZ", ".fits").replace(".gz", ""))
    files, maps = inventory.listing(tmp_path)
    assert len(files) == 1 and maps == []


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"CONTENT": "EPIC EXPOSURE MAP"}, "is a map"),
        ({"CONTENT": "EPIC DETECTOR MASK"}, "is a mask"),
        ({"CONTENT": "EPIC BACKGROUND"}, "is a background"),
        ({"CREATOR": "eexpmap (eexpmap-4.8) [xmmsas_20141104_1833-14.0.0]"}, "CREATOR"),
        ({"CREATOR": "emask (emask-2.13)"}, "is a mask"),
        ({"CREATOR": "esplinemap (esplinemap-4.4.2)"}, "is a background"),
        ({"BUNIT": "ct/s"}, "ct/s"),
        ({"BUNIT": "counts / sec"}, "not in counts"),
        ({"BUNIT": "s"}, "BUNIT"),
        ({"TELESCOP": "CHANDRA"}, "CHANDRA"),
        ({"TELESCOP": "XMM", "INSTRUME": "OM"}, "OM"),
        ({"INSTRUME": "RGS1"}, "RGS1"),
    ],
)
def test_a_header_that_says_something_else_than_counts_is_refused_whatever_the_name(
    tmp_path, header, words
):
    with pytest.raises(InputError, match=words) as raised:
        images.read_image(write(tmp_path / "0123456789_img.fits", **header))
    assert "0123456789_img.fits" in str(raised.value)


@pytest.mark.parametrize(
    "header",
    [
        {"CONTENT": "EPIC IMAGE", "BUNIT": "Primary Array", "TELESCOP": "XMM"},
        {"CONTENT": "EPIC MOS IMAGING MODE EVENT LIST", "CREATOR": "evselect (evselect-3.62)"},
        {"CREATOR": "emosaic (emosaic-1.18)", "INSTRUME": "EPIC"},
        {"BUNIT": "count"},
        {"BUNIT": "counts/pixel"},
        {"BUNIT": "count/bin"},
        {"BUNIT": "photons", "INSTRUME": "EPN"},
        {"TELESCOP": "XMM-Newton"},
        {"TELESCOP": "ESA/XMM"},
    ],
)
def test_headers_of_counts_are_taken(tmp_path, header):
    image = images.read_image(write(tmp_path / "0123456789.fits", **header))
    np.testing.assert_array_equal(image.counts, PIXELS)


def test_a_damaged_card_that_nobody_needs_is_not_judged(tmp_path):
    path = write(tmp_path / "0123456789.fits", CDELT1=-0.00111)
    path.write_bytes(path.read_bytes().replace(b"-0.00111", b"-0,00111"))
    assert images.read_image(path).stated.grid.scale is None


@pytest.mark.parametrize(
    ("name", "band"),
    [
        ("P0405320501EPX000OIMAGE8000.FTZ", (200, 12000)),
        ("0201901401_mos1_exp1-0.50-2.00keVimg.fits.gz", (500, 2000)),
        ("0098010101-0.50-2.00keV-pn_merged_img.fits", (500, 2000)),
        ("obsid0098010101-instM2-subexpALL-en2.0_10.0keV-image.fits", (2000, 10000)),
        ("0098010101_MOS2_4kev_image.fits", None),
        ("0098010101_2020-2021_image.fits", None),
        ("0098010101.fits", None),
    ],
)
def test_a_name_may_give_the_energy_band(name, band):
    assert products.named_band(name) == band
