"""Images or spectra of a dataset file as batches: in memory where they fit, else from the file.

Either way gives the same batches. A file's samples are one chunk each, so a shuffled batch is read
as fast as one in order; reading overlaps with learning.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from skyloom.errors import InputError
from skyloom.io.files import open_hdf5
from skyloom.learn.backend import tf

#: Bytes of images that are kept in memory; larger datasets are read batch by batch.
MEMORY_LIMIT = 2 * 1024**3
_BLOCK_BYTES = 32 * 1024**2
_SHAPES = {"images": "(N, H, W, C)", "spectra": "(N, L)", "features": "(N, F)"}


class Samples:
    """Images or spectra by row number.

    Attributes
    ----------
    shape : tuple of int
        Of one image, (H, W, C), or one spectrum, (L,).
    digest : str
        Hash of all pixels.
    """

    def __init__(self, source, digest, *, in_memory) -> None:
        self._source, self.digest, self.in_memory = source, digest, in_memory
        self.shape = tuple(source.shape[1:])

    def __len__(self):
        """How many there are."""
        return len(self._source)

    def take(self, rows):
        """Samples of these rows in this order: (n, *shape) float32."""
        if self.in_memory:
            return np.asarray(self._source[rows], dtype=np.float32)
        # Wanted in any order, which HDF5 itself does not offer; a sample is one chunk.
        return np.stack([self._source[row] for row in rows]).astype(np.float32)


def from_array(samples, kind="images"):
    """Images (N, H, W, C) or spectra (N, L) that are in memory already.

    Raises
    ------
    InputError
        If a pixel is not finite; the first such row is named.
    """
    samples = np.ascontiguousarray(samples)
    digest = _checked(samples, [(0, samples)], kind, f"the {kind}", lambda row: f"row {row}")
    return Samples(samples, digest, in_memory=True)


def open_images(path, *, limit=MEMORY_LIMIT):
    """`open_samples` of a dataset of images."""
    return open_samples(path, "images", limit=limit)


@contextlib.contextmanager
def open_samples(path: str | Path, kind: str, *, limit: int = MEMORY_LIMIT) -> Iterator[Samples]:
    """Images or spectra of a dataset file, checked once from end to end.

    Parameters
    ----------
    path : path
        See `skyloom.datasets`.
    kind : {'images', 'spectra', 'features'}
        Features: pooled ones, as `skyloom.learn.features.cache_model` writes them.
    limit : int
        Bytes up to which they are kept in memory.

    Yields
    ------
    Samples

    Raises
    ------
    InputError
        If the file is not a dataset of that kind, or a pixel is not finite: the first sample that
        has one is named.
    """
    with open_hdf5(path, need=[kind, "id"]) as file:
        stored = file[kind]
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

        digest = _checked(stored, blocks(), kind, path, name)
        yield Samples(kept, digest, in_memory=in_memory)


def _checked(samples, blocks, kind, source, name):
    """The hash of all pixels; refuses what is not finite or of another shape."""
    shape = _SHAPES[kind]
    if samples.ndim != shape.count(",") + 1 or 0 in samples.shape:
        raise InputError(
            f"{source} has {kind} of shape {samples.shape}: {shape} without a zero is needed; "
            "make the dataset again."
        )
    digest = hashlib.blake2b(repr((samples.shape, str(samples.dtype))).encode())
    for first, block in blocks:
        wrong = ~np.isfinite(block).all(axis=tuple(range(1, samples.ndim)))
        if wrong.any():
            row = name(first + int(np.argmax(wrong)))
            raise InputError(
                f"{source}: {kind}, {row}, has pixels that are not finite: "
                "remove or mend that observation and make the dataset again."
            )
        digest.update(np.ascontiguousarray(block))
    return digest.hexdigest()


def stacks(
    samples: Samples,
    order: np.ndarray,
    columns: Sequence[np.ndarray],
    *,
    batch_size: int,
    together: int = 1,
):
    """Batches of these rows in this order, some of one size together.

    Parameters
    ----------
    samples : Samples
        Or what has their `shape` and `take`.
    order : (n,) int array
        Row numbers.
    columns : sequence of (N, ...) arrays
        Of which the same rows come along.
    batch_size : int
        The last batch may be smaller.
    together : int
        Most batches in a stack.

    Yields
    ------
    tuple of (k, size, ...) tensors
        Of samples and columns: k batches.
    """
    for given in stream(samples, order, columns, batch_size=together * batch_size):
        full, rest = divmod(given[0].shape[0], batch_size)
        if full:
            first, shape = full * batch_size, (full, batch_size)
            yield tuple(tf.reshape(part[:first], (*shape, *part.shape[1:])) for part in given)
        if rest:
            yield tuple(part[None, -rest:] for part in given)


def stream(samples, order, columns, *, batch_size) -> Iterable:
    """Batches of these rows in this order, the next one made while the last one is used.

    Parameters
    ----------
    samples, order, columns, batch_size
        See `stacks`.

    Returns
    -------
    iterable
        Of (samples, *columns), as tensors.
    """
    order = np.asarray(order, np.int64)
    if getattr(samples, "in_memory", False):
        # A copy of rows in memory costs less than the queue of a tf.data pipeline: 0.1 against
        # 2.5 ms a batch of 32 spectra of 201 pixels, whose learning takes 2 to 7 ms.
        return _direct(samples, order, columns, batch_size)
    columns = [tf.constant(column) for column in columns]

    def fetch(rows):
        batch = tf.numpy_function(samples.take, [rows], tf.float32)
        batch = tf.ensure_shape(batch, (None, *samples.shape))
        return (batch, *(tf.gather(column, rows) for column in columns))

    data = tf.data.Dataset.from_tensor_slices(order).batch(batch_size)
    options = tf.data.Options()
    options.deterministic = True
    return data.map(fetch).prefetch(2).with_options(options)


def _direct(samples, order, columns, batch_size):
    columns = [np.asarray(column) for column in columns]
    for first in range(0, len(order), batch_size):
        rows = order[first : first + batch_size]
        yield (tf.constant(samples.take(rows)), *(tf.constant(column[rows]) for column in columns))
