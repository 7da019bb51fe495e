"""Training one case at full size: Skyloom's epoch beside ``model.fit``, both on two threads.

Features of 7,881 images (8 x 8 x 512, float16; fit gets them as float32, which suits it better):
7,093 to learn from in batches of 100, the others judged after every epoch. ``fit`` is given arrays,
which it gathers batches from itself, with one step or 16 a call, and with XLA. Each way runs in a
process of its own, in turn, because TensorFlow's threads are set once a process. The first epoch,
in the same order for all, must give the same loss.
"""

import json
import subprocess
import sys
import time

import numpy as np
import tools

IMAGES, TRAIN, BATCH, EPOCHS, PUBLISHED_EPOCHS, SEED = 7881, 7093, 100, 12, 1500, 0
STEPS = -(-TRAIN // BATCH)
#: Settings of ``fit``: steps a call, and whether XLA compiles them.
FITS = {
    "model.fit": (1, False),
    "model.fit, 16 steps a call": (16, False),
    "model.fit, 16 steps a call, XLA": (16, True),
}


def sample():
    """Made-up features, a third of them positive as after VGG16's last ReLU, and labels."""
    rng = np.random.default_rng(SEED)
    features = np.empty((IMAGES, 8, 8, 512), np.float16)
    for row in features:
        row[:] = np.maximum(rng.random(row.shape, dtype=np.float32) - 0.66, 0)
    return features, 4 + 20 * (features[:, 0, 0, :200].mean(axis=1, dtype=np.float64) - 0.058)


def ours():
    """Seconds of each epoch after the first, and the loss of the first."""
    from skyloom.learn import head_training, regression, training

    training.settle(2)
    features, labels = sample()
    rows = np.arange(IMAGES)
    result = head_training.fit(
        regression.head((8, 8, 512), seed=SEED),
        features,
        labels,
        train=rows[:TRAIN],
        test=rows[TRAIN:],
        settings=head_training.Settings(epochs=EPOCHS, batch_size=BATCH),
        seed=SEED,
    )
    return result.seconds[1:].tolist(), float(result.history[0, 0])


def fit(steps, xla):
    """The same by ``model.fit`` on arrays in memory, with TensorFlow's own choice of threads."""
    import keras

    from skyloom.learn import regression

    class Clock(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.seconds = []

        def on_epoch_begin(self, epoch, logs=None):
            self.begin = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds.append(time.perf_counter() - self.begin)

    features, labels = sample()
    features = features.astype(np.float32)
    test = features[TRAIN:], labels[TRAIN:]
    model = regression.head((8, 8, 512), seed=SEED)
    model.compile(
        optimizer=keras.optimizers.Adadelta(learning_rate=1.0),
        loss="mse",
        steps_per_execution=steps,
        jit_compile=xla,
    )
    order = np.random.default_rng([SEED, 1]).permutation(TRAIN)
    options = {"batch_size": BATCH, "verbose": 0, "validation_data": test}
    first = model.fit(features[order], labels[order], shuffle=False, **options)
    clock = Clock()
    model.fit(features[:TRAIN], labels[:TRAIN], epochs=EPOCHS // 2, callbacks=[clock], **options)
    return clock.seconds[1:], float(first.history["loss"][0])


def measure(_):
    """Steps a second of both ways, evaluation of the test side included."""
    seconds, losses = {name: [] for name in ("skyloom", *FITS)}, {}
    for _ in range(2):
        for name in seconds:
            done = subprocess.run(
                [sys.executable, __file__, name], check=True, stdout=subprocess.PIPE, text=True
            )
            times, losses[name] = json.loads(done.stdout.splitlines()[-1])
            seconds[name] += times
    for name in FITS:
        np.testing.assert_allclose(losses["skyloom"], losses[name], rtol=1e-3)
    epoch = {name: float(np.median(times)) for name, times in seconds.items()}
    rows = [
        [name, f"{STEPS / s:.0f}", f"{s:.3f}", f"{s * PUBLISHED_EPOCHS / 60:.1f}"]
        for name, s in epoch.items()
    ]
    peer = min(epoch[name] for name in FITS)
    title = f"Training the head on {TRAIN:,} images, two threads, test side judged every epoch"
    header = ["way", "steps/s", "s an epoch", f"minutes for {PUBLISHED_EPOCHS:,} epochs"]
    return {
        "figures": {
            "head_steps_per_s": STEPS / epoch["skyloom"],
            "head_vs_fit": peer / epoch["skyloom"],
            "head_minutes_per_case": epoch["skyloom"] * PUBLISHED_EPOCHS / 60,
        },
        "tables": [tools.table(title, header, rows)],
    }


if __name__ == "__main__":
    way = sys.argv[1]
    print(json.dumps(fit(*FITS[way]) if way in FITS else ours()))
