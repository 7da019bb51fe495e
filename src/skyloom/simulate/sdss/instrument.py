"""The SDSS and BOSS spectrographs and the sky: pixels, noise, masks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.spectra.wavelengths import LIGHT

if TYPE_CHECKING:
    from astropy.table import Table


#: Step of log10 of wavelength, and velocity of the spectrographs' resolution in km/s (the median
#: wdisp of 18 real spectra is 1.02 pixels of 69 km/s).
STEP, RESOLUTION = 1e-4, 70.0
#: Pixels that both surveys' grids are runs of: log10 of the first wavelength in Å, and how many.
_FIRST, _PIXELS = 3.5500, 4700
#: First pixel, number of pixels, how much they vary, and noise relative to BOSS's.
SURVEYS = {"boss": (31, 4600, 12, 1.0), "sdss": (287, 3835, 15, 3.0)}
# Noise per pixel without sky lines and object, 1e-17 erg/s/cm2/Å, at wavelengths in Å: lower
# quartile in 40 Å of the median of 13 real spectra of plate 10000. Then the sky's continuum there.
_NOISE = {
    3550: 4.2, 3600: 3.3, 3650: 2.76, 3700: 1.89, 3800: 1.22, 3900: 0.90, 4200: 0.61, 4600: 0.48,
    5000: 0.39, 5500: 0.38, 5750: 0.40, 5900: 0.48, 6000: 0.50, 6200: 0.45, 6350: 0.40, 6500: 0.34,
    7000: 0.31, 7500: 0.29, 8000: 0.30, 8500: 0.27, 9000: 0.26, 9500: 0.30, 9800: 0.42, 10000: 0.60,
    10100: 0.85, 10200: 1.5, 10300: 2.8, 10450: 5.0,
}  # fmt: skip
_SKY = {
    3600: 2.6, 3700: 4.0, 3900: 3.4, 4200: 4.5, 5000: 4.5, 6000: 6.0, 6500: 4.3, 7000: 3.8,
    8000: 4.0, 9000: 3.2, 9500: 3.3, 10000: 3.8, 10400: 4.3,
}  # fmt: skip
#: Bits of SDSS's SPPIXMASK that are used here (www.sdss3.org/dr10/algorithms/bitmask_sppixmask.php;
#: those that occur were checked against the masks of real spectra).
NEAR_BAD_PIXEL, PARTIAL_REJECT, BRIGHT_SKY, NO_DATA, COMBINE_REJECT = 16, 19, 23, 24, 25

#: Part of the sky's lines that remains as an error of sky subtraction (about 1 % in BOSS).
RESIDUAL = 0.01


@dataclass(frozen=True)
class Exposure:
    """What a spectrograph makes of a spectrum: the columns of a COADD table, each (L,).

    Attributes
    ----------
    flux, model, sky : arrays
        1e-17 erg/s/cm2/Å; `model` is what the object sends, without noise.
    loglam : array
        log10 of the vacuum wavelength in Å.
    ivar : array
        Inverse variance of the noise in `flux`; 0 where the pixel is bad.
    and_mask, or_mask : int32 arrays
        SPPIXMASK bits set in all, and in any, of the exposures.
    wdisp : array
        Standard deviation of the resolution in pixels.
    """

    flux: np.ndarray
    loglam: np.ndarray
    ivar: np.ndarray
    and_mask: np.ndarray
    or_mask: np.ndarray
    wdisp: np.ndarray
    sky: np.ndarray
    model: np.ndarray


def loglam(first, pixels):
    """log10 of wavelengths (Å) of a run of pixels, in double precision."""
    return _FIRST + STEP * np.arange(first, first + pixels)


def grid(survey: str, rng: np.random.Generator):
    """First pixel and number of pixels of one spectrum; ends vary as the fibres' do.

    Parameters
    ----------
    survey : str
        "boss" (about 3,575 to 10,330 Å) or "sdss" (about 3,800 to 9,200 Å).
    rng : numpy.random.Generator
    """
    first, pixels, spread, _ = SURVEYS[survey]
    return first + int(rng.integers(0, spread)), pixels - int(rng.integers(0, spread))


def _curve(nodes):
    wavelength = 10 ** loglam(0, _PIXELS)
    return np.exp(np.interp(wavelength, list(nodes), np.log(list(nodes.values()))))


@lru_cache(maxsize=4)
def _night(lines):
    """Noise without lines, continuum of the sky and its lines, each on all pixels."""
    wavelength, light = 10 ** loglam(0, _PIXELS), np.zeros(_PIXELS)
    for middle, peak in lines:
        sigma = middle * RESOLUTION / LIGHT
        light += peak * np.exp(-0.5 * ((wavelength - middle) / sigma) ** 2)
    return _curve(_NOISE), _curve(_SKY), light


def night(
    sky: Table, first: int, pixels: int, survey: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Noise of a faint object, and the sky, on a run of pixels.

    Parameters
    ----------
    sky : astropy.table.Table
        The list "sky" of `lines.read_lists`.
    first, pixels : int
        As `grid` gives.
    survey : str

    Returns
    -------
    noise, continuum, emission : (L,) arrays
        Standard deviation without the noise of the sky's lines; the sky's continuum; its lines. All
        in 1e-17 erg/s/cm2/Å.
    """
    lines = tuple(zip(sky["wavelength"].tolist(), sky["flux"].tolist(), strict=True))
    part = slice(first, first + pixels)
    noise, continuum, emission = (curve[part] for curve in _night(lines))
    return noise * SURVEYS[survey][3], continuum, emission


def deviation(
    flux: np.ndarray, noise: np.ndarray, continuum: np.ndarray, emission: np.ndarray
) -> np.ndarray:
    """Standard deviation of the noise: that of a faint object, and of more photons.

    Parameters
    ----------
    flux : (L,) array
        Of the object.
    noise, continuum, emission : (L,) arrays
        As `night` gives.

    Returns
    -------
    (L,) array
        sqrt(noise^2 (1 + (emission + flux) / continuum) + (0.01 emission)^2): photons of sky and
        object count alike, read noise, small against them, is within `noise`, and a hundredth of
        the sky's lines stays when the sky is subtracted.
    """
    photons = noise**2 * (1 + (emission + np.maximum(flux, 0)) / continuum)
    return np.sqrt(photons + (RESIDUAL * emission) ** 2)


def scale(shape, signal_to_noise, *conditions):
    """Factor on `shape` (L,) that gives a median signal-to-noise ratio per pixel.

    `conditions` are noise, continuum and emission as `night` gives; every eighth pixel is used.
    """
    shape, *conditions = (array[::8] for array in (shape, *conditions))
    low, high = -12.0, 16.0
    level = np.median(shape)
    for _ in range(30):
        middle = 0.5 * (low + high)
        flux = shape * np.exp(middle) / level
        ratio = np.median(flux / deviation(flux, *conditions))
        low, high = (middle, high) if ratio < signal_to_noise else (low, middle)
    return np.exp(middle) / level


def observe(shape, signal_to_noise, sky, first, survey, rng):
    """Scale, add noise, spoil some pixels and mask them.

    Parameters
    ----------
    shape : (L,) array
        Flux per wavelength in any unit.
    signal_to_noise : float
        Median per pixel.
    sky : astropy.table.Table
        The list "sky" of `lines.read_lists`.
    first : int
        Pixel at which `shape` begins, as `grid` gives.
    survey : str
    rng : numpy.random.Generator

    Returns
    -------
    Exposure
    """
    pixels = len(shape)
    conditions = night(sky, first, pixels, survey)
    # Plates differ in exposure time, seeing and moonlight.
    conditions = (conditions[0] * np.exp(rng.normal(0, 0.2)), *conditions[1:])
    model = shape * scale(shape, signal_to_noise, *conditions)
    sigma = deviation(model, *conditions)
    flux = model + sigma * rng.standard_normal(pixels)
    good, and_mask, or_mask = _spoil(flux, sigma, conditions[2], conditions[1], first, rng)
    logarithm = loglam(first, pixels)
    ivar = np.where(good, 1 / sigma**2, 0)
    return Exposure(
        *(array.astype(np.float32) for array in (flux, logarithm, ivar)),
        and_mask,
        or_mask,
        *(
            array.astype(np.float32)
            for array in (dispersion(logarithm), conditions[1] + conditions[2], model)
        ),
    )


def dispersion(logarithm):
    """Standard deviation of the resolution in pixels: worst at the red end of each arm."""
    arm = np.where(logarithm < 3.779, (logarithm - 3.55) / 0.229, (logarithm - 3.779) / 0.235)
    return 0.80 + 0.45 * np.clip(arm, 0, 1) ** 1.5


def _spoil(flux, sigma, emission, continuum, first, rng):
    """Spoil pixels of `flux` in place; give which are good, and the two masks."""
    pixels = len(flux)
    good = np.ones(pixels, bool)
    and_mask, or_mask = np.zeros(pixels, np.int32), np.zeros(pixels, np.int32)
    bright = emission > 4 * continuum
    and_mask[bright] |= 1 << BRIGHT_SKY
    or_mask[emission > continuum] |= 1 << BRIGHT_SKY
    # The line at 5578.9 Å is subtracted badly and its core thrown away.
    core = round((np.log10(5578.9) - _FIRST) / STEP) - first
    residual = slice(core - 2, core + 3)
    flux[residual] += sigma[residual] * rng.normal(0, 10, 5)
    good[residual] = False
    # So are the tops of the brightest lines in the far red, here and there.
    tops = np.flatnonzero(emission > 20 * continuum)
    good[tops[rng.random(len(tops)) < 0.06]] = False
    for place in rng.integers(0, pixels - 2, rng.poisson(3)):
        hit = slice(place, place + int(rng.integers(1, 3)))
        flux[hit] += sigma[hit] * rng.uniform(5, 25)
        good[hit] = False
        or_mask[hit] |= 1 << COMBINE_REJECT
    for place in rng.integers(0, pixels, rng.poisson(120)):
        or_mask[place : place + 5] |= 1 << PARTIAL_REJECT
    if rng.random() < 0.05:
        _gap(flux, good, and_mask, or_mask, rng)
    or_mask |= and_mask
    return good, and_mask, or_mask


def _gap(flux, good, and_mask, or_mask, rng):
    """A run of bad columns: no data in any exposure, the flux a straight line across."""
    start = int(rng.integers(1, len(flux) - 260))
    end = start + int(rng.integers(20, 250))
    flux[start:end] = np.interp(np.arange(start, end), (start - 1, end), flux[[start - 1, end]])
    good[start:end] = False
    and_mask[start:end] |= 1 << NO_DATA
    or_mask[start - 1 : end + 1] |= 1 << NEAR_BAD_PIXEL
