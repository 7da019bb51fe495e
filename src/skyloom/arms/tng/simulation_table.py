"""What a simulation on disk is: its name, box and cosmology, and what can be made of each snapshot.

All of it is read from the files; nothing is taken from a folder's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from astropy.table import Table

from skyloom.arms.tng import channels, gas_channels, runs
from skyloom.errors import InputError

if TYPE_CHECKING:
    from skyloom.arms.tng.simulation import Simulation


def possible(fields: dict, dark_mass: float | None) -> list[str]:
    """Channels that can be mapped with what a snapshot holds.

    Parameters
    ----------
    fields : dict
        Particle type, as `skyloom.arms.tng.simulation.PARTICLE_TYPES` calls it -> set of its
        fields.
    dark_mass : float or None
        Of a particle of dark matter; None where the header has none.

    Returns
    -------
    list of str
        Names of `skyloom.arms.tng.channels.QUANTITIES`; the gas's three together as ``gas``.
    """
    found = [
        name
        for name, quantity in channels.QUANTITIES.items()
        if set(gas_channels.fields(quantity)) <= fields.get(quantity.particles, set())
        and (quantity.masses or dark_mass is not None)
    ]
    gas = ["gas"] if set(gas_channels.CHANNELS) <= set(found) else []
    return gas + [name for name in found if name not in gas_channels.CHANNELS]


def dark_mass(simulation):
    """Mass of a particle of dark matter, 10^10 Msun/h; None where the header has none."""
    try:
        return simulation.particle_mass("dark_matter")
    except InputError:
        return None


def row(simulation: Simulation, galaxies: Table) -> dict:
    """One snapshot in a line.

    Parameters
    ----------
    simulation : `skyloom.arms.tng.simulation.Simulation`
        With its particles on disk.
    galaxies : astropy.table.Table
        Those that were selected.

    Returns
    -------
    dict
    """
    fields, mass = simulation.particle_fields(), dark_mass(simulation)
    header = simulation.header
    return {
        "snapshot": header.snapshot,
        "redshift": header.redshift,
        "subhaloes": len(simulation.subhalos(("SubhaloGrNr",))["SubhaloGrNr"]),
        "selected": len(galaxies),
        "subhalo_flag": simulation.has_subhalo_field("SubhaloFlag"),
        "merger_trees": simulation.has_tree,
        "fields": " ".join(f"{kind}:{name}" for kind in fields for name in sorted(fields[kind])),
        "channels": " ".join(possible(fields, mass)),
    }


def table(simulations: Sequence[Simulation], galaxies: Sequence[Table]) -> Table:
    """What a simulation is, a row a snapshot.

    Parameters
    ----------
    simulations : sequence of `skyloom.arms.tng.simulation.Simulation`
        Snapshots of one simulation.
    galaxies : sequence of astropy.table.Table
        Of each.

    Returns
    -------
    astropy.table.Table
        Name, box, h, matter density and particle mass are in the metadata.

    Raises
    ------
    InputError
        If the snapshots are of different simulations.
    """
    first, mass = simulations[0].header, dark_mass(simulations[0])
    for simulation in simulations[1:]:
        header = simulation.header
        if not np.allclose(
            (header.box_size, header.hubble, header.omega_matter),
            (first.box_size, first.hubble, first.omega_matter),
            rtol=1e-6,
        ):
            raise InputError(
                f"{simulation.base_path}: snapshot {header.snapshot} is of another simulation than "
                f"snapshot {first.snapshot} (box {header.box_size:g} and {first.box_size:g} ckpc/h,"
                f" h {header.hubble:g} and {first.hubble:g}): keep them in folders of their own."
            )
    found = Table([row(*pair) for pair in zip(simulations, galaxies, strict=True)])
    found.meta = {
        "simulation": runs.recognised(first.box_size, first.hubble, mass),
        "synthetic": first.synthetic,
        "box_size": first.box_size,
        "box_size_unit": "ckpc/h",
        "hubble": first.hubble,
        "omega_matter": first.omega_matter,
        "dark_matter_particle_mass": mass,
        "dark_matter_particle_mass_unit": "1e10 Msun/h",
    }
    return found
