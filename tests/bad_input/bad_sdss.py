"""What can be wrong with spectra of SDSS and their catalogue."""

import gzip
import os
import sys
from pathlib import Path

import broken
import numpy as np
from astropy.io import fits
from cases import accepted, for_each, refused, rejected

from skyloom.io import atomic_hdf5, read_table, write_table
from skyloom.sdss import catalogue, inventory, preparation, processing
from skyloom.spectra import wavelengths

sys.path.append(str(Path(__file__).parents[1] / "unit"))
import fake_sdss as fake

GOOD = ["3586/spec-3586-55181-0001.fits", "3586/spec-3586-55181-0002.fits"]
BAD = "spec-3586-55181-0007.fits"
QUALITY = {"zwarning": "keep", "min_good": 0.5}


def archive(folder):
    """Two good spectra."""
    spectra = folder / "spectra"
    (spectra / "3586").mkdir(parents=True)
    for fiber in (1, 2):
        units = fake.primary(FIBERID=fiber), fake.coadd(), fake.about(FIBERID=fiber, THING_ID=fiber)
        fake.write(spectra, *units, name=GOOD[fiber - 1])
    return spectra


def through(folder):
    """The whole inventory, by way of files as the steps write them."""
    files = inventory.listing(folder / "spectra")
    tables = inventory.tables(inventory.inspect(folder / "spectra", files, quality=QUALITY))
    for name, one in zip(("good", "bad"), tables, strict=True):
        write_table(one, folder / f"{name}.ecsv")
    merged = inventory.merge(*[[read_table(folder / f"{name}.ecsv")] for name in ("good", "bad")])
    for name, one in zip(("good", "bad"), merged, strict=True):
        write_table(one, folder / f"merged_{name}.ecsv")
    good, bad = (read_table(folder / f"merged_{name}.ecsv") for name in ("good", "bad"))
    return GOOD, list(good["file"]), str(bad["reason"][0]) if len(bad) else ""


def _units(make):
    return lambda folder: fake.write(archive(folder), *make(), name=BAD)


def _bytes(change):
    def work(folder):
        path = fake.write(archive(folder), name=BAD)
        broken.overwritten(path, change(path.read_bytes()))

    return work


def _coadd(**given):
    return _units(lambda: (fake.primary(), fake.coadd(**given), fake.about()))


def _about(**given):
    return _units(lambda: (fake.primary(), fake.coadd(), fake.about(**given)))


def _flux(value):
    flux = np.random.default_rng(1).normal(5, 1, fake.PIXELS)
    flux[:] = value
    return flux


def _table(**columns):
    made = [fits.Column(name, form, array=values) for name, (form, values) in columns.items()]
    return fits.BinTableHDU.from_columns(made, name="COADD")


def _pixels(**changes):
    number = np.arange(fake.PIXELS)
    columns = {"flux": ("E", number), "ivar": ("E", number * 0 + 1)}
    columns |= {"loglam": ("E", 3.58 + 1e-4 * number), "and_mask": ("J", number * 0)} | changes
    present = {name: given for name, given in columns.items() if given is not None}
    return _units(lambda: (fake.primary(), _table(**present), fake.about()))


TABLE = {
    "truncated": {
        "plain": (_bytes(lambda content: content[:9000]), "0007.fits is truncated", "again"),
        "gzip": (_bytes(lambda content: gzip.compress(content)[:900]), "gzip", "download it"),
        "in a header": (_bytes(lambda content: content[:4000]), "header has no end", "again"),
    },
    "empty": {
        "file": (_bytes(lambda content: b""), "0 bytes", "download it again"),
        "pixels": (_coadd(flux=np.zeros(0), ivar=np.zeros(0)), "no pixels", "again"),
    },
    "damaged": {
        "page of a server": (_bytes(lambda content: b"<html>" * 900), "not a FITS file"),
        "header": (
            _bytes(lambda content: content.replace(b"TFORM2  = 'E", b"TFORM2  = '?", 1)),
            "damaged header",
            "TFORM2",
            "again",
        ),
    },
    "missing field": {
        "ivar": (_pixels(ivar=None), "lacks IVAR", "COADD", "again"),
        "class": (_about(CLASS=None), "no table SPECOBJ or SPALL with CLASS and Z", "again"),
        "name": (
            lambda folder: fake.write(
                archive(folder),
                fake.primary(PLATEID=None),
                fake.coadd(),
                fake.about(PLATE=None),
                name="star.fits",
            ),
            "says nowhere which spectrum",
            "name it",
        ),
    },
    "wrong dtype": {
        "text for flux": (_pixels(flux=("5A", ["a"] * fake.PIXELS)), "texts for numbers", "again"),
        "class": (_about(CLASS="NEBULA"), "NEBULA", "not one of GALAXY, QSO, STAR", "CLASS"),
    },
    "wrong shape": {
        "two values a pixel": (
            _pixels(flux=("2E", np.ones((fake.PIXELS, 2)))),
            "more than one value a pixel",
            "again",
        ),
        "two rows on the object": (_about(rows=2), "2 rows in SPALL", "again"),
    },
    "wrong unit": {
        "wavelengths not logarithms": (
            _pixels(loglam=("E", 3800 + np.arange(fake.PIXELS))),
            "no increasing wavelengths in LOGLAM",
            "again",
        ),
    },
    "NaN": {
        "flux": (_coadd(flux=_flux(np.nan)), "no finite flux", "again"),
        "redshift": (_about(Z=np.nan), "no finite redshift", "correct Z"),
    },
    "infinite": {
        "flux": (_coadd(flux=_flux(np.inf)), "no finite flux", "again"),
        "redshift": (_about(Z=np.inf), "no finite redshift", "correct Z"),
    },
    "inconsistent counts": {
        "columns wider than rows": (
            _bytes(
                lambda content: content.replace(
                    b"NAXIS1  =                   20", b"NAXIS1  =                   19"
                )
            ),
            "damaged header",
            "NAXIS1",
        ),
        "all masked": (_coadd(mask=np.full(fake.PIXELS, 1 << 24)), "no good pixel", "remove it"),
    },
    "contradictory values": {
        "names": (_about(FIBERID=8), "3586-55181-0007 by its name but 3586-55181-0008", "rename"),
        "no object": (_about(ZWARNING=1), "of no object", "SKY", "remove it"),
    },
}


def _all(register):
    def spoiled(folder, spoil):
        spoil(folder)
        return through(folder)

    for kind, table in TABLE.items():
        for_each(register, "sdss", kind, table)(spoiled)


_all(rejected)


@rejected("sdss", "unreadable", "not a regular file", "remove it from the folder")
def pipe_in_place_of_a_spectrum(folder):
    os.mkfifo(archive(folder) / BAD)
    return through(folder)


@rejected("sdss", "missing file", "cannot be read", "check its permissions, or remove it")
def link_that_leads_nowhere(folder):
    (archive(folder) / BAD).symlink_to(folder / "gone.fits")
    return through(folder)


@rejected("sdss", "duplicate", "3586-55181-0002 again, after 3586/", "keep one of them")
def second_file_of_a_spectrum(folder):
    spectra = archive(folder)
    (spectra / "again.fits").write_bytes((spectra / GOOD[1]).read_bytes())
    return through(folder)


@for_each(
    accepted, "sdss", "hostile name", {name: (name,) for name in ("spaces", "unicode", "shell")}
)
def name_of_a_folder(folder, name):
    odd = f"{broken.HOSTILE[name]}/{BAD}"
    (archive(folder) / odd).parent.mkdir()
    fake.write(folder / "spectra", name=odd)
    _, kept, reason = through(folder)
    return (sorted(kept), reason), (sorted([*GOOD, odd]), "")


@for_each(
    rejected,
    "sdss",
    "hostile name",
    {
        "newline": (b"a\nspec-3586-55181-0007.fits", r"a\\nspec", "rename it"),
        "no text": (b"caf\xe9.fits", r"caf\\xe9\.fits", "rename it"),
    },
)
def name_that_no_table_holds(folder, name):
    path = fake.write(archive(folder), name=BAD)
    os.rename(path, os.fsencode(folder / "spectra") + b"/" + name)
    return through(folder)


@refused("sdss", "missing file", "spectra is not a folder", r"sdss\.spectra")
def no_folder(folder):
    inventory.listing(folder / "spectra")


def _catalogue(folder):
    return fake.catalogue(folder / "spAll.fits", [3586] * 3, [1, 2, 3], labels=["STAR"] * 3)


@for_each(
    refused,
    "sdss",
    "damaged",
    {
        "cut short": (lambda path: broken.truncated(path, 0.4), "spAll.fits is truncated", "again"),
        "text": (lambda path: broken.overwritten(path, b"no\n" * 999), "not a FITS file"),
        "no table": (
            lambda path: fits.PrimaryHDU().writeto(path, overwrite=True),
            "no catalogue of spectra",
            r"sdss\.catalogue",
        ),
    },
)
def catalogue_that_is(folder, spoil):
    path = _catalogue(folder)
    spoil(path)
    catalogue.rows(path, ["3586-55181-0001"])


@refused("sdss", "missing field", r"spAll\.fits", "lacks Z", r"sdss\.catalogue")
def catalogue_without_redshifts(folder):
    path = _catalogue(folder)
    content = path.read_bytes().replace(b"'Z       '", b"'ZED     '")
    catalogue.rows(broken.overwritten(path, content), ["3586-55181-0001"])


@refused("sdss", "missing file", r"spAll\.fits cannot be read", r"sdss\.catalogue")
def no_catalogue(folder):
    catalogue.rows(folder / "spAll.fits", ["3586-55181-0001"])


@refused("sdss", "wrong dtype", r"spAll\.fits", "PLATE", "again")
def catalogue_with_text_for_plates(folder):
    path = _catalogue(folder)
    content = path.read_bytes().replace(b"TFORM1  = 'J       '", b"TFORM1  = '4A      '")
    catalogue.rows(broken.overwritten(path, content), ["3586-55181-0001"])


def prepared(folder):
    """Prepared spectra."""
    grid, flux = wavelengths.logarithmic(4000, 9000, 64), np.ones((3, 64), "f4")
    with atomic_hdf5(folder / "prepared.h5") as file:
        preparation.write_block(file, [flux], grid, ["a", "b", "c"], window=9, synthetic=True)
    return folder / "prepared.h5"


@for_each(
    refused,
    "sdss",
    "inconsistent counts",
    {
        "fewer": (["a", "b", "c", "d"], "hold 3 of the sample's 4", "remove them"),
        "others": (["a", "x", "c"], r"prepared\.h5 does not follow the sample", "remove it"),
    },
)
def prepared_spectra_of(folder, names):
    list(processing.read_blocks([prepared(folder)], names)[2])


@refused("sdss", "wrong shape", r"prepared\.h5", "shape", "again")
def prepared_spectra_of_one_number(folder):
    path = broken.altered(prepared(folder), "spectra", lambda values: values[:, 0].copy())
    list(processing.read_blocks([path], ["a", "b", "c"])[2])
