"""The entries of ``sdss.networks``: which networks there are, and what each of them sees."""

import dataclasses
from collections.abc import Callable
from importlib import import_module

from skyloom.errors import InputError, check_keys, check_one_of
from skyloom.registries import Registry


@dataclasses.dataclass(frozen=True)
class Architecture:
    """What a network is built of.

    Attributes
    ----------
    variant : str
        The dataset that it sees: ``images_224``, ``images_28`` or ``spectra``.
    module : str or None
        Where ``build`` is, so that a plan imports no Keras.
    build : callable or None
        Makes its layers: ``build(shape, classes, seed=...)``, of a spectrum with the number of its
        pixels. Without it and `module`, it is one of `skyloom.learn.pretrained`.
    """

    variant: str
    module: str | None = None
    build: Callable | None = None

    @property
    def pretrained(self):
        """Whether it is one of `skyloom.learn.pretrained`."""
        return not (self.module or self.build)


#: The values of ``sdss.networks.<name>.architecture``.
ARCHITECTURES = Registry(
    "network of the sdss arm", lambda build, variant: Architecture(variant, build=build)
)
ARCHITECTURES["inception_v3"] = Architecture("images_224")
ARCHITECTURES["resnet_50"] = Architecture("images_224")
ARCHITECTURES["lenet"] = Architecture("images_28", "skyloom.learn.lenet")
ARCHITECTURES["cnn_1d"] = Architecture("spectra", "skyloom.learn.cnn_1d")


@dataclasses.dataclass(frozen=True)
class Network:
    """An entry of ``sdss.networks``.

    Attributes
    ----------
    architecture : str
        One of `ARCHITECTURES`.
    weights : str, optional
        Of a pretrained architecture: ``imagenet``, ``random`` or a file.
    train_from : str, optional
        Layer from which on a pretrained architecture is fine-tuned; None keeps its weights (as
        the article did) and trains the classifier on stored features.
    epochs : int, optional
        In the place of ``sdss.training.epochs``.
    learning_rate : float, optional
        In the place of ``sdss.training.learning_rate``.
    """

    architecture: str
    weights: str | None = None
    train_from: str | None = None
    epochs: int | None = None
    learning_rate: float | None = None

    @property
    def pretrained(self):
        """Whether it is one of `skyloom.learn.pretrained`."""
        return ARCHITECTURES[self.architecture].pretrained

    @property
    def frozen(self):
        """Whether its classifier learns from stored features."""
        return self.pretrained and self.train_from is None

    @property
    def variant(self):
        """Name of the dataset it sees."""
        return ARCHITECTURES[self.architecture].variant

    @property
    def kind(self):
        """What that dataset holds: ``images`` or ``spectra``."""
        return "spectra" if self.variant == "spectra" else "images"

    def build(self, shape, classes, *, seed):
        """One that is trained from the start, for samples of a shape."""
        size = shape[0] if self.kind == "spectra" else shape
        own = ARCHITECTURES[self.architecture]
        build = own.build or import_module(own.module).build
        return build(size, classes, seed=seed)


def network(name, keys):
    """The entry `name` of ``sdss.networks``, checked.

    Raises
    ------
    InputError
        If it has a key that is none, an unknown architecture, or keys of another architecture.
    """
    check_keys(f"sdss.networks.{name}", keys, Network.__dataclass_fields__)
    architecture = keys.get("architecture")
    check_one_of(f"sdss.networks.{name}.architecture", architecture, ARCHITECTURES)
    entry = Network(**keys)
    if entry.pretrained:
        return dataclasses.replace(entry, weights=str(entry.weights or "imagenet"))
    if entry.weights is not None or entry.train_from is not None:
        raise InputError(
            f"sdss.networks.{name}: {architecture} is trained from the start; "
            "remove weights and train_from."
        )
    return entry
