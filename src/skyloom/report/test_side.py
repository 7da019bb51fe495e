"""The galaxies of the test side: what is known of them, and what each case predicts."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from skyloom.arms.tng.labels import OFFSET
from skyloom.errors import InputError
from skyloom.io.files import read_table


class Sample(NamedTuple):
    """Test galaxies, sorted by id: columns of N numbers each."""

    id: np.ndarray
    snapshot: np.ndarray
    subhalo: np.ndarray
    redshift: np.ndarray
    kpc: np.ndarray  # physical kpc in one ckpc/h
    mass: np.ndarray  # log10 of the stellar mass, Msun
    ssfr: np.ndarray  # log10 of the sSFR, 1/yr
    predicted: dict  # by case, log10 of the sSFR, 1/yr
    hubble: float


def cases(folder):
    """The cases of a run, in the order of its configuration."""
    summary = read_table(folder / "evaluation" / "summary.ecsv", need=("variant",))
    return [str(variant) for variant in summary["variant"]]


def read_test_side(folder: Path, names: list[str]) -> Sample:
    """Collect the test galaxies of a run.

    Parameters
    ----------
    folder : Path
        ``results/<run>/tng``.
    names : list of str
        Cases.

    Returns
    -------
    Sample

    Raises
    ------
    InputError
        If a file is missing, or tables do not belong together.
    """
    tables = {name: _predictions(folder / "models" / name / "predictions.ecsv") for name in names}
    first = next(iter(tables.values()))
    for name, rows in tables.items():
        if not np.array_equal(rows["id"], first["id"]):
            path = folder / "models" / name / "predictions.ecsv"
            raise InputError(f"{path} has other test galaxies than the first case: make it again.")
    ids = np.asarray(first["id"]).astype(str)
    columns = _catalogue(folder, ids)
    return Sample(
        id=ids,
        ssfr=np.asarray(first["true"], dtype=float) - OFFSET,
        predicted={
            name: np.asarray(rows["predicted"], dtype=float) - OFFSET
            for name, rows in tables.items()
        },
        **columns,
    )


def _predictions(path):
    rows = read_table(path, need=("id", "part", "true", "predicted"))
    rows = rows[np.asarray(rows["part"]) == "test"]
    return rows[np.argsort(np.asarray(rows["id"]).astype(str), kind="stable")]


def _catalogue(folder, ids):
    """Snapshot, subhalo, redshift, scale and stellar mass of each galaxy."""
    snapshot = np.array([int(name.partition("_")[0]) for name in ids], dtype=int)
    subhalo = np.array([int(name.partition("_")[2]) for name in ids], dtype=int)
    redshift, kpc, mass = (np.full(len(ids), np.nan) for _ in range(3))
    hubble = np.nan
    for number in np.unique(snapshot):
        path = folder / "galaxies" / f"snap_{number:03d}.ecsv"
        rows = read_table(path, need=("subhalo_id", "stellar_mass"))
        here = np.flatnonzero(snapshot == number)
        place = {int(value): row for row, value in enumerate(rows["subhalo_id"])}
        if not set(subhalo[here].tolist()) <= set(place):
            raise InputError(f"{path} lacks galaxies of the test side: make it again.")
        stellar = np.asarray(rows["stellar_mass"], dtype=float)
        hubble = float(rows.meta["hubble"])
        redshift[here] = float(rows.meta["redshift"])
        kpc[here] = float(rows.meta["scale_factor"]) / hubble
        # The catalogue's unit is 1e10 Msun/h.
        mass[here] = np.log10(stellar[[place[value] for value in subhalo[here]]] * 1e10 / hubble)
    return {
        "snapshot": snapshot,
        "subhalo": subhalo,
        "redshift": redshift,
        "kpc": kpc,
        "mass": mass,
        "hubble": hubble,
    }
