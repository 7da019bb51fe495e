"""Asking a trained encoder about images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

# Importing it makes its layer known to keras.
from skyloom.arms.semantic import (
    encoder,  # noqa: F401
    profiles,
    sampling,
)
from skyloom.errors import InputError
from skyloom.learn import regression
from skyloom.progress import track_blocks

if TYPE_CHECKING:
    import keras


#: Images at a time.
_BATCH = 100

#: A trained encoder, from its ``model.keras``: (n, H, W, 1) -> (n, P).
load = regression.load


def encode(
    network: keras.Model, images: np.ndarray, profile: dict, grid: dict
) -> tuple[np.ndarray, np.ndarray]:
    """Parameters of images, and what is left of each when its profile is taken away.

    Parameters
    ----------
    network : keras.Model
    images : (n, H, W, 1) array
        As it was trained on.
    profile, grid : dict
        Of its training dataset.

    Returns
    -------
    parameters : (n, P) float64 array
        Free parameters, in the decoder's order.
    residual : (n,) float64 array
        Mean of |image - reconstruction|.

    Raises
    ------
    InputError
        If the images have another size than those that it was trained on.
    """
    expected = tuple(network.input_shape[1:])
    if images.shape[1:] != expected:
        raise InputError(
            f"the encoder was trained on images of {expected[0]}x{expected[1]} pixels and is "
            f"given {images.shape[1]}x{images.shape[2]}: make the two grids alike "
            "(semantic.grid.pixels, tng.inclined.pixels)."
        )
    names, fixed = list(profiles.free(profile)), profiles.fixed(profile)
    grid = sampling.Grid(**grid)
    parameters, residual = [], []
    batches = (images[first : first + _BATCH] for first in range(0, len(images), _BATCH))
    for batch in track_blocks(batches, label="images", total=len(images), unit="image"):
        some = np.asarray(batch, dtype=np.float32)
        found = np.asarray(network.predict_on_batch(some), dtype=np.float64)
        values = {**fixed, **dict(zip(names, found.T, strict=True))}
        made = profiles.evaluate(profile["decoder"], values, grid)
        parameters.append(found)
        residual.append(np.mean(np.abs(some[..., 0] - made), axis=(1, 2)))
    return np.concatenate(parameters), np.concatenate(residual)
