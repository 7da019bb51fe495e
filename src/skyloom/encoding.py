"""How the bytes of images go back to what was mapped: the attribute ``encoding`` of a dataset.

A byte b of plane k stands for v = (b - zero_k) / scale_k. Where ``gives`` is ``maps``, n is the
map over its range, (map - minimum) / (maximum - minimum), and f(x) = asinh(x / beta) /
asinh(1 / beta) (Lupton et al. 2004; `skyloom.arms.tng.images`):

- ``stretch: alone``: v_k = f(n_k), each plane by itself;
- ``stretch: joint``: v_k = n_k f(I) / I with I the mean of n over the planes, so that f(I) is the
  mean of v.

Where it is ``stretched`` or ``difference``, v is what there is: the stretched image after a blur,
or less its blur. Where it is ``nothing``, ``loss`` says why bytes cannot be taken back.
"""

from __future__ import annotations

import numpy as np

from skyloom.errors import InputError

#: What bytes can be taken back to.
GIVES = ("maps", "stretched", "difference", "nothing")
_NUMBERS = ("zero", "scale", "minimum", "maximum")


def faults(encoding: object, planes: int):
    """What is wrong with an encoding, in words; empty where nothing is.

    Parameters
    ----------
    encoding : object
        From a file, so anything.
    planes : int
        Channels of the images.
    """
    if not isinstance(encoding, dict) or encoding.get("gives") not in GIVES:
        return f"does not say what bytes give, one of {', '.join(GIVES)}"
    if encoding["gives"] == "nothing":
        return "" if encoding.get("loss") else "does not say why bytes cannot be taken back"
    found = encoding.get("planes")
    if not isinstance(found, list) or len(found) != planes:
        return f"does not describe the {planes} planes"
    for plane in found:
        if not isinstance(plane, dict) or not {"channel", "unit", *_NUMBERS} <= set(plane):
            return f"lacks channel, unit or {', '.join(_NUMBERS)} of a plane"
        if not all(isinstance(plane[name], int | float) for name in _NUMBERS):
            return "has a plane whose range is no number"
        if not (plane["scale"] > 0 and plane["maximum"] > plane["minimum"]):
            return "has a plane without a range"
    if encoding.get("stretch") not in ("alone", "joint"):
        return "does not name the stretch, alone or joint"
    beta = encoding.get("beta")
    return "" if isinstance(beta, int | float) and beta > 0 else "has no beta above 0"


def decode(images: np.ndarray, encoding: dict) -> tuple[np.ndarray, list[str]]:
    """What bytes stand for, with the unit of each plane.

    Parameters
    ----------
    images : (..., C) uint8 array
        Of a dataset.
    encoding : dict
        Its attribute ``encoding``; see this module.

    Returns
    -------
    (..., C) float64 array
        Where bytes give maps, in the maps' units: 0 where there is nothing, as in the maps; a byte
        at the end of its range is the largest value of the reference, or more. Of planes stretched
        jointly, NaN where one of them was cut, at 255, because nothing then tells their mean.
        Otherwise the stretched intensity, from 0 to 1, or a difference of two, from -1 to 1.
    list of str
        The planes' units; empty texts where they have none.

    Raises
    ------
    InputError
        If the encoding is none, or bytes cannot be taken back.
    """
    images = np.asarray(images)
    if wrong := faults(encoding, images.shape[-1]):
        raise InputError(f"The encoding {wrong}: make the dataset again.")
    if encoding["gives"] == "nothing":
        raise InputError(f"These bytes cannot be taken back: {encoding['loss']}.")
    planes = encoding["planes"]
    zero, scale, low, high = (np.array([plane[name] for plane in planes]) for name in _NUMBERS)
    values = (images.astype(np.float64) - zero) / scale
    if encoding["gives"] != "maps":
        return values, [""] * len(planes)
    beta = encoding["beta"]
    steep = np.arcsinh(1.0 / beta)
    if encoding["stretch"] == "alone":
        normal = beta * np.sinh(values * steep)
    else:
        together = values.mean(axis=-1, keepdims=True)
        mean = beta * np.sinh(together * steep)
        ratio = np.divide(mean, together, out=np.zeros_like(mean), where=together > 0)
        cut = (images == 255).any(axis=-1, keepdims=True)
        normal = np.where(cut, np.nan, values * ratio)
    # Nothing is 0 in a map, also where its range begins elsewhere.
    back = np.where(values == 0, 0.0, low + normal * (high - low))
    return np.where(np.isnan(normal), np.nan, back), [str(plane["unit"]) for plane in planes]
