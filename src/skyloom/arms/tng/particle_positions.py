"""Whether particles lie where the catalogue says that their subhaloes are.

Two runs of one box and one cosmology that began from other random numbers differ in nothing that a
header says, and chunks of equal counts can change places. The catalogue's radii tell: half of the
mass of a subhalo's particles of one type lies within SubhaloHalfmassRadType of SubhaloPos
(https://www.tng-project.org/data/docs/specifications/), so that at least one of them does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skyloom.errors import InputError

if TYPE_CHECKING:
    from skyloom.arms.tng.simulation import Simulation


_COLUMNS = ("SubhaloPos", "SubhaloHalfmassRadType")
#: Particles below which a subhalo is not asked.
_FEWEST = 20
#: How far from it one of them must lie, in half-mass radii and in sides of the box: far beyond any
#: rounding, and far below the distance of two subhaloes of another place.
_RADII, _SIDES = 5, 1e-3


def misplaced(
    simulation: Simulation,
    number: int,
    kind: str,
    starts: np.ndarray,
    lengths: np.ndarray,
    edges: np.ndarray,
) -> tuple[int, str] | None:
    """A clause on a subhalo of which no particle is where the catalogue has it, or None.

    Parameters
    ----------
    simulation : `skyloom.arms.tng.simulation.Simulation`
    number : int
        Of the particle type.
    kind : str
        Its name.
    starts, lengths : (N,) int array
        First particle of every subhalo in the snapshot, and how many it has.
    edges : (C,) int array
        First particle of every chunk.

    Returns
    -------
    (int, str) or None
        The chunk in which the subhalo begins, and the clause. One subhalo a chunk is looked at.

    Raises
    ------
    InputError
        If a column is no list of places or radii.
    """
    known = all(simulation.has_subhalo_field(name) for name in _COLUMNS)
    if not known or "Coordinates" not in simulation.particle_fields().get(kind, ()):
        return None
    box = simulation.header.box_size
    for chunk, subhalo in _one_each(starts, lengths, edges):
        said = simulation.subhalo(subhalo, _COLUMNS)
        place, radii = (said[name] for name in _COLUMNS)
        found = simulation.coordinates(kind, subhalo)
        if place.shape != (3,) or len(radii) <= number or found.shape[1:] != (3,):
            raise InputError(
                f"{simulation.base_path}, snapshot {simulation.snapshot}: {', '.join(_COLUMNS)} "
                f"and Coordinates of {kind} are not of three axes and six types: get the files "
                "again."
            )
        limit = _RADII * radii[number] + _SIDES * box
        apart = found.astype(float) - place
        apart -= box * np.round(apart / box)
        nearest = np.sqrt((apart**2).sum(axis=1).min())
        if nearest > limit:
            return chunk, (
                f"subhalo {subhalo} of the one has half of its PartType{number} within "
                f"{radii[number]:.4g} ckpc/h of its SubhaloPos, and the "
                f"nearest in the other is {nearest:.4g} ckpc/h away"
            )
    return None


def _one_each(starts, lengths, edges):
    """Of every chunk in which some begin: its number, and the smallest subhalo of enough."""
    enough = np.flatnonzero(lengths >= _FEWEST)
    chunks = np.searchsorted(edges, starts[enough], side="right") - 1
    order = np.lexsort((lengths[enough], chunks))
    there, first = np.unique(chunks[order], return_index=True)
    return zip(there.tolist(), enough[order][first].tolist(), strict=True)
