"""Where a trained network looks: what parts of an image raise and lower its prediction.

Every map is signed: positive where the image raises the predicted label, negative where it lowers
it. Grad-CAM was made for classes and keeps the positive part; for a number both signs speak (the
negative part is its counterfactual explanation; Selvaraju et al. 2017, sections 3.1 and 3.3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from skyloom.errors import InputError
from skyloom.learn import regression
from skyloom.learn.backend import keras, tf
from skyloom.progress import track

#: What ``tng.attention.methods`` may name.
METHODS = ("grad_cam", "hires_cam", "occlusion")
# VGG16's last convolution; the pooling behind it keeps a quarter of the places.
_LAYER, _POOLING = "block5_conv3", "block5_pool"


class Network:
    """A saved network in two halves: image -> last convolution, and that -> prediction.

    Parameters
    ----------
    lower : callable
        (n, H, W, 3) float32 tensor, 0..255 -> (n, h, w, K) tensor.
    pool : callable
        (n, h, w, K) -> what `head` takes.
    head : keras.Model
        -> (n, 1).
    """

    def __init__(self, lower: Callable, pool: Callable, head: keras.Model) -> None:
        self.lower, self.pool, self.head = lower, pool, head
        self._forward = tf.function(lower, autograph=False)

    def activations(self, images):
        """Of the last convolution: (n, h, w, K) float32."""
        return tf.cast(self._forward(tf.cast(images, tf.float32)), tf.float32)

    def judge(self, activations):
        """Predictions of these activations: (n,) float64."""
        values = self.head(self.pool(activations), training=False)
        return values.numpy()[:, 0].astype(np.float64)

    def predict(self, images):
        """(n,) float64."""
        return self.judge(self.activations(images))

    def with_head(self, head):
        """The same with another head."""
        return Network(self.lower, self.pool, head)


def load(path):
    """The two halves of a ``model.keras`` of this project.

    Raises
    ------
    InputError
        If it is none.
    """
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
        backbone, head = model.get_layer("vgg16"), model.get_layer("head")
        lower = keras.Model(backbone.input, backbone.get_layer(_LAYER).output)
        return Network(lower, backbone.get_layer(_POOLING), head)
    except (ValueError, OSError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is no network of this project with the frozen VGG16: train the case again."
        ) from error


def random_head(head, seed):
    """A head of the same form that has learnt nothing."""
    layers = {layer.name: layer for layer in head.layers}
    return regression.head(
        head.input_shape[1:],
        seed=seed,
        output_activation=layers["value"].activation.__name__,
        convolution_activation=layers["convolution"].activation.__name__,
    )


def gradient(network, activations):
    """Derivative of each prediction by the last convolution's activations: (n, h, w, K) float64."""
    x = tf.convert_to_tensor(activations)
    with tf.GradientTape() as tape:
        tape.watch(x)
        # Each prediction depends on its own image only, so one sum has all derivatives.
        total = tf.reduce_sum(network.head(network.pool(x), training=False))
    return tape.gradient(total, x).numpy().astype(np.float64)


def grad_cam(activations: np.ndarray, derivative: np.ndarray) -> np.ndarray:
    """Activations weighted by the mean of their derivative over the image.

    Parameters
    ----------
    activations, derivative : (n, h, w, K) array

    Returns
    -------
    (n, h, w) float64 array
        Sum over k of alpha_k A_k with alpha_k = mean over places of dy/dA_k; dex times places.

    Notes
    -----
    Selvaraju et al. 2017, equations 1 and 2, without the ReLU. The thesis's head begins with ONE
    filter of 1x1, y = f(z) with z = sum over k of w_k A_k: then alpha_k = w_k mean(dy/dz), and the
    map is the filter's response times one number. It shows what the filter answers to, but not
    which places the layers behind it use; `hires_cam` does.
    """
    weights = derivative.mean(axis=(1, 2))
    return np.einsum("nhwk,nk->nhw", activations, weights, dtype=np.float64)


def hires_cam(activations: np.ndarray, derivative: np.ndarray) -> np.ndarray:
    """Activations weighted by their own derivative, place by place, in dex.

    Parameters
    ----------
    activations, derivative : (n, h, w, K) array

    Returns
    -------
    (n, h, w) float64 array
        Sum over k of A_k dy/dA_k. Over the image it sums to the prediction less what the biases
        give, where the head is piecewise linear.

    Notes
    -----
    HiResCAM (Draelos & Carin 2020, arXiv:2011.08891): feature maps times gradients, place by
    place, where Grad-CAM takes the gradients' mean first.
    """
    return np.einsum("nhwk,nhwk->nhw", activations, derivative, dtype=np.float64)


def occlusion(
    networks: Sequence[Network],
    image: np.ndarray,
    *,
    patch: int,
    stride: int,
    fill: np.ndarray,
    batch: int = 16,
) -> np.ndarray:
    """How much less networks predict when a square of the image is covered.

    Parameters
    ----------
    networks : sequence of Network
        With one lower half and several heads: what is covered is seen once.
    image : (H, H, 3) uint8 array
    patch, stride : int
        Side of the square and steps between its positions, pixels; positions begin at
        (stride - patch) / 2, so that the square is about the middle of each cell of `stride`.
    fill : (3,) array
        What covers.
    batch : int
        Images at once.

    Returns
    -------
    (networks, H / stride, H / stride) float64 array
        Prediction of the image less that of the covered image, dex.

    Notes
    -----
    Zeiler & Fergus 2014, section 4.2 (grey squares there; here the colour of empty sky).
    """
    count = image.shape[0] // stride
    places = [(row, column) for row in range(count) for column in range(count)]
    seen = networks[0].activations(image[None])
    whole = np.concatenate([network.judge(seen) for network in networks])
    values = []
    for first in range(0, len(places), batch):
        chosen = places[first : first + batch]
        # Always a full batch: one shape is compiled once.
        covered = np.repeat(image[None], batch, axis=0)
        for number, place in enumerate(chosen):
            starts = [index * stride + (stride - patch) // 2 for index in place]
            rows, columns = (slice(max(0, start), max(0, start + patch)) for start in starts)
            covered[number, rows, columns] = fill
        seen = networks[0].activations(covered)
        judged = np.stack([network.judge(seen) for network in networks])
        values.append(whole[:, None] - judged[:, : len(chosen)])
    return np.concatenate(values, axis=1).reshape(len(networks), count, count)


def empty_sky(images):
    """The commonest colour along the edges of images: (3,) uint8."""
    edges = [images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]]
    pixels = np.concatenate([edge.reshape(-1, images.shape[-1]) for edge in edges])
    colours, counts = np.unique(pixels, axis=0, return_counts=True)
    return colours[counts.argmax()]


def explain(network, images, *, methods, patch, stride, heads, label, batch=4):
    """Maps of every method, by the trained head and by heads that learnt nothing.

    Parameters
    ----------
    network : Network
    images : (n, H, H, 3) uint8 array
    methods : sequence of str
        Of `METHODS`.
    patch, stride : int
        Of occlusion.
    heads : sequence of keras.Model
        From `random_head`.
    label : str
        For the progress bar.
    batch : int
        Images at once.

    Returns
    -------
    predicted : (n,) array
    maps : dict
        Method -> (n, h, w) float64 array.
    random : dict
        Method -> (heads, n, h, w) float64 array.
    """
    maps = {method: [] for method in methods}
    random = {method: [] for method in methods}
    predicted, fill = [], empty_sky(images)
    networks = [network, *(network.with_head(head) for head in heads)]
    with track(None, label=label, total=len(images), unit="image") as bar:
        for first in range(0, len(images), batch):
            block = images[first : first + batch]
            seen = network.activations(block)
            predicted.append(network.judge(seen))
            derivatives = [gradient(each, seen) for each in networks]
            for method, function in (("grad_cam", grad_cam), ("hires_cam", hires_cam)):
                if method in maps:
                    values = [function(seen.numpy(), one) for one in derivatives]
                    maps[method].append(values[0])
                    random[method].append(np.stack(values[1:]))
            if "occlusion" in maps:
                options = {"patch": patch, "stride": stride, "fill": fill}
                values = np.stack([occlusion(networks, one, **options) for one in block], axis=1)
                maps["occlusion"].append(values[0])
                random["occlusion"].append(values[1:])
            bar.update(len(block))
    return (
        np.concatenate(predicted),
        {method: np.concatenate(parts) for method, parts in maps.items()},
        {method: np.concatenate(parts, axis=1) for method, parts in random.items()},
    )
