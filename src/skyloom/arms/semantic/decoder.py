"""The decoder of the semantic autoencoder: parameters of a physical model in, its image out."""

from __future__ import annotations

from skyloom.arms.semantic import profiles, sampling
from skyloom.learn.backend import keras


@keras.saving.register_keras_serializable(package="skyloom")
class ProfileDecoder(keras.layers.Layer):
    """An analytic profile as a layer without weights, through which a loss can be differentiated.

    Parameters
    ----------
    profile : dict
        ``decoder`` and ``parameters`` as `skyloom.arms.semantic.profiles.resolve` knows them: those
        that are ranges come as input, in the decoder's order, the others are fixed.
    grid : dict
        Fields of `skyloom.arms.semantic.sampling.Grid`.

    Notes
    -----
    (n, parameters) -> (n, pixels, pixels, 1); the angle in degrees. Equations 4 to 7 of the
    semantic autoencoder paper for the decoder ``exponential``. The formula is that which the
    datasets are made with, here evaluated by `keras.ops`.
    """

    def __init__(self, profile: dict, grid: dict | None = None, **options) -> None:
        super().__init__(**options)
        self.profile, self.grid = profiles.resolve(profile), dict(grid or {})
        self.names, self._fixed = list(profiles.free(profile)), profiles.fixed(profile)
        self._grid, self._decoder = sampling.Grid(**self.grid), profiles.create(profile["decoder"])

    def call(self, parameters):
        """The images of these parameters."""
        values = {name: parameters[:, index] for index, name in enumerate(self.names)}
        images = profiles.evaluate(
            self._decoder, {**self._fixed, **values}, self._grid, ops=keras.ops
        )
        return images[..., None]

    def compute_output_shape(self, input_shape):
        """(n, pixels, pixels, 1)."""
        return (input_shape[0], self._grid.pixels, self._grid.pixels, 1)

    def get_config(self):
        """All that makes an equal layer."""
        return {**super().get_config(), "profile": self.profile, "grid": self.grid}
