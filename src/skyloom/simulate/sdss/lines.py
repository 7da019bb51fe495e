"""The line lists that synthetic spectra are made of: ``resources/lines/sdss_<list>.ecsv``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skyloom.errors import InputError
from skyloom.io.files import read_table

_COLUMNS = {
    "stars": ("name", "wavelength", "shape", "width"),
    "galaxies": ("name", "wavelength", "group", "ratio"),
    "quasars": ("name", "wavelength", "equivalent_width", "sigma", "kind"),
    "sky": ("wavelength", "flux"),
}


@dataclass(frozen=True)
class Features:
    """What the atmospheres of stars absorb.

    Attributes
    ----------
    wavelength : (F,) array
        Å in vacuum; the head of a band.
    shape : (F,) array of str
        "line", "balmer" or "band".
    width : (F,) array
        Å: standard deviation of a line, length of a band.
    temperature : (T,) array
        Effective temperatures in K at which strengths are given, rising.
    strength : (T, F) array
        Equivalent widths in Å; for bands the optical depth at the head.
    """

    wavelength: np.ndarray
    shape: np.ndarray
    width: np.ndarray
    temperature: np.ndarray
    strength: np.ndarray

    def at(self, temperature):
        """Strengths (F,) at a temperature in K, linear in its logarithm, kept beyond the ends."""
        nodes = np.log(self.temperature)
        place = np.interp(np.log(temperature), nodes, np.arange(len(nodes)))
        low = min(int(place), len(nodes) - 2)
        return self.strength[low] + (place - low) * (self.strength[low + 1] - self.strength[low])


def _features(table):
    nodes = [name for name in table.colnames if name[0] == "t" and name[1:].isdigit()]
    return Features(
        np.asarray(table["wavelength"], float),
        np.asarray(table["shape"]).astype(str),
        np.asarray(table["width"], float),
        np.array([float(name[1:]) for name in nodes]),
        np.array([np.asarray(table[name], float) for name in nodes]),
    )


def read_lists(paths: Iterable[str | Path]) -> dict:
    """The four lists.

    Parameters
    ----------
    paths : iterable of str or Path
        ``sdss_stars.ecsv``, ``sdss_galaxies.ecsv``, ``sdss_quasars.ecsv`` and ``sdss_sky.ecsv``, in
        any order.

    Returns
    -------
    dict
        "stars": `Features`; "galaxies", "quasars" and "sky": astropy.table.Table. Wavelengths are Å
        in vacuum.

    Raises
    ------
    InputError
        If a list is missing, cannot be read or lacks a column.
    """
    found = {Path(path).stem.removeprefix("sdss_"): path for path in paths}
    missing = [name for name in _COLUMNS if name not in found]
    if missing:
        raise InputError(
            f"The line lists lack sdss_{missing[0]}.ecsv: give all four of resources/lines/sdss_*."
        )
    lists = {name: read_table(found[name], need=need) for name, need in _COLUMNS.items()}
    return {**lists, "stars": _features(lists["stars"])}
