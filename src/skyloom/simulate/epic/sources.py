"""The sky and the background of an EPIC image, in counts.

Point sources follow a published log N-log S; what they leave unresolved, the Galaxy, particles and
soft protons are smooth.
"""

from __future__ import annotations

import numpy as np

from skyloom.simulate.epic import optics

#: Differential log N-log S of Hasinger et al. (1993, A&A 275, 1), 0.5-2 keV: sources per square
#: degree and 1e-14 erg/cm2/s, n(S) = N S^-b with (N, b) below and above the break.
BREAK = 2.66
FAINT = (111.0, 1.94)
BRIGHT = (238.1, 2.72)
#: Fluxes drawn, 1e-14 erg/cm2/s. The survey ends at 0.25; deeper ones go on at its slope to 0.1
#: (Hasinger et al. 1998, A&A 329, 482). Sources brighter than the upper limit, one in some tens of
#: fields, are what the defect "bright" is about.
FLUXES = (0.1, 15.0)
#: Radius within which sources are drawn, arcmin: beyond the field's edge, whose PSF wings reach in.
SOURCE_RADIUS = 16.0
#: Counts/s in 0.2-12 keV on the axis for 1e-14 erg/cm2/s in 0.5-2 keV: a power law of photon index
#: 1.7 behind thin filters (4XMM's energy conversion factors times the ratio of the bands' fluxes).
RESPONSE = {"pn": 0.0115, "mos1": 0.0036, "mos2": 0.0036}
#: Quiet background, counts/s/arcmin2 in 0.2-12 keV: particles, which no mirror vignettes, and sky
#: (order of magnitude of the blank fields of Carter & Read 2007, A&A 464, 1155).
PARTICLES = {"pn": 0.0030, "mos1": 0.0010, "mos2": 0.0010}
SKY = {"pn": 0.0042, "mos1": 0.0012, "mos2": 0.0012}
#: What vignettes soft protons half as much as photons (Kuntz & Snowden 2008, A&A 478, 575).
_PROTON_VIGNETTING = 0.5


def number_counts(flux):
    """Sources per square degree brighter than a flux, up to the upper limit drawn.

    Parameters
    ----------
    flux : array
        1e-14 erg/cm2/s, within `FLUXES`.
    """

    def integral(law, low, high):
        norm, slope = law
        return norm / (slope - 1) * (low ** (1 - slope) - high ** (1 - slope))

    flux = np.asarray(flux, dtype=float)
    faint = integral(FAINT, np.minimum(flux, BREAK), BREAK)
    return faint + integral(BRIGHT, np.maximum(flux, BREAK), FLUXES[1])


def draw_fluxes(count, random):
    """Fluxes from the log N-log S, 1e-14 erg/cm2/s, by inversion of the cumulative counts."""
    above = random.random(count) * float(number_counts(FLUXES[0]))
    at_break = float(number_counts(BREAK))
    norm, slope = BRIGHT
    end = FLUXES[1] ** (1 - slope)
    bright = (np.minimum(above, at_break) * (slope - 1) / norm + end) ** (1 / (1 - slope))
    norm, slope = FAINT
    rest = np.maximum(above - at_break, 0) * (slope - 1) / norm
    faint = (rest + BREAK ** (1 - slope)) ** (1 / (1 - slope))
    return np.where(above > at_break, faint, bright)


def draw_sources(
    random: np.random.Generator, *, target: float | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Point sources of one field.

    Parameters
    ----------
    random : numpy.random.Generator
    target : float or None
        Flux of the source that was aimed at, near the axis.

    Returns
    -------
    flux, x, y : (N,) array
        1e-14 erg/cm2/s, arcmin.
    """
    area = np.pi * (SOURCE_RADIUS / 60) ** 2
    count = random.poisson(area * float(number_counts(FLUXES[0])))
    flux = draw_fluxes(count, random)
    radius = SOURCE_RADIUS * np.sqrt(random.random(count))
    azimuth = random.random(count) * 2 * np.pi
    x, y = radius * np.cos(azimuth), radius * np.sin(azimuth)
    aim = random.normal(0, 0.25, 2)
    if target is not None:
        flux, x, y = np.append(flux, target), np.append(x, aim[0]), np.append(y, aim[1])
    return flux, x, y


def photons(flux: np.ndarray, x: np.ndarray, y: np.ndarray, exposure: dict, random) -> dict:
    """Photons of point sources, before the chips' gaps.

    Parameters
    ----------
    flux, x, y : (N,) array
        As `draw_sources`.
    exposure : dict
        Camera -> seconds.

    Returns
    -------
    dict
        Camera -> (x, y) float32 arrays of arcmin.
    """
    angle, azimuth = np.hypot(x, y), np.arctan2(y, x)
    landed = {}
    for camera in sorted(exposure):
        mean = flux * RESPONSE[camera] * exposure[camera] * optics.vignetting(angle)
        source = np.repeat(np.arange(len(flux)), random.poisson(mean))
        dx, dy = optics.scatter(angle[source], azimuth[source], random)
        landed[camera] = x[source].astype("f4") + dx, y[source].astype("f4") + dy
    return landed


def background(
    camera: str,
    vignetting: np.ndarray,
    exposure: float,
    pixel_area: float,
    *,
    sky: float,
    particles: float,
    protons: float,
) -> np.ndarray:
    """Smooth background of one camera.

    Parameters
    ----------
    camera : str
    vignetting : array
        Of each pixel.
    exposure : float
        Seconds.
    pixel_area : float
        arcmin^2.
    sky, particles, protons : float
        Level relative to the quiet one; `protons` is in units of the quiet sky.

    Returns
    -------
    array
        Mean counts a pixel.
    """
    protons = protons * SKY[camera] * (1 - _PROTON_VIGNETTING * (1 - vignetting))
    level = particles * PARTICLES[camera] + sky * SKY[camera] * vignetting + protons
    return (level * (exposure * pixel_area)).astype("f4")


def beta_model(
    x: np.ndarray,
    y: np.ndarray,
    centre: tuple[float, float],
    core: float,
    axis_ratio: float = 1.0,
    angle: float = 0.0,
):
    """Surface brightness of hot gas, 1 at its centre: (1 + (r / rc)^2)^-1.5.

    The isothermal model of Cavaliere & Fusco-Femiano (1976, A&A 49, 137) with beta = 2/3.

    Parameters
    ----------
    x, y : array
        Arcmin.
    centre : (float, float)
    core : float
        Core radius along the major axis, arcmin.
    axis_ratio, angle : float
        Of the ellipse; degrees.
    """
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    dx, dy = x - np.float32(centre[0]), y - np.float32(centre[1])
    major = (dx * np.float32(cos) + dy * np.float32(sin)) / np.float32(core)
    minor = (dy * np.float32(cos) - dx * np.float32(sin)) / np.float32(core * axis_ratio)
    base = 1 + major**2 + minor**2
    return 1 / (base * np.sqrt(base))
