"""What widens lines: the star's rotation and the spectrograph's resolution.

Both are convolutions with a kernel integrated over pixels, so that kernels narrower than a pixel
leave the spectrum as it is and no kernel loses area.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import fft, sparse
from scipy.special import ndtr

from skyloom.arms.spectra import resampling

if TYPE_CHECKING:
    import numpy.typing as npt


#: Full width at half maximum of a Gaussian of standard deviation 1.
FWHM = 2 * np.sqrt(2 * np.log(2))

# Spectra, padded, that are transformed at once: 32 MiB of float64 stay near the processor.
_BLOCK = 2**22
# Standard deviations after which a Gaussian is cut: 2e-9 of its area lie beyond.
_REACH = 6.0


def _cumulative(position, limb_darkening):
    """Integral of Gray's profile from 0 to `position`, in units of v sin i; -1/2 to 1/2."""
    x = np.clip(position, -1, 1)
    sphere = (x * np.sqrt(1 - x * x) + np.arcsin(x)) * (1 - limb_darkening) / np.pi
    return (sphere + limb_darkening * (x - x**3 / 3) / 2) / (1 - limb_darkening / 3)


def _check_rotation(v_sin_i, limb_darkening):
    v_sin_i = np.asarray(v_sin_i, np.float64)
    if not np.all((v_sin_i >= 0) & np.isfinite(v_sin_i)):
        raise ValueError("v sin i must be 0 or more, in km/s")
    if not 0 <= limb_darkening <= 1:
        raise ValueError(f"a limb darkening of {limb_darkening} is not between 0 and 1")
    return v_sin_i


def rotation_profile(
    velocity: npt.ArrayLike,
    v_sin_i: float,
    limb_darkening: float = 0.6,
    *,
    width: float | None = None,
) -> np.ndarray:
    """The profile that rotation gives to an infinitely narrow line, of area 1.

    Parameters
    ----------
    velocity : array_like
        Distance from the line's centre, km/s.
    v_sin_i : float
        Projected velocity at the equator, km/s.
    limb_darkening : float
        Coefficient epsilon of the linear law, 0 to 1.
    width : float, optional
        Of pixels, in km/s, to take means over; the profile at the very velocities without.

    Returns
    -------
    array
        Per km/s, shaped as `velocity`.

    Raises
    ------
    ValueError
        If v sin i is negative, or 0 without a width; if epsilon is not between 0 and 1.

    Notes
    -----
    Gray 2005, The Observation and Analysis of Stellar Photospheres, equation 18.14 (its
    integral and its Fourier transform are tested): with x = velocity / v sin i,
    G = [2 (1 - e) sqrt(1 - x²) + (pi e / 2) (1 - x²)] / [pi v sin i (1 - e / 3)].
    """
    velocity = np.asarray(velocity, np.float64)
    v_sin_i = float(_check_rotation(v_sin_i, limb_darkening))
    if width is not None:
        shares = _shares(velocity, np.array([v_sin_i]), limb_darkening, width)
        return shares[0] / width
    if v_sin_i == 0:
        raise ValueError("the profile at v sin i = 0 is infinitely narrow: give a pixel width")
    square = np.clip(1 - (velocity / v_sin_i) ** 2, 0, None)
    shape = 2 * (1 - limb_darkening) * np.sqrt(square) + np.pi * limb_darkening * square / 2
    return shape / (np.pi * v_sin_i * (1 - limb_darkening / 3))


def _shares(velocity, v_sin_i, limb_darkening, width):
    """Share of the profile's area within pixels at `velocity`, one row a v sin i."""
    with np.errstate(divide="ignore"):
        low = (velocity - width / 2) / v_sin_i[:, None]
        high = (velocity + width / 2) / v_sin_i[:, None]
    return _cumulative(high, limb_darkening) - _cumulative(low, limb_darkening)


def _reach(v_sin_i, step):
    """Pixels on either side of its own that a kernel touches."""
    return np.ceil(np.maximum(v_sin_i / step - 0.5, 0) - 1e-9).astype(int)


def _classes(v_sin_i, step):
    """Groups of velocities that share a length of transform, as (reach, members).

    A spectrum's length depends on its own velocity alone, not on what comes with it, so that its
    bytes do not depend on how spectra are grouped. Reach 0 leaves a spectrum as it is.
    """
    reach = _reach(v_sin_i, step)
    rounded = np.where(reach > 0, 2 ** np.ceil(np.log2(np.maximum(reach, 1))), 0).astype(int)
    return [(int(value), np.flatnonzero(rounded == value)) for value in np.unique(rounded)]


def _kernel_transform(v_sin_i, step, limb_darkening, length):
    """Real Fourier transforms of kernels around pixel 0, (K, length // 2 + 1)."""
    distance = np.arange(length // 2 + 1) * step
    right = _shares(distance, v_sin_i, limb_darkening, step)
    kernels = np.zeros((len(v_sin_i), length))
    kernels[:, : right.shape[1]] = right
    kernels[:, length - right.shape[1] + 1 :] = right[:, :0:-1]
    # The kernel is even, so its transform is real: the rest is rounding.
    return fft.rfft(kernels, axis=1).real


def _padded(flux, reach, length):
    """Spectra followed by their last value and, round the circle, preceded by their first."""
    padded = np.empty((len(flux), length))
    pixels = flux.shape[1]
    padded[:, :pixels] = flux
    padded[:, pixels : length - reach] = flux[:, -1:]
    padded[:, length - reach :] = flux[:, :1]
    return padded


def _check_spectra(flux, step):
    if not step > 0:
        raise ValueError(f"a velocity step of {step} km/s is not positive")
    flux = np.asarray(flux)
    return resampling.check_flux(flux, flux.shape[-1] if flux.ndim else 0)


def rotate(
    flux: np.ndarray,
    v_sin_i: float | np.ndarray,
    *,
    step: float,
    limb_darkening: float = 0.6,
    workers: int = 1,
) -> np.ndarray:
    """Widen spectra by rotation, each by its own v sin i.

    Parameters
    ----------
    flux : (..., L) array
        On a grid of even steps of velocity; beyond its ends it continues with its end values.
    v_sin_i : float or (...) array
        km/s. 0, and anything below half a pixel, leaves a spectrum as it is.
    step : float
        Velocity between pixels, km/s: `skyloom.arms.spectra.wavelengths.velocity_step`.
    limb_darkening : float
    workers : int
        Threads of the Fourier transforms; the result is the same for any number.

    Returns
    -------
    (..., L) float64 array

    Raises
    ------
    ValueError
        If the flux has NaN, a v sin i is negative, the step is not positive.

    Notes
    -----
    `rotation_profile` integrated over pixels, convolved by the product of discrete Fourier
    transforms of the padded spectrum and of that kernel: equal to the sum over pixels to rounding,
    without the ringing of a transform known only as a formula.
    """
    flux = _check_spectra(flux, step)
    v_sin_i = _check_rotation(v_sin_i, limb_darkening)
    pixels = flux.shape[-1]
    velocities = np.broadcast_to(v_sin_i, flux.shape[:-1]).reshape(-1)
    spectra = flux.reshape(-1, pixels)
    rotated = spectra.copy()
    for reach, members in _classes(velocities, step):
        if reach == 0:
            continue
        length = fft.next_fast_len(pixels + 2 * reach, real=True)
        size = max(1, _BLOCK // length)
        for start in range(0, len(members), size):
            rows = members[start : start + size]
            own, kernel = np.unique(velocities[rows], return_inverse=True)
            kernels = _kernel_transform(own, step, limb_darkening, length)
            transform = fft.rfft(_padded(spectra[rows], reach, length), axis=1, workers=workers)
            transform *= kernels[kernel]
            rotated[rows] = fft.irfft(transform, length, axis=1, workers=workers)[:, :pixels]
    return rotated.reshape(flux.shape)


def rotate_all(
    flux: np.ndarray, velocities: np.ndarray, *, step, limb_darkening=0.6, workers=1
) -> np.ndarray:
    """Widen every spectrum by every v sin i.

    Parameters
    ----------
    flux : (M, L) array
    velocities : (K,) array
        v sin i, km/s.
    step, limb_darkening, workers
        As `rotate`.

    Returns
    -------
    (M, K, L) float64 array
        The same as `rotate` gives, spectrum by spectrum, in less time: a spectrum is transformed
        once for all velocities of similar size, a kernel once for all spectra.

    Raises
    ------
    ValueError
        As `rotate`.
    """
    flux = _check_spectra(flux, step)
    velocities = np.atleast_1d(_check_rotation(velocities, limb_darkening))
    if flux.ndim != 2 or velocities.ndim != 1:
        raise ValueError("rotate_all takes spectra (M, L) and velocities (K,)")
    pixels = flux.shape[1]
    rotated = np.empty((len(flux), len(velocities), pixels))
    for reach, members in _classes(velocities, step):
        if reach == 0:
            rotated[:, members] = flux[:, None]
            continue
        length = fft.next_fast_len(pixels + 2 * reach, real=True)
        kernels = _kernel_transform(velocities[members], step, limb_darkening, length)
        size = max(1, _BLOCK // (length * len(members)))
        for start in range(0, len(flux), size):
            rows = slice(start, start + size)
            transform = fft.rfft(_padded(flux[rows], reach, length), axis=1, workers=workers)
            product = transform[:, None] * kernels
            back = fft.irfft(product, length, axis=2, workers=workers)
            rotated[rows, members] = back[..., :pixels]
    return rotated


def gaussian_weights(wavelength: np.ndarray, resolving_power: float):
    """Weights by which a spectrograph mixes pixels, in blocks of rows of bounded memory.

    Parameters
    ----------
    wavelength : (L,) array
        Strictly increasing, with any steps.
    resolving_power : float
        Wavelength over the full width at half maximum of an unresolved line.

    Returns
    -------
    list of (n, L) `scipy.sparse.csr_array`
        In the order of the output pixels; rows add up to 1.

    Raises
    ------
    ValueError
        If the resolving power is not positive or the wavelengths do not increase.
    """
    wavelength = resampling.check_increasing(wavelength)
    if not (0 < resolving_power < np.inf):
        raise ValueError(f"a resolving power of {resolving_power} is not a positive number")
    between = resampling.edges(wavelength)
    sigma = wavelength / (resolving_power * FWHM)
    pixels = len(wavelength)
    first = np.clip(np.searchsorted(between, wavelength - _REACH * sigma) - 1, 0, pixels - 1)
    last = np.clip(np.searchsorted(between, wavelength + _REACH * sigma), 1, pixels)
    ends = np.concatenate([[0], np.cumsum(last - first)])
    blocks, start = [], 0
    while start < pixels:
        stop = max(start + 1, int(np.searchsorted(ends, ends[start] + _BLOCK, "right")) - 1)
        rows = slice(start, stop)
        blocks.append(_weight_rows(between, wavelength[rows], sigma[rows], first[rows], last[rows]))
        start = stop
    return blocks


def _weight_rows(between, centre, sigma, first, last):
    """Some rows of the matrix: a Gaussian's share of each pixel from `first` to before `last`."""
    count = last - first
    ends = np.concatenate([[0], np.cumsum(count)])
    column = np.arange(ends[-1]) - np.repeat(ends[:-1] - first, count)
    middle, scale = np.repeat(centre, count), np.repeat(1 / sigma, count)
    share = ndtr((between[column + 1] - middle) * scale) - ndtr((between[column] - middle) * scale)
    share /= np.repeat(np.add.reduceat(share, ends[:-1]), count)
    return sparse.csr_array((share, column, ends), shape=(len(centre), len(between) - 1))


def instrumental(
    wavelength: np.ndarray, flux: np.ndarray, resolving_power: float, *, weights: list | None = None
) -> np.ndarray:
    """Spectra as a spectrograph of this resolving power sees them.

    Parameters
    ----------
    wavelength : (L,) array
        Strictly increasing, with any steps.
    flux : (..., L) array
    resolving_power : float
        FWHM = wavelength / resolving power, at each output pixel.
    weights : list, optional
        What `gaussian_weights` gives for these, to be used for many blocks of spectra.

    Returns
    -------
    (..., L) float64 array

    Raises
    ------
    ValueError
        If the flux has NaN, wavelengths do not increase, the resolving power is not positive.

    Notes
    -----
    Each output pixel is the mean of its neighbours with the Gaussian's share of each as weight.
    At the ends the weights are renormalised: the mean is over what the spectrum covers.
    """
    flux = resampling.check_flux(flux, len(wavelength))
    weights = gaussian_weights(wavelength, resolving_power) if weights is None else weights
    columns = np.ascontiguousarray(flux.reshape(-1, len(wavelength)).T)
    seen = np.concatenate([block @ columns for block in weights])
    return np.ascontiguousarray(seen.T).reshape(flux.shape)
