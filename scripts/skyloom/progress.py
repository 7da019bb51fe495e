"""Progress of long work: a bar in a terminal, plain lines in a log file."""

import sys

from tqdm import tqdm


class _Lines:
    """A text stream on which each refresh of a bar becomes a line of its own."""

    def __init__(self, stream):
        self.stream = stream

    def write(self, text):
        text = text.replace("\r", "").strip()
        if text:
            self.stream.write(text + "\n")

    def flush(self):
        self.stream.flush()


def track(iterable, *, label, total=None, unit="it", stream=None):
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
        Yields the items of `iterable`; refreshed every 0.2 s in a terminal, every 10 s in a log.
    """
    stream = stream or sys.stderr
    terminal = stream.isatty()
    return tqdm(
        iterable,
        desc=label,
        total=total,
        unit=unit,
        file=stream if terminal else _Lines(stream),
        mininterval=0.2 if terminal else 10.0,
        dynamic_ncols=terminal,
        ascii=None if terminal else True,
    )
