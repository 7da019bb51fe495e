"""Small stand-ins for the tng arm's outputs, in their documented formats."""

import json

import numpy as np
from astropy.table import Table

from skyloom.io import atomic_hdf5, create_dataset, write_table

VARIANTS = (
    *("composite", "entropy", "mass", "temperature", "gaussian_3", "gaussian_5", "gaussian_10"),
    *("unsharp_3", "unsharp_5", "unsharp_10"),
)
HEADER = {
    "snapshot": 99,
    "redshift": 0.0,
    "scale_factor": 1.0,
    "hubble": 0.6774,
    "box_size": 35000.0,
    "synthetic": True,
}


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
            file.attrs.update(synthetic=True)
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
    control["linear_maps"] = 4.4 + 0.8 * (true - 4.4) + 0.3 * rng.normal(size=count)
    write_table(table, folder / variant / "predictions.ecsv")
    write_table(control, folder / variant / "control.ecsv")
    epoch = np.arange(1, 401)
    loss = 2 * np.exp(-epoch / 60) + 0.1 + 0.02 * rng.uniform(size=400)
    rows = [f"{e},{a:.6g},{1.3 * a:.6g}" for e, a in zip(epoch, loss, strict=True)]
    (folder / variant / "history.csv").write_text("epoch,loss,test_loss\n" + "\n".join(rows) + "\n")
