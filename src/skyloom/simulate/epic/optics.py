"""What XMM's mirrors do to a source: vignetting by off-axis angle and the point spread function."""

from __future__ import annotations

import numpy as np

#: Off-axis angle at which the effective area has halved, arcmin: 1.5 keV in the Users' Handbook's
#: figure of vignetting (about 0.5 at 10', 0.35 at 14').
VIGNETTING_ANGLE = 10.2
#: King profile on the axis: core radius in arcsec and slope, the mean of the three telescopes at
#: 1.5 keV (Ghizzardi 2001, EPIC-MCT-TN-011; Ghizzardi 2002, EPIC-MCT-TN-012).
CORE_RADIUS = 5.2
SLOPE = 1.47
#: Off-axis angle at which the core's tangential radius has doubled, arcmin: the handbook's images
#: of the PSF are stretched along the circle about the axis, some 2:1 at the field's edge.
STRETCH_ANGLE = 14.0


def vignetting(angle: np.ndarray) -> np.ndarray:
    """Effective area relative to the axis.

    Parameters
    ----------
    angle : array
        Off-axis angle, arcmin.

    Returns
    -------
    array
        1 / (1 + (angle / 10.2')^2), a description of the handbook's curve for 1.5 keV to some
        hundredths within the field.
    """
    return 1 / (1 + (np.asarray(angle) / VIGNETTING_ANGLE) ** 2)


def stretch(angle):
    """Tangential over radial extent of the PSF at an off-axis angle in arcmin."""
    return 1 + (np.asarray(angle) / STRETCH_ANGLE) ** 2


def encircled_energy(radius):
    """Fraction of a source's photons within a radius (arcsec) on the axis.

    1 - (1 + (r / rc)^2)^(1 - a), the integral of the King profile (1 + (r / rc)^2)^-a.
    """
    return 1 - (1 + (np.asarray(radius) / CORE_RADIUS) ** 2) ** (1 - SLOPE)


def scatter(
    angle: np.ndarray, azimuth: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Where photons of point sources land, relative to the sources.

    Parameters
    ----------
    angle, azimuth : (N,) array
        Off-axis angle (arcmin) and azimuth (radian) of each photon's source.
    random : numpy.random.Generator

    Returns
    -------
    x, y : (N,) float32 array
        Arcmin.
    """
    # Single precision: a photon is placed to a few percent of a pixel, in half the time.
    share = random.random(len(angle), dtype="f4")
    radius = np.sqrt((1 - share) ** np.float32(1 / (1 - SLOPE)) - 1) * np.float32(CORE_RADIUS / 60)
    about = random.random(len(angle), dtype="f4") * np.float32(2 * np.pi)
    outward = radius * np.cos(about)
    along = radius * np.sin(about) * stretch(angle).astype("f4")
    cos, sin = np.cos(azimuth).astype("f4"), np.sin(azimuth).astype("f4")
    return outward * cos - along * sin, outward * sin + along * cos


def king(x: np.ndarray, y: np.ndarray, source: tuple[float, float]) -> np.ndarray:
    """King profile about a source, 1 at its centre.

    Parameters
    ----------
    x, y : float32 array
        Arcmin from the axis.
    source : (float, float)
        Position, arcmin.

    Returns
    -------
    float32 array
    """
    angle = float(np.hypot(*source))
    cos, sin = (source[0] / angle, source[1] / angle) if angle else (1.0, 0.0)
    dx, dy = x - np.float32(source[0]), y - np.float32(source[1])
    outward = dx * np.float32(cos) + dy * np.float32(sin)
    along = (dy * np.float32(cos) - dx * np.float32(sin)) / np.float32(stretch(angle))
    scaled = (outward**2 + along**2) * np.float32((60 / CORE_RADIUS) ** 2)
    return (1 + scaled) ** np.float32(-SLOPE)
