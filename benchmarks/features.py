"""VGG16's features: images a second, and how much of the machine's multiply-adds they use.

Skyloom reads a dataset file (compressed HDF5) and computes as in a run; beside it what a user would
type, ``model.predict`` of Keras's own VGG16 on arrays in memory, in batches of 16 (32 are slower)
and of 8, and in Keras's own bfloat16. All on two threads, each in a process of its own, in turn.
The rate of multiply-adds is that of a C loop on registers (``fma.c``), measured before and after
every round. The start of TensorFlow, the loading of the network and the first batch are told apart
from the rate.
"""

import json
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import fma
import h5py
import numpy as np
import tools

IMAGES, ROUNDS, THREADS = 32, 3, 2
PREPROCESS = "vgg16"


def gflop():
    """10^9 operations an image of 256 pixels a side takes, a multiply-add counted as two."""
    from skyloom.learn.weights import SHAPES

    pixels = {block: (256 >> (block - 1)) ** 2 for block in range(1, 6)}
    return sum(2e-9 * 9 * a * b * pixels[int(name[5])] for name, (a, b) in SHAPES.items())


def prepare(folder):
    """A dataset of made-up images and the backbone's weights."""
    from skyloom.learn import weights

    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (IMAGES, 32, 32, 3), dtype=np.uint8)
    images = noise.repeat(8, axis=1).repeat(8, axis=2)
    with h5py.File(folder / "images.h5", "w") as file:
        file.create_dataset("images", data=images, chunks=(1, 256, 256, 3), compression="lzf")
    layers = weights.read_convolutions("random")
    weights.write_backbone(layers, folder / "vgg16.h5", name="random", source="benchmark")


def ours(folder, precision="float32"):
    """A round of `skyloom.learn.features.compute` on the dataset file."""
    from skyloom import prefetch
    from skyloom.learn import devices, features, vgg16

    devices.use_threads(1, between=THREADS)
    model = vgg16.load(folder / "vgg16.h5", preprocess=PREPROCESS, precision=precision)
    images = h5py.File(folder / "images.h5")["images"]
    pool = prefetch.Pool(THREADS)
    # Traced once, as in a run of any length and as `model.predict` is.
    forward = features.compiled(model, images.shape[1:])

    def work():
        return np.concatenate([part for _, part in features.compute(images, forward, pool=pool)])

    return work


def predict(folder, batch=16, policy="float32"):
    """A round of ``model.predict`` on the images in memory, TensorFlow choosing its threads."""
    import keras

    from skyloom.learn import weights

    keras.mixed_precision.set_global_policy(policy)
    model = keras.applications.VGG16(
        include_top=False, weights=None, input_shape=(256, 256, 3), pooling=None
    )
    for name, pair in weights.read_convolutions(folder / "vgg16.h5").items():
        model.get_layer(name).set_weights(pair)
    with h5py.File(folder / "images.h5") as file:
        images = file["images"][()].astype(np.float32)
    scaled = keras.applications.vgg16.preprocess_input(images)
    return lambda: model.predict(scaled, batch_size=batch, verbose=0)


WAYS = {
    "skyloom": ours,
    "model.predict": predict,
    "model.predict, batches of 8": partial(predict, batch=8),
    "skyloom, bfloat16": partial(ours, precision="bfloat16"),
    "model.predict, mixed_bfloat16": partial(predict, policy="mixed_bfloat16"),
}


def child(name, folder):
    """One process: seconds until it is ready, then FLOP/s of the loop and images/s by turns."""
    folder, begin = Path(folder), time.perf_counter()
    work = WAYS[name](folder)
    values = work()
    ready = time.perf_counter() - begin
    loop = fma.compile_loop(folder)
    flops, rates = [loop(THREADS, 30_000_000)], []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work()
        rates.append(IMAGES / (time.perf_counter() - begin))
        flops.append(loop(THREADS, 30_000_000))
    np.save(folder / f"{name}.npy", values)
    return {"ready": ready, "rates": rates, "flops": flops}


def measure(folder):
    """Images a second of both ways, and the share of the machine's multiply-adds."""
    prepare(folder)
    rates, flops, ready = {name: [] for name in WAYS}, [], {}
    for name in WAYS:
        command = [sys.executable, __file__, name, str(folder)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        result = json.loads(done.stdout.splitlines()[-1])
        rates[name] += result["rates"]
        flops += result["flops"]
        ready[name] = result["ready"]
    truth = np.load(folder / "model.predict.npy")
    for name, bound in (("skyloom", 1e-4), ("skyloom, bfloat16", 3e-2)):
        difference = np.load(folder / f"{name}.npy") - truth
        assert np.linalg.norm(difference) < bound * np.linalg.norm(truth), name
    peak, cost = float(np.median(flops)) / 1e9, gflop()
    rate = {name: float(np.median(values)) for name, values in rates.items()}
    rows = [
        [name, f"{r:.1f}", f"{r * cost:.0f}", f"{r * cost / peak:.2f}", f"{ready[name]:.0f}"]
        for name, r in rate.items()
    ]
    rows.append(["multiply-adds of a C loop", "", f"{peak:.0f}", "1", ""])
    title = f"VGG16 on 256 x 256 images, {cost:.2f} GFLOP each, two threads, float32 unless told"
    header = [
        "way",
        "images/s",
        "GFLOP/s",
        "of the C loop",
        f"s from the start to the first {IMAGES} images",
    ]
    return {
        "figures": {
            "features_images_per_s": rate["skyloom"],
            "features_fma_fraction": rate["skyloom"] * cost / peak,
            "features_bf16_images_per_s": rate["skyloom, bfloat16"],
            "features_vs_predict": rate["skyloom"]
            / max(rate["model.predict"], rate["model.predict, batches of 8"]),
            "features_bf16_vs_predict": rate["skyloom, bfloat16"]
            / rate["model.predict, mixed_bfloat16"],
            "fma_gflops": peak,
        },
        "tables": [tools.table(title, header, rows)],
    }


if __name__ == "__main__":
    print(json.dumps(child(*sys.argv[1:])))
