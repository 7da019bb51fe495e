"""A small universe in TNG's format, files made of it, and how the tests read and project them."""

import h5py
import numpy as np

from skyloom.arms.tng import maps
from skyloom.arms.tng.simulation import GAS_FIELDS, STAR_FIELDS, Header
from skyloom.io.files import atomic_hdf5
from skyloom.simulate import universe

SIZE = {"snapshots": [99], "galaxies": 12, "seed": 3}
CUTS = {"stellar_mass": [0.01, 1000], "total_mass_max": 1e5, "group_mass_max": 1e6}
#: Cuts that leave all galaxies.
WIDE = {"stellar_mass": [0.0, 1e4], "total_mass_max": 1e5, "group_mass_max": 1e5}
MEAN = "mass_weighted_mean"
OPTIONS = {
    "gas": {
        "members": "fof",
        "star_forming_temperature": "effective",
        "electron_abundance_floor": 1e-4,
        "entropy": "linear",
    },
    "rotation": {
        "members": "subhalo",
        "max_age": 0.5,
        "min_stars": 10,
        "aperture": 15.0,
        "inclination": 0.0,
    },
    "grid": {"bins": 64, "width": 60.0, "depth": None, "edges": "exact", "deposit": "nearest"},
    "statistic": {"entropy": MEAN, "mass": "sum", "temperature": MEAN},
}


def options(**changes):
    """`OPTIONS` with keys of some sections changed."""
    changed = {section: {**OPTIONS[section], **keys} for section, keys in changes.items()}
    return {**OPTIONS, **changed}


def write(base, snapshot=99, *, gas_cells=100, chunks=2, **size):
    """A snapshot and the trees of a universe below ``base``; its path."""
    size = size or SIZE
    universe.write_snapshot(str(base), snapshot, gas_cells=gas_cells, chunks=chunks, **size)
    universe.write_tree(str(base), **size)
    return base


def chunks(base, snapshot):
    """The snapshot's files in their order."""
    return sorted(base.glob(f"snapdir_{snapshot:03d}/*.hdf5"))


def whole(base, snapshot, kind, field):
    """One field of every particle in the snapshot, straight from the chunks in order."""
    parts = []
    for path in chunks(base, snapshot):
        with h5py.File(path) as file:
            if kind in file:
                parts.append(file[kind][field][()])
    return np.concatenate(parts).astype(np.float64)


def group_rows(base, snapshot, kind, group):
    """Rows of a group's particles of a type, from the lengths of all groups before it."""
    lengths = []
    for path in sorted(base.glob(f"groups_{snapshot:03d}/*.hdf5")):
        with h5py.File(path) as file:
            if "Group/GroupLenType" in file:
                lengths.append(file["Group/GroupLenType"][:, kind])
    lengths = np.concatenate(lengths).astype(int)
    return slice(lengths[:group].sum(), lengths[: group + 1].sum())


def on_the_sky(base, snapshot, kind, group, centre, rotation):
    """Offsets in the picture, ckpc/h, of a group's particles, and their rows."""
    with h5py.File(chunks(base, snapshot)[0]) as file:
        box = file["Header"].attrs["BoxSize"]
    rows = group_rows(base, snapshot, kind, group)
    places = whole(base, snapshot, f"PartType{kind}", "Coordinates")[rows]
    return rows, rotation @ ((places - centre + box / 2) % box - box / 2).T


def binned(x, y, weights):
    """NumPy's histogram on the grid of `OPTIONS`."""
    edges = np.linspace(-30, 30, 65)
    return np.histogram2d(y, x, bins=[edges, edges], weights=weights)[0]


def cutout(folder, rows=9):
    """A cutout that can be used."""
    random = np.random.default_rng(1)
    with h5py.File(folder / "cutout_7.hdf5", "w") as file:
        header = {"Redshift": 0.0, "Time": 1.0, "HubbleParam": 0.6774, "Omega0": 0.3089}
        header |= {"BoxSize": 35000.0, "SnapshotNumber": 99}
        file.create_group("Header").attrs.update(header)
        for kind, fields in ((0, GAS_FIELDS), (4, STAR_FIELDS)):
            for field in fields:
                shape = (rows, 3) if field in ("Coordinates", "Velocities") else (rows,)
                values = random.uniform(size=shape).astype(np.float32)
                file.create_dataset(f"PartType{kind}/{field}", data=values, chunks=shape)
    return folder / "cutout_7.hdf5"


def map_file(folder, snapshot=99, subhalos=(0, 2, 5)):
    """Maps of some galaxies."""
    random = np.random.default_rng(2)
    some = (
        maps.GalaxyMaps(number, random.uniform(size=(3, 8, 8)).astype("f4"), np.eye(3), name, 9, 0)
        for number, name in zip(subhalos, maps.ORIENTATIONS * 2, strict=False)
    )
    with atomic_hdf5(folder / "maps.h5") as file:
        maps.write_maps(
            file,
            some,
            len(subhalos),
            header=Header(snapshot, 0.0, 1.0, 0.6774, 0.3089, 35000.0, True),
            options=options(grid={"bins": 8}),
        )
    return folder / "maps.h5"
