"""The entries of ``sdss.networks``: which networks there are, and what each of them sees."""

import dataclasses

from skyloom.errors import InputError, check_keys

#: Which dataset each architecture sees.
VARIANTS = {
    "inception_v3": "images_224",
    "resnet_50": "images_224",
    "lenet": "images_28",
    "cnn_1d": "spectra",
}
PRETRAINED = ("inception_v3", "resnet_50")


@dataclasses.dataclass(frozen=True)
class Network:
    """An entry of ``sdss.networks``.

    Attributes
    ----------
    architecture : {'inception_v3', 'resnet_50', 'lenet', 'cnn_1d'}
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
        """Whether it is one of `skyloom.networks.pretrained`."""
        return self.architecture in PRETRAINED

    @property
    def frozen(self):
        """Whether its classifier learns from stored features."""
        return self.pretrained and self.train_from is None

    @property
    def variant(self):
        """Name of the dataset it sees."""
        return VARIANTS[self.architecture]


def network(name, keys):
    """The entry `name` of ``sdss.networks``, checked.

    Raises
    ------
    InputError
        If it has a key that is none, an unknown architecture, or keys of another architecture.
    """
    check_keys(f"sdss.networks.{name}", keys, Network.__dataclass_fields__)
    architecture = keys.get("architecture")
    if architecture not in VARIANTS:
        raise InputError(
            f"sdss.networks.{name}.architecture is {architecture!r}: "
            f"choose one of {', '.join(VARIANTS)}."
        )
    entry = Network(**keys)
    if entry.pretrained:
        return dataclasses.replace(entry, weights=str(entry.weights or "imagenet"))
    if entry.weights is not None or entry.train_from is not None:
        raise InputError(
            f"sdss.networks.{name}: {architecture} is trained from the start; "
            "remove weights and train_from."
        )
    return entry
