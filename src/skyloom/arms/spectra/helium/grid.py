"""The grid of models: its axes, the files' names, and the spectra of its nodes.

The paper says only that there are 5,425 files of 201 points with T_eff of 15,000 K or more, log g
2.0 to 5.0 and v_rot of 100 km/s or more. 25 temperatures x 7 gravities x 31 velocities is one
reading of that number, an assumption. A velocity is the projected one, v sin i.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from pathlib import PurePosixPath

import numpy as np

from skyloom.arms.spectra import broadening, resampling, wavelengths
from skyloom.errors import InputError
from skyloom.registries import Registry
from skyloom.simulate.helium import profile

#: Names and units of the labels.
LABELS = {"teff": "K", "log_g": "dex", "v_rot": "km / s"}
#: Labels that follow from these: unit, and the function of ``teff``, ``log_g`` and ``v_rot``.
DERIVED = Registry("label", lambda value, unit: (unit, value))
#: Step of unrotated spectra in km/s: a fifth of the narrowest line's Doppler width.
STEP = 1.0
_NAME = re.compile(r"f_t(\d{4,6})g(\d{2})v(\d{1,4})\.dat")


def axis(first, last, step):
    """Values from `first` to `last`, both included: (N,) array.

    Raises
    ------
    InputError
        If the step does not lead from one to the other.
    """
    count = (last - first) / step if step else -1
    if count < 0 or abs(count - round(count)) > 1e-6:
        raise InputError(
            f"helium.synthetic: a step of {step} does not lead from {first} to {last}: give each "
            "axis as [first, last, step]."
        )
    return first + step * np.arange(round(count) + 1)


def axes(options: dict):
    """The three axes of the configured grid: teff (K), log_g (dex), v_rot (km/s).

    Parameters
    ----------
    options : dict
        ``teff``, ``log_g`` and ``v_rot``: first, last, step.

    Raises
    ------
    InputError
        If a value cannot be written into a file's name, or a step does not fit.
    """
    found = [axis(*options[name]) for name in LABELS]
    for name, values, unit, least, most in zip(
        LABELS, found, (1, 0.1, 1), (1000, 0, 0), (999_999, 9.9, 9999), strict=True
    ):
        whole = abs(values / unit - np.round(values / unit)) < 1e-6
        if not (whole.all() and values.min() >= least and values.max() <= most):
            raise InputError(
                f"helium.synthetic.{name}: files' names hold multiples of {unit:g} from {least:g} "
                f"to {most:g}; {values[0]:g} to {values[-1]:g} does not fit."
            )
    return found


def identifier(teff, log_g, v_rot):
    """A model's name, for example ``t24000g50v370``."""
    return f"t{round(teff):05d}g{round(10 * log_g):02d}v{round(v_rot):03d}"


def file_name(teff, log_g, v_rot):
    """Name of a model's file, as the paper has them: ``f_t24000g50v370.dat``."""
    return f"f_{identifier(teff, log_g, v_rot)}.dat"


def labels_of_name(file: str):
    """The labels that a file's name carries.

    Parameters
    ----------
    file : str
        With or without folders.

    Returns
    -------
    (3,) tuple of float
        K, dex, km/s.

    Raises
    ------
    InputError
        If the name is not of the paper's form.
    """
    found = _NAME.fullmatch(PurePosixPath(file).name)
    if not found:
        raise InputError(
            f"{file} is not named like f_t24000g50v370.dat (T_eff in K, ten times log g in two "
            "digits, v_rot in km/s)."
        )
    teff, log_g, v_rot = map(int, found.groups())
    return float(teff), log_g / 10, float(v_rot)


def nodes(options):
    """The labels of all models, velocity changing fastest: (N, 3) array."""
    return np.array(list(product(*axes(options))))


def fine(first, last, v_rot):
    """A logarithmic grid from which spectra rotating by up to `v_rot` can be drawn.

    It reaches 20 Å and the rotation beyond `first` and `last`, so that lines outside are carried
    in: Mg II 4481 lies beyond the paper's window. Its points are the same whatever the range, so
    that a model does not depend on what is made with it.
    """
    margin = 20 + last * v_rot / wavelengths.LIGHT
    ends = np.log([first - margin, last + margin]) * wavelengths.LIGHT / STEP
    return np.exp(np.arange(np.floor(ends[0]), np.ceil(ends[1]) + 1) * STEP / wavelengths.LIGHT)


def spectra(wavelength: np.ndarray, teff, log_g, v_rot, *, limb_darkening: float) -> np.ndarray:
    """Normalised spectra of stars at every velocity.

    Parameters
    ----------
    wavelength : (L,) array
        Å in air.
    teff, log_g : (M,) array
        K and dex, of the same stars.
    v_rot : (K,) array
        km/s.
    limb_darkening : float
        Of Gray's profile.

    Returns
    -------
    (M, K, L) array
        Means over the pixels.
    """
    v_rot = np.asarray(v_rot, np.float64)
    inner = fine(wavelength[0], wavelength[-1], v_rot.max())
    step = wavelengths.velocity_step(inner)
    flux = profile.spectrum(inner, teff, log_g)
    turned = broadening.rotate_all(flux, v_rot, step=step, limb_darkening=limb_darkening)
    return resampling.resample(inner, turned, wavelength)


def models(options: dict, wavelength: np.ndarray) -> list[Callable]:
    """The configured grid's models, one temperature and gravity at a time.

    Parameters
    ----------
    options : dict
        ``teff``, ``log_g``, ``v_rot`` (first, last, step) and ``limb_darkening``.
    wavelength : (L,) array
        Å in air.

    Returns
    -------
    list of callable
        Each gives ((K, 3) labels, (K, L) flux) of all velocities of a node.
    """
    temperatures, gravities, velocities = axes(options)

    def make(teff, log_g):
        labels = np.array(list(product([teff], [log_g], velocities)))
        flux = spectra(
            wavelength, [teff], [log_g], velocities, limb_darkening=options["limb_darkening"]
        )
        return labels, flux[0]

    return [lambda node=node: make(*node) for node in product(temperatures, gravities)]
