"""Spectra made comparable: smoothed, in relative flux, on one logarithmic wavelength grid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.sdss.smoothing import moving_average
from skyloom.arms.sdss.spectrum import read_spectrum
from skyloom.arms.spectra import resampling, wavelengths
from skyloom.errors import InputError
from skyloom.io.files import atomic_hdf5, create_dataset
from skyloom.prefetch import Pool, in_order
from skyloom.progress import track_blocks

if TYPE_CHECKING:
    import h5py
    from astropy.table import Table

    from skyloom.arms.sdss.spectrum import Spectrum

#: Spectra written, read or drawn at a time.
TOGETHER = 64


def grid(wavelength, pixels: int) -> np.ndarray:
    """The common wavelengths.

    Parameters
    ----------
    wavelength : (low, high)
        Å in vacuum, both included.
    pixels : int

    Returns
    -------
    (pixels,) float64 array
        By even steps of the logarithm.

    Raises
    ------
    InputError
        If they make no grid.
    """
    try:
        return wavelengths.logarithmic(float(wavelength[0]), float(wavelength[1]), int(pixels))
    except ValueError as error:
        raise InputError(f"sdss.grid makes no wavelengths ({error}): correct it.") from error


def resample(wavelength: np.ndarray, flux: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Mean flux over each pixel of another grid, the integral over wavelength kept.

    Parameters
    ----------
    wavelength : (L,) array
        Increasing. Pixels meet half-way between their centres; the flux is constant over each.
    flux : (L,) array
        Finite.
    new : (N,) array
        Increasing. Pixels about as fine as the old or coarser: finer ones become stairs.

    Returns
    -------
    (N,) float64 array
        NaN where the old pixels do not cover the whole of a new one. What
        `skyloom.arms.spectra.resampling.resample` gives for 'conserve', without a matrix for every
        spectrum's own wavelengths.
    """
    old_edges, new_edges = resampling.edges(wavelength), resampling.edges(new)
    widths = np.diff(old_edges)
    # About a typical flux, so that the differences of the sums keep their digits.
    level = np.median(flux)
    sums = np.concatenate([[0.0], np.cumsum((flux - level) * widths)])
    inside = np.interp(new_edges, old_edges, sums)
    values = np.diff(inside) / np.diff(new_edges) + level
    slack = 1e-6 * widths.min()
    low, high = new_edges[:-1] < old_edges[0] - slack, new_edges[1:] > old_edges[-1] + slack
    values[low | high] = np.nan
    return values


def prepare(spectrum: Spectrum, wavelength: np.ndarray, *, window: int) -> np.ndarray:
    """One spectrum on the common grid.

    Parameters
    ----------
    spectrum : `skyloom.arms.sdss.spectrum.Spectrum`
        Of its attributes wavelength, flux and good are used.
    wavelength : (N,) array
        From `grid`.
    window : int
        Pixels of the moving average, odd; on the spectrum's own pixels. See
        `skyloom.arms.sdss.smoothing.moving_average` for bad ones.

    Returns
    -------
    (N,) float32 array
        Flux relative to the median of the absolute flux of the good pixels (to 1 where that is 0).
        NaN before the first good pixel and behind the last: nothing is made up there.

    Raises
    ------
    ValueError
        If fewer than two pixels of the grid are covered.
    """
    good = spectrum.good & np.isfinite(spectrum.flux)
    found = np.flatnonzero(good)
    if len(found) < 2:
        raise ValueError("there are fewer than two good pixels")
    own = slice(found[0], found[-1] + 1)
    flux = moving_average(spectrum.flux[own], window, good[own])
    scale = np.median(np.abs(spectrum.flux[good].astype(np.float64)))
    flux /= scale if scale > 0 else 1.0
    values = resample(spectrum.wavelength[own], flux, wavelength).astype(np.float32)
    if np.isfinite(values).sum() < 2:
        first, last = spectrum.wavelength[found[[0, -1]]]
        raise ValueError(f"its good pixels, {first:.0f} to {last:.0f} Å, are beside the grid")
    return values


def prepare_all(
    files: Sequence[str],
    folder: str | Path,
    wavelength: np.ndarray,
    *,
    window: int,
    pool: Pool | None = None,
) -> Iterator[np.ndarray]:
    """Read and prepare spectra.

    Parameters
    ----------
    files : sequence of str
        Below the folder.
    folder : str or Path
    wavelength : (N,) array
    window : int
    pool : `skyloom.prefetch.Pool`, optional
        Spectra are read and prepared on its threads.

    Yields
    ------
    (n, N) float32 array
        `TOGETHER` spectra at most, in order; the same for any number of threads.

    Raises
    ------
    InputError
        If a file cannot be read, or none of it lies on the grid.
    """

    def work(file):
        path = Path(folder) / str(file)
        try:
            # Their class is another table's matter: a catalogue may know better than the file.
            return prepare(read_spectrum(path, labelled=False), wavelength, window=window)
        except InputError:
            raise
        except ValueError as error:
            raise InputError(
                f"{path} cannot be prepared ({error}): widen sdss.grid.wavelength, raise "
                "sdss.quality.min_good, or remove the file."
            ) from error

    spectra = in_order(pool, work, files)
    while some := list(islice(spectra, TOGETHER)):
        yield np.stack(some)


def write_block(
    file: h5py.File,
    spectra: Iterable[np.ndarray],
    wavelength: np.ndarray,
    identifiers: Sequence[str],
    *,
    window: int,
    synthetic: bool,
) -> None:
    """Fill a file of prepared spectra.

    Parameters
    ----------
    file : h5py.File
        Empty; see `skyloom.io.files.atomic_hdf5`. Gets ``spectra`` (n, N) float32 and ``id`` (n,),
        and the attributes that `skyloom.arms.spectra.wavelengths.grid` reads, ``smoothing_window``
        and ``synthetic``. Not packed: noise hardly packs, and the file is read once a dataset.
    spectra : iterable of (n, N) array
    wavelength : (N,) array
    identifiers : sequence of str
    window : int
    synthetic : bool

    Raises
    ------
    ValueError
        If the spectra do not add up to the identifiers.
    """
    identifiers, done = np.asarray(identifiers, "S"), 0
    shape = len(identifiers), len(wavelength)
    stored = create_dataset(file, "spectra", shape=shape, dtype=np.float32)
    for block in spectra:
        stored[done : done + len(block)] = block
        done += len(block)
    if done != len(identifiers):
        raise ValueError(f"{done} spectra came, {len(identifiers)} were announced")
    create_dataset(file, "id", identifiers if done else np.zeros(0, "S1"))
    file.attrs.update(wavelengths.attributes(wavelength))
    file.attrs.update({"smoothing_window": int(window), "synthetic": bool(synthetic)})


def prepare_rows(
    path: str | Path,
    rows: Table,
    folder: str | Path,
    wavelength: np.ndarray,
    *,
    window: int,
    threads: int,
    label: str,
) -> None:
    """Prepare the spectra of some rows of an inventory, into a file of their own.

    Parameters
    ----------
    path : str or Path
        As `write_block` fills it.
    rows : astropy.table.Table
        file and id; ``meta["synthetic"]``.
    folder : str or Path
        Of the files.
    wavelength : (N,) array
    window : int
    threads : int
    label : str
        Of the progress bar.

    Raises
    ------
    InputError
        As `prepare_all` does.
    """
    with Pool(threads) as pool, atomic_hdf5(path) as file:
        spectra = prepare_all(rows["file"], folder, wavelength, window=window, pool=pool)
        spectra = track_blocks(spectra, label=label, total=len(rows), unit="spectrum")
        synthetic = rows.meta["synthetic"]
        write_block(file, spectra, wavelength, rows["id"], window=window, synthetic=synthetic)


def normalise(flux: np.ndarray) -> np.ndarray:
    """Spectra as the one-dimensional network sees them.

    Parameters
    ----------
    flux : (n, N) array

    Returns
    -------
    (n, N) float32 array
        Each of zero mean and unit standard deviation over its finite pixels; 0, the mean, where
        there are none, and throughout for a constant spectrum.
    """
    flux = np.asarray(flux, np.float64)
    known = np.isfinite(flux)
    counts = np.maximum(known.sum(axis=-1, keepdims=True), 1)
    values = np.where(known, flux, 0.0)
    values = np.where(known, values - values.sum(axis=-1, keepdims=True) / counts, 0.0)
    spread = np.sqrt((values**2).sum(axis=-1, keepdims=True) / counts)
    # Rounding leaves a constant spectrum a spread of some 1e-16 of its level.
    least = 1e-12 * np.abs(np.where(known, flux, 0.0)).max(axis=-1, keepdims=True, initial=0)
    flat = ~(spread > least)
    return np.where(flat, 0.0, values / np.where(flat, 1.0, spread)).astype(np.float32)
