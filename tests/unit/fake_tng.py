"""Small stand-ins for the tng arm's outputs, in their documented formats."""

import json

import numpy as np
from astropy.table import Table

from skyloom.arms.tng.controls import RIDGE
from skyloom.io.files import atomic_hdf5, create_dataset, write_table
from skyloom.simulate.universe.snapshot import write_snapshot
from skyloom.simulate.universe.tree import write_tree

VARIANTS = (
    *("composite", "entropy", "mass", "temperature", "gaussian_3", "gaussian_5", "gaussian_10"),
    *("unsharp_3", "unsharp_5", "unsharp_10"),
)
#: How galaxies are projected, where nothing else is asked for.
PROJECTION = {
    "gas": {
        **{"members": "fof", "star_forming_temperature": "effective", "entropy": "linear"},
        "electron_abundance_floor": 1e-4,
    },
    "rotation": {
        **{"members": "subhalo", "max_age": 0.5, "min_stars": 30, "aperture": 15},
        "inclination": 0,
    },
    "grid": {"bins": 32, "width": 60, "depth": None, "edges": "exact", "deposit": "nearest"},
    "statistic": {"entropy": "mass_weighted_mean", "mass": "sum"}
    | {"temperature": "mass_weighted_mean"},
}
HEADER = {
    "snapshot": 99,
    "redshift": 0.0,
    "scale_factor": 1.0,
    "hubble": 0.6774,
    "box_size": 35000.0,
    "synthetic": True,
}


def universe(base, *snapshots, tree=True, **changes):
    """A small synthetic universe at ``output`` `base`, with trees; the same path."""
    size = {"snapshots": list(snapshots), "galaxies": 12, "seed": 5, **changes}
    for number in snapshots:
        write_snapshot(base, number, **{"gas_cells": 120, "chunks": 3, **size})
    if tree:
        write_tree(base, **{key: size[key] for key in ("snapshots", "galaxies", "seed")})
    return base


def spiral(bins, seed):
    """Entropy, mass and temperature of a disc with arms, (3, bins, bins)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : bins * 1j, -1 : 1 : bins * 1j]
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    arms = 1 + 0.8 * np.cos(2 * angle - 9 * np.log(radius + 0.05) + rng.uniform(0, 6))
    mass = np.exp(-radius / rng.uniform(0.1, 0.25)) * arms * rng.lognormal(0, 0.5, x.shape)
    temperature = 1e4 * (1 + 60 * radius**2 * rng.lognormal(0, 0.3, x.shape))
    return np.stack([1e-2 * temperature / (mass + 0.01) ** 0.67, 1e-2 * mass, temperature])


def galaxies(folder, snapshot=99, count=100):
    """A galaxies table with some that form no stars; its path."""
    rng = np.random.default_rng(snapshot)
    table = Table({"snapshot": np.full(count, snapshot), "subhalo_id": np.arange(count) * 7})
    table["total_mass"] = 10 ** rng.uniform(0.7, 2.3, count)
    table["stellar_mass"] = 0.04 * table["total_mass"]
    sfr = 10 ** (1.1 * np.log10(table["total_mass"]) - 1.6 + rng.normal(0, 0.45, count))
    table["sfr"] = np.where(rng.uniform(size=count) < 0.08, 0.0, sfr)
    table["ssfr"] = table["sfr"] / (table["stellar_mass"] * 1e10 / 0.6774)
    table.meta.update(HEADER | {"snapshot": snapshot, "ssfr_mass": "stellar"})
    write_table(table, folder / f"snap_{snapshot:03d}.ecsv")
    return str(folder / f"snap_{snapshot:03d}.ecsv")


def maps(folder, bins=64, count=6):
    """One maps file; its path."""
    path = folder / "snap_099.part_0.h5"
    with atomic_hdf5(path) as file:
        stack = np.stack([spiral(bins, seed) for seed in range(count)])
        stack[:, :, :3, :3] = 0
        create_dataset(file, "maps", stack.astype("f4"))
        create_dataset(file, "subhalo_id", np.arange(count) * 7)
        file.attrs.update(HEADER)
        file.attrs["channels"] = ["entropy", "mass", "temperature"]
        file.attrs["units"] = ["keV cm2", "1e10 Msun/h", "K"]
        file.attrs["statistic"] = ["mass_weighted_mean", "sum", "mass_weighted_mean"]
        file.attrs.update(width=60.0, bins=bins)
    return str(path)


def _rendered(stack, variant):
    """An RGB image of one variant, near enough to what the arm makes."""
    from scipy.ndimage import gaussian_filter

    scaled = np.arcsinh(stack / stack.max(axis=(1, 2), keepdims=True) / 0.01) / np.arcsinh(100)
    family, _, size = variant.partition("_")
    if family in ("entropy", "mass", "temperature"):
        scaled = scaled[[("entropy", "mass", "temperature").index(family)] * 3]
    if size:
        smooth = np.stack([gaussian_filter(plane, float(size)) for plane in scaled])
        scaled = smooth if family == "gaussian" else 0.5 + 0.5 * (scaled - smooth)
    return (255 * np.clip(scaled, 0, 1)).astype("u1").transpose(1, 2, 0)


def datasets(folder, variants=VARIANTS, bins=64, count=24):
    """One dataset file a variant; their paths."""
    target = 15 + np.random.default_rng(3).normal(-10.5, 0.5, count)
    stacks = [spiral(bins, seed) for seed in range(count)]
    for variant in variants:
        with atomic_hdf5(folder / f"{variant}.h5") as file:
            images = np.stack([_rendered(stack, variant) for stack in stacks])
            create_dataset(file, "images", images)
            create_dataset(file, "target", target)
            names = [f"099_{i:07d}".encode() for i in range(count)]
            create_dataset(file, "id", np.array(names))
            create_dataset(file, "snapshot", np.full(count, 99))
            sigma = variant.partition("_")[2]
            parameters = {"sigma": int(sigma)} if sigma else {}
            file.attrs.update(variant=variant, parameters=json.dumps(parameters), width=60.0)
            file.attrs.update(synthetic=True, hubble=HEADER["hubble"])
    return [str(folder / f"{variant}.h5") for variant in variants]


def trained(folder, variant, strength=0.6, count=300, constant=False):
    """Predictions, control and history of one case in `folder`/`variant`."""
    rng = np.random.default_rng(11)
    true = rng.normal(4.4, 0.5, count)
    noise = np.random.default_rng([12, *map(ord, variant)]).normal(0, 0.35, count)
    table = Table({"id": [f"099_{i:07d}" for i in range(count)]})
    table["part"] = np.where(np.arange(count) % 4 == 0, "test", "train")
    table["component"] = np.arange(count) // 8
    table["true"] = true
    control = table.copy()
    for epoch, share in ((100, 0.3), (200, 0.7), (400, 1.0)):
        values = 4.4 + share * strength * (true - 4.4) + noise * (1 - strength)
        table[f"predicted_epoch_{epoch}"] = values
    table["predicted"] = np.full(count, 4.4) if constant else values
    control["shuffled"] = 4.4 + 0.02 * rng.normal(size=count)
    control["linear"] = 4.4 + 0.5 * (true - 4.4) + 0.3 * rng.normal(size=count)
    for name in RIDGE:
        control[name] = 4.4 + 0.6 * (true - 4.4) + 0.3 * rng.normal(size=count)
    control["linear_maps"] = 4.4 + 0.8 * (true - 4.4) + 0.3 * rng.normal(size=count)
    write_table(table, folder / variant / "predictions.ecsv")
    write_table(control, folder / variant / "control.ecsv")
    epoch = np.arange(1, 401)
    loss = 2 * np.exp(-epoch / 60) + 0.1 + 0.02 * rng.uniform(size=400)
    rows = [f"{e},{a:.6g},{1.3 * a:.6g}" for e, a in zip(epoch, loss, strict=True)]
    (folder / variant / "history.csv").write_text("epoch,loss,test_loss\n" + "\n".join(rows) + "\n")


def _edges(total, cuts):
    """Edges of consecutive files from any numbers between 0 and 1."""
    inner = sorted(round(cut * total) for cut in cuts)
    return np.array([0, *inner, total], np.int64)


def snapshot(base, lengths, fields, *, cuts, catalogue_cuts=(0.5,), number=99, store=None):
    """The particle files of a snapshot in TNG's layout, without physics.

    Parameters
    ----------
    base : Path
        The folder ``output``.
    lengths : (N, 6) array
        Particles of each group by type; subhaloes are the same objects, with all but the last
        particle of each type (there is one particle of no subhalo behind each group).
    fields : dict of dict
        Particle type -> field -> array of all particles.
    cuts : dict
        Particle type -> fractions at which the snapshot is cut into files, as many for each type.
    catalogue_cuts : sequence of float
        The same for the catalogue.
    store : callable, optional
        ``store(group, name, values)`` writes one dataset.
    """
    import h5py

    lengths = np.asarray(lengths, np.int64).reshape(-1, 6)
    starts = np.cumsum(lengths, axis=0) - lengths
    store = store or (lambda group, name, values: group.create_dataset(name, data=values))
    files = len(next(iter(cuts.values()))) + 1
    edges = np.zeros((files + 1, 6), np.int64)
    for kind, where in cuts.items():
        edges[:, kind] = _edges(len(next(iter(fields[kind].values()))), where)
    folders = base / f"snapdir_{number:03d}", base / f"groups_{number:03d}"
    offsets = base.parent / "postprocessing" / "offsets"
    for folder in (*folders, offsets):
        folder.mkdir(parents=True, exist_ok=True)
    for chunk in range(files):
        first, last = edges[chunk], edges[chunk + 1]
        with h5py.File(folders[0] / f"snap_{number:03d}.{chunk}.hdf5", "w") as file:
            header = file.create_group("Header").attrs
            header["NumPart_ThisFile"] = (last - first).astype(np.int32)
            header["NumPart_Total"] = (edges[-1] % 2**32).astype(np.uint32)
            header["NumPart_Total_HighWord"] = (edges[-1] >> 32).astype(np.uint32)
            header["NumFilesPerSnapshot"] = np.int32(files)
            for kind, columns in fields.items():
                # A file without particles of a type lacks its group altogether.
                if first[kind] < last[kind]:
                    group = file.create_group(f"PartType{kind}")
                    for name, values in columns.items():
                        store(group, name, values[first[kind] : last[kind]])
    cut = _edges(len(lengths), catalogue_cuts)
    for chunk in range(len(cut) - 1):
        rows = slice(cut[chunk], cut[chunk + 1])
        with h5py.File(folders[1] / f"fof_subhalo_tab_{number:03d}.{chunk}.hdf5", "w") as file:
            header = file.create_group("Header").attrs
            header["NumFiles"] = np.int32(len(cut) - 1)
            if rows.start < rows.stop:
                file["Group/GroupLenType"] = lengths[rows].astype(np.int32)
                file["Subhalo/SubhaloLenType"] = np.maximum(lengths[rows] - 1, 0).astype(np.int32)
    with h5py.File(offsets / f"offsets_{number:03d}.hdf5", "w") as file:
        file["FileOffsets/SnapByType"] = edges[:-1]
        for owner in ("Group", "Subhalo"):
            file[f"FileOffsets/{owner}"] = cut[:-1]
            file[f"{owner}/SnapByType"] = starts
