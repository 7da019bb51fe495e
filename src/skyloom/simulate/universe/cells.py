"""Gas cells of one galaxy: disc with arms and clouds, hot halo, cold streams.

Positions are physical kpc about the galaxy's centre, velocities km/s about its own, masses Msun,
densities Msun/kpc^3. Cells are not of one mass as a simulation's are: a disc gets more of them than
its share of the mass, so that its structure is resolved by some thousand cells.
"""

from __future__ import annotations

import numpy as np

from skyloom.simulate.universe import galaxy_laws as laws
from skyloom.simulate.universe import gas_laws

#: Share of the cells for the disc of a gas-rich galaxy (a tenth of its stellar mass or more), least
#: share of any disc, and share for streams; the hot halo has the rest.
DISC_CELLS, LEAST_DISC_CELLS, STREAM_CELLS = 0.6, 0.05, 0.1
#: Velocity dispersion of disc gas, km/s (Leroy et al. 2008; Tamburro et al. 2009).
GAS_DISPERSION = 10.0
#: Turnover of rotation curves in stellar scale lengths (Courteau 1997).
TURNOVER = 0.5
#: Thickest disc, kpc: HI discs flare to one or two kpc (Kalberla & Dedes 2008).
THICKEST = 1.5
#: Warm neutral gas (Wolfire et al. 2003), streams (Dekel et al. 2009: 1-3 10^4 K), and scatter of
#: hot gas about the virial temperature and of its density, K and dex.
NEUTRAL_TEMPERATURE, STREAM_TEMPERATURE = 8e3, 1.7e4
NEUTRAL_SCATTER, STREAM_SCATTER, HOT_SCATTER = 0.08, 0.12, 0.15
#: Electron abundances below this are neutral gas: written as exactly zero.
LEAST_ELECTRONS = 1e-6
#: Rotation of hot gas over that of the disc (Hodges-Kluck, Miller & Bregman 2016).
HOT_ROTATION = 0.75


def orientation(axis):
    """Proper rotation whose third column is the unit vector `axis`: disc to box coordinates."""
    other = np.eye(3)[np.argmin(np.abs(axis))]
    first = np.cross(other, axis)
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(axis, first), axis], axis=1)


def disc_surface_density(galaxy, radius):
    """Mean cold-gas surface density of molecular and atomic disc at a radius, Msun/kpc^2."""
    total = np.zeros_like(radius)
    for share, length in (
        (laws.MOLECULAR_SHARE, galaxy["molecular_length"]),
        (1 - laws.MOLECULAR_SHARE, galaxy["atomic_length"]),
    ):
        total += share * galaxy["cold_gas"] / (2 * np.pi * length**2) * np.exp(-radius / length)
    return total


def disc_points(galaxy, length, count, rng):
    """Points of an exponential disc with spiral arms, and the arms' factor there.

    Trailing logarithmic arms, phi = -ln(R) / tan(pitch) + phase: surface density times
    1 + A cos(m (phi - phi_arm)). Quenched discs keep a tenth of the contrast.
    """
    # An exponential disc is a Gamma distribution of radii; beyond 6 lengths it is truncated.
    radius = rng.gamma(2.0, 1.0, (3, count))
    radius = np.where(radius[0] < 6, radius[0], np.where(radius[1] < 6, radius[1], radius[2] % 6))
    radius = np.maximum(radius, 1e-3) * length
    contrast = galaxy["contrast"] * (0.1 if galaxy["quenched"] else 1.0)
    uniform = rng.uniform(0, 2 * np.pi, count)
    within = gas_laws.arm_phase(uniform, galaxy["arms"], contrast)
    azimuth = within + galaxy["arm_angle"] - np.log(radius) / np.tan(np.radians(galaxy["pitch"]))
    return radius, azimuth, 1 + contrast * np.cos(galaxy["arms"] * within)


def _sheet(galaxy, radius, factor, rng):
    """Height and density of points in the self-gravitating sheet of their surface density."""
    surface = disc_surface_density(galaxy, radius) * factor
    middle = gas_laws.midplane_density(surface)
    thickness = np.clip(surface / (2 * middle), gas_laws.SOFTENING / 2, THICKEST)
    tanh = np.clip(2 * rng.random(len(radius)) - 1, -0.995, 0.995)
    return thickness * np.arctanh(tanh), surface / (2 * thickness) * (1 - tanh**2)


def _turbulence(count, rng):
    spread = gas_laws.turbulent_spread()
    return np.exp(spread**2 / 2 + spread * rng.standard_normal(count))


def _disc(galaxy, count, rng):
    """Smooth disc and clouds: positions, velocities, densities of equal masses."""
    in_clouds = rng.random(count) < laws.MOLECULAR_SHARE * gas_laws.CLOUD_SHARE
    molecular = rng.random(count) < laws.MOLECULAR_SHARE * (1 - gas_laws.CLOUD_SHARE) / (
        1 - laws.MOLECULAR_SHARE * gas_laws.CLOUD_SHARE
    )
    length = np.where(molecular, galaxy["molecular_length"], galaxy["atomic_length"])
    radius, azimuth, factor = disc_points(galaxy, length, count, rng)
    height, density = _sheet(galaxy, radius, factor, rng)
    position = np.stack([radius * np.cos(azimuth), radius * np.sin(azimuth), height], axis=1)
    cloud_position, cloud_density = _clouds(galaxy, int(in_clouds.sum()), rng)
    position[in_clouds], density[in_clouds] = cloud_position, cloud_density
    velocity = disc_velocity(galaxy, position) + GAS_DISPERSION * rng.standard_normal((count, 3))
    return position, velocity, density * _turbulence(count, rng)


def _clouds(galaxy, count, rng):
    """Points in giant molecular clouds, chosen by mass, and the density there."""
    budget = laws.MOLECULAR_SHARE * gas_laws.CLOUD_SHARE * galaxy["cold_gas"]
    number = max(int(budget / gas_laws.cloud_masses(np.linspace(0.005, 0.995, 100)).mean()), 1)
    mass = gas_laws.cloud_masses(rng.random(number))
    size = gas_laws.cloud_radius(mass)
    # Half of the clouds share the molecular gas's radii, half the atomic: they exist in all of
    # the star-forming disc (Rice et al. 2016).
    outer = rng.random(number) < 0.5
    inner_length = galaxy["molecular_length"]
    length = np.where(outer, (inner_length + galaxy["atomic_length"]) / 2, inner_length)
    # They are found in arms more than the gas they form from (Koda et al. 2009: M51).
    armed = {**galaxy, "contrast": max(galaxy["contrast"], 0.9)}
    radius, azimuth, factor = disc_points(armed, length, number, rng)
    height, around = _sheet(galaxy, radius, factor, rng)
    centre = np.stack([radius * np.cos(azimuth), radius * np.sin(azimuth), height / 2], axis=1)
    chosen = rng.choice(number, count, p=mass / mass.sum())
    # A uniform sphere has a one-dimensional spread of R / sqrt(5).
    offset = rng.standard_normal((count, 3)) * (size[chosen] / np.sqrt(5))[:, None]
    own = mass / (4 / 3 * np.pi * size**3)
    return centre[chosen] + offset, (own + around)[chosen]


def disc_velocity(galaxy, position):
    """Circular motion about +z at the rotation curve, km/s."""
    radius = np.hypot(position[:, 0], position[:, 1])
    turnover = TURNOVER * galaxy["stellar_length"]
    speed = laws.rotation_velocity(radius, galaxy["flat_velocity"], turnover)
    around = np.stack([-position[:, 1], position[:, 0], np.zeros_like(radius)], axis=1)
    return around * (speed / np.maximum(radius, 1e-6))[:, None]


def _hot(galaxy, count, rng, *, shell=None):
    """Beta-model halo: positions, velocities, densities, temperatures; `shell` sets radii."""
    core = gas_laws.HALO_CORE * galaxy["radius_200"]
    # Tides cut a satellite's halo at the share of R200 that holds the mass it keeps.
    edge = galaxy["retained"] / gas_laws.HALO_CORE
    x, unit = gas_laws.beta_profile(rng.random(count), edge)
    if shell is not None:
        x = rng.uniform(*shell, count) / gas_laws.HALO_CORE
    away = rng.standard_normal((count, 3))
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    central = galaxy["hot_gas"] * unit / core**3
    density = central * (1 + x**2) ** (-1.5 * gas_laws.HALO_BETA)
    density *= 10 ** (HOT_SCATTER * rng.standard_normal(count))
    heat = 10 ** (HOT_SCATTER * rng.standard_normal(count))
    position = away * (x * core)[:, None]
    spin = HOT_ROTATION * galaxy["flat_velocity"] / np.maximum(x * core, 3 * core)
    velocity = np.stack([-position[:, 1], position[:, 0], 0 * x], axis=1) * spin[:, None]
    velocity += 0.3 * galaxy["velocity_200"] * rng.standard_normal((count, 3))
    return position, velocity, density, galaxy["virial_temperature"] * heat


def _streams(galaxy, count, rng, *, reach):
    """Cold filaments that curve into the disc: positions, velocities, densities, temperatures.

    Two or three of them (Dekel et al. 2009), as wide as a few per cent of their distance, in
    pressure equilibrium with the hot halo and falling at its circular velocity.
    """
    own = np.random.default_rng(galaxy["stream_seed"])
    number = galaxy["streams"]
    start = own.standard_normal((number, 3)) * (1, 1, 0.6)
    start /= np.linalg.norm(start, axis=1, keepdims=True)
    # A filament ends in the plane of the disc, a third of a turn ahead in its rotation.
    ahead = np.cross([0, 0, 1], start)
    end = start * (0.5, 0.5, 0.0) + ahead * 0.9
    end /= np.linalg.norm(end, axis=1, keepdims=True)
    which = rng.integers(number, size=count)
    far = rng.uniform(*reach, count)
    bend = np.exp(-far / 0.15)[:, None]
    line = (1 - bend) * start[which] + bend * end[which]
    line /= np.linalg.norm(line, axis=1, keepdims=True)
    distance = far * galaxy["radius_200"]
    width = 0.5 + 0.04 * distance
    position = line * distance[:, None] + width[:, None] * rng.standard_normal((count, 3))
    temperature = STREAM_TEMPERATURE * 10 ** (STREAM_SCATTER * rng.standard_normal(count))
    temperature = np.clip(temperature, 1e4, 3e4)
    _, unit = gas_laws.beta_profile(np.zeros(1), 1 / gas_laws.HALO_CORE)
    core = gas_laws.HALO_CORE * galaxy["radius_200"]
    x = np.linalg.norm(position, axis=1) / core
    hot = galaxy["hot_gas"] * unit / core**3 * (1 + x**2) ** (-1.5 * gas_laws.HALO_BETA)
    density = hot * galaxy["virial_temperature"] / temperature
    velocity = -line * galaxy["velocity_200"] + 15.0 * rng.standard_normal((count, 3))
    return position, velocity, density, temperature


def shares(galaxy, count):
    """Number of cells of disc, streams and hot halo; they add up to `count`, or all are zero."""
    if galaxy["cold_gas"] + galaxy["stream_gas"] + galaxy["hot_gas"] == 0:
        return 0, 0, 0
    disc = streams = 0
    if galaxy["cold_gas"] > 0:
        rich = np.sqrt(galaxy["cold_gas"] / (0.1 * galaxy["stellar_mass"]))
        disc = int(count * np.clip(DISC_CELLS * rich, LEAST_DISC_CELLS, DISC_CELLS))
    if galaxy["stream_gas"] > 0:
        streams = int(count * STREAM_CELLS)
    return disc, streams, count - disc - streams


def _pack(parts, galaxy):
    """Join components; temperatures and ionisation follow from density where gas forms stars."""
    names, *columns = zip(*parts, strict=True)
    position, velocity, mass, density, temperature = map(np.concatenate, columns)
    turn = orientation(galaxy["axis"])
    return {
        "position": position @ turn.T,
        "velocity": velocity @ turn.T,
        "mass": mass,
        "density": density,
        **thermal_state(density, temperature),
        "component": np.repeat(np.array(names, "S7"), [len(part[1]) for part in parts]),
    }


def thermal_state(density, temperature):
    """Temperature and electron abundance of cells; star-forming ones are multiphase.

    Star-forming gas has the effective temperature and, since its clouds are neutral and the rest is
    hot, x_e = 1.158 (1 - x) (Springel & Hernquist 2003); other gas is in collisional equilibrium.
    """
    forming = gas_laws.hydrogen_density(density) >= gas_laws.THRESHOLD
    effective, clouds = gas_laws.multiphase(density)
    electrons = gas_laws.electron_abundance(temperature)
    electrons = np.where(forming, gas_laws.FULLY_IONISED * (1 - clouds), electrons)
    electrons[electrons < LEAST_ELECTRONS] = 0.0
    return {"temperature": np.where(forming, effective, temperature), "electrons": electrons}


def sample(galaxy: dict, count: int, rng: np.random.Generator) -> dict:
    """Gas cells bound to one galaxy.

    Parameters
    ----------
    galaxy : dict
        Its row of the population and of its lineage (see `assembly.describe`).
    count : int
        Number of cells; none are drawn for a galaxy without gas.
    rng : numpy Generator

    Returns
    -------
    dict
        ``position`` and ``velocity`` (N, 3) about the galaxy, turned to its axis; ``mass``,
        ``density``, ``temperature`` (K), ``electrons`` and ``component`` (disc, streams or hot)
        (N,).
    """
    disc, streams, hot = shares(galaxy, count)
    equal = lambda mass, cells: np.full(cells, mass / max(cells, 1))  # noqa: E731
    parts = []
    if disc:
        position, velocity, density = _disc(galaxy, disc, rng)
        warm = NEUTRAL_TEMPERATURE * 10 ** (NEUTRAL_SCATTER * rng.standard_normal(disc))
        mass = equal(galaxy["cold_gas"], disc)
        parts.append((b"disc", position, velocity, mass, density, warm))
    if streams:
        position, velocity, density, cool = _streams(galaxy, streams, rng, reach=(0.03, 0.7))
        mass = equal(galaxy["stream_gas"], streams)
        parts.append((b"streams", position, velocity, mass, density, cool))
    position, velocity, density, heat = _hot(galaxy, hot, rng)
    parts.append((b"hot", position, velocity, equal(galaxy["hot_gas"], hot), density, heat))
    return _pack(parts, galaxy)


def sample_fuzz(galaxy, count, rng):
    """Gas of a group that is bound to none of its galaxies: outer streams and outskirts.

    As `sample`, about the central; 0.7 to 1.5 R200, a twentieth of the halo's hot gas and, where
    it has streams, what they bring from 0.7 to 1.3 R200.
    """
    if galaxy["hot_gas"] == 0:
        count = 0
    streams = count // 2 if galaxy["stream_gas"] > 0 else 0
    hot = count - streams
    position, velocity, density, heat = _hot(galaxy, hot, rng, shell=(1.0, 1.5))
    mass = np.full(hot, 0.05 * galaxy["hot_gas"] / max(hot, 1))
    parts = [(b"hot", position, velocity, mass, density, heat)]
    if streams:
        position, velocity, density, cool = _streams(galaxy, streams, rng, reach=(0.7, 1.3))
        mass = np.full(streams, galaxy["stream_gas"] * 0.6 / 0.67 / streams)
        parts.append((b"streams", position, velocity, mass, density, cool))
    return _pack(parts, galaxy)
