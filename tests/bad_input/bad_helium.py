"""What can be wrong with the helium arm's text files and with observed spectra."""

import gzip
import os

import archives
import broken
import numpy as np
from astropy.io import fits
from astropy.table import Table
from broken import edited
from cases import all_of, for_each, refused, rejected
from small_files import block

from skyloom.arms.spectra import grid_files, inventory, observed, wavelengths
from skyloom.arms.spectra.helium import inventory as helium_inventory
from skyloom.io import folders

WINDOW = wavelengths.linear(4460, 4480, 201)
GOOD = ["f_t15000g30v100.dat", "more/f_t20000g35v200.dat"]
BAD = "f_t25000g40v300.dat"


def spectrum(path, wavelength=WINDOW, flux=None):
    """A file as the paper's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    flux = np.linspace(0.9, 1, len(wavelength)) if flux is None else flux
    np.savetxt(path, np.column_stack([wavelength, flux]), fmt="%.4f %.6f")
    return path


def archive(folder):
    """Two good files."""
    for name in GOOD:
        spectrum(folder / "spectra" / name)
    return folder / "spectra"


def through(folder):
    """The whole inventory."""
    names = folders.listing(folder / "spectra", key="helium.spectra")
    found = helium_inventory.read_spectra(folder / "spectra", names, WINDOW)
    _, *tables = helium_inventory.tables(found, WINDOW, synthetic=False)
    good, bad = archives.merged(folder, tables, inventory.merge)
    return GOOD, list(good["file"]), archives.reason(bad)


def _flux(value):
    flux = np.ones(201)
    flux[17] = value
    return flux


def named(path, name):
    """Another name."""
    path.rename(path.with_name(name))


def cut(length):
    """The bytes up to here."""
    return lambda content: content[:length]


HOLE = "flux of point 18 is NaN or infinite"
TABLE = {
    "empty": {"file": ((edited, cut(0)), rf"{BAD} is empty")},
    "truncated": {
        "in a line": ((edited, cut(1811)), "two columns in line", BAD),
        "after a line": (
            (edited, lambda content: b"".join(content.splitlines(True)[:90])),
            "90 points instead of 201",
        ),
    },
    "NaN": {"flux": ((spectrum, WINDOW, _flux(np.nan)), HOLE)},
    "infinite": {"flux": ((spectrum, WINDOW, _flux(np.inf)), HOLE)},
    "wrong dtype": {
        "word": ((edited, lambda c: c.replace(b"4465.0000", b"wavelength")), "number", "wavelen"),
        "bytes": (
            (broken.overwritten, b"\xff\xfe \x00\x01\n" * 201),
            "instead of a number|two columns",
        ),
    },
    "wrong shape": {
        "three columns": (
            (edited, lambda content: content.replace(b"\n", b" 0\n")),
            "two columns in line 1.*3 instead",
        ),
        "fewer points": ((spectrum, WINDOW[:-1]), "200 points instead of 201"),
    },
    "wrong unit": {
        "nanometres": ((spectrum, WINDOW / 10), "446 to 448", "window's"),
        "other window": ((spectrum, WINDOW + 20), "4480 to 4500", "window's"),
        "per cent": ((spectrum, WINDOW, np.full(201, 100.0)), "not about 1", "by its continuum"),
    },
    "damaged": {
        "not sorted": ((spectrum, WINDOW[::-1]), "not sorted"),
        "compressed": ((edited, gzip.compress), "two columns|instead of a number|empty"),
    },
    "missing field": {"labels in the name": ((named, "star.dat"), "star.dat", "name")},
    "hostile name": {
        "dots": ((named, "f..t25000g40v300..dat"), r"f\.\.t25000", "name"),
        "shell": ((named, "f_t25000g40v300.dat; touch pwned"), "touch pwned", "name"),
    },
    "contradictory values": {"labels": ((named, "f_t99g40v300.dat"), "t99g40v300", "name")},
}


@all_of(rejected, "helium", TABLE)
def file_with(folder, spoil):
    change, *given = spoil
    change(spectrum(archive(folder) / BAD), *given)
    return through(folder)


@rejected("helium", "duplicate", "has the labels of", "which is used", "keep one")
def second_file_of_the_same_labels(folder):
    spectrum(archive(folder) / "z" / "f_t15000g30v100.dat")
    return through(folder)


archives.odd_files(
    "helium",
    archive,
    spectrum,
    through,
    bad=BAD,
    hostile=f"{{}}/{BAD}",
    pipe=("not a regular file",),
    link=("cannot be read",),
    names=("spaces", "unicode"),
)


@refused("helium", "missing file", "spectra is not a folder", r"helium\.spectra")
def no_folder(folder):
    folders.listing(folder / "spectra", key="helium.spectra")


@refused("helium", "empty", "no file in the folder of spectra", "spectra key")
def folder_of_nothing(folder):
    (folder / "spectra").mkdir()
    through(folder)


def _star(folder, name="star.fits", **cards):
    header = {"CTYPE1": "AWAV", "CUNIT1": "Angstrom", "CRPIX1": 1.0, "CRVAL1": 4460.0}
    header |= {"CDELT1": 0.1} | cards
    given = [(key, value) for key, value in header.items() if value is not None]
    fits.PrimaryHDU(np.ones(200, "f4"), fits.Header(given)).writeto(folder / name)
    return folder / name


def _columns(folder, name="star.ecsv", **changes):
    columns = {"wavelength": WINDOW, "flux": np.ones(201)} | changes
    table = Table({key: values for key, values in columns.items() if values is not None})
    table["wavelength" if "wavelength" in columns else "flux"].unit = "Angstrom"
    table.write(folder / name, format="ascii.ecsv" if name.endswith("ecsv") else "fits")
    return folder / name


def _text(folder, content):
    return broken.overwritten(folder / "star.txt", content)


def _naxis(folder):
    card = b"NAXIS   =                    1"
    path = _star(folder)
    assert card in path.read_bytes()
    return edited(path, lambda c: c.replace(card, b"NAXIS   =        1000000000000"))


def _pipe(folder):
    os.mkfifo(folder / "star.fits")
    return folder / "star.fits"


OBSERVED = {
    "damaged": {
        "cut short": (lambda at: broken.truncated(_star(at), 0.6), "star.fits", "again"),
        "cut in gzip": (
            lambda at: _text(at, gzip.compress(_star(at).read_bytes())[:200]),
            "truncated or damaged gzip.*again",
        ),
        "binary": (
            lambda at: _text(at, bytes(500)),
            "no reader .*tried FITS, ECSV, text",
            "export",
        ),
        "words": (lambda at: _text(at, b"see the log\n" * 9), "no two columns", "wavelength"),
        "endless axes": (_naxis, "star.fits", "more than FITS allows"),
    },
    "wrong unit": {
        "axis in hertz": (lambda at: _star(at, CUNIT1="Hz"), "'Hz'", "no unit of length", "Å"),
        "pixels": (lambda at: _star(at, CTYPE1="PIXEL"), "CTYPE1 = 'PIXEL'", "no wavelength"),
        "counts of pixels": (
            lambda at: _star(at, CTYPE1=None, CUNIT1=None, CRVAL1=1.0, CDELT1=1.0),
            "counts from 1 in steps of 1.*state the unit",
        ),
        "metres": (lambda at: _star(at, CUNIT1=None, CRVAL1=4e-7, CDELT1=1e-11), "not Å", "m;"),
    },
    "missing field": {
        "axis": (lambda at: _star(at, CRVAL1=None), "no wavelength axis", "CRVAL1"),
        "flux": (lambda at: _columns(at, flux=None), "no columns of wavelength and flux"),
    },
    "contradictory values": {
        "steps": (lambda at: _star(at, CD1_1=0.05), "0.05 and CDELT1 = 0.1", "remove the wrong")
    },
    "NaN": {
        "flux": (
            lambda at: _columns(at, flux=WINDOW * np.nan),
            "star.ecsv has no flux.*NaN or infinite",
        )
    },
    "duplicate": {
        "wavelength": (
            lambda at: _columns(at, wavelength=np.repeat(WINDOW, 2)[:201]),
            "occurs twice.*merge orders",
        )
    },
    "unreadable": {"pipe": (_pipe, "not a regular file", "name a file or a folder")},
}


@all_of(refused, "helium", OBSERVED)
def observed_spectrum_with(folder, make):
    observed.read_spectrum(make(folder))


BLOCKS = {
    "fewer": (["a", "b", "c", "d"], "hold 3 of the inventory's 4", "remove them"),
    "others": (["a", "x", "c"], "hold 1 of the inventory's 3", "remove them"),
}


@for_each(refused, "helium", "inconsistent counts", BLOCKS)
def block_of(folder, names):
    list(grid_files.read_blocks([block(folder)], Table({"id": names}))[1])


@refused("helium", "NaN", r"block\.h5: a flux is not finite", "run again")
def block_with_a_hole(folder):
    path = broken.altered(block(folder), "spectra", broken.spoilt(np.nan))
    list(grid_files.read_blocks([path], Table({"id": ["a", "b", "c"]}))[1])
