"""Whether a loss was still falling when its training ended."""

from __future__ import annotations

import numpy as np

#: What is looked at: this share of the epochs, at the end; and how much lower, relative to the
#: lowest loss before, the lowest one there has to be.
LAST, FALL = 0.25, 0.05


def still_falling(loss: np.ndarray) -> bool:
    """Whether more epochs would have gone on lowering a loss.

    Parameters
    ----------
    loss : (E,) array
        Of the side that is judged, epoch by epoch; NaN where there is none.

    Returns
    -------
    bool
        True where the lowest loss of the last quarter of the epochs is more than 5 % below the
        lowest before, and after a single epoch, which shows no course. False without any loss.

    Notes
    -----
    The field knows no one rule. Prechelt 1998 (Early stopping - but when?, section 2) measures
    progress in the same way, over a strip of epochs relative to the lowest loss. Here minima are
    compared with minima, so that a noisy curve is not taken for a falling one. A rate that decays
    to zero flattens any curve at its end; that such a training is over is said of its schedule
    only.
    """
    known = np.asarray(np.ma.filled(np.ma.asarray(loss, dtype=float), np.nan))
    known = known[np.isfinite(known)]
    if known.size < 2:
        return bool(known.size)
    first = known.size - max(1, round(LAST * known.size))
    before = known[:first].min()
    return bool(before - known[first:].min() > FALL * abs(before))


def members_falling(member: np.ndarray | None, loss: np.ndarray) -> tuple[int, int]:
    """Of networks trained one by one: how many losses were still falling, of how many.

    Parameters
    ----------
    member : (E,) array or None
        Which network each epoch is of; None where there is only one.
    loss : (E,) array

    Returns
    -------
    falling, members : int
    """
    loss = np.atleast_1d(loss)
    member = np.zeros(len(loss)) if member is None else np.atleast_1d(member)
    names = np.unique(member)
    return sum(still_falling(loss[member == name]) for name in names), len(names)
