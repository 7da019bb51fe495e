"""Networks on spectra: features of pretrained ones, and trainings from the start.

Features: Skyloom reads a dataset file (compressed HDF5) and gives each of two threads batches of
its own; beside it what a user would type, ``model.predict`` on arrays in memory. Weights are random
(the speed does not depend on them). Training: an epoch of `skyloom.networks.classification` beside
one of ``model.fit`` on the same network, batches of 64, arrays in memory, at the best of its
settings tried (1 or 16 steps a call, XLA); Skyloom's gives the same bits on any number of threads,
``fit`` does not. Every way has a process of its own, in turn, two threads.
"""

import json
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import tools

ROUNDS, THREADS, BATCH = 2, 2, 64
IMAGES = 32
#: Spectra, and shape of a sample.
TRAININGS = {"lenet": (4096, (28, 28, 1)), "cnn_1d": (1024, (4500,))}
BACKBONES = ("resnet_50", "inception_v3")


def prepare(folder):
    """Images with dark curves on white, as the drawings are."""
    from skyloom.networks import pretrained

    curves = pretrained._curves(224, 0).astype(np.uint8)
    images = np.resize(curves, (IMAGES, 224, 224, 3))
    with h5py.File(folder / "images.h5", "w") as file:
        options = {"chunks": (1, 224, 224, 3), "compression": "gzip", "compression_opts": 1}
        file.create_dataset("images", data=images, **options)


def skyloom_features(folder, name):
    """A round of `skyloom.networks.features.compute` on the dataset file."""
    from skyloom import ahead
    from skyloom.networks import devices, features, pretrained

    devices.use_threads(1, between=THREADS)
    model = pretrained.backbone(name, "random")
    images = h5py.File(folder / "images.h5")["images"]
    pool = ahead.Pool(THREADS)

    def work():
        return np.concatenate([part for _, part in features.compute(images, model, pool=pool)])

    return work, IMAGES


def keras_features(folder, name):
    """A round of ``model.predict`` on the images in memory, TensorFlow choosing its threads."""
    from skyloom.networks import pretrained

    model = pretrained.backbone(name, "random")
    with h5py.File(folder / "images.h5") as file:
        images = file["images"][()].astype(np.float32)
    return lambda: model.predict(images, batch_size=16, verbose=0), IMAGES


def _network(name):
    from skyloom.networks import cnn_1d, lenet

    count, shape = TRAININGS[name]
    rng = np.random.default_rng(0)
    pixels = rng.random((count, *shape), dtype=np.float32)
    if name == "lenet":
        return lenet.build(shape, 3), (255 * pixels).astype(np.uint8), np.arange(count) % 3
    return cnn_1d.build(shape[0], 3), pixels, np.arange(count) % 3


def skyloom_training(folder, name):
    """An epoch as a step does it, without judging the validation side."""
    from skyloom.networks import batches, classification, training
    from skyloom.networks.targets import Target

    training.settle(THREADS)
    network, pixels, labels = _network(name)
    samples = batches.from_array(pixels, "images" if pixels.ndim == 4 else "spectra")
    rows = np.arange(len(labels))
    settings = classification.Settings(epochs=1, batch_size=BATCH)
    target = Target("classes", classes=3)
    run = classification._Run(network, samples, labels, rows, rows[:BATCH], target, settings, 0)
    return lambda: run.advance(1), len(labels)


def keras_training(folder, name, steps=1, xla=False):
    """An epoch of ``model.fit``, TensorFlow choosing its threads; so many steps a call."""
    network, pixels, labels = _network(name)
    loss = "sparse_categorical_crossentropy"
    network.compile("adam", loss, steps_per_execution=steps, jit_compile=xla)
    pixels = pixels.astype(np.float32)
    return lambda: network.fit(pixels, labels, batch_size=BATCH, verbose=0), len(labels)


WAYS = {
    "skyloom features": skyloom_features,
    "model.predict": keras_features,
    "skyloom training": skyloom_training,
    "model.fit": keras_training,
    "model.fit, 16 steps a call": partial(keras_training, steps=16),
    "model.fit, 16 steps a call, XLA": partial(keras_training, steps=16, xla=True),
}


def child(way, name, folder):
    """One process: samples a second, after a first round that is not counted."""
    work, count = WAYS[way](Path(folder), name)
    work()
    rates = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work()
        rates.append(count / (time.perf_counter() - begin))
    return rates


def _rate(way, name, folder):
    command = [sys.executable, __file__, way, name, str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return float(np.median(json.loads(done.stdout.splitlines()[-1])))


def measure(folder):
    """Images and spectra a second of both ways."""
    prepare(folder)
    figures, rows = {}, []
    fits = [way for way in WAYS if way.startswith("model.fit")]
    for names, ours, peers in (
        (BACKBONES, "skyloom features", ["model.predict"]),
        (TRAININGS, "skyloom training", fits),
    ):
        for name in names:
            rate = _rate(ours, name, folder)
            # The setting that suits the peer best.
            other, peer = max((_rate(peer, name, folder), peer) for peer in peers)
            key = f"sdss_{name}_{'features' if name in BACKBONES else 'training'}"
            figures |= {f"{key}_per_s": rate, f"{key}_vs_keras": rate / other}
            rows.append([name, ours, f"{rate:.0f}", peer, f"{other:.0f}", f"{rate / other:.2f}"])
    title = f"Networks of the sdss arm, samples/s on {THREADS} threads, float32"
    header = ["network", "ours", "samples/s", "Keras, its best setting", "samples/s", "ratio"]
    return {"figures": figures, "tables": [tools.table(title, header, rows)]}


if __name__ == "__main__":
    print(json.dumps(child(*sys.argv[1:])))
