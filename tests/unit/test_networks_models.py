"""The published architecture: parameter counts, equality with Keras's own VGG16, saving."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from refusal import refused

from skyloom.learn import regression, vgg16, weights

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def layers():
    return weights.read_convolutions("random", seed=1)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def oracle(layers):
    model = keras.applications.VGG16(include_top=False, weights=None, input_shape=(64, 64, 3))
    for name, pair in layers.items():
        model.get_layer(name).set_weights(pair)
    return model


def test_head_has_the_thesis_parameter_count():
    model = regression.head((8, 8, 512), seed=0)
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == 309_186


def test_backbone_is_frozen_and_has_vgg16s_parameter_count(layers):
    model = vgg16.backbone(layers, bins=256)
    assert model.output_shape == (None, 8, 8, 512)
    assert model.count_params() == 14_714_688
    assert model.trainable_weights == []


def test_backbone_equals_keras_applications_on_raw_images(layers, images, oracle):
    model = vgg16.backbone(layers, bins=64)
    np.testing.assert_array_equal(np.asarray(model(images)), np.asarray(oracle(images)))


def test_vgg16_preprocessing_equals_keras_preprocess_input(layers, images, oracle):
    model = vgg16.backbone(layers, bins=64, preprocess="vgg16")
    expected = oracle(keras.applications.vgg16.preprocess_input(images.copy()))
    np.testing.assert_allclose(
        np.asarray(model(images)), np.asarray(expected), rtol=1e-4, atol=1e-2
    )


def test_bad_options_are_named(layers):
    refused("multiple of 32", vgg16.backbone, layers, bins=100)
    refused("preprocess", vgg16.backbone, layers, bins=64, preprocess="vgg")
    refused("output_activation", regression.head, (2, 2, 512), output_activation="tanh")


def test_equal_seeds_give_equal_heads_and_layers_differ():
    first, again, other = (regression.head((2, 2, 512), seed=s).get_weights() for s in (5, 5, 6))
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.ndim == 1 or not np.array_equal(a, c)
    # Same shape, different layers: dense_2 (64, 128) and the transpose would betray one stream.
    assert not np.array_equal(first[2][:4, :64].ravel()[:50], first[4][:4].ravel()[:50])


@pytest.mark.parametrize("preprocess", ["none", "vgg16"])
def test_whole_model_equals_head_on_cached_features(layers, images, preprocess):
    backbone = vgg16.backbone(layers, bins=64, preprocess=preprocess)
    head = regression.head((2, 2, 512), seed=2)
    whole = regression.full_model(backbone, head)
    predicted = np.asarray(whole(images))
    features = np.asarray(backbone(images))
    scale = np.abs(predicted).max()
    np.testing.assert_allclose(np.asarray(head(features)), predicted, atol=1e-5 * scale)
    # float16 keeps 11 bits: 5e-4 a feature, and errors of many features average out.
    rounded = features.astype(np.float16).astype(np.float32)
    np.testing.assert_allclose(np.asarray(head(rounded)), predicted, atol=1e-3 * scale)
    assert sum(int(np.prod(w.shape)) for w in whole.non_trainable_weights) == 14_714_688


def test_whole_model_at_full_size_has_the_thesis_counts(layers):
    whole = regression.full_model(vgg16.backbone(layers), regression.head((8, 8, 512), seed=0))
    count = [
        sum(int(np.prod(w.shape)) for w in part)
        for part in (whole.trainable_weights, whole.non_trainable_weights)
    ]
    assert count == [309_186, 14_714_688]


_SAVE = """
import sys
from skyloom.learn import regression, vgg16, weights
backbone = vgg16.backbone(weights.read_convolutions("random"), bins=32, preprocess="vgg16")
head = regression.head((1, 1, 512), seed=2)
regression.save(regression.full_model(backbone, head), sys.argv[1])
"""


def test_saved_model_is_byte_reproducible_and_loads(tmp_path):
    paths = [tmp_path / "a.keras", tmp_path / "b.keras"]
    for path in paths:
        subprocess.run([sys.executable, "-c", _SAVE, str(path)], check=True, cwd=ROOT / "src")
    assert paths[0].read_bytes() == paths[1].read_bytes()
    model = keras.models.load_model(paths[0])
    backbone = vgg16.backbone(weights.read_convolutions("random"), bins=32, preprocess="vgg16")
    expected = regression.full_model(backbone, regression.head((1, 1, 512), seed=2))
    image = np.full((1, 32, 32, 3), 77, np.float32)
    np.testing.assert_array_equal(np.asarray(model(image)), np.asarray(expected(image)))
