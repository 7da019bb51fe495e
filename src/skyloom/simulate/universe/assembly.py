"""One snapshot in memory: every particle in file order and units, and its group catalogue.

Units of the arrays here are those of the files (`tng_format`: ckpc/h, 10^10 Msun/h, km sqrt(a)/s).
Orders are TNG's: by group, then subhalo, then what the group has unbound; the box's unbound gas is
last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skyloom.progress import track
from skyloom.simulate.universe import (
    cells,
    cosmology,
    derived_fields,
    galaxy_laws,
    gas_laws,
    population,
    stellar,
)

#: Gas cells of a galaxy that the thesis's cut in stellar mass leaves out: this share of the rest's.
DWARF_SHARE = 0.1
#: ... where its stellar mass is below this (10^10 Msun/h; the cut is 0.5).
DWARF_MASS = 0.45
#: Unbound gas of a group and of the box, over the cells of one galaxy.
FUZZ_SHARE, BOX_SHARE = 0.05, 0.25
#: A group without any galaxy: its halo mass (Msun) and place over the box.
DARK_GROUP_MASS, DARK_GROUP_PLACE = 1e10, (0.21, 0.47, 0.83)


@dataclass(frozen=True)
class Assembled:
    """Arrays of one snapshot: particle fields by type, and Group and Subhalo columns."""

    particles: dict  # {0: {field: array}, 1: ..., 4: ...}
    dark_mass: float  # of each particle of dark matter, 10^10 Msun/h
    group: dict
    subhalo: dict
    populace: population.Population


def describe(populace, every, row):
    """One galaxy as a dict: its columns of the population and of its lineage."""
    lineage = int(populace.lineage[row])
    columns = ("name", "halo_mass", "radius_200", "velocity_200", "stellar_mass", "cold_gas")
    columns += ("hot_gas", "stream_gas", "quenched", "since_quenching", "stellar_length")
    columns += ("molecular_length", "atomic_length", "flat_velocity", "axis")
    galaxy = {name: getattr(populace, name)[row] for name in columns}
    for name in ("arms", "pitch", "contrast", "bulge", "streams", "retained", "concentration"):
        galaxy[name] = getattr(every, name)[lineage]
    galaxy["virial_temperature"] = float(
        gas_laws.virial_temperature(galaxy["halo_mass"], populace.redshift)
    )
    galaxy["lineage"] = lineage
    return galaxy


def code_units(z):
    """Factors from physical kpc, km/s, Msun and Msun/kpc^3 to the files' units.

    ckpc/h = kpc h / a, km sqrt(a)/s = (km/s) / sqrt(a), 10^10 Msun/h = Msun h / 10^10, and density
    is the mass over the length cubed.
    """
    a, h = 1 / (1 + z), cosmology.HUBBLE
    length, mass = h / a, h / 1e10
    return {"length": length, "velocity": a**-0.5, "mass": mass, "density": mass / length**3}


def _gas_fields(gas, centre, motion, units, further_fields):
    """Fields of PartType0; star formation follows the numbers as stored."""
    mass = (gas["mass"] * units["mass"]).astype("f4")
    density = (gas["density"] * units["density"]).astype("f4")
    rate = gas_laws.star_formation_rate(
        mass.astype("f8") / units["mass"], density.astype("f8") / units["density"]
    )
    electrons = gas["electrons"].astype("f4")
    return {
        "Coordinates": population.wrap(centre + gas["position"] * units["length"]),
        "Velocities": ((gas["velocity"] + motion) * units["velocity"]).astype("f4"),
        "Masses": mass,
        "Density": density,
        "InternalEnergy": gas_laws.internal_energy(gas["temperature"], electrons).astype("f4"),
        "ElectronAbundance": electrons,
        "StarFormationRate": rate.astype("f4"),
        **further_fields,
    }


def _star_fields(stars, centre, motion, units):
    return {
        "Coordinates": population.wrap(centre + stars["position"] * units["length"]),
        "Velocities": ((stars["velocity"] + motion) * units["velocity"]).astype("f4"),
        "Masses": (stars["mass"] * units["mass"]).astype("f4"),
        "GFM_InitialMass": (stars["initial_mass"] * units["mass"]).astype("f4"),
        "GFM_StellarFormationTime": stars["formation"].astype("f4"),
    }


def _dark_fields(populace, row, galaxy, gas_cells, rng):
    """Fields of PartType1 of one galaxy: what it keeps of its halo."""
    z = populace.redshift
    position = derived_fields.dark_matter(
        populace.bound_mass[row],
        populace.radius_200[row],
        # Concentrations grow as (1 + z)^-1 (Bullock et al. 2001).
        galaxy["concentration"] / (1 + z),
        derived_fields.dark_particle_mass(gas_cells),
        rng,
    )
    place = populace.position[row] + position * code_units(z)["length"]
    return {"Coordinates": population.wrap(place)}


def _galaxy(populace, every, row, gas_cells, seed):
    """Fields by kind of one galaxy: gas, stars, dark, and its group's fuzz, for a central."""
    units = code_units(populace.redshift)
    galaxy = describe(populace, every, row)
    rng = np.random.default_rng([seed, 2, populace.snapshot, galaxy["lineage"]])
    galaxy["stream_seed"] = [seed, 3, galaxy["lineage"]]
    galaxy["arm_angle"] = rng.uniform(0, 2 * np.pi)
    count = gas_cells
    if galaxy["stellar_mass"] * units["mass"] < DWARF_MASS:
        count = max(int(DWARF_SHARE * gas_cells), 10)
    place = (populace.position[row], populace.velocity[row], units)
    # A generator of its own: gas and stars are the same whatever further fields there are.
    own = np.random.default_rng([seed, 5, populace.snapshot, galaxy["lineage"]])

    def stored(gas):
        beyond = derived_fields.gas_fields(gas, galaxy, populace.redshift, own)
        return _gas_fields(gas, *place, beyond)

    gas = cells.sample(galaxy, count, rng)
    gas_fields = stored(gas)
    rate = gas_fields["StarFormationRate"].astype("f8")
    stars = stellar.sample(galaxy, gas, rate, count, populace.redshift, rng)
    fuzz = None
    if populace.central[row]:
        fuzz = cells.sample_fuzz(galaxy, int(FUZZ_SHARE * count), rng)
        fuzz = stored(fuzz)
    dark = _dark_fields(populace, row, galaxy, gas_cells, own)
    return {"gas": gas_fields, "stars": _star_fields(stars, *place), "dark": dark, "fuzz": fuzz}


def _diffuse(count, centre, spread, contrast, units, z, rng, own):
    """Photoionised gas between galaxies: T = 10^4 K (rho / mean)^0.6 (Hui & Gnedin 1997)."""
    mean = cosmology.OMEGA_BARYON * cosmology.critical_density(0.0) * (1 + z) ** 3
    over = contrast * np.exp(0.5 * rng.standard_normal(count))
    gas = {
        "position": spread * (rng.random((count, 3)) - 0.5),
        "velocity": 30.0 * rng.standard_normal((count, 3)),
        "mass": np.full(count, 8.5e4 * 12000 / max(count, 1)),
        "density": mean * over,
        "temperature": 1e4 * over**0.6,
        "electrons": np.full(count, gas_laws.FULLY_IONISED),
    }
    beyond = derived_fields.gas_fields(gas, None, z, own)
    return _gas_fields(gas, centre, np.zeros(3), units, beyond)


def half_mass_radius(position, mass, centre):
    """Radius about `centre`, with periodic wrap, that holds half the mass; 0 where none, ckpc/h."""
    if len(mass) == 0:
        return 0.0
    away = position - centre
    away -= cosmology.BOX_SIZE * np.round(away / cosmology.BOX_SIZE)
    radius = np.linalg.norm(away, axis=1)
    order = np.argsort(radius, kind="stable")
    inside = np.cumsum(mass[order], dtype=float)
    return float(radius[order][np.searchsorted(inside, inside[-1] / 2)])


def _subhalo_row(populace, row, gas, stars, dark, units):
    """Catalogue entries of one subhalo, summed over the particles as stored.

    The mass of dark matter is the halo's own, which its particles meet to half of one.
    """
    lengths, masses, radii = np.zeros(6, "i4"), np.zeros(6), np.zeros(6)
    for kind, fields in ((0, gas), (4, stars)):
        lengths[kind] = len(fields["Masses"])
        masses[kind] = fields["Masses"].sum(dtype=float)
        radii[kind] = half_mass_radius(
            fields["Coordinates"], fields["Masses"], populace.position[row]
        )
    masses[1] = populace.bound_mass[row] * units["mass"]
    lengths[1] = len(dark["Coordinates"])
    equal = np.ones(lengths[1])
    radii[1] = half_mass_radius(dark["Coordinates"], equal, populace.position[row])
    return {
        "SubhaloFlag": populace.flag[row],
        "SubhaloGrNr": np.int32(populace.group[row]),
        "SubhaloParent": np.int32(0),
        "SubhaloLen": np.int32(lengths.sum()),
        "SubhaloLenType": lengths,
        "SubhaloMass": np.float32(masses.sum()),
        "SubhaloMassType": masses.astype("f4"),
        "SubhaloPos": populace.position[row].astype("f4"),
        "SubhaloVel": populace.velocity[row].astype("f4"),
        "SubhaloSFR": np.float32(gas["StarFormationRate"].sum(dtype=float)),
        "SubhaloHalfmassRadType": radii.astype("f4"),
    }


def _group_row(first, rows, fuzz, head, units, dark=0):
    """Catalogue entries of one group from its subhalo rows and unbound gas.

    `head` holds the group's place, velocity (km/s), halo mass (Msun) and R200 (kpc); `dark` counts
    the particles of dark matter that no subhalo has. GroupVel is
    stored as peculiar velocity times a (TNG: "multiply by 1/a"), unlike SubhaloVel.
    """
    lengths = np.sum([row["SubhaloLenType"] for row in rows], axis=0, initial=0).astype("i4")
    masses = np.zeros(6) + np.sum([row["SubhaloMassType"] for row in rows], axis=0, dtype=float)
    lengths = np.zeros(6, "i4") + lengths
    lengths[0] += len(fuzz["Masses"])
    lengths[1] += dark
    masses[0] += fuzz["Masses"].sum(dtype=float)
    if not rows:
        masses[1] = head["halo_mass"] * (1 - cosmology.BARYON_FRACTION) * units["mass"]
    rate = sum(float(row["SubhaloSFR"]) for row in rows)
    rate += fuzz["StarFormationRate"].sum(dtype=float)
    return {
        "GroupFirstSub": np.int32(first if rows else -1),
        "GroupNsubs": np.int32(len(rows)),
        "GroupLen": np.int32(lengths.sum()),
        "GroupLenType": lengths,
        "GroupMass": np.float32(masses.sum()),
        "GroupMassType": masses.astype("f4"),
        "GroupPos": head["position"].astype("f4"),
        "GroupVel": (head["velocity"] * units["velocity"] ** -2).astype("f4"),
        "GroupSFR": np.float32(rate),
        "Group_M_Crit200": np.float32(head["halo_mass"] * units["mass"]),
        "Group_R_Crit200": np.float32(head["radius_200"] * units["length"]),
    }


def _columns(rows):
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _join(pieces, kind):
    """Concatenate the pieces of one particle type and number its particles.

    ParticleIDs are unique in a snapshot; they do not follow a particle from one to the next.
    """
    fields = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
    count = len(fields["Masses"])
    fields["ParticleIDs"] = np.arange(1, count + 1, dtype="u8") + kind * 10**10
    return fields


def assemble(
    snapshot: int, *, snapshots: Sequence[int], galaxies: int, gas_cells: int, seed: int
) -> Assembled:
    """Every particle of a snapshot and its catalogue.

    Parameters
    ----------
    snapshot : int
    snapshots : sequence of int
        All snapshots of the universe.
    galaxies : int
        Ordinary lineages.
    gas_cells : int
        Gas cells of an ordinary galaxy.
    seed : int

    Returns
    -------
    Assembled
    """
    populace, every = population.populate(
        snapshot, snapshots=snapshots, galaxies=galaxies, seed=seed
    )
    units = code_units(populace.redshift)
    gas, stars, dark, groups, subhaloes = [], [], [], [], []
    members, fuzz = [], None
    label = f"galaxies of snapshot {populace.snapshot}"
    for row in track(range(len(populace)), label=label, unit="galaxy"):
        own = _galaxy(populace, every, row, gas_cells, seed)
        gas.append(own["gas"])
        stars.append(own["stars"])
        dark.append(own["dark"])
        if populace.central[row]:
            first, fuzz = row, own["fuzz"]
            members = []
        members.append(_subhalo_row(populace, row, own["gas"], own["stars"], own["dark"], units))
        subhaloes.append(members[-1])
        if row + 1 == len(populace) or populace.central[row + 1]:
            head = {
                name: getattr(populace, name)[first]
                for name in ("position", "velocity", "halo_mass", "radius_200")
            }
            gas.append(fuzz)
            groups.append(_group_row(first, members, fuzz, head, units))
    rng = np.random.default_rng([seed, 4, populace.snapshot])
    own = np.random.default_rng([seed, 6, populace.snapshot])
    for pieces, piece in zip(
        (gas, dark), _dark_group(groups, gas_cells, populace.redshift, units, rng, own), strict=True
    ):
        pieces.append(piece)
    everywhere = cosmology.BOX_SIZE / units["length"]
    unbound = max(int(BOX_SHARE * gas_cells), 10)
    centre = np.full(3, cosmology.BOX_SIZE / 2)
    gas.append(_diffuse(unbound, centre, everywhere, 1.0, units, populace.redshift, rng, own))
    # Of dark matter only places are written: what else TNG has of it would double its bytes.
    places = {"Coordinates": np.concatenate([piece["Coordinates"] for piece in dark])}
    particles = {0: _join(gas, 0), 1: places, 4: _join(stars, 4)}
    dark_mass = derived_fields.dark_particle_mass(gas_cells) * units["mass"]
    return Assembled(particles, dark_mass, _columns(groups), _columns(subhaloes), populace)


def _dark_group(groups, gas_cells, z, units, rng, own):
    """Add a group that holds some gas and no galaxy; return its gas and its dark matter."""
    place = cosmology.BOX_SIZE * np.array(DARK_GROUP_PLACE)
    radius = cosmology.radius_200(DARK_GROUP_MASS, z)
    count = max(int(0.5 * FUZZ_SHARE * gas_cells), 5)
    gas = _diffuse(count, place, radius, 100.0, units, z, rng, own)
    mass = DARK_GROUP_MASS * (1 - cosmology.BARYON_FRACTION)
    particle = derived_fields.dark_particle_mass(gas_cells)
    concentration = float(galaxy_laws.concentration(DARK_GROUP_MASS)) / (1 + z)
    dark = derived_fields.dark_matter(mass, radius, concentration, particle, own)
    dark = {"Coordinates": population.wrap(place + dark * units["length"])}
    head = {"position": place, "velocity": np.zeros(3), "halo_mass": DARK_GROUP_MASS}
    head = {**head, "radius_200": radius}
    groups.append(_group_row(-1, [], gas, head, units, len(dark["Coordinates"])))
    return gas, dark
