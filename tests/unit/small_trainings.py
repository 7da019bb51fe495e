"""A small training of each kind, for what is true of all of them."""

import dataclasses

import numpy as np

from skyloom.arms.semantic import encoder
from skyloom.arms.semantic import training as semantic_training
from skyloom.arms.semantic.decoder import ProfileDecoder
from skyloom.arms.spectra import architectures as spectra_architectures
from skyloom.arms.spectra import training as spectra_training
from skyloom.arms.xmm import architectures
from skyloom.learn import batches, classification, head_training, regression, training
from skyloom.learn.augmentation import Augmentation
from skyloom.learn.targets import Target

TRAIN, SIDE = np.arange(0, 21), np.arange(21, 30)
BINARY = Target("binary", classes=6, positive_from=2)
PROFILE = {
    "decoder": "exponential",
    "parameters": {"scale": [0.2, 0.6], "ellipticity": [0.2, 0.8], "angle": [0, 180]},
}


def _head(samples, labels, settings):
    return regression.head(samples.shape[1:], seed=1), (samples, labels[:, 0])


def _classifier(samples, labels, settings):
    options = {"architecture": "2conv", "dropout": 0.5, "batch_normalization": True, "seed": 1}
    network = architectures.build(samples.shape, BINARY, **options)
    labels = np.digitize(labels[:, 0], [0.2, 0.4, 0.6, 0.8])
    return network, classification.task(
        samples, labels, train=TRAIN, validation=SIDE, target=BINARY, settings=settings
    )


def _regression(samples, labels, settings):
    options = {"heteroscedastic": settings.heteroscedastic, "seed": 1}
    network = spectra_architectures.build("initial", samples.shape[0], 3, **options)
    return network, spectra_training.task(
        samples, labels, train=TRAIN, validation=SIDE, settings=settings
    )


def _encoder(samples, labels, settings):
    names = list(PROFILE["parameters"])
    layer = encoder.PhysicalParameters(names, [0.16, 0.14, 0], [0.64, 0.86, 180])
    sizes = {"convolutions": [4, 4], "dense": [6]}
    network = encoder.build(samples.shape, layer, **sizes, seed=1)
    decoder = ProfileDecoder(PROFILE, {"pixels": samples.shape[0]})
    return network, semantic_training.task(
        decoder, samples, labels, train=TRAIN, validation=SIDE, settings=settings
    )


@dataclasses.dataclass(frozen=True)
class Kind:
    """What is trained how on samples of which shape."""

    build: object
    settings: object
    shape: tuple
    changed: dict

    def data(self, dtype=np.float32):
        """Samples (30, *shape) and labels (30, 3)."""
        rng = np.random.default_rng(0)
        return rng.random((30, *self.shape)).astype(dtype), rng.random((30, 3))

    @property
    def name(self):
        """Of the samples in a dataset file."""
        return "spectra" if len(self.shape) == 1 else "images"

    def begin(self, *, samples=None, labels=None, seed=0, **changed):
        """A training that has not begun."""
        made, known = self.data()
        samples = made if samples is None else samples
        settings = dataclasses.replace(self.settings, **changed)
        if self.build is not _head and isinstance(samples, np.ndarray):
            samples = batches.from_array(samples, self.name)
        network, task = self.build(samples, known if labels is None else labels, settings)
        if self.build is _head:
            return head_training._Run(network, *task, TRAIN, SIDE, settings, seed)
        return training._Run(training.Learner(network, task), seed)


#: Each with settings of which the state has to hold all that there is: generators of dropout,
#: statistics of batches, the step of a rate that decays, readouts.
#: Batches of 9 leave 3 of the 21 rows that are learnt from, as of all 30: two sizes to trace.
KINDS = {
    "head": Kind(
        _head,
        head_training.Settings(epochs=6, batch_size=5, readout_epochs=(1, 4)),
        (2, 2, 8),
        {"learning_rate": 0.5},
    ),
    "classifier": Kind(
        _classifier,
        classification.Settings(
            epochs=6,
            batch_size=9,
            patience=5,
            class_weights=True,
            augmentation=Augmentation(180, True, True),
            readout_epochs=(1, 4),
        ),
        (16, 16, 1),
        {"class_weights": False},
    ),
    "regression": Kind(
        _regression,
        spectra_training.Settings(
            epochs=6, batch_size=9, patience=5, snr=(20, 100), heteroscedastic=True
        ),
        (24,),
        {"snr": (20, 90)},
    ),
    "encoder": Kind(
        _encoder,
        semantic_training.Settings(
            epochs=6, batch_size=9, optimizer="adam", learning_rate=0.01, decay="cosine"
        ),
        (8, 8, 1),
        {"rho": 0.9},
    ),
}
