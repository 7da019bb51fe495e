"""A small finished run of the tng arm: what the report reads, in the documented formats."""

import json

import cv2
import numpy as np
from astropy.table import Table

from skyloom.arms.tng import evaluation
from skyloom.io.files import atomic_hdf5, create_dataset, write_table
from skyloom.judge import published

CASES = ("composite", "mass", "unsharp_3")
BINS, WIDTH, HUBBLE = 32, 60.0, 0.6774
REDSHIFTS = {99: 0.0, 91: 0.1}
COUNT = 24  # galaxies a snapshot, half of them on the test side


def galaxy_maps(snapshot, subhalo):
    """Entropy, mass and temperature of one galaxy, (3, BINS, BINS), with empty corners."""
    rng = np.random.default_rng([snapshot, subhalo])
    y, x = np.mgrid[-1 : 1 : BINS * 1j, -1 : 1 : BINS * 1j]
    radius = np.hypot(x, y)
    mass = 1e-3 * np.exp(-radius / 0.3) * rng.lognormal(0, 0.3, x.shape)
    temperature = 1e4 * (1 + 50 * radius**2) * rng.lognormal(0, 0.2, x.shape)
    stack = np.stack([temperature / 1e4 / (mass * 1e3) ** 0.67, mass, temperature])
    return np.where(radius > 1.1, 0, stack).astype("f4")


def identifiers():
    """(snapshot, subhalo) of every galaxy, the latest snapshot first."""
    return [(snapshot, 3 * row + 1) for snapshot in REDSHIFTS for row in range(COUNT)]


def write(folder, cases=CASES, synthetic=True):
    """Fill `folder` (``results/<run>/tng``) and return it."""
    for snapshot, redshift in REDSHIFTS.items():
        _snapshot(folder, snapshot, redshift, synthetic)
    true = np.random.default_rng(1).normal(4.4, 0.6, 2 * COUNT)
    tables = [_predictions(folder, case, true, synthetic) for case in cases]
    for case in cases:
        _dataset(folder, case, true, synthetic)
    controls = [_control(table) for table in tables]
    options = {"samples": 60, "level": 0.95, "seed": 1}
    summary = evaluation.summarise(list(cases), tables, controls, **options)
    found = {
        "summary": summary,
        "differences": evaluation.compare_pairs(list(cases), tables, **options),
        "published": published.table(
            [
                {
                    **{"group": "r = 0.752 from the mass channel", "quantity": "Pearson r"},
                    **{"model": "mass", "ours": 0.69, "low": 0.51, "high": 0.81},
                    **{"printed": 0.752, "holds": "not judged"},
                }
            ],
            {"called": "the thesis", "source": "its author"},
            synthetic=synthetic,
            common=["source is synthetic"],
        ),
    }
    for name, table in found.items():
        table.meta["synthetic"] = synthetic
        write_table(table, folder / "evaluation" / f"{name}.ecsv")
    (folder / "figures").mkdir()
    for name in ("ranking", "halves"):
        cv2.imwrite(str(folder / "figures" / f"{name}.png"), np.full((40, 60, 3), 200, np.uint8))
    return folder


def _snapshot(folder, snapshot, redshift, synthetic):
    mine = [subhalo for number, subhalo in identifiers() if number == snapshot]
    header = {"snapshot": snapshot, "redshift": redshift, "scale_factor": 1 / (1 + redshift)}
    header |= {"hubble": HUBBLE, "synthetic": synthetic}
    table = Table({"snapshot": np.full(len(mine), snapshot), "subhalo_id": mine}, meta=header)
    table["stellar_mass"] = 0.5 + 0.1 * np.arange(len(mine))
    write_table(table, folder / "galaxies" / f"snap_{snapshot:03d}.ecsv")
    with atomic_hdf5(folder / "maps" / f"snap_{snapshot:03d}.part_0.h5") as file:
        stack = np.stack([galaxy_maps(snapshot, subhalo) for subhalo in mine])
        create_dataset(file, "maps", stack)
        create_dataset(file, "subhalo_id", np.array(mine))
        file.attrs.update(header)
        file.attrs["channels"] = ["entropy", "mass", "temperature"]
        file.attrs["units"] = ["keV cm2", "1e10 Msun/h", "K"]
        file.attrs["statistic"] = ["mass_weighted_mean", "sum", "mass_weighted_mean"]
        file.attrs.update(width=WIDTH, bins=BINS)


def _names():
    return [f"{snapshot:03d}_{subhalo:07d}" for snapshot, subhalo in identifiers()]


def _predictions(folder, case, true, synthetic):
    rng = np.random.default_rng([2, *case.encode()])
    table = Table({"id": _names()}, meta={"variant": case, "synthetic": synthetic})
    table["part"] = np.where(np.arange(len(true)) % 2 == 0, "test", "train")
    table["component"] = np.arange(len(true)) // 4
    table["true"] = true
    table["predicted"] = true + rng.normal(0, 0.4, len(true))
    write_table(table, folder / "models" / case / "predictions.ecsv")
    return table


def _control(table):
    rng = np.random.default_rng(3)
    control = table["id", "part", "component", "true"]
    for name in evaluation.CONTROLS:
        noise = rng.normal(0, 0.5, len(table))
        control[name] = noise + (4.4 if name == "shuffled" else table["true"])
    return control


def _dataset(folder, case, true, synthetic):
    kind = {"kind": "channel", "channel": case} if case == "mass" else {"kind": case}
    with atomic_hdf5(folder / "datasets" / f"{case}.h5") as file:
        images = []
        for snapshot, subhalo in identifiers():
            stack = galaxy_maps(snapshot, subhalo)
            scaled = 255 * np.sqrt(stack / stack.max(axis=(1, 2), keepdims=True))
            images.append((scaled[[1, 1, 1]] if case == "mass" else scaled).transpose(1, 2, 0))
        create_dataset(file, "images", np.stack(images).astype("u1"))
        create_dataset(file, "target", true)
        create_dataset(file, "id", np.array(_names()).astype("S"))
        file.attrs.update(variant=case, parameters=json.dumps(kind), synthetic=synthetic)
