"""Results of the helium and stellar arms as the steps write them, made up, for figures."""

import fake_dataset
import numpy as np
from astropy.table import Table

from skyloom.io.files import atomic_hdf5, create_dataset, write_json, write_table
from skyloom.judge import published as beside

UNITS = {"teff": "K", "log_g": "dex", "m_h": "dex", "v_rot": "km / s", "v_sin_i": "km / s"}
AXES = {
    "helium": {
        "teff": np.arange(15000.0, 39001, 4000),
        "log_g": np.arange(2.0, 5.01, 1.0),
        "v_rot": np.arange(100.0, 401, 60),
    },
    "stellar": {
        "teff": np.arange(3500.0, 9751, 1250),
        "log_g": np.arange(0.0, 5.01, 1.0),
        "m_h": np.arange(-2.5, 0.51, 1.0),
        "v_sin_i": np.array([0.0, 4, 10, 30, 90, 200]),
    },
}
WINDOWS = {"helium": (4460.0, 4480.0, 201), "stellar": (5000.0, 5300.0, 1500)}
NETWORKS = {"helium": ("initial", "modified"), "stellar": ("starnet",)}


def inventory(arm, axes=None):
    """The grid of an arm; low gravities are missing at high temperatures."""
    axes = axes or AXES[arm]
    mesh = np.meshgrid(*axes.values(), indexing="ij")
    table = Table({name: values.ravel() for name, values in zip(axes, mesh, strict=True)})
    hot = table["teff"] > np.median(axes["teff"])
    table = table[~(hot & (table["log_g"] < 1.5))] if arm == "stellar" else table
    for name in axes:
        table[name].unit = UNITS[name]
    table.add_column([f"s{number:06d}" for number in range(len(table))], 0, "id")
    table.add_column([f"s{number:06d}.dat" for number in range(len(table))], 0, "file")
    table.meta = {"synthetic": True, "labels": list(axes)}
    return table


def spectra(arm, table):
    """Lines that change with every label: (wavelength, flux (n, L))."""
    low, high, count = WINDOWS[arm]
    wavelength = np.linspace(low, high, count)
    lines = (
        (4469.9, 4471.5, 4481.2) if arm == "helium" else (5018.4, 5167.3, 5172.7, 5183.6, 5269.5)
    )
    teff = np.asarray(table["teff"], dtype=float)
    heat = (teff - teff.min()) / max(np.ptp(teff), 1.0)
    speed = np.asarray(table["v_rot" if arm == "helium" else "v_sin_i"], dtype=float)
    flux = np.ones((len(table), count))
    for place, line in enumerate(lines):
        width = (0.3 + line * speed / 3e5 * 0.6 + 0.1 * np.asarray(table["log_g"]))[:, None]
        depth = 0.35 * (1.1 - 0.7 * heat) / (1 + 0.8 * place)
        flux -= (depth / width[:, 0])[:, None] * np.exp(-(((wavelength - line) / width) ** 2))
    return wavelength, np.clip(flux, 0.02, None)


def split(table, seed=0):
    """Table of id and part."""
    part = np.random.default_rng(seed).choice(
        ["train", "validation", "test"], len(table), p=[0.7, 0.15, 0.15]
    )
    return Table({"id": table["id"], "part": part}, meta={"synthetic": True, "by": "random"})


def dataset(path, arm, table, variant="clean"):
    """The dataset file of a grid."""
    wavelength, flux = spectra(arm, table)
    names = list(table.meta["labels"])
    target = np.stack([np.asarray(table[name]) for name in names], axis=1)
    described = {"variant": variant, "parameters": {}, "seed": 1, "synthetic": True}
    described |= {"wavelength_first": wavelength[0], "wavelength_last": wavelength[-1]}
    described |= {"wavelength_scale": "linear", "labels": ",".join(names)}
    described |= {"name": ",".join(names), "units": ",".join(UNITS[name] for name in names)}
    columns = {"id": np.asarray(table["id"])}
    fake_dataset.write(path, flux.astype(np.float32), target, columns, **described)


def scales(arm):
    """Standard deviations of the labels of the grid."""
    return {name: float(np.std(values)) for name, values in AXES[arm].items()}


def predictions(arm, table, parts, *, error=0.2, uncertainty=True, seed=0):
    """What a network says: the truth plus noise of so many standard deviations."""
    random = np.random.default_rng(seed)
    found = Table({"id": table["id"], "part": parts["part"]})
    for name, width in scales(arm).items():
        sigma = error * width * random.uniform(0.5, 1.5, len(table))
        found[name] = np.asarray(table[name], dtype=float)
        found[f"{name}_predicted"] = found[name] + sigma * random.normal(size=len(table))
        if uncertainty:
            found[f"{name}_uncertainty"] = 0.7 * sigma
    found.meta = {"synthetic": True, "arm": arm}
    return found


def history(members=3, epochs=30, seed=0, negative=False):
    """Epochs of every member."""
    random = np.random.default_rng(seed)
    rows = {name: [] for name in ("member", "epoch", "loss", "mae", "val_loss", "val_mae")}
    rows |= {"argmax_agreement": [], "val_argmax_agreement": [], "learning_rate": []}
    for member in range(1, members + 1):
        for epoch in range(1, epochs + 1):
            base = 0.1 + 0.8 * np.exp(-epoch / 6)
            noisy = base * random.uniform(0.9, 1.2, 2)
            values = (member, epoch, noisy[0] - 2 * negative, noisy[0] ** 0.5 * 0.6)
            values += (1.1 * noisy[1] - 2 * negative, (1.1 * noisy[1]) ** 0.5 * 0.6)
            values += (0.95 - noisy[0] / 2, 0.94 - noisy[1] / 2, 1e-3)
            for name, value in zip(rows, values, strict=True):
                rows[name].append(value)
    return Table(rows)


def metrics(arm, data, network, members=3, epochs=30):
    """What metrics.json holds, as far as figures read it."""
    return {
        "arm": arm,
        "dataset": data,
        "network": network,
        "parameters": 100755,
        "members": members,
        "labels": list(AXES[arm]),
        "units": [UNITS[name] for name in AXES[arm]],
        "scaling": {"kind": "standard" if arm == "helium" else "minmax"},
        "per_member": [{"chosen_epoch": epochs - 2 * k} for k in range(members)],
        "synthetic": True,
    }


def evaluation(arm, sets=("clean", "snr_100"), members=3):
    """Tables of the evaluation by their names."""
    random = np.random.default_rng(5)
    summary, parts, noise, calibration = [], [], [], []
    for place, data in enumerate(sets):
        for number, network in enumerate(NETWORKS[arm]):
            model, error = f"{data}_{network}", 0.2 * (1 + place) * (1 - 0.3 * number)
            for name, width in scales(arm).items():
                mae, mean = error * width * random.uniform(0.8, 1.2), 0.87 * width
                row = (model, data, network, name, UNITS[name], mae, 0.92 * mae, 1.08 * mae)
                summary.append((*row, 1.3 * mae, 0.1 * mae, 0.97, mean, mean / mae))
                for snr in (0, 20, 50, 100, 200):
                    factor = 1 + (30 / snr if snr else 0)
                    bias = 0.2 * mae * factor * random.normal()
                    noise.append((model, snr, name, mae * factor, bias, 1.3 * mae * factor))
                for level in np.linspace(0.1, 0.99, 12):
                    calibration.append((model, name, level, level**1.5, level**1.03, 1.42))
            for member in range(members):
                for part in ("train", "validation", "test"):
                    value = error * random.uniform(0.9, 1.1)
                    parts.append((model, data, network, member, part, value, value**2, 0.9))
    names = {
        "summary": "model dataset network label unit mae mae_low mae_high rmse bias pearson_r "
        "mae_mean ratio",
        "members": "model dataset network member part mae_standardised loss argmax_agreement",
        "noise": "model snr label mae bias rmse",
        "calibration": "model label level coverage coverage_recalibrated factor",
    }
    rows = {"summary": summary, "members": parts, "noise": noise, "calibration": calibration}
    meta = {"synthetic": True, "level": 0.95, "arm": arm}
    return {
        name: Table(rows=rows[name], names=columns.split(), meta=dict(meta))
        for name, columns in names.items()
    }


def published(arm, *, comparable=False):
    """Printed numbers beside ours."""
    rows = []
    for place, network in enumerate(NETWORKS[arm]):
        why = [] if comparable else ["source is synthetic", "epochs is 20 (published: 100)"]
        for name, printed in (
            ("loss, training side", 0.1377),
            ("ratio to always predicting the mean", 3.6 + 0.4 * place),
        ):
            row = {"quantity": name, "model": f"clean_{network}", "ours": 1.1 * printed}
            rows.append(row | {"printed": printed, "why": why})
    document = {"called": "the document", "source": "its author"}
    return beside.table(rows, document, synthetic=True)


def observed(arm, count):
    """Predictions of so many stars, and their spectra by name."""
    random = np.random.default_rng(7)
    rows, found = [], {}
    wavelength = np.linspace(*WINDOWS[arm])
    fine = np.linspace(wavelength[0] - 0.3, wavelength[-1] + 0.3, len(wavelength) + 23)
    for number in range(count):
        name = f"MILES_res2.50_lt4.{number:02d}_lg3.4_fe-0.0"
        flux = 1 - 0.2 * np.exp(-(((wavelength - wavelength.mean()) / 2) ** 2))
        original = np.interp(fine, wavelength, flux) + 0.01 * random.normal(size=len(fine))
        found[name] = {"flux": flux, "original": (fine, original)}
        for network in NETWORKS[arm]:
            for label, values in AXES[arm].items():
                value = values.mean() * (1 + 0.2 * random.normal())
                known = value * 1.1 if label in ("teff", "log_g") else np.nan
                out = number % 2 == 1
                warning = "beyond the grid: the spectrum is unlike those of the grid" if out else ""
                limits = (not out, 8.0 if out else 1.0, 3.0, out, "air (assumed)", out)
                row = (name, f"{name}.fits", f"clean_{network}", network, label, UNITS[label])
                rows.append((*row, value, 0.05 * value, known, *limits, warning))
    names = "name file model network label unit value uncertainty known inside_labels distance"
    names = [*names.split(), "limit", "outside", "medium", "beyond", "warning"]
    table = Table(rows=rows, names=names) if rows else Table(names=names)
    if rows:
        table["known"] = np.ma.masked_invalid(table["known"])
    table.meta = {"synthetic": True}
    return table, found


def write_observed(folder, arm, count=2):
    """Files of the observed stars; paths by name."""
    table, found = observed(arm, count)
    folder.mkdir()
    write_table(table, folder / "predictions.ecsv")
    inventory = Table({"name": list(found)}, meta={"synthetic": True})
    write_table(inventory, folder / "inventory.ecsv")
    with atomic_hdf5(folder / "spectra.h5") as file:
        create_dataset(file, "name", np.array(list(found), dtype="S"))
        flux = np.array([star["flux"] for star in found.values()])
        create_dataset(file, "spectra", flux)
        create_dataset(
            file, "uncertainty", np.where(np.arange(count)[:, None], 0.01, np.nan) + 0 * flux
        )
        for name, star in found.items():
            for column, values in zip(("wavelength", "flux"), star["original"], strict=True):
                create_dataset(file, f"curves/{name}/{column}", values)
    paths = {name: str(folder / f"{name}.ecsv") for name in ("predictions", "inventory")}
    return paths | {"spectra": str(folder / "spectra.h5")}


def write(folder, arm):
    """All files that the drawing steps of an arm read; paths by name."""
    table = inventory(arm)
    parts = split(table)
    write_table(table, folder / "inventory.ecsv")
    write_table(parts, folder / "split.ecsv")
    dataset(folder / "clean.h5", arm, table)
    paths = {name: str(folder / f"{name}.ecsv") for name in ("inventory", "split")}
    paths |= {"dataset": str(folder / "clean.h5"), "predictions": [], "history": [], "metrics": []}
    for network in NETWORKS[arm]:
        own = folder / "models" / f"clean_{network}"
        own.mkdir(parents=True)
        write_table(predictions(arm, table, parts), own / "predictions.ecsv")
        history().write(own / "history.csv", format="ascii.csv")
        write_json(metrics(arm, "clean", network), own / "metrics.json")
        for name in ("predictions.ecsv", "history.csv", "metrics.json"):
            paths[name.partition(".")[0]].append(str(own / name))
    for name, content in {**evaluation(arm), "published": published(arm)}.items():
        paths[name] = str(folder / f"{name}.ecsv")
        write_table(content, paths[name])
    return paths | {"observed": write_observed(folder / "observed", arm)}
