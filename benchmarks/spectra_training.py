"""Training on spectra, beside ``keras.Model.fit`` fed by ``tf.data`` from a generator.

Spectra are random numbers in the dataset format (no science in them). An epoch of few batches is
timed and given as it would be at full size: 4,341 x 201 for helium, 38,519 x 7,447 for stellar.
"""

import resource
import time

import keras
import numpy as np
import tensorflow as tf
from tools import table

from skyloom import datasets
from skyloom.io import atomic_hdf5, open_hdf5
from skyloom.networks import batches, spectra_cnn, spectra_training, training

#: Network: pixels, labels, batch size, spectra timed, spectra of a whole epoch.
CASES = {
    "initial": (201, 3, 32, 4341, 4341),
    "modified": (201, 3, 32, 4341, 4341),
    "starnet": (7447, 4, 64, 1280, 38519),
}
_JUDGED = 64


def _write(path, count, pixels, labels):
    rng = np.random.default_rng(0)
    target = rng.normal(size=(count, labels))
    blocks = (rng.random((min(256, count - n), pixels), np.float32) for n in range(0, count, 256))
    with atomic_hdf5(path) as file:
        datasets.write(
            file,
            blocks,
            count,
            kind="spectra",
            shape=(pixels,),
            dtype=np.float32,
            target=target,
            name="a",
            units="",
            columns={"id": np.arange(count).astype(str)},
            attributes={},
        )
    return target.astype(np.float32)


def _keras(path, name, target, batch):
    """One epoch of Keras's own loop, spectra read by a generator."""
    pixels, labels, *_ = CASES[name]
    model = spectra_cnn.build(name, pixels, labels)
    model.compile(keras.optimizers.Adam(0.001), "mse", metrics=["mae", "accuracy"])

    def rows():
        with open_hdf5(path) as file:
            for row in np.random.default_rng(1).permutation(len(target) - _JUDGED):
                yield file["spectra"][row], target[row]

    shapes = (tf.TensorSpec((pixels,)), tf.TensorSpec((labels,)))
    data = tf.data.Dataset.from_generator(rows, output_signature=shapes).batch(batch).prefetch(2)
    model.fit(data, verbose=0)
    start = time.perf_counter()
    model.fit(data, verbose=0)
    return time.perf_counter() - start


def _ours(path, name, target, batch, limit):
    """One epoch of ours, the second one, with a small validation side."""
    pixels, labels, *_ = CASES[name]
    count = len(target) - _JUDGED
    with batches.open_samples(path, "spectra", limit=limit) as spectra:
        run = spectra_training._Run(
            spectra_cnn.build(name, pixels, labels),
            spectra,
            target,
            np.arange(count),
            np.arange(count, len(target)),
            spectra_training.Settings(epochs=2, batch_size=batch),
            0,
        )
        run.advance(1)
        start = time.perf_counter()
        run.advance(2)
        return time.perf_counter() - start


def measure(folder):
    """Figures and tables, for `run`."""
    # Both on two threads; Keras with them between operations, as ours.
    training.settle(2)
    rows, figures = [], {}
    for name, (pixels, labels, batch, count, whole) in CASES.items():
        path = folder / f"{name}.h5"
        target = _write(path, count + _JUDGED, pixels, labels)
        limit = 0 if name == "starnet" else spectra_training.MEMORY_LIMIT
        ours = _ours(path, name, target, batch, limit) * whole / count
        theirs = _keras(path, name, target, batch) * whole / count
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        figures[f"spectra_{name}_epoch_s"] = ours
        times = f"{ours:.2f}", f"{theirs:.2f}", f"{theirs / ours:.1f}"
        rows.append((name, f"{whole:,} x {pixels:,}", *times, f"{peak:.0f}"))
    header = ["network", "epoch", "ours, s", "keras fit, s", "ratio", "peak memory so far, MB"]
    return {"figures": figures, "tables": [table("One epoch of training", header, rows)]}
