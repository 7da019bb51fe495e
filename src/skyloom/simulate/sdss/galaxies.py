"""Spectra of galaxies: an old and a young population, and lines of ionised gas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from skyloom.simulate.sdss import stars

if TYPE_CHECKING:
    from astropy.table import Table

    from skyloom.simulate.sdss.lines import Features

#: Temperatures (K) of the stars that stand for a population, and their shares of light at 5500 Å:
#: giants, the turn-off and a few hot stars for an old one.
OLD = ((3950, 0.40), (4650, 0.35), (5900, 0.25))
YOUNG = ((4500, 0.15), (7500, 0.25), (9500, 0.35), (16000, 0.25))
#: Share of each kind, by survey. BOSS targets are massive red galaxies, hence mostly passive.
KINDS = {
    "boss": {"passive": 0.60, "star_forming": 0.27, "seyfert": 0.07, "liner": 0.06},
    "sdss": {"passive": 0.40, "star_forming": 0.45, "seyfert": 0.07, "liner": 0.08},
}
#: H alpha to H beta without dust: case B, 10,000 K (Osterbrock & Ferland 2006, table 4.4).
BALMER_DECREMENT = 2.86


def redshift(rng: np.random.Generator, survey: str) -> float:
    """A random redshift: BOSS's LOWZ, CMASS and a tail (Alam et al. 2015), or SDSS's main sample.

    Parameters
    ----------
    rng : numpy.random.Generator
    survey : str
        "boss" or "sdss".

    Returns
    -------
    float
        Between 0.01 and 1.2.
    """
    kind = rng.random()
    if survey == "sdss":
        value = rng.gamma(4, 0.028) if kind < 0.8 else rng.normal(0.36, 0.06)
    elif kind < 0.22:
        value = rng.normal(0.31, 0.08)
    elif kind < 0.82:
        value = rng.normal(0.52, 0.08)
    else:
        value = rng.normal(0.72, 0.16)
    return float(np.clip(value, 0.01, 1.2))


def draw(rng, survey) -> dict:
    """Labels of a random galaxy.

    Returns
    -------
    dict
        ``kind``, ``subclass`` (as SDSS writes it), ``young`` (share of light at 5500 Å),
        ``metals``, ``dispersion`` (km/s, stars), ``gas`` (km/s), ``dust`` (optical depth at 5500 Å)
        and the gas's line fluxes relative to H beta without dust: ``oiii``, ``nii``, ``sii``,
        ``oii``; ``balmer`` is the equivalent width of H alpha in Å.
    """
    shares = KINDS[survey]
    kind = str(rng.choice(list(shares), p=list(shares.values())))
    labels = {"kind": kind, "subclass": "", "metals": 10 ** rng.uniform(-0.2, 0.2)}
    if kind == "star_forming":
        # Along the sequence of Kauffmann et al. 2003: where [N II] rises, [O III] falls.
        nitrogen = rng.uniform(-1.1, -0.35)
        oxygen = 0.61 / (nitrogen - 0.05) + 1.3 - rng.uniform(0.1, 0.5)
        width = 10 ** rng.normal(1.4, 0.25)
        labels.update(
            subclass="STARBURST" if width > 50 else "STARFORMING",
            young=rng.uniform(0.35, 0.95),
            dispersion=rng.uniform(60, 140),
            gas=rng.uniform(50, 110),
            dust=rng.uniform(0.1, 1.0),
            oii=rng.uniform(1.5, 3.5),
        )
    else:
        seyfert = kind == "seyfert"
        nitrogen = rng.uniform(-0.3, 0.1)
        oxygen = rng.uniform(0.6, 1.05) if seyfert else rng.uniform(0.1, 0.5)
        strength = {"passive": -0.6, "liner": 0.6, "seyfert": 1.3}[kind]
        width = 10 ** rng.normal(strength, 0.2)
        labels.update(
            subclass="" if kind == "passive" else "AGN",
            young=rng.uniform(0, 0.06) if kind == "passive" else rng.uniform(0.05, 0.35),
            dispersion=rng.uniform(150, 320),
            gas=rng.uniform(120, 260),
            dust=rng.exponential(0.12),
            oii=rng.uniform(1.5, 4.0),
        )
    labels.update(
        balmer=width,
        oiii=10**oxygen,
        nii=BALMER_DECREMENT * 10**nitrogen,
        sii=BALMER_DECREMENT * 10 ** (0.5 * nitrogen - rng.uniform(0.15, 0.35)),
    )
    return labels


def population(
    wavelength: np.ndarray,
    features: Features,
    members: Sequence[tuple[float, float]],
    *,
    metals: float,
    broadening: float,
):
    """Light of stars of several temperatures, 1 at 5500 Å before absorption.

    Parameters
    ----------
    wavelength : (L,) array
        Å in vacuum, at rest.
    features : `skyloom.simulate.sdss.lines.Features`
    members : sequence of (float, float)
        Temperatures in K and shares of light at 5500 Å.
    metals : float
    broadening : float
        km/s.
    """
    return sum(
        share * stars.flux(wavelength, features, kelvin, metals=metals, broadening=broadening)
        for kelvin, share in members
    )


def continuum(wavelength, features, labels, *, instrument=70.0):
    """Light of the stars, before dust."""
    options = {
        "metals": labels["metals"],
        "broadening": float(np.hypot(labels["dispersion"], instrument)),
    }
    light = (1 - labels["young"]) * population(wavelength, features, OLD, **options)
    if labels["young"]:
        light = light + labels["young"] * population(wavelength, features, YOUNG, **options)
    return light


def emission(
    wavelength: np.ndarray, lines: Table, labels: dict, level: float, *, instrument: float = 70.0
) -> np.ndarray:
    """Light of the gas, before dust.

    Parameters
    ----------
    wavelength : (L,) array
        Å in vacuum, at rest.
    lines : astropy.table.Table
        The list "galaxies" of `lines.read_lists`.
    labels : dict
        As `draw` gives.
    level : float
        Continuum at H alpha, to which the equivalent width refers.
    instrument : float
        km/s.

    Returns
    -------
    (L,) array
    """
    beta = labels["balmer"] * level / BALMER_DECREMENT
    light = np.zeros(len(wavelength))
    velocity = np.hypot(labels["gas"], instrument)
    for middle, group, ratio in zip(
        lines["wavelength"].data, lines["group"], lines["ratio"], strict=True
    ):
        sigma = middle * velocity / stars.LIGHT
        part = slice(*np.searchsorted(wavelength, (middle - 6 * sigma, middle + 6 * sigma)))
        offset = (wavelength[part] - middle) / sigma
        area = beta * ratio * (1.0 if group == "balmer" else labels[str(group)])
        light[part] += area / (sigma * 2.5066) * np.exp(-0.5 * offset**2)
    return light


def model(wavelength, features, lines, labels, *, instrument=70.0):
    """A galaxy's spectrum at rest: (L,) flux per wavelength in any unit.

    Parameters are those of `continuum` and `emission`.
    """
    light = continuum(wavelength, features, labels, instrument=instrument)
    alpha = stars.planck(np.array([6564.61]), 5000)[0]
    light = light + emission(wavelength, lines, labels, alpha, instrument=instrument)
    return light * stars.dust(wavelength, labels["dust"])
