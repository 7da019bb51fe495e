"""Spectra of stars: a black body, dimmed by the Balmer jump, by metals, by lines and by molecules.

The strengths of all features are tabulated by effective temperature (``resources/lines/
sdss_stars.ecsv``) and interpolated. That gives the look of a spectral type, not an atmosphere:
whoever needs one computes it, as `skyloom.arms.spectra.stellar` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import constants

if TYPE_CHECKING:
    from skyloom.simulate.sdss.lines import Features


#: km/s.
LIGHT = constants.c / 1000
# Optical depths of the Balmer jump and of the metals' step at 4000 Å, by temperature in K; their
# size is ours: D4000 (Balogh et al. 1999) becomes 1.1 of A, 1.3 of F (1.26 of the real F3 star of
# plate 4055) and 2 of K stars, and 1.9 of the old population of `galaxies` (real ones: 1.9 to 2.1).
_TEMPERATURE = (3000, 3500, 4000, 4750, 5500, 6500, 8000, 10000, 14000, 20000)
_JUMP = (0, 0, 0, 0, 0.1, 0.35, 0.85, 0.9, 0.55, 0.3)
_STEP = (0.55, 0.6, 0.62, 0.5, 0.3, 0.09, 0.02, 0, 0, 0)


# Optical depth of the haze of molecular lines at 5000 Å, none from 8000 Å on: real M stars are
# redder than black bodies of their temperature.
_HAZE = (1.1, 0.6, 0.15, 0, 0, 0, 0, 0, 0, 0)


def planck(wavelength: np.ndarray, temperature: float):
    """A black body's flux per unit wavelength, 1 at 5500 Å.

    Parameters
    ----------
    wavelength : (L,) array
        Å.
    temperature : float
        K.
    """
    scale = constants.h * constants.c / (constants.k * temperature) * 1e10
    return (5500 / wavelength) ** 5 * np.expm1(scale / 5500) / np.expm1(scale / wavelength)


def continuous_depth(wavelength, temperature, metals):
    """Optical depth of the Balmer jump, of metals that crowd below 4000 Å and of molecules."""
    logarithm = np.log(temperature)
    jump, step, haze = (
        np.interp(logarithm, np.log(_TEMPERATURE), depth) for depth in (_JUMP, _STEP, _HAZE)
    )
    # High Balmer lines merge above the limit at 3647 Å and soften it.
    depth = jump * np.exp(-np.clip(wavelength - 3647, 0, None) / 60)
    bluer = np.clip((4000 - wavelength) / 1500, 0, 1)
    crowd = 0.5 * (1 - np.tanh((wavelength - 3990) / 25)) + bluer
    depth += metals * haze * np.clip((8000 - wavelength) / 3000, 0, 1.2)
    return depth + metals * step * (crowd + 0.25 * np.clip((4600 - wavelength) / 600, 0, 1))


def line_depth(
    wavelength: np.ndarray,
    features: Features,
    temperature: float,
    *,
    metals: float = 1.0,
    broadening: float = 70.0,
    gravity: float = 1.0,
) -> np.ndarray:
    """Optical depth of lines and bands.

    Parameters
    ----------
    wavelength : (L,) array
        Å in vacuum, at rest, rising.
    features : `skyloom.simulate.sdss.lines.Features`
    temperature : float
        Effective temperature in K.
    metals : float
        Factor on everything but hydrogen and helium.
    broadening : float
        Standard deviation of velocities in km/s: the spectrograph's and the stars' together.
    gravity : float
        Factor on the width of Balmer lines; 4 or more for white dwarfs.

    Returns
    -------
    (L,) array
        An equivalent width W of standard deviation s has the depth W / (s sqrt(2 pi)) in its
        middle, so that strong lines saturate as exp(-depth) does.
    """
    depth = np.zeros(len(wavelength))
    rows = (features.wavelength, features.shape, features.width, features.at(temperature))
    for middle, kind, size, value in zip(*rows, strict=True):
        if value <= 0:
            continue
        blur = middle * broadening / LIGHT
        if kind == "balmer":
            _damped(depth, wavelength, middle, value, blur, gravity)
        elif kind == "band":
            _band(depth, wavelength, middle, value * metals, size, blur)
        else:
            sigma = np.hypot(size, blur)
            part = _window(wavelength, middle, 5 * sigma)
            offset = (wavelength[part] - middle) / sigma
            depth[part] += metals * value / (sigma * 2.5066) * np.exp(-0.5 * offset**2)
    return depth


def _window(wavelength, middle, reach):
    return slice(*np.searchsorted(wavelength, (middle - reach, middle + reach)))


def _damped(depth, wavelength, middle, width, blur, gravity):
    """A Lorentz profile: Stark and pressure broadening, wider the stronger the line."""
    half = np.hypot(max(1.5, 0.45 * width) * gravity, blur)
    part = _window(wavelength, middle, 30 * half)
    depth[part] += (
        width * gravity / (np.pi * half * (1 + ((wavelength[part] - middle) / half) ** 2))
    )


def _band(depth, wavelength, head, value, length, blur):
    """Sharp at the head, fading to the red."""
    part = _window(wavelength, head - 4 * blur, 6 * length + 8 * blur)
    offset = wavelength[part] - head
    rise = 0.5 * (1 + np.tanh(offset / (1.2 * blur)))
    depth[part] += value * rise * np.exp(-np.clip(offset, 0, None) / length)


def flux(wavelength, features, temperature, **options):
    """A star's flux at rest, 1 at 5500 Å before absorption.

    Parameters and units are those of `line_depth`.
    """
    metals = options.get("metals", 1.0)
    depth = continuous_depth(wavelength, temperature, metals)
    depth = depth + line_depth(wavelength, features, temperature, **options)
    return planck(wavelength, temperature) * np.exp(-depth)


#: Share of each type among the stars, range of temperature in K. F stars calibrate the flux of
#: every plate; the rest is close to what SDSS targets (shares ours).
TYPES = {
    "B": (0.03, (11000, 20000)),
    "A": (0.10, (7500, 10000)),
    "F": (0.32, (6000, 7400)),
    "G": (0.15, (5300, 6000)),
    "K": (0.15, (3950, 5200)),
    "M": (0.20, (3000, 3850)),
    "WD": (0.05, (8500, 20000)),
}


def draw(rng: np.random.Generator) -> dict:
    """Labels of a random star.

    Parameters
    ----------
    rng : numpy.random.Generator

    Returns
    -------
    dict
        ``subclass``, ``temperature`` (K), ``metals`` (factor), ``gravity`` (factor on Balmer lines)
        and ``activity`` (equivalent width of H alpha in emission, Å).
    """
    kind = rng.choice(list(TYPES), p=[share for share, _ in TYPES.values()])
    low, high = TYPES[kind][1]
    temperature = rng.uniform(low, high)
    # Dwarfs that SDSS sees as M are near, hence in the disc; the others reach into the halo.
    metals = 0.02 if kind == "WD" else 10 ** rng.uniform(-0.15 if kind == "M" else -0.8, 0.15)
    active = kind == "M" and rng.random() < 0.4
    tenth = int(10 * (high - temperature) / (high - low))
    return {
        "subclass": kind if kind == "WD" else f"{kind}{min(tenth, 9)}",
        "temperature": temperature,
        "metals": metals,
        "gravity": rng.uniform(3, 5) if kind == "WD" else 1.0,
        "activity": rng.uniform(2, 8) if active else 0.0,
        "reddening": rng.exponential(0.15),
    }


def model(
    wavelength: np.ndarray, features: Features, labels: dict, *, broadening: float = 70.0
) -> np.ndarray:
    """A star's spectrum at rest.

    Parameters
    ----------
    wavelength : (L,) array
        Å in vacuum, at rest.
    features : `skyloom.simulate.sdss.lines.Features`
    labels : dict
        As `draw` gives.
    broadening : float
        km/s.

    Returns
    -------
    (L,) array
        Flux per wavelength in any unit.
    """
    result = flux(
        wavelength,
        features,
        labels["temperature"],
        metals=labels["metals"],
        gravity=labels["gravity"],
        broadening=broadening,
    )
    if labels["activity"]:
        sigma = 6564.61 * broadening / LIGHT
        line = np.exp(-0.5 * ((wavelength - 6564.61) / sigma) ** 2) / (sigma * 2.5066)
        result = result + labels["activity"] * line * np.interp(6564.61, wavelength, result)
    return result * dust(wavelength, labels["reddening"])


def dust(wavelength, visual):
    """Transmission of dust: optical depth `visual` at 5500 Å, falling as wavelength^-1.3.

    The slope is that of the diffuse medium in Charlot & Fall 2000 (as used for stars behind it by
    da Cunha et al. 2008).
    """
    return np.exp(-visual * (wavelength / 5500) ** -1.3)
