"""The grid of the stellar arm: which combinations of Teff, log g, [m/H] and v sin i there are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from astropy.table import Table

from skyloom.errors import InputError

#: Labels and their units, in the order of every table and dataset.
LABELS = {"teff": "K", "log_g": "dex", "m_h": "dex", "v_sin_i": "km / s"}
#: The axes of the slide (../shared/papers/002): 26, 11, 7 and 29 values.
AXES = {
    "teff": tuple(range(3500, 9751, 250)),
    "log_g": tuple(np.arange(0, 51, 5) / 10),
    "m_h": tuple(np.arange(-25, 6, 5) / 10),
    "v_sin_i": (0, 1, 2, 4, 6, 8, 10, 12, 16, *range(20, 71, 5), *range(80, 121, 10))
    + (140, 160, 180, 200),
}
# No atmosphere is stable, or was computed, below: the slide's column 'No.' has 11 values of log g
# up to 6,000 K, 10 up to 7,500, 9 up to 8,250, 8 up to 9,000 and 7 above.
_STAIRCASE = ((6000, 0.0), (7500, 0.5), (8250, 1.0), (9000, 1.5), (np.inf, 2.0))
# Parts that each label's unit has in an id.
_PARTS = {"teff": 1, "log_g": 10, "m_h": 10, "v_sin_i": 1}
_IDENTIFIER = re.compile(r"t(\d{5})g(\d{2})m([+-]\d{2})v(\d{3})")


@dataclass(frozen=True)
class Atmosphere:
    """A star before it rotates.

    Attributes
    ----------
    teff, log_g, m_h : float
        K, dex, dex.
    """

    teff: float
    log_g: float
    m_h: float

    @property
    def labels(self):
        """The three labels, as `skyloom.simulate.stellar.atmosphere.layer` takes them."""
        return self.teff, self.log_g, self.m_h


def lowest_log_g(teff):
    """The staircase: the smallest log g of the grid at this Teff."""
    return next(log_g for hottest, log_g in _STAIRCASE if teff <= hottest)


def identifier(teff, log_g, m_h, v_sin_i):
    """A spectrum's id, such as t05250g45m-05v100 for 5,250 K, 4.5, -0.5 and 100 km/s.

    Raises
    ------
    ValueError
        If a label has finer parts than the id: 1 K, 0.1 dex, 1 km/s.
    """
    values = []
    for (name, parts), value in zip(_PARTS.items(), (teff, log_g, m_h, v_sin_i), strict=True):
        values.append(round(value * parts))
        if abs(value * parts - values[-1]) > 1e-6:
            raise ValueError(f"{name} = {value} is finer than 1/{parts} {LABELS[name]}")
    teff, log_g, m_h, v_sin_i = values
    return f"t{teff:05d}g{log_g:02d}m{m_h:+03d}v{v_sin_i:03d}"


def labels_of(name):
    """The labels in an id, as a dict; None if `name` does not contain one."""
    found = _IDENTIFIER.search(name)
    if not found:
        return None
    return {
        label: int(digits) / parts
        for (label, parts), digits in zip(_PARTS.items(), found.groups(), strict=True)
    }


def axes(options: dict):
    """The values of each label: those asked for, or the slide's.

    Parameters
    ----------
    options : dict
        A list, or None for the slide's values, under each name in `LABELS`.

    Returns
    -------
    dict of tuple, sorted

    Raises
    ------
    InputError
        If a list is empty, repeats a value, leaves the slide's range (there is no staircase
        outside), or is finer than an id can tell.
    """
    chosen = {}
    for name, known in AXES.items():
        values = known if options.get(name) is None else tuple(options[name])
        key = f"stellar.synthetic.{name}"
        if not values or len(set(values)) != len(values):
            raise InputError(f"{key} is empty or repeats a value: list each value once.")
        if min(values) < known[0] or max(values) > known[-1]:
            raise InputError(
                f"{key} goes beyond {known[0]:g} to {known[-1]:g} {LABELS[name]}: choose values "
                "within."
            )
        if any(abs(value * _PARTS[name] - round(value * _PARTS[name])) > 1e-6 for value in values):
            raise InputError(
                f"{key} has a value finer than {1 / _PARTS[name]:g} {LABELS[name]}: round it."
            )
        chosen[name] = tuple(sorted(values))
    return chosen


def atmospheres(chosen):
    """All atmospheres of the grid, in the order of their ids.

    Parameters
    ----------
    chosen : dict
        As `axes` gives.

    Returns
    -------
    list of `Atmosphere`

    Raises
    ------
    InputError
        If the staircase leaves none.
    """
    found = [
        Atmosphere(teff, log_g, m_h)
        for teff in chosen["teff"]
        for log_g in chosen["log_g"]
        if log_g >= lowest_log_g(teff)
        for m_h in chosen["m_h"]
    ]
    if not found:
        raise InputError(
            "stellar.synthetic.log_g lies below the grid at every stellar.synthetic.teff: hot "
            "stars have none of the smallest values."
        )
    return sorted(found, key=lambda one: identifier(*one.labels, 0))


def table(atmospheres: Sequence[Atmosphere], velocities: Sequence[float]):
    """One row a spectrum: file, id and labels, each atmosphere with all its velocities.

    Parameters
    ----------
    atmospheres : sequence of `Atmosphere`
    velocities : sequence of float
        v sin i, km/s.

    Returns
    -------
    `~astropy.table.Table`
        With ``synthetic`` and ``labels`` in its metadata.
    """
    rows = [(*one.labels, velocity) for one in atmospheres for velocity in velocities]
    made = Table(np.array(rows, float).reshape(-1, 4), names=list(LABELS), units=LABELS)
    made.add_column([identifier(*row) for row in rows], 0, name="id")
    # No file is theirs, and a block's name would make the inventory depend on the blocks.
    made.add_column(["synthesised"] * len(rows), 0, name="file")
    made.meta.update({"synthetic": True, "labels": list(LABELS)})
    return made
