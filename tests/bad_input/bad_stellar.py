"""What can be wrong with a grid of stellar spectra in HDF5, and with the line list."""

from pathlib import Path

import archives
import broken
import h5py
import numpy as np
from astropy.table import Table
from broken import altered, attribute, overwritten, replaced, spoilt, zeroed
from cases import all_of, for_each, refused, rejected

from skyloom.arms.spectra import inventory, wavelengths
from skyloom.arms.spectra.stellar import files
from skyloom.io import inventory as inventories
from skyloom.simulate.stellar import atoms

PIXELS = wavelengths.logarithmic(5000.0, 5300.0, 120)
LINES = Path(__file__).parents[2] / "resources/lines/5000-5300.ecsv"
GOOD = {"a.h5": 3, "more/b.h5": 2}


def grid(path, rows, teff=4000.0):
    """A file of some spectra."""
    flux = 1 - 0.3 * np.cos(PIXELS / 20 + np.arange(rows)[:, None]) ** 2
    labels = np.column_stack([teff + np.arange(rows), *np.zeros((3, rows))])
    files.write(path, PIXELS, flux, labels, synthetic=True)
    return path


def archive(folder):
    """Two good files."""
    for number, (name, rows) in enumerate(GOOD.items()):
        grid(folder / "spectra" / name, rows, 4000.0 + 100 * number)
    return folder / "spectra"


def through(folder):
    """The inventory and the spectra."""
    sources, unusable = files.listing(folder / "spectra", PIXELS)
    good, rows = files.usable(files.block_of(sources, 0, 1))
    flux = np.concatenate(list(files.read_spectra(good, PIXELS, 4)))
    tables = files.table(good), inventories.rejects(unusable + rows, synthetic=True)
    found, bad = archives.merged(folder, tables, inventory.merge)
    assert len(flux) == len(good and np.concatenate([rows for _, rows in good]))
    wanted = [name for name, rows in GOOD.items() for _ in range(rows)]
    return wanted, list(found["file"]), archives.reason(bad)


def _far_in_vacuum(path):
    attribute(altered(path, "wavelength", lambda v: v * 9), "wavelength", "medium", "vacuum")


SEE = r"see src/skyloom/arms/spectra/stellar/files\.py"
NO_HDF5 = "not a complete HDF5 file"
TABLE = {
    "empty": {
        "file": ((overwritten, b""), NO_HDF5, "again"),
        "wavelength": ((altered, "wavelength", lambda v: v[:0]), "wavelength has the shape"),
    },
    "truncated": {"file": ((broken.truncated,), NO_HDF5, "again")},
    "damaged": {
        "text": ((overwritten, b"wave flux\n" * 99), NO_HDF5),
        "lost heap of texts": ((zeroed, b"GCOL"), NO_HDF5, "again"),
        "lost tree": ((zeroed, b"SNOD"), "damaged|lacks"),
    },
    "missing field": {
        "flux": ((replaced, "flux", None), "lacks flux"),
        "names of labels": ((attribute, "labels", "names", None), r"\(none\)", "teff", SEE),
        "unit": ((attribute, "wavelength", "units", None), "units of nothing", "Angstrom", SEE),
    },
    "wrong dtype": {
        "flux of text": ((altered, "flux", lambda v: v.astype("S8")), "number"),
        "labels of text": ((altered, "labels", lambda v: v.astype("S8")), "float|number"),
    },
    "wrong shape": {
        "flux turned round": ((altered, "flux", lambda v: v.T.copy()), "flux has the shape", SEE),
        "two labels": ((altered, "labels", lambda v: v[:, :2].copy()), "labels has the shape", SEE),
        "wavelength of rows": ((altered, "wavelength", lambda v: v[None]), "has the shape", SEE),
    },
    "wrong unit": {
        "wavelength": ((attribute, "wavelength", "units", "nm"), "of nm instead of Angstrom", SEE),
        "label": ((attribute, "labels", "units", ["K", "dex", "dex", "m"]), "v_sin_i is in m", SEE),
    },
    "inconsistent counts": {
        "labels": ((altered, "labels", lambda v: v[:2]), "flux has the shape", SEE),
        "ids": ((replaced, "id", np.array([b"one"])), "id has 1 rows instead of 4", SEE),
    },
    "NaN": {"wavelength": ((altered, "wavelength", spoilt(np.nan)), "not finite", SEE)},
    "infinite": {"wavelength": ((altered, "wavelength", spoilt(np.inf)), "not finite", SEE)},
    "contradictory values": {
        "window not covered": ((altered, "wavelength", lambda v: v + 200), SEE),
        "vacuum beyond the formula": ((_far_in_vacuum,), "refractive index", SEE),
    },
}


@all_of(rejected, "stellar", TABLE, r"bad\.h5")
def file_with(folder, spoil):
    change, *given = spoil
    change(grid(archive(folder) / "bad.h5", 4, 5000.0), *given)
    return through(folder)


HOLES = {
    name: (name, rf"bad\.h5: row 0 has {name} with NaN or infinity", "mend it")
    for name in ("flux", "labels")
}


@for_each(rejected, "stellar", "NaN", HOLES)
def in_one_row(folder, name):
    good, kept, reason = file_with(folder, (altered, name, spoilt(np.nan)))
    # The other rows of the file are used.
    return [*good, *["bad.h5"] * 3], kept, reason


@rejected("stellar", "duplicate", "has the labels of", "keep one")
def same_ids_in_two_files(folder):
    path = grid(archive(folder) / "z" / "a.h5", 3)
    with h5py.File(path, "r+") as file:
        file["id"] = np.array([b"a_000000", b"a_000001", b"a_000002"])
    return through(folder)


archives.odd_files(
    "stellar",
    archive,
    lambda path: grid(path, 1, 5000.0),
    through,
    bad="bad.h5",
    hostile="{}.h5",
    pipe=(r"bad\.h5", "does not exist|not a regular file"),
    link=(r"bad\.h5", "does not exist"),
)


@refused("stellar", "missing file", "nowhere is not a folder", r"stellar\.spectra")
def no_folder(folder):
    files.listing(folder / "nowhere", PIXELS)


@refused("stellar", "empty", "is empty", r"stellar\.spectra")
def folder_of_nothing(folder):
    files.listing(folder, PIXELS)


def _in_nm(table):
    table["wavelength"].unit = "nm"


def _strange(table):
    table["species"][0] = "Xx I"


def _hole(table):
    table["log_gf"][0] = np.nan


LINE_LIST = {
    "missing field": {
        "no column": (lambda t: t.remove_column("log_gf"), r"lines\.ecsv lacks the column log_gf"),
        "no elements": (lambda t: t.meta.clear(), "metadata's elements", "restore it from git"),
    },
    "wrong unit": {"nanometres": (_in_nm, "wavelength is in nm, not Angstrom", "restore it")},
    "wrong dtype": {"element": (_strange, "a species is unknown", "name it like Fe II")},
    "NaN": {"hole": (_hole, "a number is not finite", "restore it")},
}


@all_of(refused, "stellar", LINE_LIST)
def line_list_with(folder, change):
    table = Table.read(LINES, format="ascii.ecsv")
    change(table)
    table.write(folder / "lines.ecsv", format="ascii.ecsv")
    atoms.read_lines(folder / "lines.ecsv")
