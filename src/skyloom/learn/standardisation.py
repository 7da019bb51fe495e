"""Stored features brought to mean zero and deviation one before a classifier learns from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from skyloom.learn.batches import Samples


_BLOCK = 4096


class Standardised:
    """Features less the mean of the training side, over its deviation, feature by feature.

    A linear map that the dense layer after it could learn itself: it changes how fast a classifier
    learns, not what it can learn, and `fold` puts it into that layer.

    Parameters
    ----------
    samples : `skyloom.learn.batches.Samples`
    train : (n,) int array
        Rows of the training side.
    """

    def __init__(self, samples: Samples, train: np.ndarray) -> None:
        self._samples, self.shape, self.digest = samples, samples.shape, samples.digest
        total, squares = np.zeros(self.shape), np.zeros(self.shape)
        blocks = [train[first : first + _BLOCK] for first in range(0, len(train), _BLOCK)]
        for rows in blocks:
            total += samples.take(rows).sum(axis=0, dtype=np.float64)
        self.mean = total / max(1, len(train))
        for rows in blocks:
            squares += ((samples.take(rows) - self.mean) ** 2).sum(axis=0)
        deviation = np.sqrt(squares / max(1, len(train)))
        # A feature that never changes says nothing; dividing by nearly nothing would amplify it.
        self.deviation = np.where(deviation > 1e-4, deviation, 1.0)

    def __len__(self):
        """How many there are."""
        return len(self._samples)

    def take(self, rows):
        """Features of these rows in this order: (n, F) float32."""
        return ((self._samples.take(rows) - self.mean) / self.deviation).astype(np.float32)

    def fold(self, kernel, bias):
        """Weights of a dense layer on the features as they are, which gives the same."""
        folded = kernel.astype(np.float64) / self.deviation[:, None]
        return folded.astype(kernel.dtype), (bias - self.mean @ folded).astype(bias.dtype)
