"""A folder of the paper's files, block by block: which can be used, and why the others cannot."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy import units
from astropy.table import Table

from skyloom.arms.spectra.helium import files, grid
from skyloom.io import inventory

if TYPE_CHECKING:
    from skyloom.prefetch import Pool


def read_spectra(
    folder: str | Path, names: Iterable[str], wavelength: np.ndarray, *, pool: Pool | None = None
):
    """Read files one by one.

    Parameters
    ----------
    folder : str or Path
    names : iterable of str
        Paths below the folder.
    wavelength : (L,) array
        Å in air, which all files must have.
    pool : `skyloom.prefetch.Pool`, optional

    Yields
    ------
    name, labels, flux or `skyloom.io.inventory.Reject`
        (3,) tuple and (L,) array of a good file; one sentence about any other.
    """

    def one(name):
        labels = grid.labels_of_name(name)
        flux = files.read_spectrum(Path(folder) / name, wavelength, name=name)
        return name, labels, flux.astype(np.float32)

    return inventory.inspect(one, names, pool=pool)


def tables(
    found: Iterable, wavelength: np.ndarray, *, synthetic: bool
) -> tuple[np.ndarray, Table, Table]:
    """What `read_spectra` gives, as arrays and tables.

    Parameters
    ----------
    found : iterable
    wavelength : (L,) array
    synthetic : bool

    Returns
    -------
    spectra : (n, L) float32 array
    table : astropy.table.Table
        file, id and the labels with their units, those that follow from others last.
    rejects : astropy.table.Table
        file, reason.
    """
    kept, lost = inventory.parted(found)
    good, labels, spectra = zip(*kept, strict=True) if kept else ((), (), ())
    labels = np.array(labels, np.float64).reshape(len(good), len(grid.LABELS))
    table = Table({"file": np.array(good, str)})
    table["id"] = np.array([grid.identifier(*own) for own in labels], str)
    for name, column in zip(grid.LABELS, labels.T, strict=True):
        table[name] = column * units.Unit(grid.LABELS[name])
    for name, (unit, value) in grid.DERIVED.items():
        table[name] = value(*labels.T) * units.Unit(unit)
    table.meta = {"synthetic": bool(synthetic), "labels": [*grid.LABELS, *grid.DERIVED]}
    flux = np.array(spectra, np.float32).reshape(len(good), len(wavelength))
    return flux, table, inventory.rejects(lost, synthetic=synthetic)
