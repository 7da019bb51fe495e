"""Where a training side lies in a few summary numbers, and how far from there anything else is.

A network answers whatever it is shown. The distance is Mahalanobis's, from the mean of the training
side; the limit is what 99 % of the validation side stay within.
"""

from __future__ import annotations

import numpy as np

#: The column of answers that says whether a network can know what it was asked about, and what
#: stands there where it cannot.
FLAG, UNLIKE = "flag", "unlike"
#: Quantiles of an image's pixels that tell whether a network knows such.
QUANTILES = (0.25, 0.5, 0.75, 0.9, 0.99, 0.999)
#: Share of the validation side that is called known: our choice, as in the arms of spectra.
KNOWN = 0.99
#: Most samples of a side that tell what is known.
MOST = 4096


def evenly(rows: np.ndarray, most: int = MOST) -> np.ndarray:
    """At most so many rows, evenly spread.

    Parameters
    ----------
    rows : (n,) array
    most : int
    """
    places = np.linspace(0, len(rows) - 1, min(len(rows), most)).round().astype(int)
    return np.asarray(rows)[np.unique(places)]


def moments(images: np.ndarray) -> np.ndarray:
    """Mean, spread and quantiles of each channel, which tell an unlike image.

    Parameters
    ----------
    images : (n, H, W, C) array

    Returns
    -------
    (n, 8 C) float64 array
    """
    images = np.asarray(images, dtype=np.float64)
    flat = np.moveaxis(images.reshape(len(images), -1, images.shape[-1]), 1, 2)
    quantiles = np.moveaxis(np.quantile(flat, QUANTILES, axis=-1), 0, -1)
    measures = [flat.mean(axis=-1)[..., None], flat.std(axis=-1)[..., None], quantiles]
    return np.concatenate(measures, axis=-1).reshape(len(images), -1)


def fit(train: np.ndarray, validation: np.ndarray) -> dict[str, np.ndarray]:
    """Where a training side lies: centre, inverse covariance, and the limit.

    Parameters
    ----------
    train, validation : (n, k) array
        Summary numbers of samples, such as their `moments`.

    Returns
    -------
    dict of array
        ``centre`` (k,), ``precision`` (k, k) and ``limit`` (), which `distances` takes.
    """
    centre = train.mean(axis=0)
    spread = np.maximum(train.std(axis=0), 1e-6)
    # Numbers that go together would leave no inverse: a hundredth of independence.
    covariance = np.cov(train / spread, rowvar=False) + 0.01 * np.eye(train.shape[1])
    precision = np.linalg.inv(covariance) / np.outer(spread, spread)
    far = distances(validation, {"centre": centre, "precision": precision})
    return {"centre": centre, "precision": precision, "limit": np.quantile(far, KNOWN)}


def distances(found: np.ndarray, region: dict[str, np.ndarray]) -> np.ndarray:
    """Mahalanobis distances from a region's centre.

    Parameters
    ----------
    found : (n, k) array
    region : dict of array
        As `fit` gives it.

    Returns
    -------
    (n,) array
    """
    off = found - region["centre"]
    return np.sqrt(np.maximum(np.einsum("ni,ij,nj->n", off, region["precision"], off), 0))
