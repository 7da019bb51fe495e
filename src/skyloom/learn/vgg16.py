"""VGG16 without its classifier, frozen (Simonyan & Zisserman 2014)."""

from __future__ import annotations

from skyloom.errors import InputError, check_one_of
from skyloom.learn import weights
from skyloom.learn.backend import keras

#: Mean of the ImageNet training images in blue, green, red, which Caffe's VGG16 subtracts.
MEAN_BGR = (103.939, 116.779, 123.68)


#: What it computes in (see `skyloom.learn.precision`), and Keras's names for it.
PRECISIONS = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


def backbone(
    layers: dict, *, bins: int = 256, preprocess: str = "none", precision: str = "float32"
) -> keras.Model:
    """The frozen convolutions as a model: image -> features.

    Parameters
    ----------
    layers : dict
        Name -> (kernel, bias), as `skyloom.learn.weights.read_convolutions` gives it.
    bins : int
        Side of the images, pixels; a multiple of 32.
    preprocess : {'none', 'vgg16'}
        ``none`` feeds the images as they are (0..255; what the thesis does). ``vgg16`` is what the
        published weights were trained on: channels in the order blue, green, red, less their mean
        over ImageNet (`MEAN_BGR`). It is part of the model, so a saved model carries it.
    precision : {'float32', 'bfloat16'}
        What the layers compute in; bfloat16 keeps 8 bits of each weight and of each layer's
        output, sums are in float32, and the weights stay float32 (Keras's mixed_bfloat16).

    Returns
    -------
    keras.Model
        (n, bins, bins, 3) float32, 0..255, red, green, blue -> (n, bins/32, bins/32, 512) in
        `precision`. 14,714,688 parameters, none trainable.

    Raises
    ------
    InputError
        If `bins` is not a multiple of 32, or `preprocess` or `precision` is unknown.
    """
    if bins % 32 or bins < 32:
        raise InputError(
            f"tng.grid.bins is {bins}, but VGG16 halves an image five times: "
            "choose a multiple of 32."
        )
    check_one_of("tng.backbone.precision", precision, PRECISIONS)
    image = keras.Input((bins, bins, 3), name="image")
    scaled = _scaled(image, preprocess)
    # Keras's VGG16 has no argument for it: its layers take the policy that is set.
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(PRECISIONS[precision])
    try:
        vgg16 = keras.applications.VGG16(include_top=False, weights=None, input_tensor=scaled)
    finally:
        keras.config.set_dtype_policy(policy)
    model = keras.Model(image, vgg16.output, name="vgg16")
    for name, pair in layers.items():
        model.get_layer(name).set_weights(pair)
    model.trainable = False
    return model


def _scaled(image, preprocess):
    if preprocess == "none":
        return image
    if preprocess != "vgg16":
        raise InputError(
            f"tng.backbone.preprocess is {preprocess!r}: choose 'none' (the thesis) or 'vgg16'."
        )
    offset = [-value for value in reversed(MEAN_BGR)]
    centred = keras.layers.Rescaling(1.0, offset=offset, name="less_mean")(image)
    return keras.ops.flip(centred, axis=-1)


def load(path, **options):
    """The backbone of a canonical file (`skyloom.learn.weights.write_backbone`)."""
    return backbone(weights.read_convolutions(path), **options)
