"""Published relations between haloes, stars and cold gas; one law a function.

Masses are in Msun, lengths in physical kpc, velocities in km/s, times in Gyr, no factors of h.
A scatter is the published one, in dex, and named beside its law. None was adjusted to what a
network learns from the result.
"""

import numpy as np

from skyloom.simulate.universe import cosmology

#: Scatter of stellar mass at fixed halo mass (Moster et al. 2013), dex.
STELLAR_MASS_SCATTER = 0.15
#: Scatter of size at fixed halo radius (Kravtsov 2013), dex.
SIZE_SCATTER = 0.2
#: Scatter of the HI diameter at fixed HI mass (Wang et al. 2016), dex.
HI_SIZE_SCATTER = 0.06
#: Scatter of cold gas at fixed stellar mass, 0.3 dex (Peeples & Shankar 2011; Catinella et
#: al. 2018), divided equally (in quadrature) into a lasting and a varying part.
GAS_SCATTER_LASTING = 0.21
GAS_SCATTER_VARYING = 0.21
#: Correlation time of the varying part, Gyr (Caplar & Tacchella 2019: 170 Myr).
GAS_CORRELATION_TIME = 0.17
#: Scatter of halo concentration (Bullock et al. 2001; Wechsler et al. 2002), dex.
CONCENTRATION_SCATTER = 0.14
#: Molecular share of cold gas, M_H2 / (M_HI + M_H2), of star-forming galaxies (xGASS and xCOLD
#: GASS: Catinella et al. 2018; Saintonge et al. 2017).
MOLECULAR_SHARE = 0.25
#: Mass of all cold gas per mass of hydrogen: helium included.
HELIUM_FACTOR = 1.36
#: e-folding time of the cold gas after quenching begins, Gyr (Wetzel et al. 2013).
QUENCHING_TIME = 0.5
#: Early-type galaxies in which HI or CO is found, and the median and scatter of log10 of their
#: gas to stellar mass (ATLAS3D: Young et al. 2011; Serra et al. 2012).
RESIDUAL_SHARE = 0.4
RESIDUAL_MEDIAN = -2.0
RESIDUAL_SCATTER = 0.5
#: Excess quenched fraction of satellites (van den Bosch et al. 2008; Peng et al. 2012).
SATELLITE_QUENCHING = 0.4


def halo_mass(rank, lowest, highest, slope=-0.9):
    """Halo mass at a cumulative `rank` in [0, 1) of dn/dlnM ~ M^slope between two masses.

    The slope is that of the mass function far below its knee (Sheth & Tormen 1999; Tinker et al.
    2008: dn/dM ~ M^-1.9).
    """
    rank = np.asarray(rank)
    return (lowest**slope + rank * (highest**slope - lowest**slope)) ** (1 / slope)


def concentration(mass):
    """Median NFW concentration at z = 0: log c = 0.905 - 0.101 log(M h / 10^12 Msun).

    Dutton & Maccio (2014), the relation of NFW haloes of mass M200 in the Planck cosmology.
    """
    return 10 ** (0.905 - 0.101 * np.log10(np.asarray(mass) * cosmology.HUBBLE / 1e12))


def halo_growth(mass_today, concentration_today, z):
    """Mass of the main progenitor, M(z) = M0 exp(-2 a_c z), a_c = 4.1 / c.

    Wechsler et al. (2002), with their S = 2 and c(z = 0) = 4.1 / a_c.
    """
    formation = 4.1 / np.asarray(concentration_today)
    return np.asarray(mass_today) * np.exp(-2 * formation * z)


def stellar_mass(mass, z=0.0):
    """Median stellar mass of a halo, m = 2 N M / [(M/M1)^-beta + (M/M1)^gamma].

    Moster, Naab & White (2013), eqs. 2 and 11-14 with table 1:
    log M1 = 11.590 + 1.195 x, N = 0.0351 - 0.0247 x, beta = 1.376 - 0.826 x,
    gamma = 0.608 + 0.329 x, x = z / (1 + z). Scatter `STELLAR_MASS_SCATTER`.
    """
    x = z / (1 + z)
    ratio = np.asarray(mass) / 10 ** (11.590 + 1.195 * x)
    low, high = 1.376 - 0.826 * x, 0.608 + 0.329 * x
    return 2 * (0.0351 - 0.0247 * x) * np.asarray(mass) / (ratio**-low + ratio**high)


def cluster_stellar_mass(mass):
    """Stellar mass of a brightest cluster galaxy with its envelope.

    log m = 12.15 + 0.39 (log M500 - 14.5), scatter 0.21 dex (Kravtsov, Vikhlinin & Meshcheryakov
    2018), with M500 = 0.65 M200 (an NFW halo of concentration 5).
    """
    return 10 ** (12.15 + 0.39 * (np.log10(0.65 * np.asarray(mass)) - 14.5))


def stellar_scale_length(radius_200):
    """Exponential scale length of a stellar disc, R_d = 0.015 R200 / 1.678.

    Kravtsov (2013): half-mass radius 0.015 R200; 1.678 turns it into a scale length.
    Scatter `SIZE_SCATTER`.
    """
    return 0.015 * np.asarray(radius_200) / 1.678


def cold_gas_mass(stellar, z=0.0):
    """Cold gas of a star-forming galaxy, helium included.

    log(Mg / m) = -0.48 log m + 4.39 (Peeples & Shankar 2011, z = 0); the molecular share grows
    as (1 + z)^2.5 (Tacconi et al. 2018), the atomic one does not.
    """
    stellar = np.asarray(stellar)
    growth = 1 - MOLECULAR_SHARE + MOLECULAR_SHARE * (1 + z) ** 2.5
    return stellar * 10 ** (4.39 - 0.48 * np.log10(stellar)) * growth


def atomic_scale_length(cold_gas):
    """Exponential scale length of the atomic disc, R_HI / 2.2.

    log D_HI = 0.506 log M_HI - 3.293 (Wang et al. 2016), D_HI in kpc at 1 Msun/pc^2. For an
    exponential disc of that mass, R_HI = 2.2 R_d meets 1 Msun/pc^2 to within a few per cent from
    10^8 to 10^10.5 Msun. Scatter `HI_SIZE_SCATTER`.
    """
    hydrogen = (1 - MOLECULAR_SHARE) * np.asarray(cold_gas) / HELIUM_FACTOR
    return 10 ** (0.506 * np.log10(np.maximum(hydrogen, 1.0)) - 3.293) / 2 / 2.2


def quenched_fraction(stellar, satellite=False):
    """Fraction of galaxies that are quenched, by mass and as satellites.

    1 - (1 - e_m)(1 - e_s), e_m = 1 - exp(-(m / 10^10.56)^0.80) (Peng et al. 2010, local
    universe), e_s = `SATELLITE_QUENCHING` for satellites.
    """
    survive = np.exp(-((np.asarray(stellar) / 10**10.56) ** 0.80))
    return 1 - survive * np.where(satellite, 1 - SATELLITE_QUENCHING, 1.0)


def flat_velocity(baryons):
    """Flat rotation velocity, M_b = 47 V^4 (baryonic Tully-Fisher: McGaugh 2012)."""
    return (np.asarray(baryons) / 47.0) ** 0.25


def rotation_velocity(radius, flat, turnover):
    """Rotation curve V = V_flat (2 / pi) arctan(R / r_t) (Courteau 1997)."""
    return flat * (2 / np.pi) * np.arctan(np.asarray(radius) / turnover)


def ornstein_uhlenbeck(times, spread, correlation_time, rng, count):
    """`count` stationary Gaussian walks sampled exactly at increasing `times`.

    Exact update of the Ornstein-Uhlenbeck process (Gillespie 1996), the damped random
    walk by which Caplar & Tacchella (2019) describe galaxies about the main sequence.

    Returns
    -------
    (count, len(times)) array
        Standard deviation `spread`, correlation exp(-dt / correlation_time).
    """
    walk = np.empty((count, len(times)))
    walk[:, 0] = spread * rng.standard_normal(count)
    for step, gap in enumerate(np.diff(times), start=1):
        keep = np.exp(-gap / correlation_time)
        kick = spread * np.sqrt(1 - keep**2) * rng.standard_normal(count)
        walk[:, step] = keep * walk[:, step - 1] + kick
    return walk
