"""What can be wrong between the files of one snapshot of a TNG-format simulation."""

import broken
import h5py
from bad_tng import CHUNK, GROUPS, OFFSETS, TREE, select, sky
from cases import all_of, for_each, refused

from skyloom.arms.tng.simulation import Simulation


def compared(folder):
    """Catalogue, offsets and snapshot beside each other."""
    return Simulation(folder / "output", 99).compared


OTHERS = {
    "inconsistent counts": {
        "groups": ("Group/SnapByType", r"offsets_099.*tab_099\.0", "GroupLenType", "together"),
        "subhaloes": ("Subhalo/SnapByType", r"offsets_099.*tab_099\.0", "SubhaloLenType"),
        "chunks": ("FileOffsets/SnapByType", r"offsets_099.*snap_099\.0", "files before it"),
    },
    "wrong snapshot": {
        "box": ({"BoxSize": 75000.0}, r"tab_099\.0.*snap_099\.1", "BoxSize is 35000 and 75000"),
        "time": ({"Time": 0.5, "Redshift": 1.0}, r"snap_099\.1", "Time is 1 and 0.5", "keep"),
    },
    "wrong unit": {
        "length": ({"UnitLength_in_cm": 3.085678e24}, r"snap_099\.1", r"3\.08568e\+24", "kpc/h"),
        "mass": ({"UnitMass_in_g": 1.989e33}, r"snap_099\.1", r"1\.989e\+33", "rewrite"),
        "velocity": ({"UnitVelocity_in_cm_per_s": 1.0}, r"snap_099\.1", "has 1 as"),
    },
}


@all_of(refused, "tng", OTHERS)
def files_of_another_run(folder, other):
    """Offsets by their name, or the numbers of a chunk's header."""
    sky(folder)
    if isinstance(other, str):
        broken.altered(folder / OFFSETS, other, lambda values: values + 1)
    else:
        for name, value in other.items():
            broken.attribute(folder / CHUNK.format(1), "Header", name, value)
    compared(folder)


SOURCES = {
    "catalogue": ((GROUPS.format(1), "Subhalo/SubhaloSFR"), r"tab_099\.1", "SubhaloSFR takes"),
    "groups": ((GROUPS.format(0), "Group/GroupMass"), r"tab_099\.0", "moved.hdf5 is not there"),
    "offsets": ((OFFSETS, "Group/SnapByType"), "offsets_099", "SnapByType takes its values"),
    "chunks": ((OFFSETS, "FileOffsets/SnapByType"), "offsets_099", "put what is missing back"),
    "gas": ((CHUNK.format(1), "PartType0/Density"), r"snap_099\.1", "Density takes its values"),
    "stars": ((CHUNK.format(1), "PartType4/Masses"), r"snap_099\.1", "moved.hdf5 is not there"),
    "trees": ((TREE.format(0), "MainLeafProgenitorID"), "tree_extended.0", "takes its values"),
    "rows of trees": ((OFFSETS, "Subhalo/SubLink/RowNum"), "offsets_099", "RowNum takes its"),
}


@for_each(refused, "tng", "missing file", SOURCES)
def source_of_virtual(folder, where):
    name, dataset = where
    with h5py.File(sky(folder) / name, "r+") as file:
        values = file[dataset]
        layout = h5py.VirtualLayout(values.shape, values.dtype)
        layout[...] = h5py.VirtualSource("moved.hdf5", "values", shape=values.shape)
        del file[dataset]
        file.create_virtual_dataset(dataset, layout)
    compared(folder)
    select(folder)
