"""What can be wrong with a grid of stellar spectra in HDF5, and with the line list."""

import os
from pathlib import Path

import broken
import h5py
import numpy as np
from astropy.table import Table
from cases import accepted, for_each, refused, rejected

from skyloom import inventory as inventories
from skyloom.io import read_table, write_table
from skyloom.spectra import inventory, wavelengths
from skyloom.stellar import atoms, files

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
    """The inventory and the spectra, by way of files as the steps write them."""
    sources, unusable = files.listing(folder / "spectra", PIXELS)
    good, rows = files.usable(files.block_of(sources, 0, 1))
    flux = np.concatenate(list(files.read(good, PIXELS, 4)))
    tables = files.table(good), inventories.rejects(unusable + rows, synthetic=True)
    for name, one in zip(("good", "bad"), tables, strict=True):
        write_table(one, folder / f"{name}.ecsv")
    merged = inventory.merge(*[[read_table(folder / f"{name}.ecsv")] for name in ("good", "bad")])
    for name, one in zip(("good", "bad"), merged, strict=True):
        write_table(one, folder / f"merged_{name}.ecsv")
    found, bad = (read_table(folder / f"merged_{name}.ecsv") for name in ("good", "bad"))
    assert len(flux) == len(good and np.concatenate([rows for _, rows in good]))
    reason = str(bad["reason"][0]) if len(bad) else ""
    return [name for name, rows in GOOD.items() for _ in range(rows)], list(found["file"]), reason


def _file(change):
    def work(folder):
        change(grid(archive(folder) / "bad.h5", 4, 5000.0))

    return work


def _data(name, change):
    return _file(lambda path: broken.altered(path, name, change))


def _word(name, key, value):
    return _file(lambda path: broken.attribute(path, name, key, value))


def _bytes(content):
    return _file(lambda path: broken.overwritten(path, content))


SEE = r"see scripts/skyloom/stellar/files\.py"
TABLE = {
    "empty": {
        "file": (_bytes(b""), "bad.h5", "not a complete HDF5 file", "again"),
        "wavelength": (_data("wavelength", lambda v: v[:0]), "bad.h5", "wavelength has the shape"),
    },
    "truncated": {"file": (_file(broken.truncated), "bad.h5", "not a complete HDF5", "again")},
    "damaged": {
        "text": (_bytes(b"wave flux\n" * 99), "bad.h5", "not a complete HDF5 file"),
        "lost heap of texts": (
            _file(lambda path: broken.zeroed(path, b"GCOL")),
            "bad.h5",
            "not a complete HDF5 file",
            "again",
        ),
        "lost tree": (_file(lambda path: broken.zeroed(path, b"SNOD")), "bad.h5", "damaged|lacks"),
    },
    "missing field": {
        "flux": (_file(lambda path: broken.replaced(path, "flux", None)), "bad.h5 lacks flux"),
        "names of labels": (_word("labels", "names", None), r"\(none\)", "teff", SEE),
        "unit": (_word("wavelength", "units", None), "units of nothing", "Angstrom", SEE),
    },
    "wrong dtype": {
        "flux of text": (_data("flux", lambda v: v.astype("S8")), "bad.h5", "number"),
        "labels of text": (_data("labels", lambda v: v.astype("S8")), "bad.h5", "float|number"),
    },
    "wrong shape": {
        "flux turned round": (_data("flux", lambda v: v.T.copy()), "flux has the shape", SEE),
        "two labels": (_data("labels", lambda v: v[:, :2].copy()), "labels has the shape", SEE),
        "wavelength of rows": (_data("wavelength", lambda v: v[None]), "has the shape", SEE),
    },
    "wrong unit": {
        "wavelength": (_word("wavelength", "units", "nm"), "units of nm instead of Angstrom", SEE),
        "label": (_word("labels", "units", ["K", "dex", "dex", "m"]), "v_sin_i is in m", SEE),
    },
    "inconsistent counts": {
        "labels": (_data("labels", lambda v: v[:2]), "flux has the shape", SEE),
        "ids": (
            _file(lambda path: broken.replaced(path, "id", np.array([b"one"]))),
            "id has 1 rows instead of 4",
            SEE,
        ),
    },
    "NaN": {"wavelength": (_data("wavelength", broken.spoilt(np.nan)), "not finite", SEE)},
    "infinite": {"wavelength": (_data("wavelength", broken.spoilt(np.inf)), "not finite", SEE)},
    "contradictory values": {
        "window not covered": (_data("wavelength", lambda v: v + 200), "bad.h5", SEE),
        "vacuum beyond the formula": (
            _file(
                lambda path: broken.attribute(
                    broken.altered(path, "wavelength", lambda v: v * 9),
                    "wavelength",
                    "medium",
                    "vacuum",
                )
            ),
            "refractive index",
            SEE,
        ),
    },
}


def _all(register):
    def spoiled(folder, spoil):
        spoil(folder)
        return through(folder)

    for kind, table in TABLE.items():
        for_each(register, "stellar", kind, table)(spoiled)


_all(rejected)


@for_each(
    rejected,
    "stellar",
    "NaN",
    {
        "flux": ("flux", r"bad\.h5: row 0 has flux with NaN or infinity", "mend it"),
        "labels": ("labels", r"bad\.h5: row 0 has labels with NaN or infinity", "mend it"),
    },
)
def in_one_row(folder, name):
    _data(name, broken.spoilt(np.nan))(folder)
    good, kept, reason = through(folder)
    # The other rows of the file are used.
    return [*good, *["bad.h5"] * 3], kept, reason


@rejected("stellar", "duplicate", "has the labels of", "keep one")
def same_ids_in_two_files(folder):
    path = grid(archive(folder) / "z" / "a.h5", 3)
    with h5py.File(path, "r+") as file:
        file["id"] = np.array([b"a_000000", b"a_000001", b"a_000002"])
    return through(folder)


@rejected("stellar", "unreadable", r"bad\.h5", "does not exist|not a regular file")
def pipe_in_place_of_a_file(folder):
    os.mkfifo(archive(folder) / "bad.h5")
    return through(folder)


@rejected("stellar", "missing file", r"bad\.h5", "does not exist")
def link_that_leads_nowhere(folder):
    (archive(folder) / "bad.h5").symlink_to(folder / "gone.h5")
    return through(folder)


@for_each(
    rejected,
    "stellar",
    "hostile name",
    {
        "newline": (b"two\nlines.h5", r"two\\nlines\.h5", "rename it"),
        "no text": (b"caf\xe9.h5", r"caf\\xe9\.h5", "rename it"),
    },
)
def name_that_no_table_holds(folder, name):
    path = grid(archive(folder) / "bad.h5", 2, 5000.0)
    os.rename(path, os.fsencode(folder / "spectra") + b"/" + name)
    return through(folder)


@for_each(accepted, "stellar", "hostile name", {n: (n,) for n in ("spaces", "unicode", "shell")})
def name_of_a_file(folder, name):
    odd = f"{broken.HOSTILE[name]}.h5"
    grid(archive(folder) / odd, 1, 5000.0)
    good, kept, reason = through(folder)
    return (sorted(kept), reason), (sorted([*good, odd]), "")


@refused("stellar", "missing file", "nowhere is not a folder", r"stellar\.spectra")
def no_folder(folder):
    files.listing(folder / "nowhere", PIXELS)


@refused("stellar", "empty", "is empty", r"stellar\.spectra")
def folder_of_nothing(folder):
    files.listing(folder, PIXELS)


def _lines(folder, change):
    table = Table.read(LINES, format="ascii.ecsv")
    change(table)
    table.write(folder / "lines.ecsv", format="ascii.ecsv")
    return atoms.read(folder / "lines.ecsv")


@for_each(
    refused,
    "stellar",
    "missing field",
    {
        "column": (lambda t: t.remove_column("log_gf"), r"lines\.ecsv lacks the column log_gf"),
        "elements": (lambda t: t.meta.clear(), "metadata's elements", "restore it from git"),
    },
)
def line_list_without(folder, change):
    _lines(folder, change)


def _in_nm(table):
    table["wavelength"].unit = "nm"


def _strange(table):
    table["species"][0] = "Xx I"


def _hole(table):
    table["log_gf"][0] = np.nan


@refused("stellar", "wrong unit", "wavelength is in nm, not Angstrom", "restore it")
def line_list_in_nanometres(folder):
    _lines(folder, _in_nm)


@refused("stellar", "wrong dtype", "a species is unknown", "name it like Fe II")
def line_list_of_a_strange_element(folder):
    _lines(folder, _strange)


@refused("stellar", "NaN", "a number is not finite", "restore it")
def line_list_with_a_hole(folder):
    _lines(folder, _hole)
