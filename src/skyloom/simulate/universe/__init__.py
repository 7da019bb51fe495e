"""A synthetic universe in TNG's on-disk format, which the unmodified `illustris_python` reads.

Which simulation of that format the files are like (TNG50, TNG100, TNG300, Illustris) is a choice:
`skyloom.arms.tng.runs`. Metals, magnetic fields and dark matter are in `derived_fields`.

Galaxies evolve over TNG's snapshots 80 to 99: haloes grow, stars and cold gas follow published
relations with their published scatter (`galaxy_laws`, `gas_laws`), gas lies in discs with spiral
arms and clouds, hot haloes and cold streams (`cells`), stars form where the gas is dense, and some
galaxies quench (`population`). Nothing here was tuned to what a network makes of it. Files carry
the attribute ``SyntheticUniverse`` = True, in the headers of catalogue and snapshots and at the
root of offsets and trees. Equal arguments give equal bytes.

Simplifications to know: dark matter lies in spheres that end at R200, and only its places are
written; cells are not of one mass (a disc gets more than its share); ParticleIDs do not follow a
particle from snapshot to snapshot; haloes are spherical and the box is otherwise almost empty.

Hard cases, all present from 12 galaxies on (`lineages.ROLES` and `lineages.EXTRAS`):

=========================================  =========================================================
galaxy on a corner of the periodic box     role ``corner``
galaxies across each face                  roles ``edge_x``, ``edge_y``, ``edge_z``
selectable galaxy without any gas          role ``no_gas`` (its group has none either)
star-forming gas but no young stars        role ``no_young_stars``
star formation exactly zero                roles ``long_quenched``, ``quenched_too``, ``no_gas`` ...
quenches between two snapshots             role ``quenches`` (between 91 and 84)
subhalo without a tree row (RowNum -1)     role ``no_tree_row``
lineage that merges into another           extra ``merges``: gone in the newest snapshot, its
                                           descendant is that of role ``merger_host``
SubhaloFlag false                          extra ``flagged``, else selectable
group mass beyond the cut                  extras ``cluster`` and its selectable satellites
stellar mass beyond the cut, both ways     extras ``cluster`` and ``dwarf``
total mass beyond the cut                  extras ``massive`` and ``cluster``
satellites in one group                    28 % of the ordinary galaxies, groups of up to 5
group without a subhalo                    the last group: GroupFirstSub -1, only gas
chunk without a particle type              the last snapshot file has no PartType0, the second
                                           no PartType4 (of two files, the first)
galaxies across snapshot files             each edge is put in the middle of a galaxy
catalogue edges                            groups and subhaloes are halved separately, so a
                                           group's subhaloes may lie in another file than it
electron abundance exactly zero            cold neutral gas
wind among the stars                       GFM_StellarFormationTime < 0
=========================================  =========================================================
"""

from skyloom.simulate.universe.layout import snapshot_files, tree_files

__all__ = ["snapshot_files", "tree_files", "write_snapshot", "write_tree"]


def __getattr__(name):
    # Importing the layout alone, as the workflow does, must not cost h5py and astropy.
    if name == "write_snapshot":
        from skyloom.simulate.universe.snapshot import write_snapshot

        return write_snapshot
    if name == "write_tree":
        from skyloom.simulate.universe.tree import write_tree

        return write_tree
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
