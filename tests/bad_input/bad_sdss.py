"""What can be wrong with spectra of SDSS and their catalogue."""

import gzip
from pathlib import Path

import archives
import broken
import fake_sdss as fake
import numpy as np
from astropy.io import fits
from cases import all_of, for_each, refused, rejected
from small_files import prepared

from skyloom.arms.sdss import catalogue, inventory, processing

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
    """The whole inventory."""
    files = inventory.listing(folder / "spectra")
    tables = inventory.tables(inventory.inspect(folder / "spectra", files, quality=QUALITY))
    good, bad = archives.merged(folder, tables, inventory.merge)
    return GOOD, list(good["file"]), archives.reason(bad)


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
            "damaged header.*TFORM2.*again",
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
            "says nowhere which spectrum.*name it",
        ),
    },
    "wrong dtype": {
        "text for flux": (_pixels(flux=("5A", ["a"] * fake.PIXELS)), "texts for numbers", "again"),
        "class": (_about(CLASS="NEBULA"), "NEBULA", "not one of GALAXY, QSO, STAR", "CLASS"),
    },
    "wrong shape": {
        "two values a pixel": (
            _pixels(flux=("2E", np.ones((fake.PIXELS, 2)))),
            "more than one value a pixel.*again",
        ),
        "two rows on the object": (_about(rows=2), "2 rows in SPALL", "again"),
    },
    "wrong unit": {
        "wavelengths not logarithms": (
            _pixels(loglam=("E", 3800 + np.arange(fake.PIXELS))),
            "no increasing wavelengths in LOGLAM.*again",
        )
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
            "damaged header.*NAXIS1",
        ),
        "all masked": (_coadd(mask=np.full(fake.PIXELS, 1 << 24)), "no good pixel", "remove it"),
    },
    "contradictory values": {
        "names": (_about(FIBERID=8), "3586-55181-0007 by its name but 3586-55181-0008", "rename"),
        "no object": (_about(ZWARNING=1), "of no object", "SKY", "remove it"),
    },
}


@all_of(rejected, "sdss", TABLE)
def file_with(folder, spoil):
    spoil(folder)
    return through(folder)


@rejected("sdss", "duplicate", "3586-55181-0002 again, after 3586/", "keep one of them")
def second_file_of_a_spectrum(folder):
    spectra = archive(folder)
    (spectra / "again.fits").write_bytes((spectra / GOOD[1]).read_bytes())
    return through(folder)


archives.odd_files(
    "sdss",
    archive,
    lambda path: fake.write(path.parent, name=path.name),
    through,
    bad=BAD,
    hostile=f"{{}}/{BAD}",
    pipe=("not a regular file", "remove it from the folder"),
    link=("cannot be read", "check its permissions, or remove it"),
)


@refused("sdss", "missing file", "spectra is not a folder", r"sdss\.spectra")
def no_folder(folder):
    inventory.listing(folder / "spectra")


def _replaced(old, new):
    return lambda path: broken.edited(path, lambda content: content.replace(old, new))


CATALOGUE = {
    "damaged": {
        "cut short": (lambda path: broken.truncated(path, 0.4), "spAll.fits is truncated", "again"),
        "text": (lambda path: broken.overwritten(path, b"no\n" * 999), "not a FITS file"),
        "no table": (
            lambda path: fits.PrimaryHDU().writeto(path, overwrite=True),
            r"no catalogue of spectra.*sdss\.catalogue",
        ),
    },
    "missing field": {
        "redshift": (
            _replaced(b"'Z       '", b"'ZED     '"),
            r"spAll\.fits.*lacks Z.*sdss\.catalogue",
        )
    },
    "missing file": {"file": (Path.unlink, r"spAll\.fits cannot be read", r"sdss\.catalogue")},
    "wrong dtype": {
        "text for plates": (
            _replaced(b"TFORM1  = 'J       '", b"TFORM1  = '4A      '"),
            r"spAll\.fits.*PLATE.*again",
        )
    },
}


@all_of(refused, "sdss", CATALOGUE)
def catalogue_with(folder, spoil):
    path = fake.catalogue(folder / "spAll.fits", [3586] * 3, [1, 2, 3], labels=["STAR"] * 3)
    spoil(path)
    catalogue.rows(path, ["3586-55181-0001"])


PREPARED = {
    "fewer": (["a", "b", "c", "d"], "hold 3 of the sample's 4", "remove them"),
    "others": (["a", "x", "c"], r"prepared\.h5 does not follow the sample", "remove it"),
}


@for_each(refused, "sdss", "inconsistent counts", PREPARED)
def prepared_spectra_of(folder, names):
    list(processing.read_blocks([prepared(folder)], names)[2])


@refused("sdss", "wrong shape", r"prepared\.h5", "shape", "again")
def prepared_spectra_of_one_number(folder):
    path = broken.altered(prepared(folder), "spectra", lambda values: values[:, 0].copy())
    list(processing.read_blocks([path], ["a", "b", "c"])[2])
