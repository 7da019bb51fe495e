"""Smaller images: each pixel the mean of a block, or the published linear interpolation."""

from __future__ import annotations

import cv2
import numpy as np

from skyloom.errors import InputError

_METHODS = {"area": cv2.INTER_AREA, "linear": cv2.INTER_LINEAR}

# Whoever calls decides how many images are worked on at once (`skyloom.prefetch`); OpenCV must not
# start threads of its own beyond what the job was given.
cv2.setNumThreads(1)


def rebin(image: np.ndarray, factor: int, *, method: str = "area", pad: bool = False) -> np.ndarray:
    """One image made smaller by a whole factor.

    Parameters
    ----------
    image : (H, W) array
        What it holds is intensive, such as counts/s in a pixel of given size.
    factor : int
        1 returns the image itself.
    method : 'area' or 'linear'
        ``area``: the mean of each block of factor x factor pixels, which conserves the mean of
        the image. ``linear``: ``cv2.resize(..., INTER_LINEAR)`` as in the degree project, which
        is that mean for a factor of 2, but for 4 the mean of the central 2 x 2 pixels alone: it
        leaves out 12 of 16 pixels and doubles the noise.
    pad : bool
        Continue sides that `factor` does not divide with zeros at their upper end.

    Returns
    -------
    (H / factor, W / factor) array
        float32, and summed so, for float32 images, float64 for all others.

    Raises
    ------
    InputError
        If `factor` does not divide a side and `pad` is False, or a choice is not known.
    """
    if method not in _METHODS:
        raise InputError(f"xmm.rebin_method is {method!r}: choose 'area' or 'linear'.")
    if factor == 1:
        return image
    height, width = image.shape
    ragged = (-height % factor, -width % factor)
    if any(ragged):
        if not pad:
            raise InputError(
                f"Images of {height} x {width} pixels cannot be rebinned by {factor}: set "
                "xmm.frame.size to multiples of it, or xmm.frame.smaller to pad."
            )
        image = np.pad(image, [(0, ragged[0]), (0, ragged[1])])
        height, width = image.shape
    size = (width // factor, height // factor)
    # OpenCV takes neither the byte order of FITS, nor whole numbers, nor a view with gaps.
    kind = np.float32 if image.dtype.kind == "f" and image.dtype.itemsize == 4 else np.float64
    image = np.ascontiguousarray(image, kind)
    return cv2.resize(image, size, interpolation=_METHODS[method])
