"""Labels of spectra, and the scale on which networks learn them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from skyloom.errors import InputError, check_one_of

#: ``standard``: less the mean, over the standard deviation; ``minmax``: from 0 to 1.
SCALINGS = ("standard", "minmax")


@dataclasses.dataclass(frozen=True)
class Scaling:
    """scaled = (label - offset) / scale, fitted to the training side.

    Attributes
    ----------
    kind : str
        One of `SCALINGS`.
    offset, scale : tuple of float
        One a label, in its units.
    """

    kind: str
    offset: tuple
    scale: tuple

    @classmethod
    def fit(cls, labels: np.ndarray, kind: str):
        """The scaling of these labels.

        Parameters
        ----------
        labels : (n, K) array
            Of the training side.
        kind : {'standard', 'minmax'}
            A label that never changes keeps its units.

        Raises
        ------
        InputError
            If the kind is unknown or there is no label.
        """
        check_one_of("training.labels", kind, SCALINGS)
        labels = np.asarray(labels, dtype=np.float64)
        if not len(labels):
            raise InputError("there are no training spectra: change split or give more spectra.")
        if kind == "standard":
            offset, scale = labels.mean(axis=0), labels.std(axis=0)
        else:
            offset, scale = labels.min(axis=0), np.ptp(labels, axis=0)
        # The mean of equal numbers may differ from them in the last bit.
        scale = np.where(np.ptp(labels, axis=0) > 0, scale, 1.0)
        return cls(kind, tuple(offset.tolist()), tuple(scale.tolist()))

    @classmethod
    def from_dict(cls, content):
        """The inverse of `as_dict`."""
        return cls(content["kind"], tuple(content["offset"]), tuple(content["scale"]))

    def as_dict(self):
        """For ``metrics.json``."""
        return {"kind": self.kind, "offset": list(self.offset), "scale": list(self.scale)}

    def apply(self, labels):
        """Labels in their units -> scaled."""
        return (np.asarray(labels, dtype=np.float64) - self.offset) / np.asarray(self.scale)

    def invert(self, scaled):
        """Scaled labels -> in their units."""
        return np.asarray(scaled, dtype=np.float64) * self.scale + np.asarray(self.offset)

    def invert_spread(self, scaled):
        """Scaled differences or standard deviations -> in the labels' units."""
        return np.asarray(scaled, dtype=np.float64) * np.asarray(self.scale)


def names_and_units(attributes: Mapping):
    """Names and units of a dataset's labels.

    Parameters
    ----------
    attributes : mapping
        Of its ``target``: ``name`` and ``units``, each a text parted by commas.

    Returns
    -------
    names, units : list of str
    """
    return (
        [str(part).strip() for part in str(attributes[key]).split(",")] for key in ("name", "units")
    )
