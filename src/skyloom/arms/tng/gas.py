"""Thermodynamics of TNG gas cells, from code units to kelvin and keV cm^2.

Code units: mass 10^10 Msun/h, length ckpc/h, velocity km/s; see Nelson et al. (2019) and the
field descriptions of the TNG data release. Physical constants are CODATA's, through astropy.
"""

from __future__ import annotations

import numpy as np
from astropy import constants, units

from skyloom.kernels.histogram2d import Thermodynamics

#: Hydrogen mass fraction of TNG's gas physics (Nelson et al. 2019, section 3).
HYDROGEN_FRACTION = 0.76
#: Ratio of specific heats of a monatomic gas.
ADIABATIC_INDEX = 5.0 / 3.0

_PROTON_MASS = constants.m_p.cgs.value
_BOLTZMANN = constants.k_B.cgs.value
_KEV = units.keV.to(units.erg)
#: (km/s)^2 in erg/g.
_SPECIFIC_ENERGY = 1.0e10
#: 10^10 Msun / kpc^3 in g / cm^3.
_DENSITY = (1.0e10 * units.Msun / units.kpc**3).to(units.g / units.cm**3).value


def _same_length(**arrays):
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"arrays differ in length: {lengths}")


def mean_molecular_weight(electron_abundance: np.ndarray) -> np.ndarray:
    """Mean molecular weight of gas of primordial composition, in proton masses.

    Parameters
    ----------
    electron_abundance : (N,) array
        n_e / n_H, dimensionless.

    Returns
    -------
    (N,) array
        mu = 4 / (1 + 3 X + 4 X x_e); thesis equation 2.5.
    """
    x = HYDROGEN_FRACTION
    return 4.0 / (1.0 + 3.0 * x + 4.0 * x * np.asarray(electron_abundance, dtype=np.float64))


def temperature(internal_energy: np.ndarray, electron_abundance: np.ndarray) -> np.ndarray:
    """Temperature of gas cells.

    Parameters
    ----------
    internal_energy : (N,) array
        Thermal energy per unit mass, (km/s)^2.
    electron_abundance : (N,) array
        n_e / n_H, dimensionless.

    Returns
    -------
    (N,) array
        T = (gamma - 1) u mu m_p / k_B in K; thesis equation 2.4.

    Raises
    ------
    ValueError
        If the arrays differ in length or an energy is negative.
    """
    energy = np.asarray(internal_energy, dtype=np.float64)
    _same_length(internal_energy=energy, electron_abundance=electron_abundance)
    if energy.size and energy.min() < 0:
        raise ValueError("internal energy is negative")
    weight = mean_molecular_weight(electron_abundance)
    return (ADIABATIC_INDEX - 1.0) * energy * _SPECIFIC_ENERGY * weight * _PROTON_MASS / _BOLTZMANN


def electron_density(
    density: np.ndarray, electron_abundance: np.ndarray, *, scale_factor: float, hubble: float
) -> np.ndarray:
    """Physical electron number density of gas cells.

    Parameters
    ----------
    density : (N,) array
        Comoving mass density, (10^10 Msun/h) / (ckpc/h)^3.
    electron_abundance : (N,) array
        n_e / n_H, dimensionless.
    scale_factor, hubble : float
        a and h of the snapshot.

    Returns
    -------
    (N,) array
        n_e in cm^-3.

    Raises
    ------
    ValueError
        If the arrays differ in length or a density is negative.

    Notes
    -----
    n_e = x_e X rho / m_p with X = 0.76 (Nelson et al. 2019, section 3), where the physical
    density is rho = rho_code 10^10 Msun h^2 / (a kpc)^3.
    """
    density = np.asarray(density, dtype=np.float64)
    abundance = np.asarray(electron_abundance, dtype=np.float64)
    _same_length(density=density, electron_abundance=abundance)
    if density.size and density.min() < 0:
        raise ValueError("density is negative")
    physical = density * (_DENSITY * hubble**2 / scale_factor**3)
    return abundance * HYDROGEN_FRACTION * physical / _PROTON_MASS


def entropy(temperature: np.ndarray, electron_density: np.ndarray) -> np.ndarray:
    """Astrophysical entropy K = k_B T n_e^(-2/3).

    Parameters
    ----------
    temperature : (N,) array
        K.
    electron_density : (N,) array
        cm^-3, larger than zero.

    Returns
    -------
    (N,) array
        keV cm^2, linear. The thesis defines S = log K (equation 2.6), yet the maximum that it
        prints, 6.21e3 keV cm^2, is linear.

    Raises
    ------
    ValueError
        If an electron density is not positive: put a floor under the electron abundance first.
    """
    density = np.asarray(electron_density, dtype=np.float64)
    _same_length(temperature=temperature, electron_density=density)
    if density.size and not density.min() > 0:
        raise ValueError("electron density must be positive")
    return np.asarray(temperature, dtype=np.float64) * (_BOLTZMANN / _KEV) / np.cbrt(density) ** 2


def cell_properties(
    cells: dict[str, np.ndarray],
    *,
    scale_factor: float,
    hubble: float,
    electron_abundance_floor: float,
    star_forming_temperature: str | float = "effective",
    entropy_scale: str = "linear",
) -> tuple[dict[str, np.ndarray], int]:
    """Entropy, mass and temperature of every gas cell: the quantities that are mapped.

    The kernel works them out by itself (`kernel_constants`); this is the plain NumPy that it is
    tested against.

    Parameters
    ----------
    cells : dict of (N,) array
        TNG fields Masses, Density, InternalEnergy, ElectronAbundance, StarFormationRate.
    scale_factor, hubble : float
        a and h of the snapshot.
    electron_abundance_floor : float
        Cells below it take its value in the entropy, which diverges where n_e goes to zero.
    star_forming_temperature : 'effective' or float
        Star-forming gas carries the temperature of its effective equation of state (Springel &
        Hernquist 2003); a number, in K, replaces it (10^4 K is usual).
    entropy_scale : 'linear' or 'log'
        K, or log10 K.

    Returns
    -------
    properties : dict of (N,) float64 array
        ``entropy`` (keV cm^2, or its log10), ``mass`` (10^10 Msun/h), ``temperature`` (K).
    floored : int
        How many cells took the floor's electron abundance.
    """
    abundance = np.asarray(cells["ElectronAbundance"], dtype=np.float64)
    kelvin = temperature(cells["InternalEnergy"], abundance)
    if star_forming_temperature != "effective":
        kelvin = np.where(
            np.asarray(cells["StarFormationRate"]) > 0, float(star_forming_temperature), kelvin
        )
    floored = abundance < electron_abundance_floor
    electrons = electron_density(
        cells["Density"],
        np.where(floored, electron_abundance_floor, abundance),
        scale_factor=scale_factor,
        hubble=hubble,
    )
    specific = entropy(kelvin, electrons)
    return {
        "entropy": np.log10(specific) if entropy_scale == "log" else specific,
        "mass": np.asarray(cells["Masses"], dtype=np.float64),
        "temperature": kelvin,
    }, int(floored.sum())


def kernel_constants(
    *,
    scale_factor,
    hubble,
    electron_abundance_floor,
    star_forming_temperature="effective",
    entropy_scale="linear",
) -> Thermodynamics:
    """The numbers with which the kernel works out `cell_properties` by itself.

    Parameters
    ----------
    scale_factor, hubble, electron_abundance_floor, star_forming_temperature, entropy_scale
        As for `cell_properties`, the reference that the kernel is tested against.

    Returns
    -------
    `skyloom.kernels.histogram2d.Thermodynamics`
    """
    effective = star_forming_temperature == "effective"
    physical = _DENSITY * hubble**2 / scale_factor**3
    return Thermodynamics(
        kelvin=(ADIABATIC_INDEX - 1.0) * _SPECIFIC_ENERGY * _PROTON_MASS / _BOLTZMANN,
        electrons=HYDROGEN_FRACTION * physical / _PROTON_MASS,
        entropy=_BOLTZMANN / _KEV,
        hydrogen=HYDROGEN_FRACTION,
        abundance_floor=electron_abundance_floor,
        star_forming_kelvin=np.nan if effective else float(star_forming_temperature),
        logarithm=int(entropy_scale == "log"),
    )
