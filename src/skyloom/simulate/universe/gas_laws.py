"""Published relations for gas: star formation, pressure, ionisation, structure of disc and halo.

Units: densities in Msun / kpc^3, surface densities in Msun / kpc^2, temperatures in K, velocities
in km/s, times in Gyr, all physical. Laws of one cell take arrays.
"""

from __future__ import annotations

import numpy as np

from skyloom.simulate.universe import cosmology
from skyloom.simulate.universe.cosmology import (
    BOLTZMANN_PER_PROTON,
    GRAVITY,
    HYDROGEN_FRACTION,
    HYDROGEN_PER_DENSITY,
)

#: Hydrogen density above which gas forms stars, cm^-3 (Springel & Hernquist 2003; TNG: 0.1).
THRESHOLD = 0.1
#: Gas consumption time at the threshold, Gyr (TNG: Vogelsberger et al. 2013, t_0* = 2.2 Gyr).
CONSUMPTION_TIME = 2.2
#: Supernova temperature, cold-cloud temperature (K) and evaporation of the multiphase model
#: (Springel & Hernquist 2003: 10^8 K, 10^3 K, A_0 = 1000).
SUPERNOVA_TEMPERATURE = 1e8
CLOUD_TEMPERATURE = 1e3
EVAPORATION = 1000.0
#: Temperature at the threshold, to which the effective equation of state joins, K.
WARM_TEMPERATURE = 1e4
#: Electrons per hydrogen nucleus of fully ionised gas: 1 + 2 n_He / n_H.
HELIUM_RATIO = (1 - HYDROGEN_FRACTION) / (4 * HYDROGEN_FRACTION)
FULLY_IONISED = 1 + 2 * HELIUM_RATIO
#: Turbulence of disc gas, Mach number and driving (Federrath et al. 2010: b = 0.4 for mixed
#: driving; Mach 2 is that of 10 km/s three-dimensional motions in gas of 10^4 K or less).
TURBULENT_MACH = 2.0
TURBULENT_DRIVING = 0.4
#: Slope of the outer profile of hot haloes (Miller & Bregman 2015: beta = 0.5) and its core.
HALO_BETA = 0.5
HALO_CORE = 0.05
#: Hot gas inside R200 over the cosmic share, of galaxies (Bregman et al. 2018), of clusters
#: (Gonzalez et al. 2013), and of quenched over star-forming TNG galaxies (Davies et al. 2020).
HOT_SHARE_GALAXY = 0.3
HOT_SHARE_CLUSTER = 0.8
HOT_SHARE_QUENCHED = 0.4
#: Giant molecular clouds, dN/dM ~ M^-1.59 up to 10^7 Msun (Rice et al. 2016, inner Galaxy), at a
#: surface density of 40 Msun/pc^2. Those above 10^6 Msun are drawn: with this slope they hold 61 %
#: of the mass in clouds, and clouds 98 % of the molecular gas (Miville-Deschenes et al. 2017).
CLOUD_SLOPE = -1.59
CLOUD_MASSES = (1e6, 1e7)
CLOUD_SURFACE_DENSITY = 40e6
CLOUD_SHARE = 0.6
#: Gravitational softening of stars in TNG50 at z = 0, kpc (Nelson et al. 2019, table 1): nothing
#: is smaller.
SOFTENING = 0.288


def hydrogen_density(density):
    """n_H in cm^-3 of gas with a mass density in Msun/kpc^3, X_H = 0.76."""
    return np.asarray(density) * HYDROGEN_PER_DENSITY


def star_formation_rate(mass, density):
    """Star formation of gas cells, m / t_*, t_* = 2.2 Gyr (n_H / 0.1 cm^-3)^-1/2; Msun/yr.

    Springel & Hernquist (2003): zero below the threshold. With the thickness of
    `midplane_density` it gives the Kennicutt (1998) relation, for which they chose t_*.
    """
    excess = hydrogen_density(density) / THRESHOLD
    rate = np.asarray(mass) * np.sqrt(excess) / (CONSUMPTION_TIME * 1e9)
    return np.where(excess >= 1, rate, 0.0)


def multiphase(density) -> tuple[np.ndarray, np.ndarray]:
    """Effective temperature and cold-cloud share of star-forming gas.

    Springel & Hernquist (2003), section 3: T_h = T_SN / (1 + A) + T_c with
    A = A_0 (rho / rho_th)^-4/5, and x = 1 + 1/2y - sqrt(1/y + 1/4y^2) where y grows as
    (rho / rho_th)^1/2 (a constant cooling function) from the value at which
    T_eff = (1 - x) T_h + x T_c is 10^4 K at the threshold. About 10^5 K at 100 rho_th.

    Returns
    -------
    temperature, cloud_share : arrays
        Meaningful at and above the threshold; its values there are used below it.
    """
    excess = np.maximum(hydrogen_density(density) / THRESHOLD, 1.0)
    hot = SUPERNOVA_TEMPERATURE / (1 + EVAPORATION * excess**-0.8) + CLOUD_TEMPERATURE
    hot_here = SUPERNOVA_TEMPERATURE / (1 + EVAPORATION) + CLOUD_TEMPERATURE
    share = (hot_here - WARM_TEMPERATURE) / (hot_here - CLOUD_TEMPERATURE)
    y = share / (1 - share) ** 2 * np.sqrt(excess)
    share = 1 + 1 / (2 * y) - np.sqrt(1 / y + 1 / (4 * y**2))
    return (1 - share) * hot + share * CLOUD_TEMPERATURE, share


def midplane_density(surface_density):
    """Density in the midplane of a self-gravitating sheet, rho = pi G S^2 / (2 c^2).

    c^2 = k T_eff(rho) / (0.6 m_p) follows the effective equation of state, the sheet for which
    Springel & Hernquist (2003) match t_* to Kennicutt's relation (Spitzer 1942 gives
    the sheet). Solved by fixed-point iteration on a table.
    """
    table = np.logspace(3, 10, 281)
    density = np.full_like(table, 1e6)
    for _ in range(60):
        sound = BOLTZMANN_PER_PROTON * multiphase(density)[0] / 0.6
        density = np.sqrt(density * np.pi * GRAVITY * table**2 / (2 * sound))
    logs = np.log(np.maximum(surface_density, table[0]))
    return np.exp(np.interp(logs, np.log(table), np.log(density)))


def turbulent_spread():
    """Width of the lognormal density distribution, s^2 = ln(1 + b^2 Mach^2).

    Padoan, Nordlund & Jones (1997); Federrath et al. (2010). A mass-weighted sample has
    the mean +s^2 / 2 in ln(rho / rho_0).
    """
    return np.sqrt(np.log(1 + (TURBULENT_DRIVING * TURBULENT_MACH) ** 2))


def virial_temperature(mass, z, mean_weight=0.6):
    """Virial temperature of a halo, K.

    T = 1.98e4 (mu/0.6) (M h / 10^8 Msun)^2/3 [Om Dc / (Om(z) 18 pi^2)]^1/3 (1+z)/10, with
    Dc = 18 pi^2 + 82 d - 39 d^2, d = Om(z) - 1 (Barkana & Loeb 2001, eqs. 22 and 26).
    """
    matter = cosmology.OMEGA_MATTER * (1 + z) ** 3
    matter_here = matter / (matter + cosmology.OMEGA_LAMBDA)
    overdensity = 18 * np.pi**2 + 82 * (matter_here - 1) - 39 * (matter_here - 1) ** 2
    shape = (cosmology.OMEGA_MATTER / matter_here * overdensity / (18 * np.pi**2)) ** (1 / 3)
    scale = (np.asarray(mass) * cosmology.HUBBLE / 1e8) ** (2 / 3)
    return 1.98e4 * (mean_weight / 0.6) * scale * shape * (1 + z) / 10


def hot_halo_share(mass, quenched):
    """Hot gas of a halo over its cosmic share of baryons.

    `HOT_SHARE_GALAXY` up to 10^13 Msun, `HOT_SHARE_CLUSTER` from 10^14.5 Msun, in between linear
    in log M; times `HOT_SHARE_QUENCHED` where a galaxy's black hole emptied its halo.
    """
    share = np.interp(np.log10(mass), [13.0, 14.5], [HOT_SHARE_GALAXY, HOT_SHARE_CLUSTER])
    return share * np.where(quenched & (np.asarray(mass) < 1e13), HOT_SHARE_QUENCHED, 1.0)


def beta_profile(fraction: np.ndarray, truncation: float) -> tuple[np.ndarray, float]:
    """Radii (in cores) at mass fractions of a beta model, and its central density.

    rho = rho_0 (1 + x^2)^(-3 beta / 2), beta = `HALO_BETA` (Cavaliere & Fusco-Femiano 1976).

    Parameters
    ----------
    fraction : (N,) array
        Cumulative mass fractions in [0, 1).
    truncation : float
        Outer edge in core radii.

    Returns
    -------
    x : (N,) array
    central : float
        rho_0 for a unit mass and a unit core.
    """
    grid = np.concatenate([[0.0], np.geomspace(1e-3, 1, 400)]) * truncation
    shell = grid**2 * (1 + grid**2) ** (-1.5 * HALO_BETA)
    mass = np.concatenate([[0.0], np.cumsum((shell[1:] + shell[:-1]) / 2 * np.diff(grid))])
    return np.interp(fraction * mass[-1], mass, grid), 1 / (4 * np.pi * mass[-1])


def accretion_rate(mass, z):
    """Baryons that fall into a halo, 6.6 M12^1.15 (1 + z)^2.25 Msun/yr (Dekel et al. 2009)."""
    return 6.6 * (np.asarray(mass) / 1e12) ** 1.15 * (1 + z) ** 2.25


def cold_stream_share(mass):
    """Share of the inflow that stays cold, 1 / (1 + M / 10^12 Msun).

    A smooth form of the transition at the shock-heating mass (Dekel & Birnboim 2006, about
    10^12 Msun; Keres et al. 2005).
    """
    return 1 / (1 + np.asarray(mass) / 1e12)


def ionisation_rates(temperature) -> dict:
    """Collisional ionisation and recombination rates, cm^3/s.

    Cen (1992), as listed by Katz, Weinberg & Hernquist (1996).

    Returns
    -------
    dict
        ``ionise_H``, ``ionise_He``, ``ionise_He+``, ``recombine_H+``, ``recombine_He+`` (with the
        dielectronic part) and ``recombine_He++``.
    """
    T = np.asarray(temperature, dtype=float)
    cut = np.sqrt(T) / (1 + np.sqrt(T / 1e5))
    fall = (T / 1e3) ** -0.2 / (1 + (T / 1e6) ** 0.7) / np.sqrt(T)
    dielectronic = 1.9e-3 * T**-1.5 * np.exp(-470000 / T) * (1 + 0.3 * np.exp(-94000 / T))
    return {
        "ionise_H": 5.85e-11 * cut * np.exp(-157809.1 / T),
        "ionise_He": 2.38e-11 * cut * np.exp(-285335.4 / T),
        "ionise_He+": 5.68e-12 * cut * np.exp(-631515.0 / T),
        "recombine_H+": 8.4e-11 * fall,
        "recombine_He+": 1.5e-10 * T**-0.6353 + dielectronic,
        "recombine_He++": 3.36e-10 * fall,
    }


def electron_abundance(temperature):
    """n_e / n_H of hydrogen and helium in collisional equilibrium (Katz et al. 1996).

    At most 1.158, fully ionised.
    """
    rate = ionisation_rates(np.clip(temperature, 1e3, 1e9))
    hydrogen = rate["ionise_H"] / (rate["ionise_H"] + rate["recombine_H+"])
    first = rate["ionise_He"] / rate["recombine_He+"]
    second = first * rate["ionise_He+"] / rate["recombine_He++"]
    helium = HELIUM_RATIO * (first + 2 * second) / (1 + first + second)
    return hydrogen + helium


def internal_energy(temperature, electrons):
    """Specific energy u = k T / ((gamma - 1) mu m_p), (km/s)^2.

    mu = 4 / (1 + 3 X + 4 X x_e), gamma = 5/3 (Nelson et al. 2019, TNG's FAQ).
    """
    weight = 4 / (1 + 3 * HYDROGEN_FRACTION + 4 * HYDROGEN_FRACTION * np.asarray(electrons))
    return 1.5 * BOLTZMANN_PER_PROTON * np.asarray(temperature) / weight


def cloud_masses(fraction):
    """Cloud masses at cumulative fractions of the number, dN/dM ~ M^`CLOUD_SLOPE`, Msun."""
    power = CLOUD_SLOPE + 1
    low, high = (mass**power for mass in CLOUD_MASSES)
    return (low + np.asarray(fraction) * (high - low)) ** (1 / power)


def cloud_radius(mass):
    """Radius of a cloud of constant surface density (Larson 1981), softened, kpc."""
    return np.sqrt(np.asarray(mass) / (np.pi * CLOUD_SURFACE_DENSITY) + SOFTENING**2)


def arm_phase(uniform, arms, contrast):
    """Azimuths with the density 1 + A cos(m phi), from uniform ones.

    Solves phi + (A / m) sin(m phi) = theta, Kepler's equation with e = -A, by Newton steps.
    """
    theta = np.asarray(uniform) * arms
    phi = theta.copy()
    for _ in range(12):
        step = (phi + contrast * np.sin(phi) - theta) / (1 + contrast * np.cos(phi))
        phi = phi - np.clip(step, -1, 1)
    return phi / arms
