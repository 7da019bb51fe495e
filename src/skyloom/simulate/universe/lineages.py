"""Who lives in the universe: what stays with a galaxy for as long as it is followed.

A lineage's properties are drawn once, for all of TNG's snapshots 80 to 99, so that a galaxy at
one snapshot is the same whichever others are asked for. `galaxies` ordinary lineages are drawn
from the laws; `ROLES` pins the first of them to hard cases, and `EXTRAS` adds those that lie
outside the cuts. Snapshots see lineages through `skyloom.simulate.universe.population`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skyloom.errors import InputError
from skyloom.simulate.universe import cosmology
from skyloom.simulate.universe import galaxy_laws as laws

#: Halo masses of ordinary galaxies today, Msun: from below the cut in stellar mass to above that
#: in total mass, the lower end such that most of 130 lineages pass the cuts at each snapshot.
HALO_MASSES = (2.7e11, 6e12)
#: Galaxies with a hard case of their own, by their index, and their halo mass today, Msun.
ROLES = {
    "corner": (0, 9e11),
    "edge_x": (1, 1.2e12),
    "edge_y": (2, 7e11),
    "edge_z": (3, 8e11),
    "no_gas": (4, 6e11),
    "no_young_stars": (5, 7e11),
    "no_tree_row": (6, 6e11),
    "long_quenched": (7, 8e11),
    "quenched_too": (8, 5e11),
    "quenches": (9, 7e11),
    "merger_host": (10, 1.4e12),
}
#: Lineages beyond the ordinary ones: name, halo mass today (Msun), the role or extra that hosts it.
EXTRAS = (
    ("cluster", 4e14, None),
    ("cluster_satellite", 1e12, "cluster"),
    ("cluster_satellite", 7e11, "cluster"),
    ("massive", 5.5e12, None),
    ("dwarf", 8e10, None),
    ("dwarf", 1e11, None),
    ("flagged", 5e11, "merger_host"),
    ("merges", 4.5e11, "merger_host"),
)
#: Fewest ordinary galaxies that hold every role and some satellites.
LEAST_GALAXIES = 12
#: Share of ordinary galaxies that are satellites (Yang et al. 2008: 25-30 % at these masses).
SATELLITE_SHARE = 0.28
#: Drift of a disc's axis, radian per Gyr (Bett & Frenk 2012 find most haloes' spins within some
#: tens of degrees over Gyr).
AXIS_DRIFT = 0.1


def table_snapshots():
    """Every snapshot that the universe knows, the oldest first: TNG's 80 to 99."""
    return sorted(cosmology.SNAPSHOT_REDSHIFT)


def table_ages():
    """Ages of the universe at `table_snapshots`, Gyr."""
    return cosmology.age([cosmology.SNAPSHOT_REDSHIFT[number] for number in table_snapshots()])


@dataclass(frozen=True)
class Lineages:
    """Arrays with one entry a lineage; `name` tells role and extra lineages apart."""

    name: np.ndarray  # role, extra, or ""
    halo_mass: np.ndarray  # M200 today, Msun
    concentration: np.ndarray  # today
    stellar_offset: np.ndarray  # dex from the median relation
    size_offset: np.ndarray  # dex
    atomic_size_offset: np.ndarray  # dex
    gas_offset: np.ndarray  # dex, (lineages, snapshots of the table)
    residual: np.ndarray  # gas to stellar mass long after quenching
    quench_rank: np.ndarray  # quenched when the quenched fraction exceeds it
    quench_early: np.ndarray  # Gyr before the table begins, if quenched by then
    host: np.ndarray  # index of the central's lineage, -1 for centrals
    retained: np.ndarray  # share of its halo a satellite keeps
    orbit: np.ndarray  # radius over the host's R200
    phase: np.ndarray  # of the orbit today, radian
    orbit_axes: np.ndarray  # (lineages, 2, 3) of the orbital plane
    position: np.ndarray  # (lineages, 3) of centrals today, ckpc/h
    velocity: np.ndarray  # (lineages, 3) of centrals, km/s
    axis: np.ndarray  # (lineages, 3) of the disc today
    axis_pole: np.ndarray  # (lineages, 3) about which the axis drifts
    arms: np.ndarray  # number of spiral arms
    pitch: np.ndarray  # degree
    contrast: np.ndarray  # amplitude of the arms
    bulge: np.ndarray  # bulge to total before quenching
    streams: np.ndarray  # number of cold streams

    def __len__(self):
        return len(self.halo_mass)

    def index(self, name):
        """First lineage with a role's or an extra's name."""
        return int(np.flatnonzero(self.name == name)[0])


def directions(count, rng):
    """`count` random unit vectors, (count, 3)."""
    return _unit(rng.standard_normal((count, 3)))


def draw(*, galaxies: int, seed: int) -> Lineages:
    """Draw every lineage.

    Parameters
    ----------
    galaxies : int
        Number of ordinary lineages, at least `LEAST_GALAXIES`.
    seed : int

    Returns
    -------
    Lineages
        The ordinary lineages, then the extras.

    Raises
    ------
    InputError
        If `galaxies` is too small.
    """
    if galaxies < LEAST_GALAXIES:
        raise InputError(
            f"tng.synthetic.galaxies is {galaxies}: the hard cases need at least {LEAST_GALAXIES}."
        )
    rng = np.random.default_rng([seed, 1])
    count = galaxies + len(EXTRAS)
    name, mass = _names_and_masses(galaxies, rng)
    host = _hosts(galaxies, name, mass, rng)
    quench_rank, residual = _quenching(name, rng)
    position, velocity = _places(name, rng)
    return Lineages(
        name=name,
        halo_mass=mass,
        host=host,
        position=position,
        velocity=velocity,
        quench_rank=quench_rank,
        residual=residual,
        quench_early=rng.exponential(3.0, count),
        gas_offset=_gas_offsets(count, rng),
        concentration=laws.concentration(mass) * 10 ** _concentration_offsets(name, rng),
        stellar_offset=_stellar_offsets(name, rng),
        size_offset=laws.SIZE_SCATTER * rng.standard_normal(count),
        atomic_size_offset=laws.HI_SIZE_SCATTER * rng.standard_normal(count),
        streams=rng.integers(2, 4, count),
        **_orbits(host, rng),
        **_discs(count, rng),
    )


def _unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _orbits(host, rng):
    """Circular orbits of satellites and the share of their halo that they keep."""
    count = len(host)
    first = directions(count, rng)
    second = _unit(np.cross(first, directions(count, rng)))
    return {
        # Tides leave satellites 30 to 70 % of their halo (Gao et al. 2004; van den Bosch 2005).
        "retained": np.where(host >= 0, rng.uniform(0.3, 0.7, count), 1.0),
        "orbit": rng.uniform(0.3, 0.8, count),
        "phase": rng.uniform(0, 2 * np.pi, count),
        "orbit_axes": np.stack([first, second], axis=1),
    }


def _discs(count, rng):
    """Orientation, spiral arms and bulge of each disc."""
    axis = directions(count, rng)
    return {
        "axis": axis,
        "axis_pole": _unit(np.cross(axis, directions(count, rng))),
        # Two arms dominate, three and four are less common (Davis et al. 2012; Hart et al. 2016).
        "arms": rng.choice([2, 3, 4], count, p=[0.6, 0.25, 0.15]),
        # Pitch angles of 10 to 35 degrees (Yu & Ho 2019), arms up to twice the mean (Rix &
        # Zaritsky 1995).
        "pitch": np.clip(20 + 6 * rng.standard_normal(count), 10, 35),
        "contrast": rng.uniform(0.5, 0.95, count),
        # Mean bulge to total of 0.2 to 0.3 of discs (Weinzierl et al. 2009).
        "bulge": rng.beta(2, 6, count),
    }


def _names_and_masses(galaxies, rng):
    name = np.full(galaxies + len(EXTRAS), "", dtype="U20")
    mass = laws.halo_mass(rng.random(len(name)), *HALO_MASSES)
    for role, (index, value) in ROLES.items():
        name[index], mass[index] = role, value
    for index, (extra, value, _) in enumerate(EXTRAS, start=galaxies):
        name[index], mass[index] = extra, value
    return name, mass


def _hosts(galaxies, name, mass, rng):
    """Give some ordinary galaxies to more massive centrals, in groups of two to five."""
    host = np.full(len(name), -1)
    for index, (_, _, of) in enumerate(EXTRAS, start=galaxies):
        if of is not None:
            host[index] = np.flatnonzero(name == of)[0]
    # Galaxies with a place or an emptiness of their own stay centrals.
    fixed = ("corner", "edge_x", "edge_y", "edge_z", "no_gas", "merger_host", "quenches")
    free = np.array([i for i in range(galaxies) if name[i] not in fixed])
    # The most massive galaxies of a region are its centrals: satellites come from the lower 70 %.
    free = free[np.argsort(mass[free], kind="stable")]
    free = free[: max(int(0.7 * len(free)), 2)]
    wanted = min(round(SATELLITE_SHARE * galaxies), len(free))
    satellites = rng.choice(free, wanted, replace=False)
    members = np.bincount(host[host >= 0], minlength=len(name))
    able = np.array([i for i in range(galaxies) if name[i] != "no_gas" and i not in satellites])
    for satellite in np.sort(satellites):
        hosts = able[(mass[able] > mass[satellite]) & (members[able] < 4)]
        if len(hosts):
            # Satellites per halo grow with its mass (Yang et al. 2008); one group is kept rich.
            weight = mass[hosts] * np.where(name[hosts] == "merger_host", 20.0, 1.0)
            chosen = rng.choice(hosts, p=weight / weight.sum())
            host[satellite] = chosen
            members[chosen] += 1
    return host


def _quenching(name, rng):
    """Rank at which each lineage quenches (0: long ago, 1: never) and its residual gas."""
    count = len(name)
    rank = rng.random(count)
    residual = np.where(
        rng.random(count) < laws.RESIDUAL_SHARE,
        10 ** (laws.RESIDUAL_MEDIAN + laws.RESIDUAL_SCATTER * rng.standard_normal(count)),
        0.0,
    )
    for quenched in ("long_quenched", "quenched_too", "cluster", "no_gas"):
        rank[name == quenched], residual[name == quenched] = 0.0, 0.0
    forming = ("corner", "edge_x", "edge_y", "edge_z", "no_young_stars", "merger_host", "flagged")
    rank[np.isin(name, forming)] = 1.0
    residual[name == "quenches"] = 0.0
    return rank, residual


def _stellar_offsets(name, rng):
    offset = laws.STELLAR_MASS_SCATTER * rng.standard_normal(len(name))
    # Roles and extras sit where their case wants them: on the median, and the cluster's galaxy
    # one published scatter (0.21 dex) above it.
    offset[name != ""] = 0.0
    offset[name == "cluster"] = 0.21
    return offset


def _concentration_offsets(name, rng):
    offset = laws.CONCENTRATION_SCATTER * np.clip(rng.standard_normal(len(name)), -2, 2)
    # Roles and extras grow as the median halo of their mass: they keep to their side of a cut.
    return np.where(name == "", offset, 0.0)


def _gas_offsets(count, rng):
    lasting = laws.GAS_SCATTER_LASTING * rng.standard_normal((count, 1))
    return lasting + laws.ornstein_uhlenbeck(
        table_ages(), laws.GAS_SCATTER_VARYING, laws.GAS_CORRELATION_TIME, rng, count
    )


def _places(name, rng):
    """Positions today and velocities; edge and corner galaxies stay within a disc of the edge."""
    box = cosmology.BOX_SIZE
    position = rng.uniform(0, box, (len(name), 3))
    # One-dimensional bulk motions of 200 km/s (Strauss & Willick 1995).
    velocity = 200.0 * rng.standard_normal((len(name), 3))
    position[name == "corner"] = (2.0, box - 3.0, 1.0)
    velocity[name == "corner"] *= 0.005
    for axis, role in enumerate(("edge_x", "edge_y", "edge_z")):
        position[name == role, axis] = box - 1.0 if axis == 1 else 1.5
        velocity[name == role, axis] *= 0.005
    return position, velocity
