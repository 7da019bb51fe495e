"""What can be wrong with EPIC images and their observation list."""

import gzip

import archives
import broken
import numpy as np
from astropy import units
from astropy.io import fits
from astropy.table import Table
from cases import all_of, for_each, refused, rejected
from small_files import RATES, rates

from skyloom.arms.xmm import inventory, observations, processing

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


def through(folder):
    """The whole inventory."""
    table = observations.read_observations(folder / "list.fits")
    files, maps = inventory.listing(folder / "images", table=folder / "list.fits")
    tables = inventory.tables(inventory.inspect(folder / "images", files, maps, table, OPTIONS))
    good, bad = archives.merged(
        folder, tables, lambda good, bad: inventory.merge(good, bad, table, FRAME)
    )
    told = [number for number, row in enumerate(bad) if "has no image" not in row["reason"]]
    return GOOD, list(good["file"]), archives.reason(bad[told])


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


def _in_tiles(path):
    packed = fits.CompImageHDU(counts(), compression_type="HCOMPRESS_1")
    fits.HDUList([fits.PrimaryHDU(), packed]).writeto(path, overwrite=True)


HOLE = "IMAGE8000.fits has 1 pixels that are NaN or infinite"
TRUNCATED = "is truncated", "download it again"
TABLE = {
    "damaged": {
        "page of a server": (
            _spoil(lambda path: broken.overwritten(path, b"<html>404</html>" * 99)),
            "IMAGE8000.fits is not a FITS file",
        ),
        "header without an end": (
            _spoil(lambda p: broken.edited(p, lambda c: c[:2000])),
            *TRUNCATED,
        ),
        "more columns than FITS has": (
            _with(TFIELDS=1000000),
            "damaged header.*TFIELDS is 1000000.*again",
        ),
    },
    "truncated": {
        "plain": (_spoil(broken.truncated), "IMAGE8000.fits is truncated", "download it again"),
        "gzip": (
            _spoil(lambda path: broken.truncated(broken.edited(path, gzip.compress))),
            "truncated or damaged.*download it again",
        ),
    },
    "empty": {
        "file": (_spoil(lambda path: broken.overwritten(path, b"")), r"0 bytes", "again"),
        "image": (_with(counts() * 0), "no counts", "all its pixels are 0"),
    },
    "NaN": {"pixel": (_with(_pixel(np.nan)), HOLE)},
    "infinite": {"pixel": (_with(_pixel(np.inf)), HOLE)},
    "wrong shape": {
        "cube": (_with(np.ones((2, 24, 24), "i4")), "3 dimensions", "two"),
        "row": (_with(np.ones(24, "i4")), "1 dimensions", "two"),
        "larger": (_with(np.ones((32, 32), "i4")), "32x32 pixels", "frame of 24x24"),
    },
    "wrong dtype": {
        "text for an exposure": (_with(EXPOSURE="long"), "exposure 'long'", "positive number"),
        "truth for an exposure": (_with(EXPOSURE=True), "exposure True", "positive number"),
        "negative counts": (_with(_pixel(-3)), "negative counts"),
    },
    "missing field": {
        "exposure": (_with(EXPOSURE=None), "no exposure", r"xmm\.exposure"),
        "row of the list": (_with(OBS_ID="0000000077"), "no row for observation 0000000077"),
        "image in the file": (
            _spoil(lambda p: fits.PrimaryHDU().writeto(p, overwrite=True)),
            "holds no image.*remove it",
        ),
    },
    "wrong unit": {
        "no time": (_with(EXPOSURE=0.0), "exposure 0.0", "not a positive number of seconds")
    },
    "unreadable": {"tiles": (_spoil(_in_tiles), "HCOMPRESS_1", "unpack it with funpack")},
    "duplicate": {
        "image of an observation": (
            lambda folder: image(archive(folder) / "z.fits", "0000000002"),
            "second image of observation 0000000002.*keep one",
        )
    },
}


@all_of(rejected, "xmm", TABLE)
def file_with(folder, spoil):
    spoil(folder)
    return through(folder)


archives.odd_files(
    "xmm",
    archive,
    image,
    through,
    bad=BAD,
    hostile="{}.fits",
    pipe=("not a regular file", "remove it from the folder"),
    link=("cannot be read", "check its permissions, or remove it"),
)


@refused("xmm", "missing file", "images is not a folder", r"xmm\.images")
def no_folder(folder):
    inventory.listing(folder / "images")


@refused("xmm", "missing file", r"list\.fits does not exist", r"xmm\.observations")
def no_list(folder):
    observations.read_observations(folder / "list.fits")


COLUMNS = {
    "class": ({"OBS_CLASS": None}, "OBS_CLASS", r"xmm\.columns\.obs_class", "it has OBS_ID"),
    "observation": ({"OBS_ID": None}, "OBS_ID", r"xmm\.columns\.observation"),
    "exposure": ({"PN_TEXP": None}, "PN_TEXP", r"xmm\.columns\.pn"),
}


@for_each(refused, "xmm", "missing field", COLUMNS)
def list_without(folder, changes):
    observations.read_observations(obslist(folder / "list.fits", **changes), cameras=("pn",))


@refused("xmm", "truncated", r"list\.fits is", r"check xmm\.observations|again")
def list_cut_short(folder):
    observations.read_observations(broken.truncated(obslist(folder / "list.fits")))


@refused("xmm", "damaged", r"list\.ecsv is not a readable", r"check xmm\.observations")
def list_with_a_foreign_tag(folder):
    path = obslist(folder / "list.ecsv")
    text = path.read_text().replace("# datatype:", "# meta: !!python/object/apply:os.getcwd []\n#")
    observations.read_observations(broken.overwritten(path, text.encode()))


@refused("xmm", "empty", "no file in the folder of images", r"xmm\.images")
def folder_of_nothing(folder):
    (folder / "images").mkdir()
    obslist(folder / "list.fits")
    through(folder)


@refused("xmm", "duplicate", "None of the 2 files can be used", r"xmm\.exposure")
def nothing_left(folder):
    obslist(archive(folder).parent / "list.fits", OBS_ID=["1", "1", "1"], OBS_CLASS=[9, 9, 9])
    through(folder)


RATES_WITH = {
    "NaN": (("images", broken.spoilt(np.nan)), r"rates\.h5", "not finite", "remove it"),
    "others": (("id", broken.spoilt(b"0000000009")), "does not follow the inventory", "remove"),
    "flat": (("images", lambda v: v[:, 0].copy()), r"rates\.h5", "shape", "again"),
}


@for_each(refused, "xmm", "damaged", RATES_WITH)
def rates_that_are(folder, given):
    list(processing.read_rates([broken.altered(rates(folder), *given)], RATES))


@refused("xmm", "missing field", r"rates\.h5", "rebin", "again")
def rates_that_do_not_say_how_they_were_binned(folder):
    path = broken.attribute(rates(folder), "/", "rebin", None)
    processing.description(RATES, [path], "none_linear_rebin4", {}, 1)
