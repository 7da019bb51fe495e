"""Pictures for pages: no wider than a screen, and of a modest size."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from skyloom.io.files import atomic


def shrink(source, path: str | Path, *, width: int = 1600, largest: int = 400_000) -> None:
    """Write a PNG for a page.

    Parameters
    ----------
    source : str, Path or binary file
        A PNG.
    path : str or Path
    width : int, optional
        Pixels at most.
    largest : int, optional
        Bytes; a picture that would take more gets a palette of 256 colours, then narrower.
    """
    with Image.open(source) as image:
        image = image.convert("RGB")
    width = min(width, image.width)
    while True:
        size = width, round(image.height * width / image.width)
        small = image.resize(size, Image.Resampling.LANCZOS)
        made = _png(small)
        if len(made) > largest:
            # Dithered, so that smooth gradients do not fall into steps.
            palette = small.quantize(256)
            made = _png(small.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG))
        if len(made) <= largest or width < 200:
            break
        width = int(0.95 * width)
    with atomic(path) as temporary:
        Path(temporary).write_bytes(made)


def _png(image):
    """The bytes of an image as PNG."""
    image.save(made := io.BytesIO(), format="png", optimize=True)
    return made.getvalue()
