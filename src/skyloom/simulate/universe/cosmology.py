"""The background cosmology of the simulation, its box and its snapshot times.

Everything here is in physical units (kpc, km/s, solar masses, Gyr) unless told; `code_units` in
`skyloom.simulate.universe.assembly` turns them into those of the files.
"""

from __future__ import annotations

import contextlib
from contextvars import ContextVar

import numpy as np

from skyloom.arms.tng.runs import SIMULATIONS, Run
from skyloom.errors import InputError

#: The run whose files are written: an ambient choice, like a precision, since every law's numbers
#: follow from it. `adopted` changes it.
_RUN = ContextVar("run", default=SIMULATIONS["TNG50-1"])


@contextlib.contextmanager
def adopted(simulation: str):
    """Take another simulation's box, cosmology and snapshots for as long as the context lasts.

    Parameters
    ----------
    simulation : str
        One of `skyloom.arms.tng.runs.SIMULATIONS`.
    """
    token = _RUN.set(SIMULATIONS[simulation])
    try:
        yield
    finally:
        _RUN.reset(token)


def run():
    """The `skyloom.arms.tng.runs.Run` that is adopted; TNG50-1 unless told."""
    return _RUN.get()


def __getattr__(name):
    # HUBBLE, OMEGA_MATTER, OMEGA_LAMBDA, OMEGA_BARYON and BOX_SIZE (ckpc/h) of the adopted run.
    if name.isupper() and name.lower() in Run._fields:
        return getattr(run(), name.lower())
    if name == "BARYON_FRACTION":
        return run().omega_baryon / run().omega_matter
    if name == "SNAPSHOT_REDSHIFT":
        return run().redshifts
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


#: Newton's constant, kpc (km/s)^2 / Msun.
GRAVITY = 4.30091e-6
#: Boltzmann's constant over the proton's mass, (km/s)^2 / K.
BOLTZMANN_PER_PROTON = 1.380649e-16 / 1.67262192e-24 * 1e-10
#: Hydrogen nuclei in cm^3 for a gas density of 1 Msun/kpc^3, with a hydrogen fraction of 0.76.
HYDROGEN_FRACTION = 0.76
HYDROGEN_PER_DENSITY = HYDROGEN_FRACTION * 1.98841e33 / 3.0856776e21**3 / 1.67262192e-24
#: 1 km/s in kpc per Gyr.
KPC_PER_GYR = 1.0227121


def redshift(snapshot):
    """Redshift of a TNG snapshot.

    Raises
    ------
    InputError
        If the universe does not have the snapshot.
    """
    try:
        return run().redshifts[int(snapshot)]
    except KeyError:
        raise InputError(
            f"tng.snapshots holds {snapshot}, which the synthetic universe does not have: "
            f"choose from {min(run().redshifts)} to {max(run().redshifts)}."
        ) from None


def check_snapshots(snapshots):
    """The snapshots as integers, newest first.

    Raises
    ------
    InputError
        If the list is empty, repeats a number or holds one without a redshift.
    """
    numbers = sorted((int(number) for number in snapshots), reverse=True)
    if not numbers or len(set(numbers)) != len(numbers):
        raise InputError(
            f"tng.snapshots is {list(snapshots)}: list at least one snapshot, and each once."
        )
    for number in numbers:
        redshift(number)
    return numbers


def hubble_rate(z):
    """H(z) of a flat universe of matter and a cosmological constant, km/s/kpc."""
    now = run()
    return (
        0.1 * now.hubble * np.sqrt(now.omega_matter * (1 + np.asarray(z)) ** 3 + now.omega_lambda)
    )


def _hubble_time():
    """1 / H0, Gyr."""
    return 977.7922 / (100 * run().hubble)


def age(z):
    """Age of the universe at redshift `z`, Gyr.

    t = 2 / (3 H0 sqrt(OL)) asinh(sqrt(OL / Om) a^1.5) for a flat universe without radiation
    (Carroll, Press & Turner 1992; Weinberg 2008, eq. 1.5.41).
    """
    a = 1 / (1 + np.asarray(z, dtype=float))
    now = run()
    root = np.sqrt(now.omega_lambda / now.omega_matter)
    return 2 * _hubble_time() / (3 * np.sqrt(now.omega_lambda)) * np.arcsinh(root * a**1.5)


def scale_factor_at(time):
    """Scale factor when the universe is `time` Gyr old: the inverse of `age`."""
    now = run()
    angle = 1.5 * np.sqrt(now.omega_lambda) * np.asarray(time, dtype=float) / _hubble_time()
    return (np.sinh(angle) * np.sqrt(now.omega_matter / now.omega_lambda)) ** (2 / 3)


def critical_density(z):
    """Critical density 3 H^2 / (8 pi G), Msun / kpc^3."""
    return 3 * hubble_rate(z) ** 2 / (8 * np.pi * GRAVITY)


def radius_200(mass, z):
    """Radius within which the mean density is 200 times critical, physical kpc."""
    return (3 * np.asarray(mass) / (800 * np.pi * critical_density(z))) ** (1 / 3)


def velocity_200(mass, z):
    """Circular velocity sqrt(G M / R200), km/s."""
    return np.sqrt(GRAVITY * np.asarray(mass) / radius_200(mass, z))
