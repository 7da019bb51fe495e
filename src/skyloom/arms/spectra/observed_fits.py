"""Spectra in FITS files: tables of pixels, vectors in one row, images with a wavelength axis."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy.io import fits

from skyloom.arms.spectra import medium, table_columns, wavelength_axes
from skyloom.errors import InputError
from skyloom.io import fits_limits

if TYPE_CHECKING:
    from skyloom.arms.spectra.table_columns import Raw


def read_fits(content: bytes, path: str | Path) -> Raw:
    """Find the spectrum in a FITS file.

    Parameters
    ----------
    content : bytes
        The whole file, decompressed.
    path : str or Path
        For messages.

    Returns
    -------
    `skyloom.arms.spectra.table_columns.Raw`

    Raises
    ------
    InputError
        If the file ends early or its header is damaged, or it holds neither a table with columns
        of wavelength and flux nor an image of one spectrum with a wavelength axis.
    """
    try:
        with warnings.catch_warnings():
            # Archives' headers often break the standard in ways that do no harm.
            warnings.simplefilter("ignore")
            if card := fits_limits.card_beyond_limits(content):
                raise ValueError(f"{card} is more than FITS allows")
            # Spectra do not come as images in compressed tiles, and unpacking damaged ones can end
            # the whole process.
            options = {"memmap": False, "lazy_load_hdus": False, "disable_image_compression": True}
            with fits.open(io.BytesIO(content), **options) as units:
                _check_length(units, len(content), path)
                return _spectrum(units, path)
    except InputError:
        raise
    except Exception as error:
        # Files can be damaged in more ways than can be foreseen, and one must not stop all.
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(
            f"{path} is not a readable FITS file ({reason}): download it again."
        ) from error


def _check_length(units, length, path):
    for unit in units:
        where = unit.fileinfo()
        missing = where["datLoc"] + unit.size - length
        if missing > 0:
            raise InputError(
                f"{path} is truncated: it ends {missing} bytes before its data do; "
                "download it again."
            )


def _spectrum(units, path):
    primary, reason = units[0].header, None
    for unit in units:
        if isinstance(unit, fits.BinTableHDU | fits.TableHDU) and not _is_image(unit):
            names = unit.columns.names
            if table_columns.wavelength_column(names) and table_columns.flux_column(names):
                return _table(unit, primary, path)
    for unit in units:
        if _is_image(unit) and unit.header.get("NAXIS", 0) > 0 and unit.data is not None:
            try:
                return _image(unit, primary, path)
            except InputError as error:
                reason = reason or error
    if reason is not None:
        raise reason
    raise InputError(
        f"{path} holds no spectrum: neither a table with columns of wavelength and flux, nor an "
        "image with a wavelength axis."
    )


def _is_image(unit):
    return isinstance(unit, fits.PrimaryHDU | fits.ImageHDU)


def _table(unit, primary, path):
    rows = len(unit.data)
    table, units = {}, {}
    for column in unit.columns:
        values = np.asarray(unit.data[column.name])
        if values.dtype.kind not in "fiu":
            continue
        if values.dtype.kind in "iu" and column.null is not None:
            values = np.where(values == column.null, np.nan, values)
        if values.ndim > 1 and rows == 1:
            values = values[0].reshape(-1)
        elif rows == 1 and values.ndim == 1 and _has_vectors(unit):
            continue
        table[column.name], units[column.name] = values, column.unit or ""
    wave, flux = table_columns.wavelength_column(table), table_columns.flux_column(table)
    if wave is None or flux is None or any(table[name].ndim != 1 for name in (wave, flux)):
        raise InputError(
            f"{path} has several spectra, one a row of its table: write one of them into a file "
            "of its own."
        )
    same = {name: values for name, values in table.items() if values.shape == table[wave].shape}
    if flux not in same:
        raise InputError(
            f"{path} has {len(table[wave])} wavelengths but {len(table[flux])} fluxes: make it "
            "again."
        )
    meta = dict(primary) | dict(unit.header)
    own, axis = _said(unit.header, primary)

    def said(column):
        """What the column's own words say of the medium, with those of the headers."""
        number = unit.columns.names.index(column) + 1
        ucd = unit.header.get(f"TUCD{number}")
        comments = unit.header.comments
        remarks = (unit.header.get(f"TCOMM{number}"), comments[f"TTYPE{number}"])
        stated = [(f"TUCD{number} = {ucd!r}", medium.of_ucd(ucd)), *own]
        # CTYPE1 may be what an image's axis has left: anything that the column says comes first.
        hints = [(repr(text), medium.of_remark(text)) for text in remarks if text]
        return stated, hints if any(name for _, name in hints) else [axis]

    return table_columns.pick(same, units, path, said=said, meta=meta)


def _has_vectors(unit):
    return any(np.asarray(unit.data[name]).ndim > 1 for name in unit.columns.names)


def _said(header, primary):
    """What header words say of the medium, and what CTYPE1 says."""
    merged = {}
    for name in medium.WORDS:
        value = header.get(name, primary.get(name))
        if value is not None:
            merged[name] = value
    kind = header.get("CTYPE1", primary.get("CTYPE1", ""))
    return medium.of_header(merged), (f"CTYPE1 = {kind!r}", medium.of_ctype(kind))


def _medium(unit, primary):
    """What an image says of its wavelengths' medium.

    WAVE means vacuum (FITS paper III), but many write it for any wavelength: where nothing else
    states the medium, remarks that say air contradict it.
    """
    said, axis = _said(unit.header, primary)
    stated_unit = wavelength_axes.stated_unit(wavelength_axes.merged(unit.header, primary))
    said.append((f"the unit {stated_unit!r}", medium.of_text(stated_unit.replace("_", " "))))
    sure = any(name for _, name in said) or axis[1] == medium.AIR
    return medium.decide([*said, axis] if sure else [], [axis, *_remarks(unit.header, primary)])


def _remarks(*headers):
    """What remarks on the axis, and IRAF's label of it, say of its medium."""
    lines = []
    for header in headers:
        cards = [name for name in ("CTYPE1", "CUNIT1", "CRVAL1") if name in header]
        lines += [f"wavelength: {header.comments[name]}" for name in cards]
        lines += [*map(str, header.get("COMMENT", [])), str(header.get("WAT1_001", ""))]
    stated, hints = medium.of_remarks(lines)
    return stated + hints


def _image(unit, primary, path):
    header = primary.copy()
    if unit.header is not primary:
        header.update(unit.header)
    flux = np.asarray(unit.data, np.float64)
    shape = "x".join(map(str, flux.shape))
    if str(header.get("CTYPE1", "")).upper().startswith("MULTISPE"):
        raise InputError(
            f"{path} holds echelle orders (MULTISPEC): merge them into one spectrum first."
        )
    if flux.ndim > 1:
        # IRAF's bands follow the spectrum in a third dimension, SDSS' old spSpec rows in a second.
        rows = flux.reshape(-1, flux.shape[-1])
        bands = flux.ndim == 3 and flux.shape[1] == 1
        if len(rows) > 1 and not (bands or "COEFF0" in header):
            raise InputError(
                f"{path} is an image of {shape} pixels, not one spectrum: extract a row of it."
            )
        flux = rows[0]
    wavelength, has_unit = wavelength_axes.wavelengths(unit.header, primary, len(flux), path)
    stated, known = _medium(unit, primary), table_columns.labels(dict(header))
    return table_columns.Raw(wavelength, flux, None, stated, known, has_unit=has_unit)
