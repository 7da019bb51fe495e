"""What can be wrong with EPIC images and their observation list."""

import gzip
import os

import broken
import numpy as np
from astropy import units
from astropy.io import fits
from astropy.table import Table
from cases import accepted, for_each, refused, rejected

from skyloom.io import atomic_hdf5, read_table, write_table
from skyloom.xmm import inventory, observations, processing

GOOD = {"P0000000001EPX000OIMAGE8000.FTZ": "0000000001", "plain.fits": "0000000002"}
OPTIONS = {"exposure": "header", "camera": "sum"}
FRAME = {"size": None, "smaller": "reject"}
BAD = "P0000000003EPX000OIMAGE8000.fits"


def counts(dtype="i4"):
    """An image's pixels."""
    return np.random.default_rng(1).poisson(1.5, (24, 24)).astype(dtype)


def image(path, observation="0000000003", pixels=None, **cards):
    """An EPIC image."""
    hdu = fits.PrimaryHDU(counts() if pixels is None else pixels)
    for key, value in ({"OBS_ID": observation, "EXPOSURE": 1000.0} | cards).items():
        if value is not None:
            hdu.header[key] = value
    hdu.writeto(path)
    return path


def archive(folder):
    """Two good images and the list of three observations."""
    (folder / "images").mkdir()
    for name, observation in GOOD.items():
        path = image(folder / "images" / name.replace(".FTZ", ".tmp"), observation)
        if name.endswith(".FTZ"):
            (folder / "images" / name).write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()
    obslist(folder / "list.fits")
    return folder / "images"


def obslist(path, **changes):
    """The list of observations; a column of None is left out."""
    columns = {"OBS_ID": [f"000000000{n}" for n in (1, 2, 3)], "OBS_CLASS": [0, 1, 2]}
    columns |= {f"{camera}_TEXP": [1e3, 2e3, 3e3] * units.s for camera in ("PN", "M1", "M2")}
    columns |= changes
    table = Table({name: values for name, values in columns.items() if values is not None})
    known = {"csv": "ascii.csv", "ecsv": "ascii.ecsv"}.get(path.suffix[1:], "fits")
    table.write(path, format=known, overwrite=True)
    return path


def through(folder, options=OPTIONS):
    """The whole inventory, by way of files as the steps write them."""
    table = observations.read(folder / "list.fits")
    files, maps = inventory.listing(folder / "images", table=folder / "list.fits")
    tables = inventory.tables(inventory.inspect(folder / "images", files, maps, table, options))
    for name, one in zip(("good", "bad"), tables, strict=True):
        write_table(one, folder / f"{name}.ecsv")
    parts = [[read_table(folder / f"{name}.ecsv")] for name in ("good", "bad")]
    merged = inventory.merge(*parts, table, FRAME)
    for name, one in zip(("good", "bad"), merged, strict=True):
        write_table(one, folder / f"merged_{name}.ecsv")
    good, bad = (read_table(folder / f"merged_{name}.ecsv") for name in ("good", "bad"))
    reasons = [row["reason"] for row in bad if "has no image" not in row["reason"]]
    return GOOD, list(good["file"]), str(reasons[0]) if reasons else ""


def _spoil(change):
    def work(folder):
        change(image(archive(folder) / BAD))

    return work


def _with(pixels=None, **cards):
    def work(folder):
        image(archive(folder) / BAD, pixels=pixels, **cards)

    return work


def _pixel(value):
    pixels = counts("f4")
    pixels[3, 4] = value
    return pixels


@for_each(
    rejected,
    "xmm",
    "damaged",
    {
        "page of a server": (
            _spoil(lambda path: broken.overwritten(path, b"<html>404</html>" * 99)),
            "IMAGE8000.fits is not a FITS file",
        ),
        "header without an end": (
            _spoil(lambda path: broken.overwritten(path, path.read_bytes()[:2000])),
            "is truncated",
            "download it again",
        ),
        "more columns than FITS has": (
            _with(TFIELDS=1000000),
            "damaged header",
            "TFIELDS is 1000000",
            "again",
        ),
    },
)
def file_that_is(folder, spoil):
    spoil(folder)
    return through(folder)


@for_each(
    rejected,
    "xmm",
    "truncated",
    {
        "plain": (_spoil(broken.truncated), "IMAGE8000.fits is truncated", "download it again"),
        "gzip": (
            _spoil(
                lambda path: broken.truncated(
                    broken.overwritten(path, gzip.compress(path.read_bytes()))
                )
            ),
            "truncated or damaged",
            "download it again",
        ),
    },
)
def file_cut_short(folder, spoil):
    spoil(folder)
    return through(folder)


@for_each(
    rejected,
    "xmm",
    "empty",
    {
        "file": (_spoil(lambda path: broken.overwritten(path, b"")), r"0 bytes", "again"),
        "image": (_with(counts() * 0), "no counts", "all its pixels are 0"),
    },
)
def nothing_in_the(folder, spoil):
    spoil(folder)
    return through(folder)


@rejected("xmm", "NaN", "IMAGE8000.fits has 1 pixels that are NaN or infinite")
def pixel_that_is_no_number(folder):
    _with(_pixel(np.nan))(folder)
    return through(folder)


@rejected("xmm", "infinite", "IMAGE8000.fits has 1 pixels that are NaN or infinite")
def pixel_without_bound(folder):
    _with(_pixel(np.inf))(folder)
    return through(folder)


@for_each(
    rejected,
    "xmm",
    "wrong shape",
    {
        "cube": (_with(np.ones((2, 24, 24), "i4")), "3 dimensions", "two"),
        "row": (_with(np.ones(24, "i4")), "1 dimensions", "two"),
        "larger": (_with(np.ones((32, 32), "i4")), "32x32 pixels", "frame of 24x24"),
    },
)
def image_of_another_shape(folder, spoil):
    spoil(folder)
    return through(folder)


@for_each(
    rejected,
    "xmm",
    "wrong dtype",
    {
        "text for an exposure": (_with(EXPOSURE="long"), "exposure 'long'", "positive number"),
        "truth for an exposure": (_with(EXPOSURE=True), "exposure True", "positive number"),
        "negative counts": (_with(_pixel(-3)), "negative counts"),
    },
)
def values_of_another_type(folder, spoil):
    spoil(folder)
    return through(folder)


@for_each(
    rejected,
    "xmm",
    "missing field",
    {
        "exposure": (_with(EXPOSURE=None), "no exposure", r"xmm\.exposure"),
        "row of the list": (_with(OBS_ID="0000000077"), "no row for observation 0000000077"),
        "image in the file": (
            _spoil(lambda p: fits.PrimaryHDU().writeto(p, overwrite=True)),
            "holds no image",
            "remove it",
        ),
    },
)
def file_without(folder, spoil):
    spoil(folder)
    return through(folder)


@rejected("xmm", "wrong unit", "exposure 0.0", "not a positive number of seconds")
def exposure_of_no_time(folder):
    _with(EXPOSURE=0.0)(folder)
    return through(folder)


@rejected("xmm", "unreadable", "not a regular file", "remove it from the folder")
def pipe_in_place_of_an_image(folder):
    os.mkfifo(archive(folder) / BAD)
    return through(folder)


@rejected("xmm", "missing file", "cannot be read", "check its permissions, or remove it")
def link_that_leads_nowhere(folder):
    (archive(folder) / BAD).symlink_to(folder / "gone.fits")
    return through(folder)


@rejected("xmm", "duplicate", "second image of observation 0000000002", "keep one")
def second_image_of_an_observation(folder):
    image(archive(folder) / "z.fits", "0000000002")
    return through(folder)


@rejected("xmm", "unreadable", "HCOMPRESS_1", "unpack it with funpack")
def tiles_that_are_not_unpacked_here(folder):
    packed = fits.CompImageHDU(counts(), compression_type="HCOMPRESS_1")
    fits.HDUList([fits.PrimaryHDU(), packed]).writeto(archive(folder) / BAD)
    return through(folder)


@for_each(
    accepted, "xmm", "hostile name", {name: (name,) for name in ("spaces", "unicode", "shell")}
)
def name_of_an_image(folder, name):
    wanted = f"{broken.HOSTILE[name]}.fits"
    image(archive(folder) / wanted)
    _, kept, reason = through(folder)
    return (sorted(kept), reason), (sorted([*GOOD, wanted]), "")


@for_each(
    rejected,
    "xmm",
    "hostile name",
    {
        "newline": (b"two\nlines.fits", r"two\\nlines\.fits", "rename it"),
        "no text": (b"caf\xe9.fits", r"caf\\xe9\.fits", "rename it"),
    },
)
def name_that_no_table_holds(folder, name):
    image(os.fsdecode(os.fsencode(archive(folder)) + b"/" + name))
    return through(folder)


@refused("xmm", "missing file", "images is not a folder", r"xmm\.images")
def no_folder(folder):
    inventory.listing(folder / "images")


@refused("xmm", "missing file", r"list\.fits does not exist", r"xmm\.observations")
def no_list(folder):
    observations.read(folder / "list.fits")


@for_each(
    refused,
    "xmm",
    "missing field",
    {
        "class": ({"OBS_CLASS": None}, "OBS_CLASS", r"xmm\.columns\.obs_class", "it has OBS_ID"),
        "observation": ({"OBS_ID": None}, "OBS_ID", r"xmm\.columns\.observation"),
        "exposure": ({"PN_TEXP": None}, "PN_TEXP", r"xmm\.columns\.pn"),
    },
)
def list_without(folder, changes):
    observations.read(obslist(folder / "list.fits", **changes), cameras=("pn",))


@for_each(
    refused,
    "xmm",
    "truncated",
    {name: (name, rf"list\.{name} is", r"check xmm\.observations|again") for name in ("fits",)},
)
def list_cut_short(folder, ending):
    observations.read(broken.truncated(obslist(folder / f"list.{ending}")))


@refused("xmm", "damaged", r"list\.ecsv is not a readable", r"check xmm\.observations")
def list_with_a_foreign_tag(folder):
    path = obslist(folder / "list.ecsv")
    text = path.read_text().replace("# datatype:", "# meta: !!python/object/apply:os.getcwd []\n#")
    observations.read(broken.overwritten(path, text.encode()))


@refused("xmm", "empty", "no file in the folder of images", r"xmm\.images")
def folder_of_nothing(folder):
    (folder / "images").mkdir()
    obslist(folder / "list.fits")
    through(folder)


@refused("xmm", "duplicate", "None of the 2 files can be used", r"xmm\.exposure")
def nothing_left(folder):
    obslist(archive(folder).parent / "list.fits", OBS_ID=["1", "1", "1"], OBS_CLASS=[9, 9, 9])
    through(folder)


def rates(folder):
    """A file of rate images of two observations, and their inventory."""
    table = Table({"obs_id": ["0000000001", "0000000002"]}, meta={"synthetic": True})
    with atomic_hdf5(folder / "rates.h5") as file:
        some = np.ones((2, 6, 6), "f4")
        processing.write_rates(file, some, table, factor=4, method="area")
    return folder / "rates.h5", table


@for_each(
    refused,
    "xmm",
    "damaged",
    {
        "NaN": (("images", broken.spoilt(np.nan)), r"rates\.h5", "not finite", "remove it"),
        "others": (("id", broken.spoilt(b"0000000009")), "does not follow the inventory", "remove"),
        "flat": (("images", lambda v: v[:, 0].copy()), r"rates\.h5", "shape", "again"),
    },
)
def rates_that_are(folder, given):
    path, table = rates(folder)
    list(processing.read_rates([broken.altered(path, *given)], table))


@refused("xmm", "missing field", r"rates\.h5", "rebin", "again")
def rates_that_do_not_say_how_they_were_binned(folder):
    path, table = rates(folder)
    broken.attribute(path, "/", "rebin", None)
    table["obs_class"], table["exposure"] = [0, 1], [1.0, 1.0]
    processing.description(table, [path], "none_linear_rebin4", {}, 1)
