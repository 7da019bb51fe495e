"""Networks on spectra: features of pretrained ones, and trainings from the start.

Features: Skyloom reads a dataset file (compressed HDF5), with either promise of the key
``reproducible``; beside it what a user would type, ``model.predict`` on arrays in memory, with the
batches that suit it best. Weights are random (the speed does not depend on them). Training: an
epoch of `skyloom.learn.training` beside one of ``model.fit`` on the same network, batches
of 64, arrays in memory, at the best of its settings tried (1 or 16 steps a call, XLA); Skyloom's
gives the same bits on any number of threads, ``fit`` does not. Every way has a process of its own,
in turn, two threads.
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
import turns

ROUNDS, THREADS, BATCH = 2, 2, 64
IMAGES, TURNS = 32, 5
#: Batches of ``model.predict``.
PREDICTED = ("8", "16", "32")
#: Spectra, and shape of a sample.
TRAININGS = {"lenet": (4096, (28, 28, 1)), "cnn_1d": (1024, (4500,))}
BACKBONES = ("resnet_50", "inception_v3")
PROMISES = ("any_cores", "same_cores")


def prepare(folder):
    """Images with dark curves on white, as the drawings are."""
    from skyloom.learn import pretrained

    curves = pretrained._curves(224, 0).astype(np.uint8)
    images = np.resize(curves, (IMAGES, 224, 224, 3))
    with h5py.File(folder / "images.h5", "w") as file:
        options = {"chunks": (1, 224, 224, 3), "compression": "gzip", "compression_opts": 1}
        file.create_dataset("images", data=images, **options)


def skyloom_features(folder, name, promise):
    """A round of `skyloom.learn.features.compute` on the dataset file."""
    from skyloom import prefetch
    from skyloom.learn import batchnorm_folding, devices, features, pretrained

    pool = prefetch.Pool(devices.keep_promise(promise, THREADS))
    model = batchnorm_folding.folded(pretrained.backbone(name, "random"))
    images = h5py.File(folder / "images.h5")["images"]
    # Traced once, as in a run of any length and as `model.predict` is.
    forward = features.compiled(model, images.shape[1:])

    def work():
        return np.concatenate([part for _, part in features.compute(images, forward, pool=pool)])

    return {promise: work}


def keras_features(folder, name, _):
    """Rounds of ``model.predict`` on the images in memory, TensorFlow choosing its threads."""
    from skyloom.learn import pretrained

    model = pretrained.backbone(name, "random")
    with h5py.File(folder / "images.h5") as file:
        images = file["images"][()].astype(np.float32)
    return {
        size: lambda size=size: model.predict(images, batch_size=int(size), verbose=0)
        for size in PREDICTED
    }


def _network(name):
    from skyloom.learn import cnn_1d, lenet

    count, shape = TRAININGS[name]
    rng = np.random.default_rng(0)
    pixels = rng.random((count, *shape), dtype=np.float32)
    if name == "lenet":
        return lenet.build(shape, 3), (255 * pixels).astype(np.uint8), np.arange(count) % 3
    return cnn_1d.build(shape[0], 3), pixels, np.arange(count) % 3


def skyloom_training(folder, name):
    """An epoch as a step does it, without judging the validation side."""
    from skyloom.learn import batches, classification, training
    from skyloom.learn.targets import Target

    training.settle(THREADS)
    network, pixels, labels = _network(name)
    samples = batches.from_array(pixels, "images" if pixels.ndim == 4 else "spectra")
    rows = np.arange(len(labels))
    settings = classification.Settings(epochs=1, batch_size=BATCH)
    sides = {"train": rows, "validation": rows[:BATCH]}
    target = Target("classes", classes=3)
    task = classification.task(samples, labels, **sides, target=target, settings=settings)
    run = training._Run(training.Learner(network, task), 0)
    return lambda: run.advance(1), len(labels)


def keras_training(folder, name, steps=1, xla=False):
    """An epoch of ``model.fit``, TensorFlow choosing its threads; so many steps a call."""
    network, pixels, labels = _network(name)
    loss = "sparse_categorical_crossentropy"
    network.compile("adam", loss, steps_per_execution=steps, jit_compile=xla)
    pixels = pixels.astype(np.float32)
    return lambda: network.fit(pixels, labels, batch_size=BATCH, verbose=0), len(labels)


WAYS = {
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


def feature_rates(folder, name):
    """Images a second of both promises and of ``model.predict``, and CPU milliseconds an image.

    Returns
    -------
    dict of (float, float)
        ``any_cores``, ``same_cores`` and ``model.predict``, at the batches that suit it best.
    """
    program = [sys.executable, __file__, "features", name, str(folder)]
    commands = {promise: ([*program, promise], [promise]) for promise in PROMISES}
    commands["model.predict"] = ([*program, "model.predict"], PREDICTED)
    best = {}
    for (process, _), (wall, processor) in turns.seconds(commands, TURNS).items():
        rate = IMAGES / wall, 1e3 * processor / IMAGES
        best[process] = max(best.get(process, rate), rate)
    return best


def features_beside_predict(folder):
    """Figures and rows of the frozen networks: ours over ``model.predict``, above 1 is faster."""
    figures, rows = {}, []
    for name in BACKBONES:
        best = feature_rates(folder, name)
        peer, short = best["model.predict"][0], name.partition("_")[0]
        figures |= {
            f"sdss_{name}_features_per_s": best["same_cores"][0],
            f"{short}_vs_predict": best["same_cores"][0] / peer,
            f"{short}_any_cores_vs_predict": best["any_cores"][0] / peer,
        }
        rows += [
            [name, way, f"{rate:.1f}", f"{cost:.0f}", f"{rate / peer:.2f}"]
            for way, (rate, cost) in best.items()
        ]
    return figures, rows


def measure(folder):
    """Images and spectra a second of both ways."""
    prepare(folder)
    figures, seen = features_beside_predict(folder)
    rows = []
    fits = [way for way in WAYS if way.startswith("model.fit")]
    for name in TRAININGS:
        rate = _rate("skyloom training", name, folder)
        # The setting that suits the peer best.
        other, peer = max((_rate(peer, name, folder), peer) for peer in fits)
        key = f"sdss_{name}_training"
        figures |= {f"{key}_per_s": rate, f"{key}_vs_keras": rate / other}
        rows.append([name, f"{rate:.0f}", peer, f"{other:.0f}", f"{rate / other:.2f}"])
    return {
        "figures": figures,
        "tables": [
            tools.table(
                f"Features of frozen networks on {THREADS} threads, float32, best of {TURNS} turns",
                ["network", "way", "images/s", "CPU ms an image", "to model.predict"],
                seen,
            ),
            tools.table(
                f"Trainings on spectra, samples/s on {THREADS} threads, float32",
                ["network", "skyloom", "Keras, its best setting", "samples/s", "ratio"],
                rows,
            ),
        ],
    }


if __name__ == "__main__":
    if sys.argv[1] == "features":
        _, _, network, where, way = sys.argv
        start = keras_features if way == "model.predict" else skyloom_features
        turns.work(start(Path(where), network, way))
    else:
        print(json.dumps(child(*sys.argv[1:])))
