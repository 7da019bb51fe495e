"""The networks are the document's, layer by layer; what they say is a probability."""

import hashlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from refusal import refused
from scipy.ndimage import affine_transform

from skyloom.arms.xmm import architectures
from skyloom.errors import InputError
from skyloom.learn import regression, sub_batches, targets
from skyloom.learn.augmentation import Augmentation, rotate
from skyloom.learn.targets import Target

BINARY = Target("binary", classes=6, positive_from=2)
CLASSES = Target("classes", classes=6, positive_from=2)
ORDINAL = Target("ordinal", classes=6, positive_from=2)
ALL = pytest.mark.parametrize("target", [BINARY, CLASSES, ORDINAL], ids=lambda t: t.kind)

# Appendix A: shape of each layer's output and its parameters at 162 x 162.
APPENDIX = [
    ("Conv2D", (162, 162, 16), 160),
    ("MaxPooling2D", (81, 81, 16), 0),
    ("Conv2D", (81, 81, 32), 4640),
    ("MaxPooling2D", (40, 40, 32), 0),
    ("Conv2D", (40, 40, 64), 18496),
    ("MaxPooling2D", (20, 20, 64), 0),
    ("Flatten", (25600,), 0),
    ("Dense", (128,), 3276928),
    ("Dropout", (128,), 0),
    ("Dense", (16,), 2064),
    ("Dense", (1,), 17),
]


def layers_of(network):
    return [
        (type(layer).__name__, tuple(layer.output.shape[1:]), layer.count_params())
        for layer in network.layers
        if not isinstance(layer, keras.layers.InputLayer)
    ]


def test_three_convolutions_are_those_of_the_appendix_layer_by_layer():
    network = architectures.build((162, 162, 1), BINARY, dropout=0.5)
    assert layers_of(network) == APPENDIX
    assert network.count_params() == 3_302_305
    activations = [
        layer.activation.__name__ for layer in network.layers if hasattr(layer, "activation")
    ]
    assert activations == ["relu"] * 5 + ["sigmoid"]
    assert all(
        layer.padding == "same"
        for layer in network.layers
        if isinstance(layer, keras.layers.Conv2D)
    )


@pytest.mark.parametrize("kernel", [3, 5, 7, 9])
def test_kernels_change_the_convolutions_only(kernel):
    network = architectures.build((162, 162, 1), BINARY, kernel=kernel)
    convolutions = sum(kernel**2 * a * b + b for a, b in ((1, 16), (16, 32), (32, 64)))
    assert network.count_params() == convolutions + 3276928 + 2064 + 17


def test_batch_normalization_follows_the_first_pooling_as_in_the_documents_code():
    network = architectures.build((32, 32, 1), BINARY, batch_normalization=True)
    names = [layer.name for layer in network.layers]
    assert names[1:4] == ["convolution_1", "pooling_1", "batch_normalization"]
    assert names.count("batch_normalization") == 1
    plain = architectures.build((32, 32, 1), BINARY)
    assert network.count_params() - plain.count_params() == 4 * 16


def test_two_convolutions_have_fewer_dense_parameters_as_the_document_says():
    simple = architectures.build((162, 162, 1), BINARY, architecture="2conv", dropout=0.5)
    assert simple.count_params() == 825_121
    assert sum(isinstance(layer, keras.layers.Conv2D) for layer in simple.layers) == 2
    few, many = (
        sum(layer.count_params() for layer in network.layers if layer.name.startswith("dense"))
        for network in (simple, architectures.build((162, 162, 1), BINARY))
    )
    assert few < many


def test_weights_depend_on_the_seed_alone_and_differ_between_layers():
    first, same, other = (
        architectures.build((16, 16, 1), BINARY, seed=seed).get_weights() for seed in (1, 1, 2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, same, strict=True))
    assert not np.array_equal(first[0], other[0])
    he = architectures.build((16, 16, 1), BINARY, seed=1, initializer="he").get_weights()
    # Uniform limits: Glorot sqrt(6 / (in + out)), He sqrt(6 / in); 3 x 3 x 1 in, 3 x 3 x 16 out.
    assert np.abs(first[0]).max() <= np.sqrt(6 / (9 + 144)) < np.abs(he[0]).max() <= np.sqrt(6 / 9)


def test_saved_networks_are_equal_bytes_and_load_without_skyloom(tmp_path):
    for target in (BINARY, CLASSES, ORDINAL):
        digests = []
        for number in range(2):
            network = architectures.build((16, 16, 1), target, dropout=0.2, seed=3)
            path = tmp_path / f"{target.kind}_{number}.keras"
            regression.save(network, path)
            digests.append(hashlib.sha256(path.read_bytes()).hexdigest())
        assert digests[0] == digests[1]
        loaded = keras.models.load_model(path)
        images = np.random.default_rng(0).random((3, 16, 16, 1), dtype=np.float32)
        np.testing.assert_array_equal(loaded(images), network(images))


@ALL
@pytest.mark.parametrize("parts", [1, 3, 8])
def test_parts_of_a_batch_give_what_the_whole_network_gives(target, parts):
    network = architectures.build((16, 16, 1), target, batch_normalization=True, seed=1)
    images = tf.constant(np.random.default_rng(0).normal(size=(7, 16, 16, 1)), tf.float32)
    made = sub_batches.outputs(network, images, training=False, parts=parts).numpy()
    expected = np.asarray(network(images))
    if target.kind == "binary":
        np.testing.assert_allclose(target.score(made), expected[:, 0], rtol=1e-5)
    elif target.kind == "classes":
        np.testing.assert_allclose(target.probabilities(made), expected, rtol=1e-5)
    else:
        below = np.cumsum(target.probabilities(made), axis=1)[:, :-1]
        np.testing.assert_allclose(1 - below, expected, rtol=1e-4, atol=1e-6)


@ALL
def test_probabilities_add_up_to_one_and_the_score_is_that_of_the_bad_classes(target):
    outputs = np.random.default_rng(0).normal(scale=20, size=(200, target.outputs))
    score, probabilities = target.score(outputs), target.probabilities(outputs)
    assert ((score >= 0) & (score <= 1)).all()
    if probabilities is not None:
        assert (probabilities >= 0).all()
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
        np.testing.assert_allclose(score, probabilities[:, 2:].sum(axis=1), atol=1e-12)


def test_ordinal_probabilities_of_a_higher_class_fall_whatever_the_network_says():
    outputs = np.random.default_rng(1).normal(scale=10, size=(100, 5))
    logits = targets.falling(tf.constant(outputs, tf.float32)).numpy()
    assert (np.diff(logits, axis=1) <= 0).all()


@ALL
def test_losses_are_those_of_scikit_style_formulas(target):
    rng = np.random.default_rng(2)
    outputs, labels = rng.normal(size=(50, target.outputs)), rng.integers(0, 6, 50)
    answers = target.encode(labels)
    losses = target.losses(tf.constant(outputs, tf.float32), tf.constant(answers)).numpy()
    if target.kind == "binary":
        p = target.score(outputs)
        expected = -np.where(labels >= 2, np.log(p), np.log(1 - p))
    elif target.kind == "classes":
        expected = -np.log(target.probabilities(outputs)[np.arange(50), labels])
    else:
        above = 1 - np.cumsum(target.probabilities(outputs), axis=1)[:, :5]
        truth = labels[:, None] > np.arange(5)
        expected = -np.mean(np.where(truth, np.log(above), np.log(1 - above)), axis=1)
    np.testing.assert_allclose(losses, expected, rtol=1e-4)


@ALL
def test_correct_is_the_score_on_the_right_side_of_one_half(target):
    rng = np.random.default_rng(3)
    outputs, labels = rng.normal(size=(300, target.outputs)), rng.integers(0, 6, 300)
    outputs = outputs.astype(np.float32)
    made = target.correct(tf.constant(outputs), tf.constant(target.encode(labels))).numpy()
    np.testing.assert_array_equal(made, (target.score(outputs) > 0.5) == (labels >= 2))


@pytest.mark.parametrize("kind", ["classes", "ordinal"])
def test_without_sides_correct_means_the_right_class(kind):
    target = Target(kind, classes=3)
    labels = np.array([0, 1, 2, 2])
    outputs = {
        "classes": [[3, 0, 0], [0, 3, 0], [0, 0, 3], [3, 0, 0]],
        "ordinal": [[-3, 0], [3, 9], [9, 0], [-3, 0]],
    }[kind]
    made = target.correct(tf.constant(outputs, tf.float32), tf.constant(target.encode(labels)))
    assert made.numpy().tolist() == [True, True, True, False]
    assert target.score(outputs) is None


def test_flipping_twice_is_nothing_and_once_is_numpys_flip():
    images = tf.constant(np.random.default_rng(0).random((4, 6, 5, 1)), tf.float32)
    flips = Augmentation(vertical_flip=True, horizontal_flip=True)
    drawn = tf.constant([[0, 1, 1], [0, 1, 0], [0, 0, 1], [0, 0, 0]], tf.float32)
    once = flips.apply(images, drawn)
    np.testing.assert_array_equal(flips.apply(once, drawn), images)
    np.testing.assert_array_equal(once[0], images.numpy()[0, ::-1, ::-1])
    np.testing.assert_array_equal(once[1], images.numpy()[1, ::-1])
    np.testing.assert_array_equal(once[2], images.numpy()[2, :, ::-1])
    np.testing.assert_array_equal(once[3], images[3])


@pytest.mark.parametrize(("quarters", "tolerance"), [(0, 0), (1, 1e-5), (2, 1e-5)])
def test_quarter_turns_keep_every_pixel(quarters, tolerance):
    images = np.random.default_rng(0).random((1, 9, 9, 1)).astype(np.float32)
    turned = rotate(tf.constant(images), tf.constant([quarters * np.pi / 2], tf.float32)).numpy()
    expected = np.rot90(images[0], -quarters)
    np.testing.assert_allclose(turned[0], expected, atol=tolerance)


def test_any_angle_is_scipys_bilinear_rotation_with_nearest_fill():
    rng = np.random.default_rng(5)
    images = rng.random((5, 12, 15, 1)).astype(np.float32)
    angles = rng.uniform(-np.pi, np.pi, 5)
    turned = rotate(tf.constant(images), tf.constant(angles, tf.float32)).numpy()
    centre = np.array([11, 14]) / 2
    for image, angle, ours in zip(images, angles, turned, strict=True):
        matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        expected = affine_transform(
            image[:, :, 0], matrix, centre - matrix @ centre, order=1, mode="nearest"
        )
        np.testing.assert_allclose(ours[:, :, 0], expected, atol=1e-5)


def test_what_is_drawn_depends_on_seed_and_epoch_and_spans_the_range():
    full = Augmentation(rotation=90, vertical_flip=True, horizontal_flip=True)
    drawn = full.draw(4000, seed=1, epoch=2)
    np.testing.assert_array_equal(drawn, full.draw(4000, seed=1, epoch=2))
    assert not np.array_equal(drawn, full.draw(4000, seed=1, epoch=3))
    assert -np.pi / 2 <= drawn[:, 0].min() < -1.5 and 1.5 < drawn[:, 0].max() <= np.pi / 2
    assert drawn[:, 1:].mean(axis=0) == pytest.approx([0.5, 0.5], abs=0.03)
    # A flip comes out the same whatever else is done.
    alone = Augmentation(horizontal_flip=True).draw(4000, seed=1, epoch=2)
    np.testing.assert_array_equal(alone[:, 2], drawn[:, 2])
    assert not alone[:, :2].any()


def test_bad_choices_are_named():
    with pytest.raises(InputError, match="architecture is '4conv', nearest is '3conv'"):
        architectures.build((16, 16, 1), BINARY, architecture="4conv")
    refused("7x16 pixels are too small for 3conv", architectures.build, (7, 16, 1), BINARY)
    with pytest.raises(InputError, match="target is 'ordinl', nearest is 'ordinal'"):
        Target("ordinl", classes=6, positive_from=2)
    refused("rotation", Augmentation, rotation=270)
