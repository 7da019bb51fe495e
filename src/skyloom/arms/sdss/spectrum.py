"""One spectrum of SDSS, BOSS or eBOSS from its file ``spec-PLATE-MJD-FIBER.fits``.

Sources: the data model of spec files (https://data.sdss.org/datamodel) for extensions and columns;
https://www.sdss3.org/dr10/algorithms/bitmask_sppixmask.php and ``bitmask_zwarning.php`` for bits.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import stat
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skyloom.arms.sdss.classes import CLASSES
from skyloom.arms.sdss.objects import object_of
from skyloom.errors import InputError
from skyloom.io import fits_tables
from skyloom.registries import Readers

#: Readers of spectra by their formats; each gives a `Raw`.
READERS = Readers("spectra for sdss")
#: This keyword of the primary header, when true, says that a spectrum is simulated.
SYNTHETIC_KEYWORD = "SYNTHETI"
#: Stands in tables for a class that is not known.
UNKNOWN = "-"
#: Bits of the AND mask (SPPIXMASK) that do no harm. 1 to 15 describe the whole fibre or its red or
#: blue half (BADTRACE … SMEARMEDSN), not a pixel: where they are fatal, the pipeline has set ivar
#: to 0. NEARBADPIXEL (16), LOWFLAT (17) and PARTIALREJECT (19) are allowed for in ivar. All other
#: bits are bad: NOPLUG (0), FULLREJECT (18), SCATTEREDLIGHT (20), CROSSTALK (21), NOSKY (22),
#: BRIGHTSKY (23), NODATA (24), COMBINEREJ (25), BADFLUXFACTOR (26), BADSKYCHI (27),
#: REDMONSTER (28) and those without a name.
HARMLESS_BITS = (*range(1, 18), 19)
_BAD = np.uint32(0xFFFFFFFF - sum(1 << bit for bit in HARMLESS_BITS))
#: Bits of ZWARNING that say that the fibre saw no object.
NO_OBJECT = {0: "SKY", 7: "UNPLUGGED", 9: "NODATA"}

# A spectrum with all its exposures takes some MB; what is larger is something else.
_MOST_BYTES = 1 << 28
_NAME = re.compile(r"spec(?:-lite)?-(\d{3,6})-(\d{5})-(\d{1,5})\.fits?(\.gz)?$", re.IGNORECASE)
_PIXELS = ("FLUX", "IVAR", "LOGLAM", "AND_MASK")
_TABLES = ("SPECOBJ", "SPALL")


@dataclass(frozen=True)
class Spectrum:
    """A spectrum and what its table says of the object.

    Attributes
    ----------
    wavelength : (L,) float64 array
        In vacuum, Å, increasing.
    flux, ivar : (L,) float32 array
        Flux in 1e-17 erg/s/cm²/Å and its inverse variance, as in the file: only where `good`
        is true are they sure to be finite.
    good : (L,) bool array
        Finite, ivar above 0, and no bit of the AND mask but `HARMLESS_BITS`.
    id : str
        Plate, MJD and fibre: "0266-51602-0013".
    label : str
        STAR, GALAXY or QSO; `UNKNOWN` only where that was allowed.
    z : float
    zwarning : int
    object : str
        The object by its THING_ID, its photometric OBJID, or its position: equal for two spectra
        only where it is the same object.
    ra, dec : float
        Degrees; NaN where the file does not say.
    synthetic : bool
    """

    wavelength: np.ndarray
    flux: np.ndarray
    ivar: np.ndarray
    good: np.ndarray
    id: str
    label: str
    z: float
    zwarning: int
    object: str
    ra: float
    dec: float
    synthetic: bool

    @property
    def sn(self) -> float:
        """Median signal-to-noise ratio of a pixel, of the good ones."""
        good = self.good
        return float(np.median(self.flux[good].astype("f8") * np.sqrt(self.ivar[good])))


@dataclass(frozen=True)
class Raw:
    """What a file holds, unchecked.

    Attributes
    ----------
    wavelength, flux, ivar : (L,) array
        As of `Spectrum`.
    bad : (L,) bool array
        Pixels that are not to be used, besides those of undefined flux or without ivar above 0.
    id : str
        As of `Spectrum`, or any other name that no other spectrum has.
    row : dict or None
        What the file says of the object, by names of `COLUMNS`: of these CLASS and Z are needed.
        None where a table is missing that should say it.
    synthetic : bool
    """

    wavelength: np.ndarray
    flux: np.ndarray
    ivar: np.ndarray
    bad: np.ndarray
    id: str
    row: dict | None
    synthetic: bool = False


def identity(plate: int | str, mjd: int | str, fiber: int | str) -> str:
    """The name of a spectrum: "0266-51602-0013"."""
    return f"{int(plate):04d}-{int(mjd):05d}-{int(fiber):04d}"


def identity_of_name(path: str | Path) -> str | None:
    """The name of a spectrum by that of its file, or None where it is not that of a spectrum."""
    found = _NAME.search(Path(path).name)
    return identity(*found.groups()[:3]) if found else None


def _content(path):
    """All bytes of a file, decompressed."""
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            raise InputError(f"{path} is not a regular file: remove it from the folder.")
        if found.st_size == 0:
            raise InputError(f"{path} is empty (0 bytes): download it again.")
        if found.st_size > _MOST_BYTES:
            raise InputError(
                f"{path} is larger than any spectrum ({found.st_size >> 20} MB): remove it from "
                "the folder, or name it in sdss.catalogue if it is the catalogue."
            )
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): check its permissions, or remove it."
        ) from error
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            content = file.read(_MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(
            f"{path} is truncated or damaged (gzip: {error}): download it again."
        ) from error
    if len(content) > _MOST_BYTES:
        raise InputError(f"{path} is larger than any spectrum: remove it from the folder.")
    return content


def _find(units, path):
    """The tables of the pixels and of the object, by their columns rather than their names."""
    pixels = [unit for unit in units if all(name in unit.columns for name in _PIXELS)]
    objects = [unit for unit in units if "CLASS" in unit.columns and "Z" in unit.columns]
    if not pixels:
        named = next((unit for unit in units if unit.name == "COADD"), None)
        if named is not None:
            missing = [name for name in _PIXELS if name not in named.columns]
            raise InputError(
                f"{path} lacks {', '.join(missing)} in its table COADD: download it again."
            )
        raise InputError(
            f"{path} has no table COADD with {', '.join(_PIXELS)}: it is no spectrum of SDSS; "
            "remove it or download it again."
        )
    places = [unit.position for unit in (pixels[0], *objects[:1])]
    if places != [1, 2][: len(places)]:
        raise InputError(
            f"{path} has its extensions in the wrong order (the pixels are in extension "
            f"{places[0]}"
            + (f", CLASS and Z in {places[1]}" if objects else "")
            + "; 1 and 2 are right): it was altered; download it again."
        )
    return pixels[0], objects[0] if objects else None


def _pixels(unit, content, path):
    if unit.rows == 0:
        raise InputError(f"{path} has no pixels (its COADD is empty): download it again.")
    flux, ivar, loglam, mask = (unit.read(name, content) for name in _PIXELS)
    if any(values.shape != (unit.rows,) for values in (flux, ivar, loglam, mask)):
        raise InputError(f"{path} has more than one value a pixel in COADD: download it again.")
    if any(values.dtype.kind not in "fiu" for values in (flux, ivar, loglam)):
        raise InputError(f"{path} has texts for numbers in COADD: download it again.")
    loglam = loglam.astype("f8")
    # Between 1,000 and 100,000 Å: NaN fails, too.
    if not (np.all(np.diff(loglam) > 0) and loglam[0] > 3 and loglam[-1] < 5):
        raise InputError(
            f"{path} has no increasing wavelengths in LOGLAM of COADD: download it again."
        )
    return 10**loglam, flux, ivar, (mask.astype(np.int64) & int(_BAD)) != 0


def _checked(raw, path):
    """Wavelength, flux, inverse variance and which pixels are good."""
    wavelength = np.asarray(raw.wavelength, "f8")
    if any(np.shape(values) != wavelength.shape for values in (raw.flux, raw.ivar, raw.bad)):
        raise InputError(f"{path} has not as many values of flux as wavelengths: correct it.")
    if not (wavelength.ndim == 1 and len(wavelength) and np.all(np.diff(wavelength) > 0)):
        raise InputError(f"{path} has no increasing wavelengths: correct it.")
    if not (wavelength[0] > 1e3 and wavelength[-1] < 1e5):
        raise InputError(f"{path} has wavelengths that are not Å of light: correct it.")
    with np.errstate(over="ignore", invalid="ignore"):
        flux, ivar = np.asarray(raw.flux).astype("f4"), np.asarray(raw.ivar).astype("f4")
    finite = np.isfinite(flux)
    if not finite.any():
        raise InputError(f"{path} has no finite flux (NaN everywhere): download it again.")
    good = finite & np.isfinite(ivar) & (ivar > 0) & ~np.asarray(raw.bad, bool)
    if not good.any():
        raise InputError(
            f"{path} has no good pixel: all are masked (AND_MASK) or have ivar 0; remove it."
        )
    values = flux[good]
    if values.min() == values.max():
        raise InputError(
            f"{path} has the same flux ({values[0]:g}) in all its good pixels: remove it."
        )
    return wavelength, flux, ivar, good


def _row(unit, content, path):
    """What the object's table says: a dict of the columns that it has; None where there is none."""
    if unit is None:
        return None
    if unit.rows != 1:
        raise InputError(
            f"{path} has {unit.rows} rows in {unit.name or 'the table of CLASS and Z'} where one "
            "is right: download it again."
        )
    return {name: unit.read(name, content)[0] for name in COLUMNS if name in unit.columns}


#: Columns of SPECOBJ, SPALL and of catalogues that are read, where they are.
COLUMNS = ("PLATE", "MJD", "FIBERID", "CLASS", "Z", "ZWARNING", "THING_ID", "BESTOBJID", "OBJID")
COLUMNS += ("PLUG_RA", "PLUG_DEC", "RA", "DEC")


def _whole(value):
    return int(value) if np.ndim(value) == 0 and np.asarray(value).dtype.kind in "iu" else None


def _identity(primary, row, path):
    """The spectrum's name; file name, header and table must agree where they have one."""
    named = identity_of_name(path)
    # Before BOSS and in it, the plate is PLATEID in headers; FIBERID and MJD are the same.
    plate = primary.get("PLATEID", primary.get("PLATE"))
    header = [plate, primary.get("MJD"), primary.get("FIBERID")]
    table = [row.get(name) for name in ("PLATE", "MJD", "FIBERID")]
    found = {"its name": named}
    for source, parts in (("its header", header), ("its table", table)):
        parts = [None if part is None else _whole(part) for part in parts]
        found[source] = None if None in parts else identity(*parts)
    stated = {source: name for source, name in found.items() if name is not None}
    if not stated:
        raise InputError(
            f"{path} says nowhere which spectrum it is: name it spec-PLATE-MJD-FIBER.fits."
        )
    (first, name), *others = stated.items()
    for source, other in others:
        if other != name:
            raise InputError(
                f"{path} is {name} by {first} but {other} by {source}: rename it, or download it "
                "again."
            )
    return name


def _label(row, name, source, *, labelled):
    """Class, redshift and warning from a row, checked."""
    label, z = str(row.get("CLASS", "")).strip().upper(), row.get("Z", np.nan)
    warning = _whole(row.get("ZWARNING", 0))
    z = float(z) if np.ndim(z) == 0 and np.asarray(z).dtype.kind in "fiu" else np.nan
    if not labelled:
        return (label if label in CLASSES else UNKNOWN), z, warning or 0
    if warning is None:
        raise InputError(f"{source} has no whole number as ZWARNING: download it again.")
    for bit, meaning in NO_OBJECT.items():
        if warning >> bit & 1:
            raise InputError(
                f"{source} is of no object (ZWARNING {warning} has {meaning}): remove it."
            )
    if label not in CLASSES:
        raise InputError(
            f"{source} has the class {label!r}, not one of {', '.join(sorted(CLASSES))}: remove it "
            "or correct CLASS."
        )
    if not np.isfinite(z):
        raise InputError(f"{source} has no finite redshift (Z is {z}): remove it or correct Z.")
    return label, z, warning


def read_spectrum(
    path: str | Path, *, catalogue: Mapping[str, dict] | None = None, labelled: bool = True
) -> Spectrum:
    """Read one spectrum.

    Parameters
    ----------
    path : str or Path
        What one of `READERS` reads; first of all FITS, plain or gzip-compressed (whatever its name
        ends in). Extension 1 holds the pixels (FLUX, LOGLAM, IVAR, AND_MASK) and extension 2 one
        row on the object (CLASS, Z): COADD and SPECOBJ or SPALL, known by their columns, whose
        names may be in any case.
    catalogue : mapping of str to dict, optional
        Rows by the spectrum's name, as `skyloom.arms.sdss.catalogue.rows` gives them: for a
        spectrum in it, its columns replace those of the file.
    labelled : bool, optional
        Whether the spectrum must have a class, a redshift and an object. Without, an unknown class
        is `UNKNOWN` and an unknown redshift NaN: for spectra that are to be classified.

    Returns
    -------
    Spectrum

    Raises
    ------
    InputError
        One sentence, whatever is wrong with the file.
    """
    return READERS.read(path, lambda raw: _spectrum(raw, path, catalogue or {}, labelled))


@READERS.register("FITS", identify=lambda path, start: start.startswith(b"SIMPLE  ="), priority=-1)
def read_fits(path: str | Path) -> Raw:
    """The `Raw` of a file as SDSS has it, see `read_spectrum`."""
    content = _content(path)
    units = list(fits_tables.units(io.BytesIO(content), path, length=len(content)))
    table, about = _find(units, path)
    primary, row = units[0].header, _row(about, content, path)
    name = _identity(primary, row or {}, path)
    synthetic = primary.get(SYNTHETIC_KEYWORD) is True
    return Raw(*_pixels(table, content, path), id=name, row=row, synthetic=synthetic)


def _spectrum(raw, path, catalogue, labelled):
    if raw.row is None and labelled:
        raise InputError(
            f"{path} has no table {' or '.join(_TABLES)} with CLASS and Z: download it again, "
            "the full or the lite version."
        )
    entry = catalogue.get(raw.id)
    row = (raw.row or {}) | (entry or {})
    source = f"{path}" if entry is None else f"{path}, by the catalogue,"
    label, z, warning = _label(row, raw.id, source, labelled=labelled)
    known, ra, dec = object_of(row, raw.id)
    return Spectrum(
        *_checked(raw, path),
        id=raw.id,
        label=label,
        z=z,
        zwarning=warning,
        object=known,
        ra=ra,
        dec=dec,
        synthetic=raw.synthetic,
    )
