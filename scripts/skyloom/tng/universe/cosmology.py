"""The background cosmology of TNG (Planck 2015), its box and its snapshot times.

Everything here is in physical units (kpc, km/s, solar masses, Gyr) unless told; `code_units` in
`skyloom.tng.universe.assembly` turns them into those of the files.
"""

import numpy as np

from skyloom.errors import InputError

#: Planck Collaboration XIII (2016), as TNG uses it (Nelson et al. 2019, section 2).
HUBBLE = 0.6774
OMEGA_MATTER = 0.3089
OMEGA_LAMBDA = 0.6911
OMEGA_BARYON = 0.0486
BARYON_FRACTION = OMEGA_BARYON / OMEGA_MATTER
#: Side of the TNG50 box, ckpc/h.
BOX_SIZE = 35000.0

#: Newton's constant, kpc (km/s)^2 / Msun.
GRAVITY = 4.30091e-6
#: Boltzmann's constant over the proton's mass, (km/s)^2 / K.
BOLTZMANN_PER_PROTON = 1.380649e-16 / 1.67262192e-24 * 1e-10
#: Hydrogen nuclei in cm^3 for a gas density of 1 Msun/kpc^3, with a hydrogen fraction of 0.76.
HYDROGEN_FRACTION = 0.76
HYDROGEN_PER_DENSITY = HYDROGEN_FRACTION * 1.98841e33 / 3.0856776e21**3 / 1.67262192e-24
#: 1 km/s in kpc per Gyr.
KPC_PER_GYR = 1.0227121
#: Hubble time 1 / H0, Gyr.
HUBBLE_TIME = 977.7922 / (100 * HUBBLE)

#: Redshifts of the snapshots, from the public list of TNG's simulations
#: (https://www.tng-project.org/api/TNG50-1/snapshots/, rounded as printed there).
SNAPSHOT_REDSHIFT = {
    99: 0.0,
    98: 0.0095,
    97: 0.0240,
    96: 0.0337,
    95: 0.0485,
    94: 0.0585,
    93: 0.0737,
    92: 0.0839,
    91: 0.0994,
    90: 0.1099,
    89: 0.1258,
    88: 0.1419,
    87: 0.1527,
    86: 0.1693,
    85: 0.1804,
    84: 0.1973,
    83: 0.2145,
    82: 0.2261,
    81: 0.2439,
    80: 0.2613,
}


def redshift(snapshot):
    """Redshift of a TNG snapshot.

    Raises
    ------
    InputError
        If the snapshot is not one of 80 to 99.
    """
    try:
        return SNAPSHOT_REDSHIFT[int(snapshot)]
    except KeyError:
        raise InputError(
            f"tng.snapshots holds {snapshot}, which the synthetic universe does not have: "
            f"choose from {min(SNAPSHOT_REDSHIFT)} to {max(SNAPSHOT_REDSHIFT)}."
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
    return 0.1 * HUBBLE * np.sqrt(OMEGA_MATTER * (1 + np.asarray(z)) ** 3 + OMEGA_LAMBDA)


def age(z):
    """Age of the universe at redshift `z`, Gyr.

    t = 2 / (3 H0 sqrt(OL)) asinh(sqrt(OL / Om) a^1.5) for a flat universe without radiation
    (Carroll, Press & Turner 1992; Weinberg 2008, eq. 1.5.41).
    """
    a = 1 / (1 + np.asarray(z, dtype=float))
    root = np.sqrt(OMEGA_LAMBDA / OMEGA_MATTER)
    return 2 * HUBBLE_TIME / (3 * np.sqrt(OMEGA_LAMBDA)) * np.arcsinh(root * a**1.5)


def scale_factor_at(time):
    """Scale factor when the universe is `time` Gyr old: the inverse of `age`."""
    angle = 1.5 * np.sqrt(OMEGA_LAMBDA) * np.asarray(time, dtype=float) / HUBBLE_TIME
    return (np.sinh(angle) * np.sqrt(OMEGA_MATTER / OMEGA_LAMBDA)) ** (2 / 3)


def critical_density(z):
    """Critical density 3 H^2 / (8 pi G), Msun / kpc^3."""
    return 3 * hubble_rate(z) ** 2 / (8 * np.pi * GRAVITY)


def radius_200(mass, z):
    """Radius within which the mean density is 200 times critical, physical kpc."""
    return (3 * np.asarray(mass) / (800 * np.pi * critical_density(z))) ** (1 / 3)


def velocity_200(mass, z):
    """Circular velocity sqrt(G M / R200), km/s."""
    return np.sqrt(GRAVITY * np.asarray(mass) / radius_200(mass, z))
