"""What the frozen backbone sees in every image, computed once and kept.

The backbone does not learn and the images are not augmented, so its output for an image never
changes: a head trained on stored features is the same mathematics as training the whole network.

On processors each thread takes a batch of its own through the whole network: it reads its images
while the others compute, nobody waits at the end of a layer, and no sum depends on how many there
are. On a graphics card one batch is computed while the next is read.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np

from skyloom import prefetch
from skyloom.errors import InputError
from skyloom.io.files import create_dataset, open_hdf5, settle
from skyloom.learn import devices, vgg16, weights
from skyloom.learn.backend import keras, tf
from skyloom.progress import track

if TYPE_CHECKING:
    from skyloom.prefetch import Pool


_LARGEST = float(np.finfo(np.float16).max)
# Images of 256 pixels a side at once: 0.3 GB of layers in 8 of them, a thread.
_BATCH, _BATCH_ON_CARD = 8, 64
_REMEDY = (
    "the weights in tng.backbone.weights do not suit these images; choose others, or set "
    "tng.backbone.preprocess to vgg16"
)


def compiled(backbone: keras.Model, shape):
    """A backbone as one function of a batch, for `compute`: traced once, whatever its length.

    Parameters
    ----------
    backbone : keras.Model
    shape : (3,) tuple of int
        Of an image.
    """

    @tf.function(input_signature=[tf.TensorSpec((None, *shape), tf.uint8)], autograph=False)
    def forward(part):
        return tf.cast(backbone(tf.cast(part, tf.float32), training=False), tf.float32)

    return forward


def compute(
    images, backbone: keras.Model, *, batch: int = 8, start: int = 0, pool: Pool | None = None
):
    """Features of images, batch by batch.

    Parameters
    ----------
    images : (N, H, W, 3) uint8 array or HDF5 dataset
        Read a batch at a time, so it may be larger than memory.
    backbone : keras.Model
        From `skyloom.learn.vgg16.backbone` or `skyloom.learn.pretrained.backbone`; or what
        `compiled` made of it.
    batch : int
        Images at once.
    start : int
        Images already done.
    pool : skyloom.prefetch.Pool, optional
        Threads that each work on a batch; `skyloom.learn.devices.use_threads` must allow as
        many operations at a time.

    Yields
    ------
    slice, (n, h, w, c) float32 array
        Which images, and their features.
    """
    forward = backbone
    if isinstance(backbone, keras.Model):
        forward = compiled(backbone, images.shape[1:])

    def work(first):
        rows = slice(first, min(first + batch, len(images)))
        return rows, forward(tf.constant(images[rows])).numpy()

    yield from prefetch.in_order(pool, work, range(start, len(images), batch))


def cache(
    dataset: str | Path,
    backbone: str | Path,
    output: str | Path,
    *,
    preprocess: str = "none",
    precision: str = "float32",
    batch: int | None = None,
    threads: int = 1,
) -> None:
    """Compute the features of a dataset file and write them as float16.

    The work goes into ``<output>.partial``, which names what it was computed from and how far it
    is: after a kill, the next call goes on where it stopped.

    Parameters
    ----------
    dataset : path
        Dataset file with `images` (N, H, W, 3) uint8 and `id`.
    backbone : path
        Canonical backbone file.
    output : path
        Receives `features` (N, H/32, W/32, 512) float16, `id` and `images_done` (= N).
    preprocess, precision : str
        See `skyloom.learn.vgg16.backbone`.
    batch : int, optional
        Images of 256 pixels a side at once; else what suits the device.
    threads : int
        Batches at once (see `compute`); the features do not depend on it.

    Raises
    ------
    InputError
        If a file is missing or lacks a field, images are not (N, H, H, 3) uint8, or a feature is
        not finite or too large for float16.
    """
    name = weights.backbone_name(backbone)
    with open_hdf5(dataset, need=["images", "id"]) as source:
        _check_images(source["images"], dataset)
        bins = source["images"].shape[1]
    with open(backbone, "rb") as file:
        facts = {"backbone": hashlib.file_digest(file, "sha256").hexdigest()}
    cache_model(
        dataset,
        vgg16.load(backbone, bins=bins, preprocess=preprocess, precision=precision),
        output,
        attributes={"backbone": name, "preprocess": preprocess, "precision": precision},
        facts={**facts, "preprocess": preprocess, "precision": precision},
        remedy=_REMEDY,
        batch=batch,
        threads=threads,
    )


def cache_model(
    dataset,
    model: keras.Model,
    output,
    *,
    attributes: dict,
    facts: dict,
    remedy: str,
    batch=None,
    threads=1,
) -> None:
    """Compute what a frozen model makes of a dataset file and write it as float16; see `cache`.

    Parameters
    ----------
    dataset, output, batch, threads
        As `cache` has them.
    model : keras.Model
        (n, H, H, 3) float32, 0..255 -> (n, ...).
    attributes : dict
        Of the output: what the features are; ``precision`` among them.
    facts : dict
        All that they depend on besides the dataset and the size of the batches.
    remedy : str
        What a user can do about a feature beyond float16.
    """
    partial = Path(f"{output}.partial")
    with open_hdf5(dataset, need=["images", "id"]) as source:
        images = source["images"]
        _check_images(images, dataset)
        card = devices.graphics_card()
        batch = batch or (_BATCH_ON_CARD if card else _BATCH)
        # The first layers hold 64 planes of the image's size each.
        batch = max(1, batch * 256**2 // max(256, images.shape[1]) ** 2)
        attributes = {**attributes, "computed_from": _fingerprint(dataset, facts, batch)}
        where = card or f"the processor, threads: {threads}"
        label = f"features of {Path(dataset).stem}"
        precision = attributes["precision"]
        print(f"{label}: {precision} on {where}, batches of {batch}", file=sys.stderr, flush=True)
        done = _begin(partial, (len(images), *model.output_shape[1:]), source["id"][()], attributes)
        with (
            h5py.File(partial, "r+", libver=("earliest", "v110")) as file,
            prefetch.Pool(max(2, threads) if card else threads) as pool,
        ):
            batches = compute(images, model, batch=batch, start=done, pool=pool)
            _fill(file, batches, done, label, dataset, remedy)
    settle(partial)
    partial.replace(output)


def _check_images(images, dataset):
    shape = images.shape
    if images.dtype != np.uint8 or len(shape) != 4 or shape[1] != shape[2] or shape[3] != 3:
        raise InputError(
            f"{dataset} has images of shape {shape} and type {images.dtype}: "
            "the backbone takes square uint8 images of three channels; make the dataset again."
        )


def _fingerprint(dataset, facts, batch):
    """A hash of everything the features depend on."""
    with open(dataset, "rb") as file:
        parts = {"dataset": hashlib.file_digest(file, "sha256").hexdigest(), "batch": batch}
    return hashlib.sha256(json.dumps({**parts, **facts}, sort_keys=True).encode()).hexdigest()


def _begin(partial, shape, ids, attributes):
    """Images already done in `partial`, which is made anew unless it is of the same work."""
    try:
        with h5py.File(partial, "r") as file:
            if file.attrs["computed_from"] == attributes["computed_from"]:
                return int(file["images_done"][0])
    except (OSError, KeyError):
        # There is none, or it was killed before it was complete: nothing is lost.
        pass
    partial.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(partial, "w", libver=("earliest", "v110")) as file:
        file.attrs.update(attributes)
        create_dataset(file, "id", ids)
        # All space is taken now: later writes change values only, never the structure of the
        # file, so a kill at any moment leaves it readable (and equal work gives equal bytes).
        space = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        space.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        space.set_obj_track_times(False)
        h5py.h5d.create(
            file.id, b"features", h5py.h5t.IEEE_F16LE, h5py.h5s.create_simple(shape), space
        )
        create_dataset(file, "images_done", np.zeros(1, np.int64))
    return 0


def _fill(file, batches, done, label, dataset, remedy):
    """Write batches as they come, keeping the count of finished images behind the features."""
    with track(None, label=label, total=len(file["features"]), unit="image") as bar:
        bar.update(done)
        for rows, values in batches:
            largest = float(np.max(np.abs(values)))
            # Written so that NaN fails too.
            if not largest <= _LARGEST:
                raise InputError(
                    f"{dataset} gives a feature of {largest:g} in images {rows.start} to "
                    f"{rows.stop - 1}, beyond float16's {_LARGEST:g}: {remedy}."
                )
            file["features"][rows] = values.astype(np.float16)
            file.flush()
            file["images_done"][0] = rows.stop
            file.flush()
            bar.update(rows.stop - rows.start)
