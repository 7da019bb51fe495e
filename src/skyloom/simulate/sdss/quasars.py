"""Spectra of quasars: a power law, broad and narrow lines, iron, the forest and broad troughs."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from skyloom.simulate.sdss import galaxies, stars

#: Lyman alpha and the Lyman limit, Å in vacuum.
LYMAN_ALPHA, LYMAN_LIMIT = 1215.67, 911.76
#: f_nu rises as nu^-0.44 between 1300 and 5000 Å (Vanden Berk et al. 2001), so f_lambda falls as
#: lambda^-1.56; the scatter is ours.
SLOPE, SLOPE_SCATTER = -1.56, 0.3
#: Share with broad absorption of C IV, and of these the share with Mg II too. The first is at the
#: lower end of 12 to 16 % (Ennesser et al. 2022, arXiv:2111.09439), the second ours.
BROAD_ABSORPTION, LOW_IONISATION = 0.12, 0.12
# Resonance lines that quasar winds absorb: wavelength (Å) and depth relative to C IV.
_HIGH = ((1549.48, 1.0), (1397.0, 0.6), (1240.81, 0.8), (1215.67, 0.7))
_LOW = ((2799.1, 0.7), (1857.4, 0.7))
# Nodes and weights for means over a Gaussian.
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
_SPREAD = 1.5  # standard deviation of the logarithm of the forest's optical depth; ours


def redshift(rng):
    """A random redshift with the peak of Lyman alpha quasars at 2.4 and an earlier broad hump.

    The article's figure 4 gives the peak; the rest follows the BOSS and eBOSS selections (Pâris et
    al. 2017, 2018) in outline.
    """
    kind = rng.random()
    if kind < 0.62:
        value = rng.normal(2.4, 0.17)
    elif kind < 0.9:
        value = rng.normal(1.25, 0.42)
    else:
        value = 2.5 + rng.exponential(0.55)
    return float(np.clip(value, 0.15, 4.6))


def draw(rng, z) -> dict:
    """Labels of a random quasar.

    Returns
    -------
    dict
        ``subclass``, ``slope``, ``lines`` (factor on equivalent widths), ``broad`` (factor on the
        broad lines' widths), ``iron`` (factor), ``narrow`` (factor), ``host`` (share of light at
        5500 Å), ``trough`` (None, or velocity and width in km/s, depth and whether low ions absorb
        too), ``damped`` (None, or redshift and log10 column density in cm^-2 of an absorber).
    """
    trough = None
    if rng.random() < BROAD_ABSORPTION:
        trough = {
            "velocity": rng.uniform(4000, 18000),
            "width": rng.uniform(1000, 4000),
            "depth": rng.uniform(0.8, 3.0),
            "low": bool(rng.random() < LOW_IONISATION),
        }
    damped = None
    if z > 2.1 and rng.random() < 0.12:
        damped = (rng.uniform(2.0, z - 0.03), 20.3 + rng.exponential(0.35))
    return {
        "subclass": "BROADLINE",
        "slope": rng.normal(SLOPE, SLOPE_SCATTER),
        "lines": 10 ** rng.normal(0, 0.2),
        "broad": rng.uniform(0.4, 1.3),
        "iron": 10 ** rng.normal(0, 0.2),
        "narrow": 10 ** rng.normal(0, 0.3),
        "host": rng.uniform(0, 0.45) if z < 0.6 else 0.0,
        "trough": trough,
        "damped": damped,
    }


def continuum(wavelength, slope):
    """Power law, 1 at 3000 Å, flatter above 5000 Å, with the Balmer continuum's bump.

    Vanden Berk et al. 2001 find f_nu falling as nu^-2.45 above 5000 Å, mostly from host galaxies;
    half of that turn is taken here, the host being added by itself.
    """
    light = (wavelength / 3000) ** slope
    red = wavelength > 5000
    light[red] *= (wavelength[red] / 5000) ** 1.0
    bump = np.exp(-0.5 * ((wavelength - 3000) / 450) ** 2)
    return light * (1 + 0.18 * bump)


def emission(wavelength, lines, labels, *, instrument=70.0):
    """Light of the lines: (L,) flux in units of the continuum at 3000 Å.

    Broad lines are a core and wings of equal area, half and one and a half times as wide as listed.
    """
    light = np.zeros(len(wavelength))
    level = continuum(lines["wavelength"].data.astype(float), labels["slope"])
    for row, below in zip(lines, level, strict=True):
        factor = labels["lines"] * {"iron": labels["iron"], "narrow": labels["narrow"]}.get(
            row["kind"], 1.0
        )
        blur = row["wavelength"] * instrument / stars.LIGHT
        widths = [row["sigma"]]
        if row["kind"] == "broad":
            widths = [row["sigma"] * labels["broad"] * part for part in (0.5, 1.4)]
        for width in widths:
            sigma = np.hypot(width, blur)
            reach = (row["wavelength"] - 5 * sigma, row["wavelength"] + 5 * sigma)
            part = slice(*np.searchsorted(wavelength, reach))
            offset = (wavelength[part] - row["wavelength"]) / sigma
            area = factor * row["equivalent_width"] * below / len(widths)
            light[part] += area / (sigma * 2.5066) * np.exp(-0.5 * offset**2)
    return light


def mean_transmission(z):
    """Mean flux that the forest lets through, exp(-0.0018 (1 + z)^3.92).

    Faucher-Giguère et al. 2008 (abstract), measured for 2 < z < 4.2 without removing metals.
    """
    return np.exp(-0.0018 * (1 + np.asarray(z)) ** 3.92)


def _forest_scale():
    """Factors A of the optical depth A exp(s g), g Gaussian, and mean transmissions they give."""
    factors = np.logspace(-4, 3, 400)
    depth = factors[:, None] * np.exp(_SPREAD * _NODES)
    return factors, (np.exp(-depth) @ _WEIGHTS) / _WEIGHTS.sum()


_FACTORS, _MEANS = _forest_scale()


def forest(wavelength: np.ndarray, z: float, rng: np.random.Generator) -> np.ndarray:
    """Transmission of the Lyman alpha forest, and of the Lyman limit, towards a quasar.

    Parameters
    ----------
    wavelength : (L,) array
        Observed, Å in vacuum, on a grid of equal steps in its logarithm.
    z : float
        The quasar's redshift.
    rng : numpy.random.Generator

    Returns
    -------
    (L,) array
        1 redward of Lyman alpha. Blueward exp(-A exp(s g)) where g is a Gaussian field, correlated
        over about two pixels of 69 km/s, and A(z) makes the mean that of `mean_transmission`
        (a lognormal forest as in Bi & Davidsen 1997).
    """
    transmission = np.ones(len(wavelength))
    # The quasar's own light ionises its surroundings, so absorption fades near its redshift.
    blue = wavelength < LYMAN_ALPHA * (1 + z) * (1 - 0.005)
    if not blue.any():
        return transmission
    noise = ndimage.gaussian_filter1d(rng.standard_normal(len(wavelength)), 1.0)
    # The filter leaves a standard deviation of 1 / sqrt(2 sqrt(pi)), and a little more, 0.5316.
    field = noise[blue] / 0.5316
    absorber = wavelength[blue] / LYMAN_ALPHA - 1
    factor = np.exp(
        np.interp(-mean_transmission(absorber), -_MEANS, np.log(_FACTORS), left=-9.2, right=6.9)
    )
    absorbed = np.exp(-factor * np.exp(_SPREAD * field))
    # The spectrograph's resolution, one pixel, smooths what is let through, not the depth.
    transmission[blue] = ndimage.gaussian_filter1d(absorbed, 1.0, mode="nearest")
    limit = wavelength < LYMAN_LIMIT * (1 + z)
    transmission[limit] *= np.exp(-2.5 * (1 - wavelength[limit] / (LYMAN_LIMIT * (1 + z))) / 0.05)
    return transmission


def damped_absorption(wavelength: np.ndarray, z: float, column: float) -> np.ndarray:
    """Transmission of a damped Lyman alpha absorber.

    Parameters
    ----------
    wavelength : (L,) array
        Observed, Å.
    z : float
    column : float
        log10 of the column density of neutral hydrogen in cm^-2.

    Returns
    -------
    (L,) array
        exp(-tau), with the damping wings' tau = 10^N e^2 / (m_e c^2) f gamma lambda^4 / (4 pi c
        (lambda - lambda_0)^2), f = 0.4164 and gamma = 6.265e8 1/s (Morton 2003, ApJS 149, 205); the
        core is cut at 1e3.
    """
    centre = LYMAN_ALPHA * 1e-8  # cm
    offset = (wavelength / (1 + z) - LYMAN_ALPHA) * 1e-8
    classical = 2.8179e-13  # e^2 / (m_e c^2), cm
    strength = 10**column * classical * 0.4164 * 6.265e8 * centre**4 / (4 * np.pi * 2.9979e10)
    return np.exp(-np.minimum(strength / np.maximum(offset**2, 1e-24), 1e3))


def broad_absorption(wavelength, trough):
    """Transmission of a wind, (L,), at rest wavelengths in Å; `trough` as `draw` gives."""
    depth = np.zeros(len(wavelength))
    for middle, relative in _HIGH + (_LOW if trough["low"] else ()):
        velocity = (1 - wavelength / middle) * stars.LIGHT
        offset = (velocity - trough["velocity"]) / trough["width"]
        # Flatter than a Gaussian, as saturated winds are.
        depth += relative * trough["depth"] * np.exp(-0.5 * offset**4)
    return np.exp(-depth)


def model(
    wavelength: np.ndarray,
    lists: dict,
    labels: dict,
    z: float,
    rng: np.random.Generator,
    *,
    instrument: float = 70.0,
) -> np.ndarray:
    """A quasar's observed spectrum.

    Parameters
    ----------
    wavelength : (L,) array
        Observed, Å in vacuum.
    lists : dict
        As `lines.read_lists` gives.
    labels : dict
        As `draw` gives.
    z : float
    rng : numpy.random.Generator
        Of the forest.
    instrument : float
        km/s.

    Returns
    -------
    (L,) array
        Flux per wavelength in any unit.
    """
    rest = wavelength / (1 + z)
    light = continuum(rest, labels["slope"])
    light += emission(rest, lists["quasars"], labels, instrument=instrument)
    if labels["host"]:
        old = galaxies.population(
            rest, lists["stars"], galaxies.OLD, metals=1.0, broadening=np.hypot(200, instrument)
        )
        ratio = labels["host"] / (1 - labels["host"])
        light += old * ratio * continuum(np.array([5500.0]), labels["slope"])[0]
    if labels["trough"]:
        light *= broad_absorption(rest, labels["trough"])
    if labels["damped"]:
        light *= damped_absorption(wavelength, *labels["damped"])
    return light * forest(wavelength, z, rng)
