"""Progress of long work: a bar in a terminal, plain lines in a log or beside other jobs."""

from __future__ import annotations

import os
import sys
import time

from tqdm import tqdm

#: Environment variable with the name of a job that shares its terminal with others: bars that
#: several processes refresh would overwrite each other, so that each writes lines with its name.
SHARED = "SKYLOOM_SHARES_TERMINAL"
#: Seconds between two lines, and how long work must take before it says anything.
EVERY, SHORT = 10.0, 2.0

_KNOWN = "{n_fmt}%s of {total_fmt}%s ({percentage:.0f} %%), {remaining} left{postfix}"
_COUNT = "{n_fmt}%s, {elapsed} so far{postfix}"


class _Lines:
    """A text stream on which a bar leaves a line now and then, and its last state."""

    def __init__(self, stream):
        self.stream, self.said, self.due = stream, "", 0.0

    def write(self, text):
        if text.strip():
            self.said = text.strip()
        # A bar that closes ends its line.
        if self.said and (text == "\n" or time.monotonic() >= self.due):
            # In one piece, so that lines of several jobs do not mix.
            self.stream.write(self.said + "\n")
            self.said, self.due = "", time.monotonic() + EVERY

    def flush(self):
        self.stream.flush()


def track(iterable, *, label, total=None, unit: str = "it", stream=None):
    """Iterate and report how far the work is.

    Parameters
    ----------
    iterable : iterable
    label : str
        What is being done, for example ``"maps of snapshot 99"``.
    total : int, optional
        Number of items where `iterable` has no length.
    unit : str
        Name of one item, for example ``"galaxy"``.
    stream : text stream, optional
        Where to report; standard error unless told.

    Returns
    -------
    tqdm
        Yields the items of `iterable`. From work of 2 s on, a job that is alone in a terminal shows
        a bar, refreshed every 0.2 s; else there is a line every 10 s with the count and the time
        that remains.
    """
    stream = stream or sys.stderr
    shared = os.environ.get(SHARED)
    if total is None and hasattr(iterable, "__len__"):
        total = len(iterable)
    common = {"total": total, "unit": unit, "unit_scale": unit == "B"}
    if stream.isatty() and not shared:
        return tqdm(
            iterable,
            **common,
            desc=label,
            file=stream,
            mininterval=0.2,
            delay=SHORT,
            dynamic_ncols=True,
        )
    return tqdm(
        iterable,
        **common,
        desc=f"{shared}: {label}" if shared else label,
        file=_Lines(stream),
        mininterval=SHORT,
        delay=SHORT,
        # After some quick items tqdm might look at its clock too seldom.
        miniters=1,
        bar_format=_format(unit, known=total is not None),
    )


def track_blocks(blocks, *, label, total, unit):
    """Iterate over blocks of items and report how many items are done.

    Parameters
    ----------
    blocks : iterable of arrays
        Items along the first axis.
    label, unit : str
        As `track` takes them.
    total : int
        Of all items.

    Yields
    ------
    array
        The blocks.
    """
    with track(None, label=label, total=total, unit=unit) as bar:
        for block in blocks:
            yield block
            bar.update(len(block))


def _format(unit, *, known):
    """How a line is made: 'label: galaxy 12 of 30 (40 %), 00:18 left', 'label: 29.5MB of …'."""
    if unit == "B":
        return "{desc}: " + (_KNOWN % ("B", "B") if known else _COUNT % "B")
    return "{desc}: {unit} " + (_KNOWN % ("", "") if known else _COUNT % "")
