"""Star and wind particles of one galaxy: old disc and bulge, young stars on the gas, wind.

Units as in `skyloom.simulate.universe.cells`; formation times are scale factors, negative for wind.
"""

from __future__ import annotations

import numpy as np

from skyloom.simulate.universe import cells, cosmology

#: Baryonic mass of TNG50-1's cells and stars, Msun (Nelson et al. 2019, table 1), for galaxies of
#: `REFERENCE_CELLS` cells; coarser galaxies have coarser young stars.
STAR_MASS, REFERENCE_CELLS = 8.5e4, 12000
#: Ages of young stars end here, Gyr: star formation is taken as constant for as long.
YOUNG_AGE = 0.1
#: Old stars of the role "no_young_stars" are at least as old, Gyr.
GAP = 1.5
#: Star particles of a galaxy per gas cell: old ones, most young ones, and wind per old star.
OLD_STARS, MOST_YOUNG, WIND = 0.25, 0.1, 0.03
#: Mass in wind per star formation in `YOUNG_AGE`: a mass loading of one (Springel & Hernquist
#: 2003 use two; TNG's grows for small galaxies) for the 10 per cent of the time it is decoupled.
WIND_LOADING = 0.1
#: Bulge to total of quenched galaxies (Bluck et al. 2014), thickness of stellar discs over their
#: length (Kregel, van der Kruit & de Grijs 2002: 7.3), bulge half-mass radius over disc length.
QUENCHED_BULGE, FLATTENING, BULGE_SIZE = 0.6, 1 / 7.3, 0.6
#: Mass-weighted return to gas since formation, Chabrier (2003) stars: initial over present mass.
RETURNED = 1 / (1 - 0.4)


def hernquist_radius(fraction, scale):
    """Radius that holds a mass fraction of a Hernquist (1990, eq. 3) profile: M = r^2/(r+a)^2."""
    root = np.sqrt(fraction)
    return scale * root / (1 - root)


def _old(galaxy, count, rng):
    bulge_share = QUENCHED_BULGE if galaxy["quenched"] else galaxy["bulge"]
    length = galaxy["stellar_length"]
    in_bulge = rng.random(count) < bulge_share
    radius, azimuth, _ = cells.disc_points({**galaxy, "contrast": 0.2}, length, count, rng)
    tanh = np.clip(2 * rng.random(count) - 1, -0.995, 0.995)
    height = FLATTENING * length * np.arctanh(tanh)
    position = np.stack([radius * np.cos(azimuth), radius * np.sin(azimuth), height], axis=1)
    # Hernquist's half-mass radius is 2.414 a; the outermost two per cent are left out.
    scale = BULGE_SIZE * length / 2.414
    away = rng.standard_normal((count, 3))
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    sphere = away * hernquist_radius(0.9 * rng.random(count), scale)[:, None]
    position[in_bulge] = sphere[in_bulge]
    # Discs rotate with a dispersion of a third; bulges have the isothermal V / sqrt(2).
    velocity = 0.9 * cells.disc_velocity(galaxy, position)
    velocity[in_bulge] *= 0.3
    spread = np.where(in_bulge, 1 / np.sqrt(2), 0.3) * galaxy["flat_velocity"]
    velocity += spread[:, None] * rng.standard_normal((count, 3))
    return position, velocity


def _old_ages(galaxy, count, now, rng):
    """Ages from a delayed history, t exp(-t / tau), that ends with quenching or at 0.1 Gyr.

    tau = 4 Gyr for discs, 1.5 Gyr for quenched galaxies (Simha et al. 2014).
    """
    youngest = max(YOUNG_AGE, float(galaxy["since_quenching"]))
    if galaxy["name"] == "no_young_stars":
        youngest = GAP
    youngest = min(youngest, now - 1.0)
    tau = 1.5 if galaxy["quenched"] else 4.0
    start, span = 0.5, now - youngest
    grid = np.linspace(start, span, 400)
    history = np.cumsum((grid - start) * np.exp(-(grid - start) / tau))
    formed = np.interp(rng.random(count) * history[-1], history, grid)
    return now - formed


def _on_gas(gas, rate, count, rng, *, jitter=0.05):
    """Positions and velocities of `count` particles on cells, chosen by their star formation."""
    chosen = rng.choice(len(rate), count, p=rate / rate.sum())
    position = gas["position"][chosen] + jitter * rng.standard_normal((count, 3))
    velocity = gas["velocity"][chosen] + 5.0 * rng.standard_normal((count, 3))
    return position, velocity, chosen


def sample(
    galaxy: dict, gas: dict, rate: np.ndarray, count: int, z: float, rng: np.random.Generator
) -> dict:
    """Stars and wind of one galaxy.

    Parameters
    ----------
    galaxy : dict
        As for `cells.sample`.
    gas : dict
        Its cells, in box orientation.
    rate : (N,) array
        Their star formation rates, Msun/yr.
    count : int
        Number of gas cells that set the resolution.
    z : float
    rng : numpy Generator

    Returns
    -------
    dict
        ``position``, ``velocity``, ``mass``, ``initial_mass``, ``formation``; masses but for wind
        add up to the galaxy's stellar mass, those of young stars to the star formation rate
        times 0.1 Gyr (at most half the stars).
    """
    now = float(cosmology.age(z))
    total = float(rate.sum())
    recent = min(total * YOUNG_AGE * 1e9, 0.5 * galaxy["stellar_mass"])
    unit = STAR_MASS * REFERENCE_CELLS / count
    young = min(int(recent / unit), int(MOST_YOUNG * count))
    if galaxy["name"] == "no_young_stars" or young == 0:
        young, recent = 0, 0.0
    old = int(OLD_STARS * count)
    wind = max(int(WIND * old), 1) if total > 0 else 0
    turn = cells.orientation(galaxy["axis"])
    position, velocity = _old(galaxy, old, rng)
    ages = _old_ages(galaxy, old, now, rng)
    present = np.full(old, (galaxy["stellar_mass"] - recent) / old)
    parts = [(position @ turn.T, velocity @ turn.T, present, present * RETURNED, ages)]
    if young:
        where, motion, _ = _on_gas(gas, rate, young, rng)
        mass = np.full(young, recent / young)
        parts.append((where, motion, mass, mass, YOUNG_AGE * rng.random(young)))
    if wind:
        parts.append(_wind(galaxy, gas, rate, wind, total, rng))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    formation = cosmology.scale_factor_at(now - columns[4])
    if wind:
        formation[-wind:] *= -1
    names = ("position", "velocity", "mass", "initial_mass")
    return {**dict(zip(names, columns, strict=False)), "formation": formation}


def _wind(galaxy, gas, rate, count, total, rng):
    """Wind particles: gas kicked off the disc along its axis within the last 50 Myr.

    Launched at 7.4 times the dark matter's one-dimensional dispersion, here V200 / sqrt(2), and at
    350 km/s at least (TNG: Pillepich et al. 2018).
    """
    where, motion, _ = _on_gas(gas, rate, count, rng)
    speed = max(7.4 * galaxy["velocity_200"] / np.sqrt(2), 350.0)
    side = np.where(rng.random(count) < 0.5, -1.0, 1.0)
    # Decoupled wind rejoins the gas within some kpc.
    height = rng.uniform(0, 4.0, count)
    where = where + (side * height)[:, None] * galaxy["axis"]
    motion = motion + (side * speed)[:, None] * galaxy["axis"]
    mass = np.full(count, WIND_LOADING * total * YOUNG_AGE * 1e9 / count)
    return where, motion, mass, mass, 0.05 * rng.random(count)
