"""The stratified random sample: exact numbers of each class and redshift bin."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from astropy.table import Table

from skyloom.arms.sdss.classes import CLASSES
from skyloom.errors import InputError
from skyloom.splits import apportion

#: Classes whose redshift is a distance; stars, at |z| of 0.002, are neither cut nor binned in z.
COSMOLOGICAL = ("GALAXY", "QSO")


def strata(table: Table, *, redshift, redshift_bins: Sequence[float | None]) -> np.ndarray:
    """The stratum of each spectrum.

    Parameters
    ----------
    table : astropy.table.Table
        class and z.
    redshift : (low, high) or None
        Galaxies and quasars must have low < z < high. Stars are kept whatever their velocity: the
        article's 0 < z < 3.5 would drop each that approaches.
    redshift_bins : sequence of float or None
        Edges of the strata of galaxies and quasars, from the first (included) to the last.

    Returns
    -------
    (N,) array of str
        "STAR", "GALAXY", or "GALAXY 0.5-1" with bins; "" for what the cut or the bins leave out.
    """
    label, z = np.asarray(table["class"], str), np.asarray(table["z"], np.float64)
    names = label.astype("U64")
    distant = np.isin(label, COSMOLOGICAL)
    if redshift_bins is not None:
        edges = np.asarray(redshift_bins, np.float64)
        for low, high in itertools.pairwise(edges):
            inside = distant & (z >= low) & (z < high)
            names[inside] = [f"{name} {low:g}-{high:g}" for name in label[inside]]
        names[distant & ~((z >= edges[0]) & (z < edges[-1]))] = ""
    if redshift is not None:
        low, high = redshift
        names[distant & ~((z > low) & (z < high))] = ""
    return names


def _of_classes(found, size, shares):
    """How many spectra of each class, by class; an InputError where a class has too few."""
    have = np.array(list(found.values()))
    if shares is None:
        wanted = have if size is None else apportion(have, size)
        return dict(zip(found, wanted.tolist(), strict=True))
    weights = [Fraction(str(shares.get(name, 0))) for name in found]
    if min(weights) < 0 or sum(weights) == 0:
        raise InputError(
            "sdss.sample.shares must not be negative and not all 0: correct them, or set null for "
            "the archive's own."
        )
    if size is None:
        # The largest sample with these shares: no quota is above what a class has.
        size = min(
            int(n * sum(weights) / weight)
            for n, weight in zip(have.tolist(), weights, strict=True)
            if weight
        )
    return dict(zip(found, apportion(weights, size).tolist(), strict=True))


def plan(
    names: np.ndarray, label: np.ndarray, *, size: int | None, shares: dict[str, float | None]
) -> dict[str, int]:
    """How many spectra of each stratum.

    Parameters
    ----------
    names, label : (N,) arrays of str
        The stratum and the class of each spectrum.
    size : int or None
        Of the whole sample; None takes all that the shares allow.
    shares : dict of str to float or None
        Of the classes, in any unit; None takes them as the spectra have them.

    Returns
    -------
    dict of str to int
        By stratum, adding up to `size`: the classes by their shares, the redshift bins of a class
        in proportion to its spectra.

    Raises
    ------
    InputError
        If a class has too few spectra, naming it.
    """
    found = {name: int((label == name).sum()) for name in CLASSES}
    if size is not None and size > (most := sum(found.values())):
        raise InputError(
            f"sdss.sample.size is {size:,}, but only {most:,} spectra can be used: lower it, set "
            "it to null, or point sdss.spectra to more."
        )
    if not any(found.values()):
        raise InputError(
            "No spectrum is left to sample: check sdss.sample.redshift and sdss.quality."
        )
    wanted = _of_classes(found, size, shares)
    drawn = {}
    for name, number in wanted.items():
        if number > found[name]:
            raise InputError(
                f"The stratum {name} has {found[name]:,} spectra, fewer than the {number:,} that "
                "sdss.sample asks for: lower size or the class's share, or point sdss.spectra to "
                "more."
            )
        if number:
            own, counts = np.unique(names[label == name], return_counts=True)
            drawn |= dict(
                zip(own.tolist(), apportion(counts.tolist(), number).tolist(), strict=True)
            )
    if not sum(drawn.values()):
        raise InputError(
            "The sample would be empty: a class with a share has no spectrum; raise "
            "sdss.sample.size, or set that class's share to 0."
        )
    return drawn


def draw(
    inventory: Table, *, size=None, shares=None, redshift=None, redshift_bins=None, seed: int
) -> Table:
    """Draw the sample.

    Parameters
    ----------
    inventory : astropy.table.Table
        id, file, class, z, object.
    size, shares
        See `plan`.
    redshift, redshift_bins
        See `strata`.
    seed : int

    Returns
    -------
    astropy.table.Table
        id, file, class, z, object, stratum, sorted by id. Depends on the seed and the spectra, not
        on their order; which of a stratum are drawn depends on that stratum only, and many of
        them hold the few that a smaller sample has. ``meta["strata"]`` has (drawn, available) of
        each stratum.

    Raises
    ------
    InputError
        If a class has too few spectra, or an id occurs twice.
    """
    order = np.argsort(np.asarray(inventory["id"], str), kind="stable")
    table = inventory[order]
    ids = np.asarray(table["id"], str)
    twice = ids[:-1][ids[1:] == ids[:-1]]
    if len(twice):
        raise InputError(
            f"The inventory lists {twice[0]} twice: remove inventory.ecsv and run again."
        )
    names = strata(table, redshift=redshift, redshift_bins=redshift_bins)
    table, left_out = table[names != ""], int((names == "").sum())
    names = names[names != ""]
    numbers = plan(names, np.asarray(table["class"], str), size=size, shares=shares)
    chosen, available = [], {}
    for name, number in sorted(numbers.items()):
        rows = np.flatnonzero(names == name)
        available[name] = [int(number), len(rows)]
        # A stream a stratum: its members are drawn alike whatever the others hold.
        random = np.random.default_rng([seed, zlib.crc32(name.encode())])
        chosen.append(rows[random.permutation(len(rows))[:number]])
    rows = np.sort(np.concatenate(chosen))
    columns = {key: np.asarray(table[key])[rows] for key in ("id", "file", "class", "z", "object")}
    drawn = Table(columns | {"stratum": names[rows]})
    drawn.meta = {
        "seed": int(seed),
        "strata": available,
        "left_out": left_out,
        "synthetic": bool(inventory.meta["synthetic"]),
    }
    return drawn
