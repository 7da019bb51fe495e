"""Reading one image: the same pixels as astropy's, or a sentence."""

import gzip

import fake_xmm
import numpy as np
import pytest
from astropy.io import fits
from refusal import refused

from skyloom.arms.xmm import images
from skyloom.errors import InputError
from skyloom.io import fits_stream

COUNTS = np.random.default_rng(5).poisson(2.0, (20, 30))


def write(path, pixels=COUNTS, **header):
    """A FITS image with EXPOSURE and OBS_ID unless told otherwise."""
    path.write_bytes(
        fake_xmm.content(pixels, **({"EXPOSURE": 50.0, "OBS_ID": "0123456789"} | header))
    )
    return path


@pytest.mark.parametrize("kind", ["u1", "i2", "u2", "i4", "u4", "i8", "f4", "f8"])
def test_every_number_type_gives_the_counts_of_astropy(tmp_path, kind):
    path = write(tmp_path / "a.fits", COUNTS.astype(kind))
    got = images.read_image(path).counts
    assert got.dtype == np.float64
    np.testing.assert_array_equal(got, fits.getdata(path).astype("f8"))
    np.testing.assert_array_equal(got, COUNTS)


def test_scaled_integers_are_scaled(tmp_path):
    hdu = fits.PrimaryHDU(COUNTS.astype("f4"))
    hdu.scale("int16", bscale=0.5, bzero=7)
    hdu.writeto(tmp_path / "a.fits")
    got = images.read_image(tmp_path / "a.fits").counts
    np.testing.assert_allclose(got, fits.getdata(tmp_path / "a.fits"), rtol=0, atol=1e-12)


def test_undefined_integers_are_refused_as_nan(tmp_path):
    path = write(tmp_path / "a.fits", COUNTS.astype("i4"), BLANK=int(COUNTS.max()))
    refused("NaN", images.read_image, path)


@pytest.mark.parametrize("name", ["a.fits", "a.fits.gz", "a.FTZ", "A.FITS", "a.fit"])
def test_compression_is_recognised_by_the_bytes_not_the_name(tmp_path, name):
    plain = write(tmp_path / "plain.fits").read_bytes()
    for packed in (plain, gzip.compress(plain)):
        (tmp_path / name).write_bytes(packed)
        np.testing.assert_array_equal(images.read_image(tmp_path / name).counts, COUNTS)


@pytest.mark.parametrize("packed", [False, True])
def test_the_image_may_be_in_the_first_image_extension(tmp_path, packed):
    table = fits.BinTableHDU.from_columns([fits.Column("A", "J", array=[1, 2])])
    hdu = (fits.CompImageHDU if packed else fits.ImageHDU)(COUNTS.astype("i4"))
    other = fits.ImageHDU(np.ones((4, 4), "i4"))
    primary = fits.PrimaryHDU()
    primary.header["OBS_ID"] = "0000000042"
    hdu.header["EXPOSURE"] = 12.5
    fits.HDUList([primary, table, hdu, other]).writeto(tmp_path / "a.fits")
    image = images.read_image(tmp_path / "a.fits")
    np.testing.assert_array_equal(image.counts, COUNTS)
    assert (image.observation, image.exposure) == ("0000000042", 12.5)


def test_the_observation_is_of_the_header_else_of_the_name(tmp_path):
    name = "P0098010101M2U009IMAGE_3000.FTZ"
    assert images.read_image(write(tmp_path / name)).observation == "0123456789"
    assert images.read_image(write(tmp_path / name, OBS_ID=None)).observation == "0098010101"
    assert images.observation_of_name("x12345678901.fits") == ""


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("0098010101", "0098010101"),
        (98010101, "0098010101"),
        (98010101.0, "0098010101"),
        (b" 98010101 ", "0098010101"),
        (np.int64(5), "0000000005"),
        ("field A", "field A"),
        ("", ""),
    ],
)
def test_observations_are_ten_digits_whatever_a_table_made_of_them(given, wanted):
    assert images.observation_id(given) == wanted


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("packed", [False, True])
def test_a_truncated_file_is_never_read(tmp_path, packed, kept):
    whole = write(tmp_path / "whole.fits", np.tile(COUNTS, (10, 10))).read_bytes()
    whole = gzip.compress(whole) if packed else whole.rstrip(b"\0")
    (tmp_path / "a.fits").write_bytes(whole[: int(len(whole) * kept)])
    refused("truncated", images.read_image, tmp_path / "a.fits")


def test_a_file_cut_within_a_later_table_is_truncated_too(tmp_path):
    table = fits.BinTableHDU.from_columns([fits.Column("A", "J", array=np.arange(5000))])
    fits.HDUList([fits.PrimaryHDU(COUNTS), table]).writeto(tmp_path / "a.fits")
    content = (tmp_path / "a.fits").read_bytes()
    (tmp_path / "a.fits").write_bytes(content[:-6000])
    refused("truncated", images.read_image, tmp_path / "a.fits")


def test_a_flipped_bit_of_a_compressed_file_is_found_by_its_checksum(tmp_path):
    packed = bytearray(gzip.compress(write(tmp_path / "whole.fits").read_bytes()))
    packed[-8] ^= 1
    (tmp_path / "a.FTZ").write_bytes(packed)
    refused(r"a\.FTZ", images.read_image, tmp_path / "a.FTZ")


def test_a_header_that_promises_a_thousand_gigabytes_costs_none(tmp_path):
    path = write(tmp_path / "a.fits")
    content = path.read_bytes()
    size = b"NAXIS1  =                   30", b"NAXIS2  =                   20"
    for card in size:
        content = content.replace(card, card[:-6] + b"900000")
    path.write_bytes(content)
    refused("truncated", images.read_image, path)


@pytest.mark.parametrize(
    ("exposure", "reason"),
    [(None, "no exposure"), (0, "0"), (-5.0, "-5"), ("long", "long"), (True, "True")]
    + [(np.nan, "nan"), (np.inf, "inf"), (np.ma.masked, "no exposure")],
)
def test_an_exposure_that_is_not_positive_seconds_is_refused(exposure, reason):
    refused(reason, images.seconds, exposure, "a.fits")


def test_the_rate_is_counts_over_the_exposure(tmp_path):
    rate = images.read_rate(write(tmp_path / "a.fits"), 50.0)
    np.testing.assert_array_equal(rate, COUNTS / 50.0)


def test_the_rate_over_a_map_is_zero_where_nothing_was_exposed(tmp_path):
    exposed = np.random.default_rng(1).uniform(10, 20, COUNTS.shape)
    exposed[:5], exposed[6, 7], exposed[8] = 0, np.nan, -1
    path, beside = write(tmp_path / "a.fits"), write(tmp_path / "m.fits", exposed)
    rate = images.read_rate(path, 1.0, exposure_map=beside)
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = np.where(exposed > 0, COUNTS / exposed, 0)
    np.testing.assert_array_equal(rate, expected)


@pytest.mark.parametrize("exposed", [np.zeros(COUNTS.shape), np.ones((5, 5)), COUNTS == 0])
def test_a_map_of_nothing_of_another_size_or_field_is_refused(tmp_path, exposed):
    path = write(tmp_path / "a.fits")
    beside = write(tmp_path / "m.fits", exposed.astype("f4"))
    refused(r"m\.fits", images.read_rate, path, 1.0, exposure_map=beside)


def test_padding_puts_the_image_in_the_middle_and_keeps_its_counts(tmp_path):
    path = write(tmp_path / "a.fits")
    rate = images.read_rate(path, 1.0, frame=(25, 34), smaller="pad")
    assert rate.shape == (25, 34)
    np.testing.assert_array_equal(rate[2:22, 2:32], COUNTS)
    assert rate.sum() == COUNTS.sum()


@pytest.mark.parametrize("frame", [(19, 30), (20, 29), (10, 40)])
def test_an_image_larger_than_the_frame_is_refused_also_when_padding(tmp_path, frame):
    with pytest.raises(InputError, match="20x30 pixels, more"):
        images.read_rate(write(tmp_path / "a.fits"), 1.0, frame=frame, smaller="pad")


def test_a_smaller_image_is_refused_unless_padding_is_configured(tmp_path):
    refused(r"frame\.smaller", images.read_rate, write(tmp_path / "a.fits"), 1.0, frame=(21, 30))


def test_an_unreadable_file_is_refused(tmp_path, monkeypatch):
    def refuse(path, mode):
        raise PermissionError(13, "Permission denied", str(path))

    # Whoever runs the tests may be allowed to read everything.
    monkeypatch.setattr(fits_stream, "open", refuse, raising=False)
    with pytest.raises(InputError, match=r"a\.fits cannot be read \(Permission denied\)"):
        images.read_image(write(tmp_path / "a.fits"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(4))
def test_whatever_byte_of_a_header_changes_the_file_is_read_or_refused(tmp_path, seed):
    random = np.random.default_rng(seed)
    whole = write(tmp_path / "whole.fits", BSCALE=1.0, BZERO=0.0).read_bytes()
    count = 0
    for _ in range(150):
        content = bytearray(whole)
        for place in random.integers(0, 10 * 80, random.integers(1, 4)):
            content[place] = random.integers(0, 256)
        (tmp_path / "a.fits").write_bytes(content)
        try:
            image = images.read_image(tmp_path / "a.fits")
            assert image.counts.ndim == 2
        except InputError as error:
            count += 1
            assert "a.fits" in str(error)
    assert count > 30


PPS = "P0098010101M2U009IMAGE_3000.FTZ"


@pytest.mark.parametrize(
    ("name", "shape", "exposure", "observation"),
    [
        (PPS, (648, 648), 28337.4000000507, "0098010101"),
        ("0201901401_mos1_exp1-0.50-2.00keVimg.fits.gz", (512, 512), 5150.0, "0201901401"),
        ("0201901401_mos2_exp1-0.50-2.00keVimg.fits.gz", (512, 512), 5100.0, "0201901401"),
        ("0201901401_pn_exp1-0.50-2.00keVimg.fits.gz", (512, 512), 3100.0, "0201901401"),
    ],
)
def test_real_images_are_those_of_astropy(real_data, name, shape, exposure, observation):
    path = real_data / "xmm" / name
    image = images.read_image(path)
    assert image.counts.shape == shape
    assert (image.exposure, image.observation, image.synthetic) == (exposure, observation, False)
    expected = fits.getdata(path).astype("f8")
    np.testing.assert_array_equal(image.counts, expected)
    np.testing.assert_array_equal(images.read_rate(path, image.exposure), expected / exposure)


@pytest.mark.parametrize(
    ("name", "beside"),
    [
        (PPS, PPS.replace("IMAGE_", "EXPMAP")),
        *(
            (f"0201901401_{camera}_exp1-0.50-2.00keV{{}}.fits.gz",) * 2
            for camera in ("mos1", "mos2", "pn")
        ),
    ],
)
def test_real_images_over_their_maps_are_those_of_numpy(real_data, name, beside):
    path = real_data / "xmm" / name.format("img")
    other = real_data / "xmm" / beside.format("expmap")
    counts, exposed = fits.getdata(path).astype("f8"), fits.getdata(other).astype("f8")
    expected = np.zeros_like(counts)
    expected[exposed > 0] = counts[exposed > 0] / exposed[exposed > 0]
    rate = images.read_rate(path, 1.0, exposure_map=other)
    np.testing.assert_allclose(rate, expected, rtol=1e-14)


def test_a_real_map_is_not_taken_for_an_image(real_data):
    for name in (PPS.replace("IMAGE_", "EXPMAP"), "P0098010101M2X000BKGMAP3000.FTZ"):
        refused("is a map", images.read_image, real_data / "xmm" / name)
