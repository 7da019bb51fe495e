"""How much of a picture is galaxy: two halves of its cells of gas, each seen alone.

What both halves show is the galaxy; what they do not share is the accident of where its cells lie,
which grows as a filter leaves only what is small.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from astropy.table import Table

from skyloom.arms.tng import maps, variants
from skyloom.arms.tng.galaxy_loop import check_spin_fields, each_galaxy
from skyloom.arms.tng.rotation import stars_needed
from skyloom.io import columns
from skyloom.judge import bootstrap

if TYPE_CHECKING:
    from skyloom.arms.tng.simulation import Simulation


def half_maps(
    kernel: ctypes.CDLL,
    simulation: Simulation,
    galaxies: Table,
    options: dict,
    *,
    seed: int,
    threads: int = 1,
) -> Iterator[np.ndarray]:
    """Maps of the gas's three channels, of each half of every galaxy's cells.

    Parameters
    ----------
    kernel, simulation, galaxies, options, threads
        As for `skyloom.arms.tng.maps.project_all`.
    seed : int
        Of the choice of half of the cells, which differs from galaxy to galaxy.

    Yields
    ------
    (2, 3, B, B) float32 array
        Sums are doubled, so that each half stands for the whole.

    Raises
    ------
    InputError
        As `skyloom.arms.tng.maps.project_all` does.
    """
    channels = maps.gas_channels(options["statistic"])
    check_spin_fields(simulation)
    sums = np.array([1.0 + (channel.statistic == "sum") for channel in channels.values()])

    def work(galaxy, workspace, share):
        ready = maps.prepared(simulation, simulation, galaxy, channels, options, workspace)
        rng = np.random.default_rng([seed, int(galaxy["subhalo_id"])])
        first = rng.random(len(ready.particles["Coordinates"])) < 0.5
        return np.stack(
            [
                maps.projected(kernel, ready.half(chosen), channels, options, share)[0]
                * sums.astype(np.float32)[:, None, None]
                for chosen in (first, ~first)
            ]
        )

    def needs(galaxy):
        return [maps.needed(galaxy, channels, options), stars_needed(galaxy, options)]

    yield from each_galaxy(simulation, galaxies, work, needs, threads=threads)


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson's r of the pixels of two images, the mean of their channels.

    Parameters
    ----------
    first, second : (H, W, C) array

    Returns
    -------
    float
        NaN where an image has one value alone in every channel.
    """
    pixels = [image.reshape(-1, image.shape[-1]).astype(float) for image in (first, second)]
    a, b = (image - image.mean(axis=0) for image in pixels)
    norm = np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0))
    shown = norm > 0
    return float(((a * b).sum(axis=0)[shown] / norm[shown]).mean()) if shown.any() else np.nan


def measure(
    halves: Iterable[np.ndarray],
    cases: dict[str, dict],
    maxima: dict[str, float],
    *,
    view: dict,
    samples: int,
    level: float,
    seed: int,
) -> Table:
    """How alike two halves of a galaxy are in every variant.

    Parameters
    ----------
    halves : iterable of (2, 3, B, B) array
        As `half_maps` gives them.
    cases : dict of dict
        Variant -> its resolved parameters.
    maxima : dict of float
        That scale the images.
    view : dict
        ``width``, ``scale_factor`` and ``hubble`` of the maps.
    samples, level, seed
        Of the bootstrap over galaxies.

    Returns
    -------
    Table
        Columns variant; half_r, the mean over galaxies of Pearson's r between their halves;
        half_low, half_high; galaxies, in which it is defined.
    """
    found: dict[str, list] = {name: [] for name in cases}
    for pair in halves:
        for name, parameters in cases.items():
            images = variants.render(pair, maxima, parameters, **view)
            found[name].append(correlation(*images))
    rows = []
    for name, each in found.items():
        r = np.array([value for value in each if np.isfinite(value)])
        groups = np.arange(len(r))
        limits = (np.nan, np.nan)
        if len(r) > 1:
            # The bias against nothing is the mean.
            limits = bootstrap.interval(
                np.zeros(len(r)),
                r,
                groups,
                samples=samples,
                level=level,
                seed=seed,
                statistic=bootstrap.BIAS,
            )
        rows.append((name, r.mean() if len(r) else np.nan, *limits, len(r)))
    names, values, low, high, counts = zip(*rows, strict=True) if rows else ((),) * 5
    table = Table({"variant": np.array(names, dtype=str)})
    for column, numbers in (("half_r", values), ("half_low", low), ("half_high", high)):
        table[column] = columns.masked(list(numbers))
    table["galaxies"] = np.array(counts, dtype=int)
    table.meta.update(level=float(level), samples=int(samples))
    return table


def beside(summary: Table, halves: Table) -> Table:
    """A summary with the columns of `measure`, masked for cases that it lacks.

    Parameters
    ----------
    summary : Table
        As `skyloom.arms.tng.evaluation.summarise` makes it; gets the columns.
    halves : Table

    Returns
    -------
    Table
        The summary itself.
    """
    rows = [str(variant) for variant in halves["variant"]]
    for name in ("half_r", "half_low", "half_high"):
        by_variant = dict(zip(rows, columns.numbers(halves[name]), strict=True))
        summary[name] = columns.masked([by_variant.get(str(v), np.nan) for v in summary["variant"]])
    return summary
