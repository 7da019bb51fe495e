"""Turned and mirrored images, made anew for every epoch inside the input pipeline.

As Keras's ``ImageDataGenerator`` does it (rotation, then mirrors, each with probability 1/2;
bilinear, outside pixels take the nearest one's value), but about the exact centre and with
randomness that depends on (seed, epoch, image) only, so that nothing else changes it.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np

from skyloom.errors import InputError
from skyloom.learn.backend import tf

if TYPE_CHECKING:
    from skyloom.learn.batches import Samples


# A stream of its own: the order of an epoch is drawn from [seed, epoch].
_STREAM = 1


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """What may be done to an image of the training side.

    Attributes
    ----------
    rotation : float
        Degrees; angles are drawn uniformly from -rotation to rotation.
    vertical_flip, horizontal_flip : bool
        Whether rows, and columns, are reversed in half of the images.
    """

    rotation: float = 0.0
    vertical_flip: bool = False
    horizontal_flip: bool = False

    def __post_init__(self):
        """Refuse an angle that is none."""
        if not 0 <= self.rotation <= 180:
            raise InputError(f"rotation is {self.rotation}: give degrees from 0 to 180.")

    def __bool__(self):
        """Whether anything is done at all."""
        return bool(self.rotation or self.vertical_flip or self.horizontal_flip)

    def draw(self, count, *, seed, epoch) -> np.ndarray:
        """What happens to each of `count` images in this epoch.

        Returns
        -------
        (count, 3) float32 array
            Angle in radians, rows reversed, columns reversed (0 or 1).
        """
        chance = np.random.default_rng([seed, epoch, _STREAM]).random((count, 3))
        angle = math.radians(self.rotation) * (2 * chance[:, 0] - 1)
        rows = self.vertical_flip & (chance[:, 1] < 0.5)
        columns = self.horizontal_flip & (chance[:, 2] < 0.5)
        return np.stack([angle, rows, columns], axis=1).astype(np.float32)

    def apply(self, images, drawn):
        """Turn and mirror a batch.

        Parameters
        ----------
        images : (n, H, W, C) float32 tensor
        drawn : (n, 3) float32 tensor
            Rows of what `draw` gives.

        Returns
        -------
        (n, H, W, C) float32 tensor
        """
        if self.rotation:
            images = rotate(images, drawn[:, 0])
        if self.vertical_flip:
            images = _mirror(images, drawn[:, 1], axis=1)
        if self.horizontal_flip:
            images = _mirror(images, drawn[:, 2], axis=2)
        return images


class Augmented:
    """Images of a training side as one epoch shows them.

    Parameters
    ----------
    images : `skyloom.learn.batches.Samples`
    augmentation : Augmentation
    seed, epoch : int
    """

    #: They are turned ahead, on another thread.
    in_memory = False

    def __init__(
        self, images: Samples, augmentation: Augmentation, *, seed: int, epoch: int
    ) -> None:
        self._images, self._augmentation, self.shape = images, augmentation, images.shape
        self._drawn = augmentation.draw(len(images), seed=seed, epoch=epoch)

    def take(self, rows):
        """Images of these rows in this order: (n, H, W, C) float32."""
        images = tf.constant(self._images.take(rows))
        return self._augmentation.apply(images, tf.constant(self._drawn[rows])).numpy()


def rotate(images, angles):
    """Turn images about their centre, bilinear, the nearest pixel's value outside.

    Parameters
    ----------
    images : (n, H, W, C) float32 tensor
    angles : (n,) float32 tensor
        Radians; pixel (row, column) shows what was at (cos row - sin column, sin row + cos
        column), counted from the centre.

    Returns
    -------
    (n, H, W, C) float32 tensor
    """
    shape = tf.shape(images)
    y = tf.cast(shape[1] - 1, tf.float32) / 2
    x = tf.cast(shape[2] - 1, tf.float32) / 2
    cos, sin = tf.cos(angles), tf.sin(angles)
    zero = tf.zeros_like(cos)
    rows = [cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y, zero, zero]
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack(rows, axis=1),
        output_shape=shape[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )


def _mirror(images, chosen, *, axis):
    return tf.where(chosen[:, None, None, None] > 0.5, tf.reverse(images, [axis]), images)
