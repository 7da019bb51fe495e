"""What can be wrong with the helium arm's text files and with observed spectra."""

import gzip
import os

import broken
import numpy as np
from astropy.io import fits
from astropy.table import Table
from cases import accepted, for_each, refused, rejected

from skyloom.helium import reading
from skyloom.io import atomic_hdf5, read_table, write_table
from skyloom.spectra import folders, grid_files, inventory, observed, wavelengths

WINDOW = wavelengths.linear(4460, 4480, 201)
GOOD = ["f_t15000g30v100.dat", "more/f_t20000g35v200.dat"]
BAD = "f_t25000g40v300.dat"


def spectrum(path, *, wavelength=WINDOW, flux=None):
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
    """The whole inventory, by way of files as the steps write them."""
    names = folders.listing(folder / "spectra", key="helium.spectra")
    found = reading.read(folder / "spectra", names, WINDOW)
    _, *tables = reading.tables(found, WINDOW, synthetic=False)
    for name, one in zip(("good", "bad"), tables, strict=True):
        write_table(one, folder / f"{name}.ecsv")
    merged = inventory.merge(*[[read_table(folder / f"{name}.ecsv")] for name in ("good", "bad")])
    for name, one in zip(("good", "bad"), merged, strict=True):
        write_table(one, folder / f"merged_{name}.ecsv")
    good, bad = (read_table(folder / f"merged_{name}.ecsv") for name in ("good", "bad"))
    return GOOD, list(good["file"]), str(bad["reason"][0]) if len(bad) else ""


def _bytes(change):
    def work(folder):
        path = spectrum(archive(folder) / BAD)
        broken.overwritten(path, change(path.read_bytes()))

    return work


def _numbers(**given):
    return lambda folder: spectrum(archive(folder) / BAD, **given)


def _flux(value):
    flux = np.ones(201)
    flux[17] = value
    return flux


def _named(name):
    return lambda folder: spectrum(archive(folder) / name)


TABLE = {
    "empty": {"file": (_bytes(lambda content: b""), rf"{BAD} is empty")},
    "truncated": {
        "in a line": (_bytes(lambda content: content[:1811]), "two columns in line", BAD),
        "after a line": (
            _bytes(lambda content: b"".join(content.splitlines(True)[:90])),
            "90 points instead of 201",
        ),
    },
    "NaN": {"flux": (_numbers(flux=_flux(np.nan)), "flux of point 18 is NaN or infinite")},
    "infinite": {"flux": (_numbers(flux=_flux(np.inf)), "flux of point 18 is NaN or infinite")},
    "wrong dtype": {
        "word": (_bytes(lambda c: c.replace(b"4465.0000", b"wavelength")), "wavelength", "number"),
        "bytes": (
            _bytes(lambda c: b"\xff\xfe \x00\x01\n" * 201),
            "instead of a number|two columns",
        ),
    },
    "wrong shape": {
        "three columns": (
            _bytes(lambda content: content.replace(b"\n", b" 0\n")),
            "two columns in line 1",
            "3 instead",
        ),
        "fewer points": (_numbers(wavelength=WINDOW[:-1]), "200 points instead of 201"),
    },
    "wrong unit": {
        "nanometres": (_numbers(wavelength=WINDOW / 10), "446 to 448", "window's"),
        "other window": (_numbers(wavelength=WINDOW + 20), "4480 to 4500", "window's"),
    },
    "damaged": {
        "not sorted": (_numbers(wavelength=WINDOW[::-1]), "not sorted"),
        "compressed": (_bytes(gzip.compress), "two columns|instead of a number|empty"),
    },
    "missing field": {"labels in the name": (_named("star.dat"), "star.dat", "name")},
    "hostile name": {
        "dots": (_named("f..t25000g40v300..dat"), r"f\.\.t25000", "name"),
        "shell": (_named("f_t25000g40v300.dat; touch pwned"), "touch pwned", "name"),
    },
    "contradictory values": {"labels": (_named("f_t99g40v300.dat"), "t99g40v300", "name")},
}


def _all(register):
    def spoiled(folder, spoil):
        spoil(folder)
        return through(folder)

    for kind, table in TABLE.items():
        for_each(register, "helium", kind, table)(spoiled)


_all(rejected)


@rejected("helium", "duplicate", "has the labels of", "which is used", "keep one")
def second_file_of_the_same_labels(folder):
    spectrum(archive(folder) / "z" / "f_t15000g30v100.dat")
    return through(folder)


@rejected("helium", "missing file", "cannot be read")
def link_that_leads_nowhere(folder):
    (archive(folder) / BAD).symlink_to(folder / "gone.dat")
    return through(folder)


@rejected("helium", "unreadable", "not a regular file")
def pipe_in_place_of_a_spectrum(folder):
    os.mkfifo(archive(folder) / BAD)
    return through(folder)


@for_each(
    rejected,
    "helium",
    "hostile name",
    {
        "newline": (b"two\nlines.dat", r"two\\nlines\.dat"),
        "no text": (b"caf\xe9.dat", r"caf\\xe9\.dat"),
    },
)
def name_that_no_table_holds(folder, name):
    path = spectrum(archive(folder) / BAD)
    os.rename(path, os.fsencode(folder / "spectra") + b"/" + name)
    return through(folder)


@for_each(accepted, "helium", "hostile name", {name: (name,) for name in ("spaces", "unicode")})
def name_of_a_folder(folder, name):
    odd = f"{broken.HOSTILE[name]}/{BAD}"
    spectrum(archive(folder) / odd)
    _, kept, reason = through(folder)
    return (sorted(kept), reason), (sorted([*GOOD, odd]), "")


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


@for_each(
    refused,
    "helium",
    "damaged",
    {
        "cut short": (lambda at: broken.truncated(_star(at), 0.6), "star.fits", "again"),
        "cut in gzip": (
            lambda at: _text(at, gzip.compress(_star(at).read_bytes())[:200]),
            "truncated or damaged gzip",
            "again",
        ),
        "binary": (lambda at: _text(at, bytes(500)), "neither text nor FITS", "export"),
        "words": (lambda at: _text(at, b"see the log\n" * 9), "no two columns", "wavelength"),
        "endless axes": (lambda at: _naxis(_star(at)), "star.fits", "more than FITS allows"),
    },
)
def observed_spectrum_that_is(folder, make):
    observed.read(make(folder))


def _naxis(path):
    content = path.read_bytes()
    card = b"NAXIS   =                    1"
    assert card in content
    return broken.overwritten(path, content.replace(card, b"NAXIS   =        1000000000000"))


@for_each(
    refused,
    "helium",
    "wrong unit",
    {
        "axis in hertz": (lambda at: _star(at, CUNIT1="Hz"), "'Hz'", "no unit of length", "Å"),
        "pixels": (lambda at: _star(at, CTYPE1="PIXEL"), "CTYPE1 = 'PIXEL'", "no wavelength"),
        "counts of pixels": (
            lambda at: _star(at, CTYPE1=None, CUNIT1=None, CRVAL1=1.0, CDELT1=1.0),
            "counts from 1 in steps of 1",
            "state the unit",
        ),
        "metres": (lambda at: _star(at, CUNIT1=None, CRVAL1=4e-7, CDELT1=1e-11), "not Å", "m;"),
    },
)
def observed_spectrum_in(folder, make):
    observed.read(make(folder))


@for_each(
    refused,
    "helium",
    "missing field",
    {
        "axis": (lambda at: _star(at, CRVAL1=None), "no wavelength axis", "CRVAL1"),
        "flux": (lambda at: _columns(at, flux=None), "no columns of wavelength and flux"),
    },
)
def observed_spectrum_without(folder, make):
    observed.read(make(folder))


@refused("helium", "contradictory values", "CD1_1 = 0.05 and CDELT1 = 0.1", "remove the wrong")
def observed_spectrum_with_two_steps(folder):
    observed.read(_star(folder, CD1_1=0.05))


@rejected("helium", "wrong unit", "not about 1", "divide it by its continuum")
def spectrum_in_per_cent(folder):
    spectrum(archive(folder) / BAD, flux=np.full(201, 100.0))
    return through(folder)


@refused("helium", "NaN", "star.ecsv has no flux", "NaN or infinite")
def observed_spectrum_of_nothing_but_nan(folder):
    observed.read(_columns(folder, flux=WINDOW * np.nan))


@refused("helium", "duplicate", "occurs twice", "merge orders")
def observed_wavelength_twice(folder):
    observed.read(_columns(folder, wavelength=np.repeat(WINDOW, 2)[:201]))


@refused("helium", "unreadable", "not a regular file", "name a file or a folder")
def observed_pipe(folder):
    os.mkfifo(folder / "star.fits")
    observed.read(folder / "star.fits")


def block(folder):
    """A block of spectra between the steps."""
    with atomic_hdf5(folder / "block.h5") as file:
        names = ["a", "b", "c"]
        grid_files.write_block(file, [np.ones((3, 201), "f4")], WINDOW, names, synthetic=True)
    return folder / "block.h5"


@for_each(
    refused,
    "helium",
    "inconsistent counts",
    {
        "fewer": (["a", "b", "c", "d"], "hold 3 of the inventory's 4", "remove them"),
        "others": (["a", "x", "c"], "hold 1 of the inventory's 3", "remove them"),
    },
)
def block_of(folder, names):
    list(grid_files.read_blocks([block(folder)], Table({"id": names}))[1])


@refused("helium", "NaN", r"block\.h5: a flux is not finite", "run again")
def block_with_a_hole(folder):
    path = broken.altered(block(folder), "spectra", broken.spoilt(np.nan))
    list(grid_files.read_blocks([path], Table({"id": ["a", "b", "c"]}))[1])
