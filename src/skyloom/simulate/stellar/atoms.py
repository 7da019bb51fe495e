"""What atoms there are, how they are ionised and excited, and the lines they absorb.

All of it comes from one file, ``resources/lines/<name>.ecsv``: a row a line, and under ``elements``
of its metadata a mass, an abundance, ionisation energies and partition functions for each element.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import constants

from skyloom.errors import InputError
from skyloom.io.files import read_table

_COLUMNS = {
    "wavelength": "Angstrom",
    "species": None,
    "log_gf": None,
    "excitation": "eV",
    "log_gamma_rad": None,
    "log_gamma_vdw": None,
}
_STAGES = {"I": 0, "II": 1}
#: Boltzmann's constant in eV / K.
BOLTZMANN = constants.k / constants.e
# Saha: 2 (2 pi m_e)^1.5 k^2.5 / h^3 in dyn cm^-2 K^-2.5 (0.6665, Gray's equation 1.20 with Pe).
_SAHA = (
    10 * 2 * (2 * np.pi * constants.m_e) ** 1.5 * constants.k**2.5 / constants.h**3
)  # 1 Pa = 10 dyn cm^-2


@dataclass(frozen=True)
class Elements:
    """What a gas is made of.

    Attributes
    ----------
    symbols : tuple of str
        Hydrogen and helium first.
    mass : (E,) array
        In atomic mass units.
    abundance : (E,) array
        Atoms for each hydrogen nucleus in the Sun.
    ionisation : (E, 2) array
        Energies to leave the neutral and the singly ionised stage, in eV; infinite if there is no
        such stage.
    partition : (E, 3, 6) array
        Coefficients of ln U = sum a_i (ln T)^i for stages I, II and III (Irwin 1981, ApJS 45, 621;
        1,000 to 16,000 K).
    """

    symbols: tuple
    mass: np.ndarray
    abundance: np.ndarray
    ionisation: np.ndarray
    partition: np.ndarray

    def abundances(self, m_h):
        """Atoms for each hydrogen nucleus: all but hydrogen and helium scaled by 10^[m/H]."""
        scale = np.full(len(self.symbols), 10.0**m_h)
        scale[:2] = 1
        return self.abundance * scale

    def partition_functions(self, temperature):
        """Partition functions U, shape (E, 3), at a temperature in K."""
        powers = np.log(temperature) ** np.arange(self.partition.shape[-1])
        return np.exp(self.partition @ powers)

    def stages(self, temperature: float, electron_pressure: float) -> np.ndarray:
        """The parts of each element that are neutral, singly and doubly ionised.

        Parameters
        ----------
        temperature : float
            K.
        electron_pressure : float
            dyn cm^-2.

        Returns
        -------
        (E, 3) array
            Each row adds up to 1.

        Notes
        -----
        Saha's equation, n_(i+1) / n_i = 0.6665 T^2.5 / P_e U_(i+1) / U_i exp(-chi_i / k T) (Gray,
        The Observation and Analysis of Stellar Photospheres, chapter 1). The lowering of
        ionisation energies by the plasma, below 0.1 eV here, is left out.
        """
        u = self.partition_functions(temperature)
        boltzmann = np.exp(-self.ionisation / (BOLTZMANN * temperature))
        steps = _SAHA * temperature**2.5 / electron_pressure * u[:, 1:] / u[:, :-1] * boltzmann
        relative = np.cumprod(np.column_stack([np.ones(len(steps)), steps]), axis=1)
        return relative / relative.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class Lines:
    """Spectral lines, sorted by wavelength.

    Attributes
    ----------
    wavelength : (N,) array
        In air, Å.
    species : tuple of str
        Such as "Fe II".
    element, stage : (N,) int array
        Row in `elements`, and 0 for neutral, 1 for singly ionised.
    log_gf, excitation : (N,) array
        Of the lower level; eV.
    log_gamma_rad, log_gamma_vdw : (N,) array
        Damping (full width, angular frequency): radiative in s^-1, and by collisions with neutral
        hydrogen at 10,000 K in s^-1 cm^3.
    elements : `Elements`
    """

    wavelength: np.ndarray
    species: tuple
    element: np.ndarray
    stage: np.ndarray
    log_gf: np.ndarray
    excitation: np.ndarray
    log_gamma_rad: np.ndarray
    log_gamma_vdw: np.ndarray
    elements: Elements


def _elements(described, path):
    try:
        symbols = ("H", "He", *sorted(set(described) - {"H", "He"}))
        ionisation = np.full((len(symbols), 2), np.inf)
        partition = np.zeros((len(symbols), 3, 6))
        for row, symbol in enumerate(symbols):
            known = described[symbol]
            ionisation[row, : len(known["ionisation"])] = known["ionisation"]
            partition[row, : len(known["partition"])] = known["partition"]
        return Elements(
            symbols,
            np.array([described[symbol]["mass"] for symbol in symbols], float),
            10.0 ** (np.array([described[symbol]["abundance"] for symbol in symbols]) - 12),
            ionisation,
            partition,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: the metadata's elements cannot be used ({error}): restore it from git."
        ) from error


def read_lines(path):
    """Read a line list.

    Parameters
    ----------
    path : str or Path
        ECSV with the columns of `Lines` (``species`` such as "Fe II" in place of element and stage)
        and ``elements`` in its metadata.

    Returns
    -------
    `Lines`

    Raises
    ------
    InputError
        If the file or a column is missing, a unit differs, a species is of no element in the
        metadata, or a number is not finite.
    """
    table = read_table(path, need=tuple(_COLUMNS))
    for name, unit in _COLUMNS.items():
        if unit and str(table[name].unit) != unit:
            raise InputError(
                f"{path}: {name} is in {table[name].unit}, not {unit}: restore it from git."
            )
    table.sort("wavelength")
    elements = _elements(table.meta.get("elements", {}), path)
    species = tuple(map(str, table["species"]))
    try:
        parts = [name.split() for name in species]
        element = np.array([elements.symbols.index(symbol) for symbol, _ in parts])
        stage = np.array([_STAGES[stage] for _, stage in parts])
    except (ValueError, KeyError) as error:
        raise InputError(
            f"{path}: a species is unknown ({error}): name it like Fe II, with its element in the "
            "metadata."
        ) from error
    numbers = [np.asarray(table[name], float) for name in _COLUMNS if name != "species"]
    if not all(np.isfinite(values).all() for values in numbers):
        raise InputError(f"{path}: a number is not finite: restore it from git.")
    return Lines(numbers[0], species, element, stage, *numbers[1:], elements)
