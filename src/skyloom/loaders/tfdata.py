"""Samples as a tf.data pipeline; see `skyloom.loaders.tensorflow`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skyloom.extras import extra

if TYPE_CHECKING:
    from skyloom.loaders.samples import Samples

with extra("networks"):
    import tensorflow as tf


def batches(samples: Samples, labels: np.ndarray, *, batch: int, shuffle: int | None) -> Any:
    """Batches of samples and labels, read while the last one is used.

    Parameters
    ----------
    samples : skyloom.loaders.samples.Samples
    labels : (n,) or (n, T) array
    batch : int
    shuffle : int or None
        Seed.

    Returns
    -------
    tf.data.Dataset
    """
    dtype = np.float32 if samples.normalise and samples.dtype == np.uint8 else samples.dtype
    indices = tf.data.Dataset.range(len(samples))
    if shuffle is not None:
        # All indices at once: a shuffled buffer of some of them would not be a random order.
        indices = indices.shuffle(len(samples), seed=shuffle, reshuffle_each_iteration=True)

    def read(chosen):
        images = tf.numpy_function(samples.read, [chosen], tf.as_dtype(dtype), stateful=False)
        return tf.ensure_shape(images, (None, *samples.shape)), tf.gather(labels, chosen)

    return indices.batch(batch).map(read).prefetch(tf.data.AUTOTUNE)
