"""One synthetic spectrum: an object's labels and light, as a spectrograph sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.sdss.classes import CLASSES
from skyloom.errors import InputError, nearest
from skyloom.simulate.sdss import galaxies, instrument, quasars, stars

if TYPE_CHECKING:
    from skyloom.simulate.sdss.instrument import Exposure

#: The classes as SDSS writes them.
#: Median and scatter (factor) of the median signal-to-noise ratio per pixel, and its limits. BOSS's
#: galaxies and quasars are faint, its stars calibrate fluxes; the numbers are ours.
SIGNAL_TO_NOISE = {"GALAXY": (4.0, 1.9), "QSO": (4.0, 2.1), "STAR": (9.0, 2.2)}
LIMITS = (0.8, 40.0)
#: Bit of ZWARNING: the second best fit is nearly as good.
SMALL_DELTA_CHI2 = 1 << 2


def labels(
    kind: str, rng: np.random.Generator, *, survey: str = "boss", redshift: float | None = None
) -> dict:
    """Labels of a random object.

    Parameters
    ----------
    kind : str
        One of `CLASSES`.
    rng : numpy.random.Generator
    survey : str
        "boss" or "sdss": whose targets.
    redshift : float, optional
        Drawn where not given: stars within 0.002 of 0, galaxies about 0.5, quasars about 2.4.

    Returns
    -------
    dict
        ``class``, ``z``, ``signal_to_noise``, ``subclass`` and what `stars.draw`, `galaxies.draw`
        or `quasars.draw` say.

    Raises
    ------
    InputError
        If `kind` is not one of `CLASSES`.
    """
    if kind not in CLASSES:
        raise InputError(
            f"{kind!r} is not a class of spectra: "
            f"write {nearest(kind, CLASSES) or 'one of ' + ', '.join(CLASSES)}."
        )
    if kind == "STAR":
        # Disc and halo: radial velocities of some 40 and 130 km/s about the Sun's.
        velocity = rng.normal(0, 130 if rng.random() < 0.2 else 40)
        z, own = np.clip(velocity / stars.LIGHT, -0.0019, 0.0019), stars.draw(rng)
    elif kind == "GALAXY":
        z, own = galaxies.redshift(rng, survey), galaxies.draw(rng, survey)
    else:
        z = quasars.redshift(rng) if redshift is None else redshift
        own = quasars.draw(rng, z)
    z = float(z if redshift is None else redshift)
    middle, factor = SIGNAL_TO_NOISE[kind]
    ratio = np.clip(middle * factor ** rng.normal(), *LIMITS)
    return {"class": kind, "z": z, "signal_to_noise": float(ratio), **own}


def light(wavelength: np.ndarray, found: dict, lists: dict, rng: np.random.Generator):
    """What an object sends: (L,) flux per wavelength in any unit.

    Parameters
    ----------
    wavelength : (L,) array
        Observed, Å in vacuum.
    found : dict
        As `labels` gives.
    lists : dict
        As `lines.read_lists` gives.
    rng : numpy.random.Generator
        Of the forest; equal generators give equal forests.
    """
    options = {"instrument": instrument.RESOLUTION}
    if found["class"] == "QSO":
        return quasars.model(wavelength, lists, found, found["z"], rng, **options)
    rest = wavelength / (1 + found["z"])
    if found["class"] == "GALAXY":
        return galaxies.model(rest, lists["stars"], lists["galaxies"], found, **options)
    return stars.model(rest, lists["stars"], found, broadening=instrument.RESOLUTION)


def fit(found, rng):
    """What a pipeline that fits redshifts would report: ``Z``, ``Z_ERR`` and ``ZWARNING``."""
    error = {"STAR": 1e-5, "GALAXY": 4e-5, "QSO": 2e-4}[found["class"]]
    error *= 1 + 5 / found["signal_to_noise"]
    faint = found["signal_to_noise"] < 1.6 and rng.random() < 0.5
    return {
        "Z": np.float32(found["z"] + rng.normal(0, 0.3) * error),
        "Z_ERR": np.float32(error),
        "ZWARNING": SMALL_DELTA_CHI2 if faint else 0,
    }


def exposure(found: dict, lists: dict, survey: str, seeds):
    """An object seen once.

    Parameters
    ----------
    found : dict
        As `labels` gives.
    lists : dict
        As `lines.read_lists` gives.
    survey : str
    seeds : (object, visit)
        Seeds of the object's forest and of the visit's noise.

    Returns
    -------
    exposure : `instrument.Exposure`
    fitted : dict
        As `fit` gives.
    """
    rng = np.random.default_rng(seeds[1])
    first, pixels = instrument.grid(survey, rng)
    # The whole grid, so that both visits have one forest though their ends differ.
    whole = 10 ** instrument.loglam(0, 4700)
    shape = light(whole, found, lists, np.random.default_rng(seeds[0]))[first : first + pixels]
    seen = instrument.observe(shape, found["signal_to_noise"], lists["sky"], first, survey, rng)
    return seen, fit(found, rng)


def spectrum(
    kind: str,
    seed: int | Sequence[int],
    lists: dict,
    *,
    survey: str = "boss",
    redshift: float | None = None,
    signal_to_noise: float | None = None,
) -> tuple[Exposure, dict]:
    """A random synthetic spectrum.

    Parameters
    ----------
    kind : str
        "GALAXY", "QSO" or "STAR".
    seed : int or sequence of int
    lists : dict
        As `lines.read_lists` gives.
    survey : str
        "boss" or "sdss".
    redshift, signal_to_noise : float, optional
        Drawn where not given.

    Returns
    -------
    exposure : `skyloom.simulate.sdss.instrument.Exposure`
        Flux in 1e-17 erg/s/cm2/Å on a grid of equal steps in log10 of the wavelength.
    labels : dict
        What was drawn, as `labels` says, and the pipeline's answer, as `fit` says.

    Raises
    ------
    InputError
        If `kind` is not a class.

    Examples
    --------
    >>> lists = lines.read(Path("resources/lines").glob("sdss_*.ecsv"))
    >>> seen, found = spectrum("QSO", 42, lists, redshift=2.4)
    >>> wavelength = 10.0**seen.loglam
    """
    seed = list(np.atleast_1d(seed))
    found = labels(kind, np.random.default_rng([*seed, 0]), survey=survey, redshift=redshift)
    if signal_to_noise is not None:
        found["signal_to_noise"] = signal_to_noise
    seen, fitted = exposure(found, lists, survey, ([*seed, 1], [*seed, 2]))
    return seen, {**found, **fitted}
