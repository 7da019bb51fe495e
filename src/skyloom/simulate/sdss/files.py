"""A synthetic spectrum as SDSS's spec file: PRIMARY header, COADD and SPALL or SPECOBJ tables."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from skyloom.simulate.sdss import layout

if TYPE_CHECKING:
    from skyloom.simulate.sdss.instrument import Exposure
    from skyloom.simulate.sdss.population import Visit


#: Keyword of the primary header that says that a file was not observed.
SYNTHETIC_KEYWORD = "SYNTHETI"
# SDSS's bands u, g, r, i, z, Å (about their limits at half peak, Fukugita et al. 1996).
_BANDS = ((3250, 3850), (4050, 5450), (5600, 6950), (6900, 8250), (8250, 9900))
_OBJECT_TYPE = {"GALAXY": "GALAXY", "QSO": "QSO", "STAR": "SPECTROPHOTO_STD"}


@lru_cache(maxsize=64)
def _plate_cards(plate, mjd, survey):
    """Cards that all files of a plate share."""
    boss = survey == "boss"
    return [
        ("SIMPLE", True, "conforms to FITS standard"),
        ("BITPIX", 8, "array data type"),
        ("NAXIS", 0, "number of array dimensions"),
        ("EXTEND", True),
        (SYNTHETIC_KEYWORD, True, "simulated by Skyloom: not an observation"),
        ("TELESCOP", "SDSS 2.5-M", "Sloan Digital Sky Survey"),
        ("FLAVOR", "science", "exposure type, SDSS spectro style"),
        ("MJD", mjd, "APO fMJD day at start of exposure"),
        ("MJDLIST", str(mjd)),
        ("EQUINOX", 2000.0),
        ("RADECSYS", "FK5"),
        ("NAME", f"{plate:04d}-{mjd}-01", "The name of the currently loaded plate"),
        ("PLATEID", plate, "The currently loaded plate"),
        ("EXPTIME", 5400.0 if boss else 3600.0, "Minimum of exposure times for all cameras"),
        ("VERS2D", "v5_10_0" if boss else "v5_3_12", "Version of idlspec2d for 2D reduction"),
        *([("RUN2D", "v5_10_0", "Spectro-2D reduction name")] if boss else []),
        ("VACUUM", True, "Wavelengths are in vacuum"),
        ("NWORDER", 2, "Linear-log10 coefficients"),
        ("WFITTYPE", "LOG-LINEAR", "Linear-log10 dispersion"),
        ("COEFF1", 0.0001, "Log10 dispersion per pixel"),
        ("WAT0_001", "system=linear"),
        ("WAT1_001", "wtype=linear label=Wavelength units=Angstroms"),
        ("DC-FLAG", 1, "Log-linear flag"),
        ("BUNIT", "1E-17 erg/cm^2/s/Ang"),
    ]


def primary(visit: Visit, exposure: Exposure):
    """The primary header's bytes.

    Parameters
    ----------
    visit : `skyloom.simulate.sdss.population.Visit`
    exposure : `skyloom.simulate.sdss.instrument.Exposure`
    """
    boss = visit.survey == "boss"
    name = ("THING_ID", visit.thing_id) if boss else ("SPEC_ID", _specobjid(visit).rjust(22))
    return layout.header_bytes(
        [
            *_plate_cards(visit.plate, visit.mjd, visit.survey),
            ("COEFF0", round(float(exposure.loglam[0]), 4), "Central wavelength (log10) of first"),
            ("PLUG_RA", visit.ra, "RA of object [deg]"),
            ("PLUG_DEC", visit.dec, "dec of object [deg]"),
            (*name, "Unique object identifier"),
            ("FIBERID", visit.fiber, f"Fiber number (1-{1000 if boss else 640})"),
        ]
    )


def _specobjid(visit):
    """SDSS's number of a spectrum: bits 50 up plate, 38 fibre, 24 MJD - 50000."""
    return str((visit.plate << 50) + (visit.fiber << 38) + ((visit.mjd - 50000) << 24))


def coadd(exposure):
    """The COADD table's rows."""
    rows = np.empty(len(exposure.flux), layout.dtype(layout.COADD))
    for name in rows.dtype.names:
        rows[name] = getattr(exposure, name)
    return rows


def _signal_to_noise(exposure):
    """Median of good pixels, of all and in each band (0 where a band is not covered)."""
    ratio = exposure.flux * np.sqrt(exposure.ivar)
    good = exposure.ivar > 0
    wavelength = 10 ** exposure.loglam.astype(float)
    bands = []
    for low, high in _BANDS:
        inside = ratio[good & (wavelength > low) & (wavelength < high)]
        bands.append(np.median(inside) if len(inside) else 0)
    return (np.median(ratio[good]) if good.any() else 0), bands


def values(visit, exposure, found: dict) -> dict:
    """What the tables say of a spectrum, by column.

    Parameters
    ----------
    visit, exposure
        As for `primary`.
    found : dict
        ``class``, ``subclass``, ``Z``, ``Z_ERR`` and ``ZWARNING``.

    Returns
    -------
    dict
        For SPALL, SPECOBJ and the catalogue alike.
    """
    boss = visit.survey == "boss"
    ratio, bands = _signal_to_noise(exposure)
    number = int(_specobjid(visit))
    made = {
        **{name: found[name] for name in ("Z", "Z_ERR", "ZWARNING")},
        **{"CLASS": found["class"], "SUBCLASS": found["subclass"][:21]},
        **{"PLATE": visit.plate, "MJD": visit.mjd, "FIBERID": visit.fiber},
        **{"PLUG_RA": visit.ra, "PLUG_DEC": visit.dec, "RA": visit.ra, "DEC": visit.dec},
        **{"SN_MEDIAN_ALL": ratio, "SN_MEDIAN": bands, "NSPECOBS": visit.visits},
        **{"SPECPRIMARY": visit.visit == 0, "SPECBOSS": boss and visit.visit == 0},
        "WAVEMIN": 10 ** float(exposure.loglam[0]),
        "WAVEMAX": 10 ** float(exposure.loglam[-1]),
        "ANYANDMASK": np.bitwise_or.reduce(exposure.and_mask),
        "ANYORMASK": np.bitwise_or.reduce(exposure.or_mask),
        "PLATEQUALITY": "good",
    }
    if boss:
        return made | {
            **{"PROGRAMNAME": "boss", "OBJTYPE": _OBJECT_TYPE[visit.kind]},
            **{"RUN2D": "v5_10_0", "RUN1D": "v5_10_0", "THING_ID": visit.thing_id},
            "OBJID": visit.objid if visit.thing_id > 0 else "",
            # Unsigned, stored from the middle of the range.
            "SPECOBJID": number - (1 << 63),
        }
    return made | {
        **{"SURVEY": "sdss", "INSTRUMENT": "SDSS", "PROGRAMNAME": "legacy", "RUN2D": "26"},
        **{"SOURCETYPE": _OBJECT_TYPE[visit.kind], "TARGETTYPE": "SCIENCE", "SPECLEGACY": True},
        **{"SPECOBJID": str(number).rjust(22), "BESTOBJID": visit.objid, "FLUXOBJID": visit.objid},
    }


def parts(visit, exposure, described: dict) -> list[bytes]:
    """The three parts of a file, in order, as bytes.

    Parameters
    ----------
    visit, exposure
        As for `primary`.
    described : dict
        As `values` gives.

    Returns
    -------
    list of bytes
        Primary header; table COADD; table SPALL (BOSS) or SPECOBJ (SDSS).
    """
    if visit.survey == "boss":
        columns, name, comment = layout.SPALL, "SPALL", "Metadata from spAll row"
    else:
        columns, name, comment = layout.SPECOBJ, "SPECOBJ", "Metadata from specObj row"
        # Here OBJID is five numbers, not the imaging catalogue's.
        described = {key: value for key, value in described.items() if key != "OBJID"}
    return [
        primary(visit, exposure),
        layout.table_bytes(coadd(exposure), layout.COADD, "COADD", "Coadded spectrum"),
        layout.table_bytes(layout.row(columns, described), columns, name, comment),
    ]
