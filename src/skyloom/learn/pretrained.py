"""Inception V3 and ResNet 50 without their classifiers, frozen or partly fine-tuned.

The layers are those of ``keras.applications`` (Szegedy et al. 2015, He et al. 2015), pooled by the
mean over the last planes: an image becomes 2,048 numbers. Each network scales its input as its
published weights expect it, and does so inside the model, so a saved one carries it.

Batch normalisation always uses its stored statistics, in fine-tuning too. Those of ImageNet were
measured on a million images; a batch of drawings would replace them by noise that the frozen layers
never saw (Keras's guide to fine-tuning says the same). And every image is judged by itself,
whatever else is in its batch, so that parts of a batch can be computed side by side.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from skyloom.errors import InputError, check_one_of, nearest
from skyloom.learn.backend import keras

#: Mean of the ImageNet training images in blue, green, red, which Caffe's ResNet 50 subtracts.
MEAN_BGR = (103.939, 116.779, 123.68)
#: Keras's constructors.
ARCHITECTURES = {
    "inception_v3": keras.applications.InceptionV3,
    "resnet_50": keras.applications.ResNet50,
}
#: Least side of an image that the layers take, pixels.
LEAST = {"inception_v3": 75, "resnet_50": 32}
# What Keras calls layers of Inception V3 that have no name of their own.
_NAMELESS = {
    *("conv2d", "batch_normalization", "activation", "concatenate"),
    *("average_pooling2d", "max_pooling2d", "global_average_pooling2d"),
}
# Made-up images that the statistics of random networks are taken from.
_CURVES = 8
_REMEDY = "point sdss.networks.*.weights to a file of the network without its classifier"


def backbone(
    architecture: str, weights: str | Path, *, side: int = 224, seed: int = 0
) -> keras.Model:
    """A network without its classifier, none of it trainable.

    Parameters
    ----------
    architecture : {'inception_v3', 'resnet_50'}
    weights : str or path
        ``"random"``, or a file as Keras writes it (``.h5``, ``.weights.h5`` or ``.keras``) of this
        network without its classifier. Published weights are a file too, which a rule of the
        workflow fetches.
    side : int
        Of the images, pixels.
    seed : int
        Of random weights: Glorot uniform kernels, as the layers' own initialiser. Their batch
        normalisation has the statistics of some made-up curves (seeded, too): with none, the
        numbers would die out or grow without bound on their way through fifty layers.

    Returns
    -------
    keras.Model
        Named ``backbone``: (n, side, side, 3), 0..255, red, green, blue -> (n, 2048). 21,802,784
        parameters (Inception V3) or 23,587,712 (ResNet 50).

    Raises
    ------
    InputError
        If the architecture is unknown, images are too small, or the file is missing, broken or of
        another network.
    """
    check_one_of("architecture", architecture, ARCHITECTURES)
    if side < LEAST[architecture]:
        raise InputError(
            f"images of {side}x{side} pixels are too small for {architecture}, which takes at "
            f"least {LEAST[architecture]}: train it on the dataset images_224."
        )
    if str(weights) != "random":
        _check_file(weights)
    image = keras.Input((side, side, 3), name="image")
    made = ARCHITECTURES[architecture](
        include_top=False, weights=None, input_tensor=_scaled(image, architecture), pooling="avg"
    )
    model = keras.Model(image, made.output, name="backbone")
    _rename(model)
    if str(weights) == "random":
        _randomise(model, seed)
    else:
        _load(model, architecture, weights)
    model.trainable = False
    return model


def _scaled(image, architecture):
    """Pixels as the published weights expect them (``preprocess_input`` of either network)."""
    if architecture == "inception_v3":
        return keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scaling")(image)
    offset = [-value for value in reversed(MEAN_BGR)]
    centred = keras.layers.Rescaling(1.0, offset=offset, name="scaling")(image)
    flipped = keras.ops.flip(centred, axis=-1)
    flipped._keras_history.operation.name = "blue_green_red"
    return flipped


def _rename(model):
    """Number nameless layers from the start, as in a fresh process, whatever was made before."""
    counts = {}
    for layer in model.layers:
        stem, _, number = layer.name.rpartition("_")
        stem = stem if number.isdigit() and stem else layer.name
        if stem not in _NAMELESS:
            continue
        count = counts[stem] = counts.get(stem, -1) + 1
        layer.name = f"{stem}_{count}" if count else stem


def _randomise(model, seed):
    layers = [layer for layer in model.layers if hasattr(layer, "kernel")]
    seeds = np.random.SeedSequence(seed).generate_state(len(layers)).tolist()
    for layer, number in zip(layers, seeds, strict=True):
        layer.kernel.assign(keras.initializers.GlorotUniform(seed=number)(layer.kernel.shape))
    normalisations = [layer for layer in model.layers if _normalises(layer)]
    momenta = [layer.momentum for layer in normalisations]
    for layer in normalisations:
        layer.momentum = 0.0  # the next batch's statistics replace the stored ones
    model(_curves(model.input_shape[1], seed), training=True)
    for layer, momentum in zip(normalisations, momenta, strict=True):
        layer.momentum = momentum


def _normalises(layer):
    return isinstance(layer, keras.layers.BatchNormalization)


def _curves(side, seed):
    """Dark random walks on white, (_CURVES, side, side, 3) float32."""
    rng = np.random.default_rng([seed, 1])
    walks = np.cumsum(rng.normal(size=(_CURVES, side)), axis=1)
    low, high = walks.min(axis=1, keepdims=True), walks.max(axis=1, keepdims=True)
    height = (walks - low) / (high - low) * 0.9 * side + 0.05 * side
    distance = np.abs(np.arange(side)[None, :, None] + 0.5 - height[:, None, :])
    images = 255 * np.clip(distance / 2, 0, 1)
    return np.repeat(images[..., None], 3, axis=3).astype(np.float32)


def _check_file(path):
    if str(path) == "imagenet":
        raise InputError(
            "weights imagenet is a file to be downloaded, not a path: run the rule that downloads "
            f"it, or download the file by hand and {_REMEDY}."
        )
    if not Path(path).is_file():
        raise InputError(f"{path} does not exist: check the path, or {_REMEDY}.")


def _load(model, architecture, path):
    path = Path(path)
    try:
        if path.suffix == ".keras":
            model.set_weights(
                _inside(keras.models.load_model(path, compile=False, safe_mode=True), model)
            )
        else:
            model.load_weights(path)
    except (ValueError, OSError, KeyError, IndexError, TypeError) as error:
        reason = " ".join(str(error).split())[:200].rstrip(".")
        raise InputError(
            f"{path} has no weights of {architecture} without its classifier ({reason}): {_REMEDY}."
        ) from error
    for variable in model.weights:
        if not np.isfinite(variable.numpy()).all():
            raise InputError(
                f"{path} has values in {variable.path} that are not finite: "
                "the file is damaged; fetch it again."
            )


def _inside(loaded, model):
    """Weights of a saved model, or of the backbone inside it."""
    shapes = [tuple(weight.shape) for weight in model.weights]
    for found in (loaded, *(layer for layer in loaded.layers if isinstance(layer, keras.Model))):
        if [tuple(weight.shape) for weight in found.weights] == shapes:
            return found.get_weights()
    raise ValueError("the shapes of its weights are others")


def fingerprint(model):
    """A hash of all weights, hexadecimal: two backbones that see alike have the same."""
    digest = hashlib.sha256()
    for array in model.get_weights():
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def classifier(
    backbone: keras.Model, classes: int, *, train_from: str | None = None, seed: int = 0
) -> keras.Model:
    """The whole network, image -> probabilities, a chain as `skyloom.learn.sub_batches` walks it.

    Parameters
    ----------
    backbone : keras.Model
        As `backbone` gives it.
    classes : int
    train_from : str, optional
        Name of the layer from which on, in the order of ``backbone.layers``, weights are trained;
        batch normalisation never is. None trains the classifier alone.
    seed : int
        Of the classifier's initial weights, Glorot uniform.

    Returns
    -------
    keras.Model

    Raises
    ------
    InputError
        If there is no such layer.
    """
    if train_from is not None:
        names = [layer.name for layer in backbone.layers]
        if train_from not in names:
            near = nearest(train_from, names)
            raise InputError(
                f"train_from is {train_from!r}{f', nearest is {near!r}' if near else ''}: "
                "name a layer of the network as keras.applications does, or null for none."
            )
        start = names.index(train_from)
        backbone.trainable = True
        for number, layer in enumerate(backbone.layers):
            layer.trainable = number >= start and not _normalises(layer)
    image = keras.Input(backbone.input_shape[1:], name="image")
    output = _output(classes, seed)(backbone(image))
    return keras.Model(image, output, name="classifier")


def head(features, classes, *, seed=0):
    """The classifier alone, features of an image -> probabilities: (n, features) -> (n, classes).

    Its initial weights are those that `classifier` has with the same seed.
    """
    seen = keras.Input((features,), name="features")
    return keras.Model(seen, _output(classes, seed)(seen), name="head")


def _output(classes, seed):
    number = int(np.random.SeedSequence(seed).generate_state(1)[0])
    initializer = keras.initializers.GlorotUniform(seed=number)
    options = {"activation": "softmax", "kernel_initializer": initializer}
    return keras.layers.Dense(classes, name="output", **options)
