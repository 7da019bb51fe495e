"""The simulations of TNG's format: boxes, cosmologies, resolutions, and what their files lack.

Imports nothing that costs time, so that the workflow may plan by it.
"""

from __future__ import annotations

from typing import NamedTuple

#: Redshifts of TNG's snapshots that the synthetic universe knows, from the public list
#: (https://www.tng-project.org/api/TNG50-1/snapshots/, rounded as printed there).
_TNG_REDSHIFTS = {
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
#: Illustris's last twenty: its specification prints snapshots 103 (a = 0.66531) and 135 (a = 1);
#: those between are taken as equally spaced in a.
_ILLUSTRIS_REDSHIFTS = {
    number: round(1 / (0.66531 + (number - 103) * (1 - 0.66531) / 32) - 1, 4)
    for number in range(135, 115, -1)
}
#: Critical density today, (10^10 Msun/h) / (ckpc/h)^3: 3 (100 km/s/Mpc)^2 / (8 pi G).
CRITICAL_DENSITY = 2.7753662e-8


class Run(NamedTuple):
    """One simulation, as its files' headers have it."""

    name: str
    box_size: float  # ckpc/h
    cells: int  # a side, of the initial conditions
    hubble: float
    omega_matter: float
    omega_lambda: float
    omega_baryon: float
    redshifts: dict  # of the snapshots that the synthetic universe knows
    lacks: tuple  # fields that TNG has: PartType0/..., Subhalo/...

    @property
    def dark_mass(self):
        """Mass of a particle of dark matter, 10^10 Msun/h."""
        density = (self.omega_matter - self.omega_baryon) * CRITICAL_DENSITY
        return density * (self.box_size / self.cells) ** 3


def _family(name, box_size, cells, cosmology, redshifts, lacks=()):
    return {
        f"{name}-{level}": Run(f"{name}-{level}", box_size, number, *cosmology, redshifts, lacks)
        for level, number in enumerate(cells, start=1)
    }


#: h and the densities of matter, dark energy and baryons: Planck Collaboration XIII (2016) for TNG
#: (Nelson et al. 2019, section 2), WMAP9 for Illustris (Nelson et al. 2015, table 1).
_PLANCK, _WMAP = (0.6774, 0.3089, 0.6911, 0.0486), (0.704, 0.2726, 0.7274, 0.0456)

#: Every simulation by its name in the archive.
SIMULATIONS = {
    **_family("TNG50", 35000.0, (2160, 1080, 540, 270), _PLANCK, _TNG_REDSHIFTS),
    **_family("TNG100", 75000.0, (1820, 910, 455), _PLANCK, _TNG_REDSHIFTS),
    **_family("TNG300", 205000.0, (2500, 1250, 625), _PLANCK, _TNG_REDSHIFTS),
    **_family(
        "Illustris",
        75000.0,
        (1820, 910, 455),
        _WMAP,
        _ILLUSTRIS_REDSHIFTS,
        ("PartType0/MagneticField", "Subhalo/SubhaloFlag"),
    ),
}


def recognised(box_size: float, hubble: float, dark_mass: float | None) -> str:
    """Name of the simulation that some files are of.

    Parameters
    ----------
    box_size : float
        ckpc/h.
    hubble : float
    dark_mass : float or None
        Mass of a particle of dark matter, 10^10 Msun/h; None where it is not known.

    Returns
    -------
    str
        Such as ``TNG100-1``; the family's name alone, ``TNG100``, where the particles are of none
        of its runs; ``unknown`` where box and h are of no family.
    """
    alike = [
        run
        for run in SIMULATIONS.values()
        if abs(box_size / run.box_size - 1) < 1e-3 and abs(hubble / run.hubble - 1) < 1e-3
    ]
    if not alike:
        return "unknown"
    for run in alike:
        if dark_mass is not None and abs(dark_mass / run.dark_mass - 1) < 1e-2:
            return run.name
    return alike[0].name.rpartition("-")[0]
