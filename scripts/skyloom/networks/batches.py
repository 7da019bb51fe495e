"""Images of a dataset file as batches: from memory where they fit, else from the file.

Either way gives the same batches. A file's samples are one chunk each, so a shuffled batch is read
as fast as one in order; reading overlaps with learning.
"""

import contextlib
import hashlib

import numpy as np
import tensorflow as tf

from skyloom.errors import InputError
from skyloom.io import open_hdf5

#: Bytes of images that are kept in memory; larger datasets are read batch by batch.
MEMORY_LIMIT = 2 * 1024**3
_BLOCK_BYTES = 32 * 1024**2


class Images:
    """Images by row number.

    Attributes
    ----------
    shape : tuple of int
        Of one image, (H, W, C).
    digest : str
        Hash of all pixels.
    """

    def __init__(self, source, digest, *, in_memory):
        self._source, self.digest, self.in_memory = source, digest, in_memory
        self.shape = tuple(source.shape[1:])

    def __len__(self):
        """Number of images."""
        return len(self._source)

    def take(self, rows):
        """Images of these rows in this order: (n, H, W, C) float32."""
        if self.in_memory:
            return np.asarray(self._source[rows], dtype=np.float32)
        # Wanted in any order, which HDF5 itself does not offer; a sample is one chunk.
        return np.stack([self._source[row] for row in rows]).astype(np.float32)


def from_array(images):
    """Images that are in memory already, (N, H, W, C).

    Raises
    ------
    InputError
        If a pixel is not finite; the first such row is named.
    """
    images = np.ascontiguousarray(images)
    digest = _checked(images, [(0, images)], "the images", lambda row: f"row {row}")
    return Images(images, digest, in_memory=True)


@contextlib.contextmanager
def open_images(path, *, limit=MEMORY_LIMIT):
    """Images of a dataset file, checked once from end to end.

    Parameters
    ----------
    path : path
        See `skyloom.datasets`.
    limit : int
        Bytes up to which they are kept in memory.

    Yields
    ------
    Images

    Raises
    ------
    InputError
        If the file is not a dataset of images, or a pixel is not finite: the first image is named.
    """
    with open_hdf5(path, need=["images", "id"]) as file:
        stored = file["images"]
        in_memory = stored.size * stored.dtype.itemsize <= limit
        kept = np.empty(stored.shape, stored.dtype) if in_memory else stored

        def name(row):
            return f"id {file['id'][row].decode()}"

        def blocks():
            length = max(1, _BLOCK_BYTES // max(1, stored[:1].nbytes)) if len(stored) else 1
            for first in range(0, len(stored), length):
                block = stored[first : first + length]
                if in_memory:
                    kept[first : first + len(block)] = block
                yield first, block

        digest = _checked(stored, blocks(), path, name)
        yield Images(kept, digest, in_memory=in_memory)


def _checked(images, blocks, source, name):
    """The hash of all pixels; refuses what is not a finite image."""
    if images.ndim != 4 or 0 in images.shape:
        raise InputError(
            f"{source} has images of shape {images.shape}: (N, H, W, C) without a zero is needed; "
            "make the dataset again."
        )
    digest = hashlib.blake2b(repr((images.shape, str(images.dtype))).encode())
    for first, block in blocks:
        wrong = ~np.isfinite(block).all(axis=(1, 2, 3))
        if wrong.any():
            row = name(first + int(np.argmax(wrong)))
            raise InputError(
                f"{source}: images, {row}, has pixels that are not finite: "
                "remove or mend that observation and make the dataset again."
            )
        digest.update(np.ascontiguousarray(block))
    return digest.hexdigest()


def stream(images, order, columns, *, batch_size, augmentation=None, drawn=None):
    """Batches of these rows in this order, the next one made while the last one is used.

    Parameters
    ----------
    images : Images
    order : (n,) int array
        Row numbers.
    columns : sequence of (N, ...) arrays
        Of which the same rows come along.
    batch_size : int
        The last batch may be smaller.
    augmentation : `skyloom.networks.augmentation.Augmentation`, optional
    drawn : (N, 3) array, optional
        What it does to each row.

    Returns
    -------
    tf.data.Dataset
        Of (images, *columns).
    """
    columns = [tf.constant(column) for column in columns]
    changed = None if not augmentation else tf.constant(drawn)

    def fetch(rows):
        batch = tf.numpy_function(images.take, [rows], tf.float32)
        batch = tf.ensure_shape(batch, (None, *images.shape))
        if changed is not None:
            batch = augmentation.apply(batch, tf.gather(changed, rows))
        return (batch, *(tf.gather(column, rows) for column in columns))

    data = tf.data.Dataset.from_tensor_slices(np.asarray(order, np.int64)).batch(batch_size)
    options = tf.data.Options()
    options.deterministic = True
    return data.map(fetch).prefetch(2).with_options(options)
