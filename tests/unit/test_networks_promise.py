"""Frozen networks: folded without a change, and with the bits that were promised."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from skyloom.learn import batchnorm_folding, pretrained

# Computes every frozen network with so many threads; images of no special size, batches that end
# unevenly.
PROGRAM = """
import sys
import numpy as np
from skyloom import prefetch
from skyloom.learn import devices, features, batchnorm_folding, pretrained, vgg16, weights

promise, threads, output, *wanted = sys.argv[1:]
threads = int(threads)
pool = prefetch.Pool(devices.keep_promise(promise, threads))

def seen(model, side):
    images = np.random.default_rng(0).integers(0, 256, (7, side, side, 3), dtype=np.uint8)
    parts = features.compute(images, model, batch=2, pool=pool)
    return np.concatenate([values for _, values in parts])

found = {}
layers = weights.read_convolutions("random")
for precision in {*vgg16.PRECISIONS} & {*wanted}:
    found[precision] = seen(vgg16.backbone(layers, bins=64, precision=precision), 64)
for name, side in (("resnet_50", 64), ("inception_v3", 80)):
    if name not in wanted:
        continue
    model = batchnorm_folding.folded(pretrained.backbone(name, "random", side=side))
    found[name] = seen(model, side)
    assert np.array_equal(found[name], seen(model, side)), name
np.savez(output, **found)
"""


def computed(folder, promise, threads, names):
    path = folder / f"{promise}_{threads}.npz"
    command = [sys.executable, "-c", PROGRAM, promise, str(threads), str(path), *names]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": "src"})
    return dict(np.load(path))


@pytest.mark.parametrize(
    "names",
    [
        ["float32"],
        pytest.param(
            ["bfloat16", "resnet_50", "inception_v3"],
            marks=pytest.mark.long("three processes that build the largest networks"),
        ),
    ],
    ids=",".join,
)
def test_frozen_networks_have_the_same_bits_on_any_number_of_cores_if_that_is_promised(
    names, tmp_path
):
    one, three = (computed(tmp_path, "any_cores", threads, names) for threads in (1, 3))
    shared = computed(tmp_path, "same_cores", 2, names)
    assert set(one) == set(names)
    for name, values in one.items():
        assert np.array_equal(values, three[name]), name
        # Another order of the same sums.
        tolerance = 1e-2 if name == "bfloat16" else 1e-4
        difference = np.linalg.norm(shared[name] - values)
        assert difference < tolerance * np.linalg.norm(values), name


@pytest.mark.parametrize(("name", "side"), [("resnet_50", 48), ("inception_v3", 80)])
def test_folded_network_sees_what_the_whole_one_does(name, side):
    model = pretrained.backbone(name, "random", side=side)
    images = np.random.default_rng(1).uniform(0, 255, (3, side, side, 3)).astype(np.float32)
    expected = np.asarray(model(images))
    for _ in range(2):
        made = batchnorm_folding.folded(model)
        kinds = {type(layer) for layer in made.layers}
        assert keras.layers.BatchNormalization not in kinds
        assert not made.trainable_weights
        seen = np.asarray(made(images))
        assert np.linalg.norm(seen - expected) < 1e-5 * np.linalg.norm(expected)


def test_a_convolution_that_others_read_as_well_is_not_folded():
    image = keras.Input((8, 8, 3))
    convolved = keras.layers.Conv2D(4, 3, padding="same")(image)
    normalised = keras.layers.BatchNormalization()(convolved)
    model = keras.Model(image, keras.layers.Add()([convolved, normalised]))
    with pytest.raises(ValueError, match="does not follow a convolution of its own"):
        batchnorm_folding.folded(model)
