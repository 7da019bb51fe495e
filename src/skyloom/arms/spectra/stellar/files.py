"""Grids of spectra that users bring: HDF5 files, written and read.

A file has ``wavelength`` (L,), with the attributes ``units`` (Angstrom) and, optionally, ``medium``
(air, unless it says vacuum); ``flux`` (N, L), over the continuum; ``labels`` (N, 4) with the
attributes ``names`` and ``units``, of the same length: teff in K, log_g in dex, m_h in dex, v_sin_i
in km / s, in any order; and optionally ``id`` (N,). The root's attribute ``synthetic`` says that
nobody should take the spectra for more than a test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy import units
from astropy.table import Table

from skyloom.arms.spectra import medium as media
from skyloom.arms.spectra import normalisation, resampling, wavelengths
from skyloom.arms.spectra.stellar import grid
from skyloom.errors import InputError
from skyloom.io import folders, inventory
from skyloom.io.files import atomic_hdf5, check_numbers, create_dataset, open_hdf5
from skyloom.prefetch import in_order

if TYPE_CHECKING:
    from skyloom.io.inventory import Reject
    from skyloom.prefetch import Pool

# Rows that are read at once: 30 MB of 30,000 float32 pixels.
_ROWS = 256


def write(
    path: str | Path,
    wavelength: np.ndarray,
    flux: np.ndarray,
    labels: np.ndarray,
    *,
    identifiers: np.ndarray | None = None,
    synthetic: bool = False,
) -> None:
    """Write a file that `listing` and `read_spectra` take.

    Parameters
    ----------
    path : str or Path
    wavelength : (L,) array
        In air, Å.
    flux : (N, L) array
        Over the continuum.
    labels : (N, 4) array
        K, dex, dex, km/s: `skyloom.arms.spectra.stellar.grid.LABELS`.
    identifiers : (N,) array of str, optional
    synthetic : bool
    """
    with atomic_hdf5(path) as file:
        create_dataset(file, "wavelength", np.asarray(wavelength, np.float64))
        file["wavelength"].attrs.update({"units": "Angstrom", "medium": "air"})
        create_dataset(file, "flux", np.asarray(flux, np.float32))
        create_dataset(file, "labels", np.asarray(labels, np.float64))
        file["labels"].attrs["names"] = list(grid.LABELS)
        file["labels"].attrs["units"] = list(grid.LABELS.values())
        if identifiers is not None:
            create_dataset(file, "id", np.asarray(identifiers).astype("S"))
        file.attrs["synthetic"] = synthetic


@dataclass(frozen=True)
class Source:
    """One usable file.

    Attributes
    ----------
    path : Path
    name : str
        Below the folder that was asked for.
    wavelength : (L,) array
        In air, Å.
    labels : (N, 4) array
        In the order and units of `skyloom.arms.spectra.stellar.grid.LABELS`.
    identifiers : list of str
    synthetic : bool
    """

    path: Path
    name: str
    wavelength: np.ndarray
    labels: np.ndarray
    identifiers: list
    synthetic: bool


def _text(value):
    """An attribute that lists names, as a list of str: an array of strings, or one with commas."""
    if isinstance(value, str | bytes):
        value = (value.decode() if isinstance(value, bytes) else value).split(",")
    return [(one.decode() if isinstance(one, bytes) else str(one)).strip() for one in value]


def _same_unit(found, wanted):
    try:
        return units.Unit(found) == units.Unit(wanted)
    except ValueError:
        return False


def _place(wavelength, pixels):
    """Where the window's pixels begin among a file's own, or None if they are not there."""
    first = int(np.searchsorted(wavelength, pixels[0] - 1e-4))
    cut = wavelength[first : first + len(pixels)]
    same = len(cut) == len(pixels) and np.allclose(cut, pixels, rtol=0, atol=1e-4)
    return first if same else None


def _wavelength(stored, pixels):
    if stored.ndim != 1 or len(stored) < 2:
        raise ValueError(f"wavelength has the shape {stored.shape} instead of (L,)")
    unit = _text([stored.attrs.get("units", "nothing")])[0]
    if not _same_unit(unit, "Angstrom"):
        raise ValueError(f"wavelength has units of {unit} instead of Angstrom")
    values = np.asarray(stored[()], np.float64)
    if not np.isfinite(values).all() or np.any(np.diff(values) <= 0):
        raise ValueError("wavelength is not finite and increasing")
    if _in_vacuum(stored.attrs):
        values = wavelengths.vacuum_to_air(values)
    if _place(values, pixels) is None:
        # Raises a ValueError where they do not cover the window.
        resampling.resample(values, np.ones(len(values)), pixels, method="auto")
    return values


def _in_vacuum(words):
    said = media.decide(media.of_header(words))
    if said.name is None and said.why:
        raise ValueError(f"wavelength contradicts itself: {said.why}")
    stated = next((key for key in words if key.lower() == "medium"), None)
    if said.name is None and stated:
        raise ValueError(f"wavelength has the medium {words[stated]!r} instead of air or vacuum")
    return said.name == media.VACUUM


def _labels(stored):
    names, found = (_text(stored.attrs.get(key, [])) for key in ("names", "units"))
    if sorted(names) != sorted(grid.LABELS) or len(found) != len(names):
        raise ValueError(
            f"labels has the names {', '.join(names) or '(none)'} with {len(found)} units instead "
            f"of {', '.join(grid.LABELS)}"
        )
    if stored.shape[1:] != (len(names),):
        raise ValueError(f"labels has the shape {stored.shape} instead of (N, {len(names)})")
    for name, unit in zip(names, found, strict=True):
        if not _same_unit(unit, grid.LABELS[name]):
            raise ValueError(f"label {name} is in {unit} instead of {grid.LABELS[name]}")
    return np.asarray(stored[()], np.float64)[:, [names.index(name) for name in grid.LABELS]]


def _inspect(path, name, pixels):
    with open_hdf5(path, need=("wavelength", "flux", "labels")) as file:
        wavelength = _wavelength(file["wavelength"], pixels)
        check_numbers(file["labels"], 2, name)
        check_numbers(file["flux"], 2, name)
        labels, shape = _labels(file["labels"]), file["flux"].shape
        if shape != (len(labels), len(wavelength)):
            raise ValueError(
                f"flux has the shape {shape} instead of {(len(labels), len(wavelength))}"
            )
        if "id" in file:
            identifiers = _text(file["id"][()])
            if len(identifiers) != len(labels):
                raise ValueError(f"id has {len(identifiers)} rows instead of {len(labels)}")
        else:
            identifiers = [f"{Path(name).stem}_{row:06d}" for row in range(len(labels))]
        synthetic = bool(file.attrs.get("synthetic", False))
    return Source(Path(path), name, wavelength, labels, identifiers, synthetic)


def listing(spectra: str | Path, pixels: np.ndarray) -> tuple[list[Source], list[Reject]]:
    """Look at all files of a source, without their spectra.

    Parameters
    ----------
    spectra : str or Path
        A file, or a folder of them.
    pixels : (L,) array
        The window's, Å in air, which a file's must cover.

    Returns
    -------
    list of `Source`, list of `skyloom.io.inventory.Reject`
        The usable files, sorted by name, and the others.

    Raises
    ------
    InputError
        If there is no such file or folder, or it holds nothing.
    """
    path = Path(spectra)
    names = [""] if path.is_file() else folders.listing(spectra, key="stellar.spectra")
    if not names:
        raise InputError(f"{spectra} is empty: set stellar.spectra to HDF5 files of spectra.")

    def look(called):
        try:
            return _inspect(path if path.is_file() else path / called, called, pixels)
        except InputError:
            raise
        except (ValueError, TypeError, AttributeError) as error:
            reason = " ".join(str(error).split())
            raise InputError(
                f"{called}: {reason}; see src/skyloom/arms/spectra/stellar/files.py."
            ) from error

    return inventory.parted(inventory.inspect(look, [name or path.name for name in names]))


def _chunks(run):
    """Rows of several files, as (source, first, last): at most `_ROWS` of one file at a time."""
    for source, first, last in run:
        for start in range(first, last, _ROWS):
            yield source, start, min(start + _ROWS, last)


def block_of(sources, block, blocks):
    """One of `blocks` runs of the rows of all files, as a list of (source, first, last)."""
    ends = np.cumsum([0, *(len(source.labels) for source in sources)])
    start, stop = (int(ends[-1]) * number // blocks for number in (block, block + 1))
    run = []
    for source, begin, end in zip(sources, ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        first, last = max(start, begin) - begin, min(stop, end) - begin
        if first < last:
            run.append((source, first, last))
    return run


def usable(run):
    """Which rows of a run can be used.

    Parameters
    ----------
    run : list of (`Source`, first, last)

    Returns
    -------
    list of (`Source`, rows), list of (name, reason)
        Rows as increasing arrays of int, at most 256 at a time; and the others, named.
    """
    good, rejects = [], []
    for source, first, last in _chunks(run):
        with open_hdf5(source.path, need=("flux",)) as file:
            flux = file["flux"][first:last]
        reasons = _reasons(flux, source.labels[first:last])
        for row, reason in reasons.items():
            rejects.append((source.name, f"{source.name}: row {first + row} has {reason}."))
        rows = np.array([first + row for row in range(len(flux)) if row not in reasons], np.intp)
        if len(rows):
            good.append((source, rows))
    return good, rejects


def _reasons(flux, labels):
    """Why rows cannot be used: {row: words}."""
    found = {}
    finite = np.isfinite(flux).all(axis=1)
    for row in np.flatnonzero(~np.isfinite(labels).all(axis=1)).tolist():
        found[row] = "labels with NaN or infinity: mend it"
    for row in np.flatnonzero(~finite).tolist():
        found[row] = "flux with NaN or infinity: mend it"
    rows = np.flatnonzero(finite)
    for row in rows[~normalisation.is_normalised(flux[rows])].tolist() if len(rows) else []:
        about = f"{np.median(flux[row]):.3g}"
        found.setdefault(row, f"a flux of about {about}, not about 1: divide it by its continuum")
    return dict(sorted(found.items()))


def table(good):
    """One row a usable spectrum: file, id and labels, as the grid's `table`."""
    labels = [source.labels[rows] for source, rows in good]
    made = Table(
        np.concatenate([np.empty((0, 4)), *labels]), names=list(grid.LABELS), units=grid.LABELS
    )
    made.add_column([str(s.identifiers[row]) for s, rows in good for row in rows], 0, name="id")
    made.add_column([source.name for source, rows in good for _ in rows], 0, name="file")
    synthetic = any(source.synthetic for source, _ in good)
    made.meta.update({"synthetic": synthetic, "labels": list(grid.LABELS)})
    return made


def read_spectra(
    good, pixels: np.ndarray, downsample: int, *, pool: Pool | None = None
) -> Iterator[np.ndarray]:
    """The spectra of usable rows, on the window's pixels.

    Parameters
    ----------
    good : list of (`Source`, rows)
        As `usable` gives.
    pixels : (L,) array
        The window's, in air, Å. A file that has them, among others perhaps, is cut; any
        other is resampled: means over coarser pixels, a cubic spline to finer ones.
    downsample : int
        Pixels that become one, as their mean.
    pool : `skyloom.prefetch.Pool`, optional
        Chunks are resampled on its threads; the spectra are the same without.

    Yields
    ------
    (n, L / downsample) array of float32
    """

    def work(chunk):
        source, rows = chunk
        with open_hdf5(source.path, need=("flux",)) as file:
            flux = file["flux"][rows[0] : rows[-1] + 1][rows - rows[0]].astype(np.float64)
        first = _place(source.wavelength, pixels)
        if first is not None:
            flux = flux[:, first : first + len(pixels)]
        else:
            flux = resampling.resample(source.wavelength, flux, pixels, method="auto")
        return resampling.downsample(flux, downsample).astype(np.float32)

    yield from in_order(pool, work, good)
