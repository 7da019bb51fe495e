"""Threads that a training shares its operations between; without TensorFlow, for the scheduler."""

from __future__ import annotations

from collections.abc import Sequence

#: Filters of the first convolution from which a network is worth two threads. Measured on two
#: cores, images/s with one and two threads: full 162 and 290, small_16 1,180 and 1,430.
_WIDE = 16


def threads_of(convolutions: Sequence[int]) -> int:
    """Threads that share an operation of a network with these filters, on every machine.

    Parameters
    ----------
    convolutions : sequence of int
        Filters of each convolution.

    Returns
    -------
    int
        Sums, and so bits, depend on it, which therefore is the network's and not the machine's. Two
        wide networks at a time are slower than one after the other; of narrow ones, two with a
        thread each do 1.65 times the work of one with two.
    """
    return 2 if convolutions[0] >= _WIDE else 1
