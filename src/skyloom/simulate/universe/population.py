"""The galaxies of one snapshot: masses, sizes, places and the order of the catalogue.

A pure function of (seed, galaxies, snapshots, snapshot); no particle is drawn here, so every job
finds the same catalogue order and the same trees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from skyloom.errors import InputError
from skyloom.simulate.universe import cosmology, gas_laws, lineages
from skyloom.simulate.universe import galaxy_laws as laws

if TYPE_CHECKING:
    from skyloom.simulate.universe.lineages import Lineages

#: Cold gas below this is not a disc any more but a few unresolved clouds, Msun.
LEAST_COLD_GAS = 1e7
#: Age of the universe at which the role "quenches" does, Gyr: between snapshots 91 and 84.
QUENCHES_AT = 11.7


@dataclass(frozen=True)
class Population:
    """Galaxies in catalogue order: groups by halo mass, the central first; physical units."""

    snapshot: int
    redshift: float
    lineage: np.ndarray  # index into the lineages
    name: np.ndarray  # role or extra
    group: np.ndarray
    central: np.ndarray  # bool
    halo_mass: np.ndarray  # M200 (before stripping), Msun
    bound_mass: np.ndarray  # dark matter kept, Msun
    radius_200: np.ndarray  # kpc
    velocity_200: np.ndarray  # km/s
    stellar_mass: np.ndarray  # Msun, without wind
    cold_gas: np.ndarray
    hot_gas: np.ndarray
    stream_gas: np.ndarray
    quenched: np.ndarray  # bool
    since_quenching: np.ndarray  # Gyr, 0 unless quenched
    stellar_length: np.ndarray  # kpc
    molecular_length: np.ndarray
    atomic_length: np.ndarray
    flat_velocity: np.ndarray
    position: np.ndarray  # (N, 3) ckpc/h in [0, box)
    velocity: np.ndarray  # (N, 3) km/s, peculiar
    axis: np.ndarray  # (N, 3) spin of the disc
    flag: np.ndarray  # SubhaloFlag
    in_tree: np.ndarray  # bool

    def __len__(self):
        return len(self.lineage)

    @property
    def scale_factor(self):
        """Scale factor of the snapshot."""
        return 1 / (1 + self.redshift)


def populate(
    snapshot: int, *, snapshots: Sequence[int], galaxies: int, seed: int
) -> tuple[Population, Lineages]:
    """Every galaxy that exists at a snapshot.

    Parameters
    ----------
    snapshot : int
    snapshots : sequence of int
        All snapshots of the universe; the merger happens just before the newest.
    galaxies, seed : int

    Returns
    -------
    Population, Lineages

    Raises
    ------
    InputError
        If `snapshot` is not among `snapshots`, or one of them has no redshift.
    """
    numbers = cosmology.check_snapshots(snapshots)
    if int(snapshot) not in numbers:
        raise InputError(f"Snapshot {snapshot} is not in tng.snapshots {numbers}: add it there.")
    every = lineages.draw(galaxies=galaxies, seed=seed)
    alive = np.ones(len(every), dtype=bool)
    if int(snapshot) == numbers[0]:
        alive[every.index("merges")] = False
    z = cosmology.redshift(snapshot)
    columns = {**_haloes_and_stars(every, z), **_places(every, z)}
    columns.update(_gas(every, int(snapshot), z, columns))
    order, group = _catalogue_order(every, columns["halo_mass"], alive)
    columns = {name: values[order] for name, values in columns.items()}
    names = every.name[order]
    return (
        Population(
            snapshot=int(snapshot),
            redshift=z,
            lineage=order,
            name=names,
            group=group,
            central=every.host[order] < 0,
            flag=names != "flagged",
            in_tree=names != "no_tree_row",
            **columns,
        ),
        every,
    )


def _stellar_mass(every, halo_mass, z):
    law = laws.stellar_mass(halo_mass, z)
    cluster = every.name == "cluster"
    law = np.where(cluster, laws.cluster_stellar_mass(halo_mass), law)
    return law * 10**every.stellar_offset


def _haloes_and_stars(every, z):
    halo = laws.halo_growth(every.halo_mass, every.concentration, z)
    stars = _stellar_mass(every, halo, z)
    radius = cosmology.radius_200(halo, z)
    dark = halo * (1 - cosmology.BARYON_FRACTION) * every.retained
    return {
        "halo_mass": halo,
        "bound_mass": dark,
        "radius_200": radius,
        "velocity_200": cosmology.velocity_200(halo, z),
        "stellar_mass": stars,
        "stellar_length": laws.stellar_scale_length(radius) * 10**every.size_offset,
    }


def quenching_times(every):
    """Age of the universe when each lineage began to quench, Gyr; infinity for never.

    A lineage quenches when the quenched fraction of its mass and kind first exceeds its rank
    (Peng et al. 2010, read as a probability of having quenched by now).
    """
    satellite = every.host >= 0
    when = np.full(len(every), np.inf)
    ages = lineages.table_ages()
    table = zip(lineages.table_snapshots(), ages, strict=True)
    for number, age in reversed(list(table)):
        z = cosmology.SNAPSHOT_REDSHIFT[number]
        stars = _stellar_mass(every, laws.halo_growth(every.halo_mass, every.concentration, z), z)
        when[laws.quenched_fraction(stars, satellite) > every.quench_rank] = age
    early = when == ages[0]
    when[early] -= every.quench_early[early]
    when[every.quench_rank == 0.0] = 5.0
    when[every.name == "quenches"] = QUENCHES_AT
    return when


def _gas(every, snapshot, z, columns):
    age = cosmology.age(z)
    since = np.maximum(age - quenching_times(every), 0.0)
    quenched = since > 0
    stars, halo = columns["stellar_mass"], columns["halo_mass"]
    column = lineages.table_snapshots().index(snapshot)
    cold = laws.cold_gas_mass(stars, z) * 10 ** every.gas_offset[:, column]
    cold = cold * np.exp(-since / laws.QUENCHING_TIME) + quenched * every.residual * stars
    cold[cold < LEAST_COLD_GAS] = 0.0
    share = gas_laws.hot_halo_share(halo, quenched)
    hot = share * cosmology.BARYON_FRACTION * halo * every.retained
    # Gas that falls in within one crossing of the halo, R200 / V200.
    crossing = columns["radius_200"] / columns["velocity_200"] / cosmology.KPC_PER_GYR
    inflow = gas_laws.accretion_rate(halo, z) * crossing * 1e9
    streams = inflow * gas_laws.cold_stream_share(halo) * np.where(quenched, 0.0, 1.0)
    # A satellite's own streams end at its host.
    streams[every.host >= 0] = 0.0
    for content in (cold, hot, streams):
        content[every.name == "no_gas"] = 0.0
    atomic = laws.atomic_scale_length(cold) * 10**every.atomic_size_offset
    return {
        "cold_gas": cold,
        "hot_gas": hot,
        "stream_gas": streams,
        "quenched": quenched,
        "since_quenching": since,
        "atomic_length": atomic,
        # Molecular gas follows the stars (Leroy et al. 2008), or all of a small disc.
        "molecular_length": np.minimum(columns["stellar_length"], np.maximum(atomic, 0.1)),
        "flat_velocity": laws.flat_velocity(stars + cold),
    }


def _places(every, z):
    """Positions and velocities: centrals drift, satellites circle their host at V200."""
    a = 1 / (1 + z)
    lookback = float(cosmology.age(0.0) - cosmology.age(z))
    comoving = cosmology.HUBBLE / np.sqrt(a)  # ckpc/h per kpc at the middle of the way
    position = every.position - every.velocity * lookback * cosmology.KPC_PER_GYR * comoving
    velocity = every.velocity.copy()
    satellite = np.flatnonzero(every.host >= 0)
    host = every.host[satellite]
    halo = laws.halo_growth(every.halo_mass[host], every.concentration[host], z)
    radius = every.orbit[satellite] * cosmology.radius_200(halo, z)
    speed = cosmology.velocity_200(halo, z)
    angle = every.phase[satellite] - speed / radius * cosmology.KPC_PER_GYR * lookback
    first, second = every.orbit_axes[satellite, 0], every.orbit_axes[satellite, 1]
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    away = radius[:, None] * (cos * first + sin * second)
    position[satellite] = position[host] + away * cosmology.HUBBLE / a
    velocity[satellite] = velocity[host] + speed[:, None] * (cos * second - sin * first)
    drift = lineages.AXIS_DRIFT * lookback
    axis = np.cos(drift) * every.axis + np.sin(drift) * np.cross(every.axis_pole, every.axis)
    return {"position": wrap(position), "velocity": velocity, "axis": axis}


def wrap(position):
    """Positions in [0, box), also where rounding of the remainder gives the box itself."""
    position = np.mod(position, cosmology.BOX_SIZE)
    return np.where(position >= cosmology.BOX_SIZE, 0.0, position)


def _catalogue_order(every, halo_mass, alive):
    """Lineages in catalogue order and the group of each."""
    centrals = np.flatnonzero((every.host < 0) & alive)
    centrals = centrals[np.argsort(-halo_mass[centrals], kind="stable")]
    order, group = [], []
    for number, central in enumerate(centrals):
        members = np.flatnonzero((every.host == central) & alive)
        kept = halo_mass[members] * every.retained[members]
        members = members[np.argsort(-kept, kind="stable")]
        order.extend([central, *members])
        group.extend([number] * (1 + len(members)))
    return np.array(order), np.array(group)
