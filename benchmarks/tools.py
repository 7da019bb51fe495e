"""What every benchmark shares: timing ways in turn, and tables in Markdown."""

import time

import numpy as np


def seconds(ways, repetitions=5, *, warm=0.0, of=np.median):
    """Median time of several ways to do the same, taken in turn so that all share the weather.

    Parameters
    ----------
    ways : dict of callable
        Name -> a call without arguments.
    repetitions : int
    warm : float
        Seconds for which a way runs before it is timed: some virtual machines leave new or rested
        threads on one core for tenths of a second.
    of : callable
        The median; ``min`` on a machine that is shared.

    Returns
    -------
    dict of float
        Name -> seconds.
    """
    times = {name: [] for name in ways}
    for _ in range(repetitions):
        for name, way in ways.items():
            start = time.perf_counter()
            while time.perf_counter() - start < warm:
                way()
            start = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - start)
    return {name: float(of(values)) for name, values in times.items()}


def table(title, header, rows):
    """A Markdown table under its title; numbers come as text, rounded by who knows them."""
    lines = [title, "", f"| {' | '.join(header)} |", "|" + "---|" * len(header)]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)])
