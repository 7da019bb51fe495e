"""Training on spectra, beside ``keras.Model.fit`` at each of the settings that might suit it best.

Spectra are random numbers (no science in them), in memory for both sides; the batches, the network
and the validation side are the same. ``fit`` is given arrays or a `tf.data` pipeline, one step or
16 a call, TensorFlow's own threads or one inside an operation (as ours has, for the same bits on
any number of cores), and XLA. Each setting has a process of its own, in turn, because threads are
set once a process; the first epoch, in which functions are traced, is told apart. An epoch of few
batches is given as it would be at full size: 4,341 x 201 for helium, 38,519 x 7,447 for stellar.
"""

import json
import resource
import subprocess
import sys
import time

import numpy as np
from tools import table

#: Network: pixels, labels, batch size, spectra timed, spectra of a whole epoch.
CASES = {
    "initial": (201, 3, 32, 4341, 4341),
    "modified": (201, 3, 32, 4341, 4341),
    "starnet": (7447, 4, 64, 1280, 38519),
}
#: How ``fit`` gets its spectra, the steps a call, threads inside an operation, and whether XLA.
PEERS = {
    "arrays": ("arrays", 1, None, False),
    "arrays, 16 steps a call": ("arrays", 16, None, False),
    "tf.data, 16 steps a call": ("data", 16, None, False),
    "tf.data, 16 steps a call, one thread inside": ("data", 16, 1, False),
    "tf.data, 16 steps a call, XLA": ("data", 16, None, True),
}
OURS, JUDGED, EPOCHS, ROUNDS, THREADS = "skyloom", 64, 4, 2, 2


def spectra(name):
    """Made-up spectra (n, L) and labels (n, K), the last `JUDGED` for validation."""
    pixels, labels, _, count, _ = CASES[name]
    rng = np.random.default_rng(0)
    flux = rng.random((count + JUDGED, pixels), np.float32)
    return flux, rng.normal(size=(count + JUDGED, labels)).astype(np.float32)


def ours(name):
    """Our training: a call an epoch."""
    from skyloom.arms.spectra import architectures
    from skyloom.arms.spectra import training as spectra_training
    from skyloom.learn import batches, training

    pixels, labels, batch, count, _ = CASES[name]
    flux, target = spectra(name)
    settings = spectra_training.Settings(epochs=EPOCHS, batch_size=batch)
    task = spectra_training.task(
        batches.from_array(flux, "spectra"),
        target,
        train=np.arange(count),
        validation=np.arange(count, len(target)),
        settings=settings,
    )
    learner = training.Learner(architectures.build(name, pixels, labels), task)
    return training._Run(learner, 0).advance


def keras_fit(name, given, steps, xla):
    """The same by ``fit``: a call an epoch, shuffled."""
    import keras
    import tensorflow as tf

    from skyloom.arms.spectra import architectures

    pixels, labels, batch, count, _ = CASES[name]
    flux, target = spectra(name)
    model = architectures.build(name, pixels, labels)
    model.compile(
        keras.optimizers.Adam(0.001),
        "mse",
        metrics=["mae", "accuracy"],
        steps_per_execution=steps,
        jit_compile=xla,
    )
    judged = flux[count:], target[count:]
    if given == "arrays":
        return lambda _: model.fit(
            flux[:count], target[:count], batch_size=batch, verbose=0, validation_data=judged
        )
    data = tf.data.Dataset.from_tensor_slices((flux[:count], target[:count]))
    data = data.shuffle(count).batch(batch).prefetch(tf.data.AUTOTUNE)
    judged = tf.data.Dataset.from_tensor_slices(judged).batch(batch)
    return lambda _: model.fit(data, shuffle=False, verbose=0, validation_data=judged)


def child(way):
    """One process: network -> wall and CPU seconds of each epoch, the first with its tracing."""
    from skyloom.learn import devices, training

    given, steps, inside, xla = PEERS.get(way, (None,) * 4)
    if way == OURS:
        training.settle(THREADS)
    elif inside:
        devices.use_threads(inside, between=THREADS)
    found = {}
    for name in CASES:
        stamps = [_now()]
        advance = ours(name) if way == OURS else keras_fit(name, given, steps, xla)
        for epoch in range(1, EPOCHS + 1):
            advance(epoch)
            stamps.append(_now())
        found[name] = np.diff(stamps, axis=0).tolist()
    return found


def _now():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), used.ru_utime + used.ru_stime


def _run(way):
    command = [sys.executable, __file__, way]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure(_folder):
    """Figures and tables, for `run`."""
    times = {way: {name: [] for name in CASES} for way in (OURS, *PEERS)}
    for _ in range(ROUNDS):
        for way, own in times.items():
            for name, epochs in _run(way).items():
                own[name].append(epochs)
    rows, figures = [], {}
    for name, (pixels, _, _, count, whole) in CASES.items():
        runs = {way: np.array(own[name]) for way, own in times.items()}
        # The best epoch: what disturbs one only makes it longer.
        best = {way: own[:, 1:].min(axis=(0, 1)) * whole / count for way, own in runs.items()}
        first = {way: own[:, 0, 1].min() for way, own in runs.items()}
        fastest = min(PEERS, key=lambda way: best[way][0])
        figures[f"spectra_{name}_epoch_s"] = float(best[OURS][0])
        figures[f"spectra_{name}_vs_fit"] = float(best[fastest][0] / best[OURS][0])
        for way, (wall, used) in best.items():
            said = f"**{way}**" if way == fastest else way
            ratio = f"{wall / best[OURS][0]:.2f}"
            epoch = f"{whole:,} x {pixels:,}"
            rows.append(
                [name, epoch, said, f"{wall:.2f}", f"{used:.2f}", ratio, f"{first[way]:.1f}"]
            )
    title = (
        f"One epoch of training by ours and by `model.fit`, its best setting in bold, "
        f"{THREADS} threads"
    )
    header = ["network", "epoch", "way", "wall, s", "CPU s", "wall to ours"]
    header.append("CPU s of the first epoch timed, tracing included")
    return {"figures": figures, "tables": [table(title, header, rows)]}


if __name__ == "__main__":
    print(json.dumps(child(sys.argv[1])))
