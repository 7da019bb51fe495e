"""Binding of ``polyline.c``: curves y(x) drawn as anti-aliased lines, many in one call."""

from __future__ import annotations

import ctypes
import math
import threading
from functools import cache
from pathlib import Path

import numpy as np

from skyloom.kernels.compiled import cached_library, compile_source, open_library

SOURCE = Path(__file__).with_suffix(".c")

_KEPT = threading.local()

#: As in the C code: cuts a column of pixels, and columns filled together.
_SAMPLES, _STRIP = 16, 32
#: Bytes of a cache line.
_LINE = 64
#: Beyond these a row's number times the parts of a pixel leaves 32 bits.
MOST_PIXELS = 2**16


def compile_kernel(path: str | Path, *, compiler: str | None = None) -> None:
    """Compile the kernel to a shared library; see `skyloom.kernels.compiled.compile_source`."""
    compile_source(SOURCE, path, compiler=compiler)


class _Picture(ctypes.Structure):
    _fields_ = (
        ("height", ctypes.c_int64),
        ("width", ctypes.c_int64),
        ("radius", ctypes.c_double),
        ("margin", ctypes.c_int64),
    )


class _Curves(ctypes.Structure):
    _fields_ = (
        ("count", ctypes.c_int64),
        ("points", ctypes.c_int64),
        ("x", ctypes.c_void_p),
        ("x_step", ctypes.c_int64),
        ("y", ctypes.c_void_p),
        ("type", ctypes.c_int32),
        ("frame", ctypes.c_void_p),
    )


_ROWS = ("low", "high", "edge", "low_edge", "high_edge", "top", "bottom", "start", "end")


class _Work(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_void_p) for name in (*_ROWS, "step"))


@cache
def load(path: str | Path | None = None) -> ctypes.CDLL:
    """Load the compiled kernel.

    Parameters
    ----------
    path : str or Path, optional
        What `compile_kernel` made; without it, what is kept in the user's cache
        (`skyloom.kernels.compiled.cached_library`).

    Returns
    -------
    ctypes library
        Its function releases the GIL while it runs.
    """
    pointers = [ctypes.POINTER(kind) for kind in (_Picture, _Curves, _Work)]
    functions = {"rasterise": [*pointers, ctypes.c_void_p]}
    return open_library(path or cached_library(SOURCE), functions)


def _work(picture):
    """The C code's memory, each part on a cache line of its own.

    A thread keeps it from call to call: fresh pages would cost a good part of the drawing.
    """
    bins = picture.width * _SAMPLES + 2 * picture.margin
    row = -(-4 * (bins + 1) // _LINE) * _LINE
    step = 2 * (picture.height + 2) * _STRIP
    needed = len(_ROWS) * row + step + _LINE
    if getattr(_KEPT, "bytes", -1) < needed:
        _KEPT.memory, _KEPT.bytes = np.empty(needed, np.uint8), needed
    first = -(-_KEPT.memory.ctypes.data // _LINE) * _LINE
    return _Work(*(first + k * row for k in range(len(_ROWS) + 1)))


def _checked(x, y, frame):
    """The arrays as the C code reads them."""
    y = np.asarray(y)
    y = np.ascontiguousarray(y, np.float32 if y.dtype == np.float32 else np.float64)
    x = np.ascontiguousarray(x, np.float64)
    if y.ndim != 2 or x.shape not in (y.shape, y.shape[1:]):
        raise ValueError(f"x of shape {x.shape} does not belong to curves of shape {y.shape}")
    if not (np.isfinite(x).all() and np.all(np.diff(x, axis=-1) >= 0)):
        raise ValueError("x must be finite and must not fall")
    frame = np.ascontiguousarray(np.broadcast_to(frame, (len(y), 4)), np.float64)
    sides = frame[:, 1] - frame[:, 0], frame[:, 3] - frame[:, 2]
    if not all(np.all((side > 0) & np.isfinite(side)) for side in sides):
        raise ValueError("a frame must be finite, its left and its bottom below its right and top")
    return x, y, frame


def rasterise(
    kernel: ctypes.CDLL,
    x: np.ndarray,
    y: np.ndarray,
    *,
    frame: np.ndarray,
    size: tuple[int, int],
    width: float,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Draw curves as dark anti-aliased lines on white.

    A line is the union of all discs of its width about the points of the polyline (round joins
    and caps), so that what overlaps is counted once; a pixel's value is 255 less the share of it
    that the line covers. Shares are exact but for the sampling in x, 16 cuts a pixel.

    Parameters
    ----------
    kernel : ctypes library
        From `load`.
    x : (L,) or (n, L) array
        Must not fall along a curve: a vertical cut through a line is then one interval, which is
        what makes this fast.
    y : (n, L) array
        In single or double precision. The line goes straight over points that are not finite, and
        is clipped by the frame.
    frame : (4,) or (n, 4) array
        x at the left and the right side of the image, y at its bottom and its top.
    size : (int, int)
        Height and width in pixels.
    width : float
        Of the line, in pixels.
    out : (n, height, width) uint8 array, optional
        Where to draw: C-contiguous. New memory unless given.

    Returns
    -------
    (n, height, width) uint8 array
        Row 0 is the top. The bytes depend on nothing but these arguments.

    Raises
    ------
    ValueError
        If shapes disagree, x falls or is not finite, a frame is empty, or the width or size is not
        possible.
    """
    x, y, frame = _checked(x, y, frame)
    height, across = (int(side) for side in size)
    if not (1 <= height <= MOST_PIXELS and 1 <= across <= MOST_PIXELS):
        raise ValueError(f"an image of {height} x {across} pixels is not possible")
    if not 0 < width <= MOST_PIXELS:
        raise ValueError(f"a line of {width} pixels is not possible")
    images = np.empty((len(y), height, across), np.uint8) if out is None else out
    if images.shape != (len(y), height, across) or images.dtype != np.uint8:
        raise ValueError(f"out of shape {images.shape} does not take {len(y)} images of this size")
    if not images.flags.c_contiguous:
        raise ValueError("out is not contiguous")
    picture = _Picture(height, across, width / 2, math.ceil(width / 2 * _SAMPLES) + 2)
    curves = _Curves(
        *(*y.shape, x.ctypes.data, y.shape[1] if x.ndim == 2 else 0, y.ctypes.data),
        *(int(y.dtype == np.float32), frame.ctypes.data),
    )
    kernel.rasterise(picture, curves, _work(picture), images.ctypes.data)
    return images
