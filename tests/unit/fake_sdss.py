"""Spectra and catalogues as SDSS writes them, made by astropy: the readers' independent truth."""

import numpy as np
from astropy.io import fits

#: A spectrum whose pixels are all good but the first (ivar 0).
PIXELS = 200


def coadd(flux=None, ivar=None, mask=None, *, upper=False, loglam=None, name="COADD"):
    """The table of the pixels."""
    random = np.random.default_rng(1)
    flux = random.normal(5, 1, PIXELS) if flux is None else flux
    if ivar is None:
        ivar = np.full(len(flux), 4.0)
        ivar[:1] = 0
    mask = np.zeros(len(flux), np.int32) if mask is None else mask
    loglam = 3.58 + 1e-4 * np.arange(len(flux)) if loglam is None else loglam
    parts = {"flux": flux, "loglam": loglam, "ivar": ivar, "and_mask": mask, "or_mask": mask}
    columns = [
        fits.Column(key.upper() if upper else key, "J" if "mask" in key else "E", array=values)
        for key, values in parts.items()
    ]
    return fits.BinTableHDU.from_columns(columns, name=name)


def about(name="SPALL", rows=1, **values):
    """The table of the object; a value of None leaves its column out."""
    given = {"PLATE": 3586, "MJD": 55181, "FIBERID": 7, "CLASS": "QSO", "Z": 1.5, "ZWARNING": 0}
    given |= {"THING_ID": 42, "PLUG_RA": 10.0, "PLUG_DEC": -1.0, "SURVEY": "boss"} | values
    kinds = {"PLATE": "J", "MJD": "J", "FIBERID": "J", "Z": "E", "ZWARNING": "J", "THING_ID": "J"}
    columns = []
    for key, value in given.items():
        if value is not None:
            kind = kinds.get(key, "20A" if isinstance(value, str) else "D")
            columns.append(fits.Column(key, kind, array=np.array([value] * rows)))
    return fits.BinTableHDU.from_columns(columns, name=name)


def primary(**cards):
    """The primary header; a value of None leaves its card out."""
    head = fits.PrimaryHDU()
    for key, value in ({"PLATEID": 3586, "MJD": 55181, "FIBERID": 7} | cards).items():
        if value is not None:
            head.header[key] = value
    return head


def write(folder, *units, name="spec-3586-55181-0007.fits"):
    """A file of some units; a good spectrum without any."""
    units = units or (primary(), coadd(), about())
    path = folder / name
    fits.HDUList([*units]).writeto(path)
    return path


def catalogue(path, plates, fibers, *, labels, mjd=55181, wide=0, **more):
    """A catalogue with a row a spectrum, and `wide` bytes a row that nobody asks for."""
    n = len(plates)
    columns = [
        fits.Column("PLATE", "J", array=plates),
        fits.Column("MJD", "J", array=np.full(n, mjd)),
        fits.Column("WIDE", f"{max(1, wide)}B", array=np.zeros((n, max(1, wide)), "u1")),
        fits.Column("FIBERID", "J", array=fibers),
        fits.Column("CLASS", "6A", array=labels),
        fits.Column("Z", "E", array=more.get("z", np.linspace(0, 3, n))),
        fits.Column("ZWARNING", "J", array=np.zeros(n)),
        fits.Column("BESTOBJID", "19A", array=[str(10**18 + k) for k in range(n)]),
        fits.Column("PLUG_RA", "D", array=np.linspace(0, 300, n)),
        fits.Column("PLUG_DEC", "D", array=np.linspace(-5, 60, n)),
    ]
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns)]).writeto(path)
    return path
