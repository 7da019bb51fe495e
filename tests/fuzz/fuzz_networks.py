"""Readers that need TensorFlow: saved networks, what training joins, a training's state."""

import keras
import numpy as np
from fuzz_targets import SPLIT, Target, dataset, profiles

from skyloom.arms.sdss import experiments as sdss_experiments
from skyloom.arms.sdss import prediction
from skyloom.arms.semantic import experiments as semantic_experiments
from skyloom.arms.semantic import prediction as semantic_prediction
from skyloom.arms.spectra import experiments as spectra_experiments
from skyloom.arms.tng import experiments
from skyloom.arms.xmm import experiments as xmm_experiments
from skyloom.io.files import read_table
from skyloom.learn import batches, checkpoints


def _saved(folder):
    keras.utils.set_random_seed(1)
    image = keras.Input((8, 8, 1))
    inner = keras.layers.Flatten()(keras.layers.Conv2D(2, 3)(image))
    model = keras.Model(image, keras.layers.Dense(3)(inner))
    model.save(folder / "model.keras")
    return [folder / "model.keras"]


def _load(folder):
    semantic_prediction.load(folder / "model.keras")
    prediction.load(folder / "model.keras")


def _pictures(folder):
    return [*dataset(folder), folder / "features.h5"]


def _join(folder):
    path, split = folder / "dataset.h5", read_table(folder / SPLIT)
    experiments.read_case(path, folder / "features.h5", split)
    xmm_experiments.read_sample(path, split)
    sdss_experiments.read_sample(path, split)
    with batches.open_images(path):
        pass


def _join_spectra(folder):
    spectra_experiments.read_sample(folder / "dataset.h5", read_table(folder / SPLIT))
    with batches.open_samples(folder / "dataset.h5", "spectra"):
        pass


def _join_profiles(folder):
    semantic_experiments.read_sample(folder / "profiles.h5", read_table(folder / SPLIT))


class _Variable:
    def __init__(self, values):
        self.values = values

    def __array__(self, *_, **__):
        return self.values

    def assign(self, values):
        """As Keras does: another shape or type is refused."""
        self.values = np.zeros(self.values.shape) + np.asarray(values, np.float64)


class _Network:
    layers, optimizer = (), None

    def __init__(self):
        self.variables = [_Variable(np.ones((3, 2))), _Variable(np.zeros(2))]

    def get_weights(self):
        """Arrays of all variables."""
        return [np.asarray(one) for one in self.variables]


class _Training(checkpoints.Resumable):
    def advance(self, epoch):
        """Nothing is learnt."""

    def outputs(self):
        """Nothing is asked."""


def _training():
    class Optimizer:
        variables = ()

    return _Training(_Network(), Optimizer, checkpoints.Limits(epochs=1), ["facts"])


def _state(folder):
    training = _training()
    training.end_epoch(1, (1, 0.5), 0.5)
    training.save(folder / "state.h5")
    return [folder / "state.h5"]


NETWORKS = [
    Target("saved network", _saved, _load, 2),
    Target("images for training", _pictures, _join),
    Target("spectra for training", lambda at: dataset(at, "spectra"), _join_spectra),
    Target("profiles for training", profiles, _join_profiles),
    Target("state of a training", _state, lambda at: _training().resume(at / "state.h5")),
]
