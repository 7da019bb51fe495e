"""Turning a galaxy so that its disc is seen face-on, or at any inclination."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from skyloom.arms.tng import cosmology
from skyloom.arms.tng.particle_fields import STAR_FIELDS

if TYPE_CHECKING:
    from skyloom.arms.tng.particles import Workspace
    from skyloom.arms.tng.simulation import Simulation

#: What a galaxy's spin was measured from; the index is what map files store.
ORIENTATIONS = ("young_stars", "star_forming_gas", "all_stars", "none")
#: What a spin needs of the gas.
SPIN_FIELDS = ("Coordinates", "Masses", "StarFormationRate", "Velocities")
#: Columns of a galaxy table that say how its row is seen, degrees; without them the options do.
VIEW_ANGLES = ("inclination", "position_angle")


class Orientation(NamedTuple):
    """A rotation and what it was measured from."""

    matrix: np.ndarray
    source: str


def periodic_offset(coordinates: np.ndarray, centre: np.ndarray, box_size: float) -> np.ndarray:
    """Positions relative to a centre, each taken to its nearest periodic image.

    Parameters
    ----------
    coordinates : (N, 3) array
        Positions in the box.
    centre : (3,) array
    box_size : float
        In the unit of the coordinates.

    Returns
    -------
    (N, 3) float64 array
        Components in [-box_size / 2, box_size / 2]. The subtraction is done in double precision:
        at 35,000 ckpc/h a float32 resolves no more than 0.004.
    """
    offset = np.asarray(coordinates, dtype=np.float64) - np.asarray(centre, dtype=np.float64)
    return offset - box_size * np.rint(offset / box_size)


def angular_momentum(mass: np.ndarray, position: np.ndarray, velocity: np.ndarray) -> np.ndarray:
    """Total angular momentum, sum of m r x v.

    Parameters
    ----------
    mass : (N,) array
    position, velocity : (N, 3) array
        Relative to the galaxy's centre.

    Returns
    -------
    (3,) array
        In the product of the three units.
    """
    return np.asarray(mass, dtype=np.float64) @ np.cross(position, velocity)


def face_on(spin: np.ndarray) -> np.ndarray:
    """A rotation that takes a spin vector to +z.

    Parameters
    ----------
    spin : (3,) array
        Any length but zero.

    Returns
    -------
    (3, 3) array
        A proper rotation R: R R^T = 1, det R = +1, R spin parallel to +z. A spin of the upper
        half takes the shortest way; one of the lower half is first turned half about x.

    Raises
    ------
    ValueError
        If the spin is zero or not finite.

    Notes
    -----
    Rodrigues' formula, R = 1 + [k] + [k]^2 / (1 + c) with k = n x z and c = n . z, which the half
    turn keeps at c >= 0, away from the vanishing denominator at c = -1.
    """
    spin = np.asarray(spin, dtype=np.float64)
    length = np.linalg.norm(spin)
    if not (np.isfinite(length) and length > 0):
        raise ValueError(f"a spin vector of length {length} has no direction")
    flip = np.diag([1.0, -1.0, -1.0]) if spin[2] < 0 else np.eye(3)
    x, y, z = flip @ (spin / length)
    cross = np.array([[0.0, 0.0, -x], [0.0, 0.0, -y], [x, y, 0.0]])
    return (np.eye(3) + cross + cross @ cross / (1.0 + z)) @ flip


def inclined(matrix: np.ndarray, inclination: float):
    """Incline a face-on view about the x axis of the picture.

    Parameters
    ----------
    matrix : (3, 3) array
        A face-on rotation.
    inclination : float
        Degrees; 0 is face-on, 90 edge-on.
    """
    angle = np.deg2rad(inclination)
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]]) @ matrix


def positioned(matrix: np.ndarray, position_angle: float):
    """Turn a view in the plane of the picture, so that its disc has a position angle.

    Parameters
    ----------
    matrix : (3, 3) array
        A view from `inclined`, whose disc has its longer axis along x.
    position_angle : float
        Degrees. Afterwards the longer axis lies along (x, y) = (cos t, -sin t), the direction in
        which the semantic arm's profiles of angle t are longest: from +x towards +y it is -t, and
        in a picture whose rows run down it is t, counted as in mathematics. 0 changes no bit.
    """
    if position_angle == 0:
        return matrix
    angle = np.deg2rad(position_angle)
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]]) @ matrix


def _chosen(particles, chosen):
    return {name: particles[name][chosen] for name in ("position", "velocity", "mass")}


def orientation(
    stars: dict,
    gas: dict | Callable,
    *,
    formation_limit: float,
    min_stars: int,
    aperture: float,
    inclination: float = 0.0,
    position_angle: float = 0.0,
    relative: Callable = _chosen,
) -> Orientation:
    """The rotation that shows a galaxy face-on about its young stars' spin.

    Parameters
    ----------
    stars : dict
        ``position``, ``velocity`` (N, 3), relative to the galaxy's centre (ckpc/h, km/s), ``mass``
        (N,) and ``formation`` (N,), the scale factor of a star's birth; wind particles, whose
        formation is negative, are not counted.
    gas : dict or callable
        ``position``, ``velocity``, ``mass`` and ``sfr`` (N,), Msun/yr; or a function without
        arguments that gives it, which is asked only where the stars do not decide.
    formation_limit : float
        Stars born at or after this scale factor are young.
    min_stars : int
        Fewer particles than this inside the aperture do not define a spin.
    aperture : float
        Radius about the centre, ckpc/h.
    inclination : float
        Degrees away from face-on.
    position_angle : float
        Degrees, see `positioned`.
    relative : callable
        ``relative(particles, chosen)`` gives ``position``, ``velocity`` and ``mass`` of the
        chosen rows of `stars` or `gas`, for particles that do not hold them ready: so they are
        worked out for the few that count.

    Returns
    -------
    Orientation
        Young stars decide; where there are too few, star-forming gas; then all stars; then the
        box's own axes, with source ``none``.
    """

    def candidates():
        born = stars["formation"]
        yield "young_stars", stars, born >= max(formation_limit, 0.0)
        cells = gas() if callable(gas) else gas
        yield "star_forming_gas", cells, cells["sfr"] > 0
        yield "all_stars", stars, born > 0

    def view(face):
        return positioned(inclined(face, inclination), position_angle)

    for source, particles, chosen in candidates():
        if chosen.sum() < min_stars:
            continue
        near = relative(particles, chosen)
        inside = np.linalg.norm(near["position"], axis=1) <= aperture
        if inside.sum() < min_stars:
            continue
        spin = angular_momentum(
            near["mass"][inside], near["position"][inside], near["velocity"][inside]
        )
        if np.linalg.norm(spin) > 0:
            return Orientation(view(face_on(spin)), source)
    return Orientation(view(np.eye(3)), "none")


@cache
def _formation_limit(header, max_age):
    """Scale factor of the universe `max_age` Gyr before a snapshot."""
    flat = {"hubble": header.hubble, "omega_matter": header.omega_matter}
    now = cosmology.age(header.scale_factor, **flat)
    return float(cosmology.scale_factor_at(now - max_age, **flat))


def galaxy_orientation(
    gas,
    stars: dict[str, np.ndarray],
    header,
    *,
    centre: np.ndarray,
    velocity: np.ndarray,
    options: dict,
) -> Orientation:
    """Rotation of one galaxy from its own particles.

    Parameters
    ----------
    gas : dict of array, or callable
        TNG fields (Coordinates, Masses, StarFormationRate, Velocities), in TNG units; or a
        function that gives them, asked only where the stars do not decide.
    stars : dict of array
        `skyloom.arms.tng.simulation.STAR_FIELDS`.
    header : `skyloom.arms.tng.simulation.Header`
    centre, velocity : (3,) array
        ckpc/h, km/s.
    options : dict
        max_age (Gyr), min_stars, aperture (ckpc/h), inclination and, unless 0, position_angle
        (degrees).

    Returns
    -------
    `skyloom.arms.tng.rotation.Orientation`
    """

    def relative(particles, chosen):
        """Positions (ckpc/h) and peculiar velocities (km/s) about the galaxy, and masses."""
        speeds = np.asarray(particles["Velocities"][chosen], dtype=np.float64)
        coordinates = particles["Coordinates"][chosen]
        return {
            "position": periodic_offset(coordinates, centre, header.box_size),
            "velocity": speeds * np.sqrt(header.scale_factor) - velocity,
            "mass": np.asarray(particles["Masses"][chosen], dtype=np.float64),
        }

    def cells():
        fields = gas() if callable(gas) else gas
        return {**fields, "sfr": fields["StarFormationRate"]}

    born = np.asarray(stars["GFM_StellarFormationTime"], dtype=np.float64)
    return orientation(
        {**stars, "formation": born},
        cells,
        formation_limit=_formation_limit(header, options["max_age"]),
        min_stars=options["min_stars"],
        aperture=options["aperture"],
        inclination=options["inclination"],
        position_angle=options.get("position_angle", 0.0),
        relative=relative,
    )


def owner(galaxy, members):
    """Whose particles count, as arguments of `Simulation.particles`: 'fof' or 'subhalo'."""
    if members == "fof":
        return {"group": int(galaxy["group_id"])}
    return {"subhalo": int(galaxy["subhalo_id"])}


def stars_needed(galaxy, options):
    """What a spin is made of, as arguments of `Simulation.particles`."""
    # The spin is the galaxy's own: satellites of its group are left out unless asked for.
    return {
        "kind": "stars",
        "fields": STAR_FIELDS,
        **owner(galaxy, options["rotation"]["members"]),
    }


def oriented(simulation: Simulation, galaxy, options: dict, workspace: Workspace) -> Orientation:
    """How one galaxy is seen, from its own particles.

    Parameters
    ----------
    simulation : `skyloom.arms.tng.simulation.Simulation`
    galaxy : astropy.table.Row
        Of a galaxy table; a table of views (`skyloom.arms.tng.inclined_views`) says for each row
        how it is seen.
    options : dict
        ``rotation``, as for `galaxy_orientation`, and its ``members``.
    workspace : `skyloom.arms.tng.particles.Workspace`

    Returns
    -------
    `skyloom.arms.tng.rotation.Orientation`
    """
    needed_stars = stars_needed(galaxy, options)
    view = {name: float(galaxy[name]) for name in VIEW_ANGLES if name in galaxy.colnames}

    def own_gas():
        needed = {**needed_stars, "kind": "gas", "fields": SPIN_FIELDS}
        return simulation.particles(**needed, workspace=workspace)

    return galaxy_orientation(
        own_gas,
        simulation.particles(**needed_stars, workspace=workspace),
        simulation.header,
        centre=np.array([galaxy[name] for name in "xyz"]),
        velocity=np.array([galaxy[f"v{name}"] for name in "xyz"]),
        options={**options["rotation"], **view},
    )
