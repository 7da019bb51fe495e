"""Small made-up results of the semantic arm, in the formats of its files, for tests of figures."""

import json
from pathlib import Path

import h5py
import numpy as np
from astropy.table import Table

from skyloom.arms.semantic import evaluation
from skyloom.arms.semantic.published import NEED, compare
from skyloom.judge import published as printed

RANGES = {
    "clean": {"scale": (0.01, 0.05), "ellipticity": (0.2, 0.8), "angle": (0.0, 180.0)},
    "wide": {"scale": (0.1, 0.5), "ellipticity": (0.2, 0.8), "angle": (0.0, 180.0)},
}
_GRID = {"pixels": 64, "sampling": "centre", "subpixels": 8, "half_width": 1.0}
GRIDS = {"clean": {**_GRID, "sampling": "endpoints", "half_width": 0.0625}, "wide": _GRID}
NETWORKS = {"full": 812_996, "small_4": 203_492, "small_16": 50_996, "small_64": 12_812}
NOISE = {"clean": 0.0, "noise_05": 0.05, "noise_10": 0.1, "wide": 0.0, "wide_noise_05": 0.05}
# Model -> what differs from the full network, cos_sin_2theta, Adam, 60 epochs.
MODELS = {
    "clean": {},
    "clean_theta": {"angle": "theta"},
    "clean_adadelta": {"optimizer": "adadelta"},
    "clean_small_4": {"network": "small_4"},
    "clean_small_16": {"network": "small_16"},
    "clean_small_64": {"network": "small_64"},
    "noise_05": {},
    "noise_10": {},
    "wide": {},
    "wide_noise_05": {},
}
_ERRORS = {"scale": 0.012, "ellipticity": 0.01, "angle": 1.1}


def dataset_of(model):
    """The dataset whose name a model's begins with."""
    return max((name for name in NOISE if model.startswith(name)), key=len)


def ranges_of(dataset):
    """Ranges of the free parameters of a dataset."""
    return RANGES["wide" if dataset.startswith("wide") else "clean"]


def grid_of(dataset):
    """How the images of a dataset are sampled."""
    return GRIDS["wide" if dataset.startswith("wide") else "clean"]


def images(values, *, end=63 / 64, pixels=64, intensity=1.0):
    """Exponential discs at points up to `end`, written by matrices: (n, pixels, pixels)."""
    line = end * (2 * np.arange(pixels) / (pixels - 1) - 1)
    points = np.stack(np.meshgrid(line, line), axis=-1)
    found = []
    for scale, ellipticity, angle in zip(
        *(np.atleast_1d(values[key]) for key in ("scale", "ellipticity", "angle")), strict=True
    ):
        c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        turned = points @ np.array([[c, -s], [s, c]]).T / [scale, scale * (1 - ellipticity)]
        found.append(np.exp(-np.hypot(*np.moveaxis(turned, -1, 0))))
    return intensity * np.array(found)


def metrics(model):
    """What ``metrics.json`` says of a model."""
    dataset, entry = dataset_of(model), MODELS[model]
    network = entry.get("network", "full")
    return {
        "model": model,
        "dataset": dataset,
        "network": network,
        "angle": entry.get("angle", "cos_sin_2theta"),
        "outputs": "range",
        "decoder": "exponential",
        "parameters": list(RANGES["clean"]),
        "ranges": {key: list(pair) for key, pair in ranges_of(dataset).items()},
        "weights": 812_963 if entry.get("angle") == "theta" else NETWORKS[network],
        "sampling": grid_of(dataset)["sampling"],
        "half_width": grid_of(dataset)["half_width"],
        "noise": NOISE[dataset],
        "optimizer": entry.get("optimizer", "adam"),
        "learning_rate": 0.001,
        "batch_size": 20,
        "epochs": 60,
        "best_epoch": 55,
        "chosen_epoch": 55,
        "precision": "float32",
        "loss": 0.001,
        "val_loss": 0.0012,
        "images": {"train": 27000, "validation": 3000, "test": 1000},
        "synthetic": True,
    }


def predictions(model, count=220, *, seed=0):
    """What ``predictions.ecsv`` holds: the test side, and a tenth as much of the validation's."""
    random, known = np.random.default_rng(seed), metrics(model)
    table = Table()
    table["id"] = [f"{known['dataset']}_{n:05d}" for n in range(count)]
    table["part"] = ["test" if n % 11 else "validation" for n in range(count)]
    factor = (1 + 60 * known["noise"]) * (812_963 / known["weights"]) ** 0.25
    for name, (low, high) in ranges_of(known["dataset"]).items():
        true = random.uniform(low, high, count)
        width = _ERRORS[name] * factor * (high if name == "scale" else 1)
        found = true + random.normal(0, width, count)
        if name == "angle":
            found = np.mod(found, 180)
            if known["angle"] == "theta":
                edge = np.minimum(true, 180 - true) < 2
                found[edge] = random.uniform(0, 180, edge.sum())
        table[name], table[f"{name}_predicted"] = true, found
    table["residual"] = random.gamma(3, 1e-3, count)
    table.meta.update(model=model, dataset=known["dataset"], synthetic=True)
    return table


def history(model):
    """What ``history.csv`` holds, and the seconds of ``timing.csv``."""
    random, known = np.random.default_rng(list(MODELS).index(model)), metrics(model)
    epoch = np.arange(1, known["epochs"] + 1)
    fall = epoch ** (-0.7 if known["optimizer"] == "adam" else -0.45)
    log = {"epoch": epoch}
    rough = random.lognormal(0, 0.1, (7, len(epoch)))
    log["loss"], log["val_loss"] = (0.02 * fall * rough[n] for n in (0, 1))
    log["learning_rate"] = np.full(len(epoch), known["learning_rate"])
    for n, name in enumerate(known["parameters"]):
        own = 8 * _ERRORS[name] * (ranges_of(known["dataset"])[name][1] if name == "scale" else 1)
        log[f"sigma_{name}"] = own * fall * rough[n + 2]
    log["failed"] = np.clip(0.2 * fall * rough[6] - 0.01, 0, 1)
    seconds = random.normal(9 if known["optimizer"] == "adam" else 11, 0.4, len(epoch))
    return Table(log), Table({"epoch": epoch, "seconds": seconds})


def fits(dataset, *, seed=2):
    """What ``least_squares/<dataset>.ecsv`` holds."""
    random, model = np.random.default_rng(seed), dataset
    table = predictions(model, seed=0)
    table = table[table["part"] == "test"][:120]
    table.remove_columns(["part", "residual"])
    size = 1e-6 + 0.6 * NOISE[dataset]
    for name, error in _ERRORS.items():
        bound = size * 40 * error * random.lognormal(0, 0.3, len(table))
        bound *= 0.05 if name == "scale" else 1
        table[f"{name}_predicted"] = table[name] + bound * random.normal(0, 1.1, len(table))
        table[f"bound_{name}"] = bound if NOISE[dataset] else np.nan
    table["cost"], table["converged"] = 0.1, True
    table.meta = {"dataset": dataset, "noise": NOISE[dataset], "synthetic": True}
    table.meta["half_width"] = grid_of(dataset)["half_width"]
    return table


def summaries(models=tuple(MODELS), datasets=tuple(NOISE)):
    """``summary.ecsv`` and ``binned.ecsv`` as the evaluation makes them."""
    encoders = [(predictions(model), metrics(model)) for model in models]
    found = [fits(dataset) for dataset in datasets]
    options = {"bootstrap_samples": 20, "level": 0.95, "failed": 10, "seed": 0}
    summary = evaluation.summarise(encoders, found, **options)
    article = {"scale": 0.00049, "ellipticity": 0.0096, "angle": 1.13}
    for row in summary:
        if row["dataset"] == "clean" and row["method"] == "encoder":
            row["published"] = article[row["parameter"]]
    return summary, evaluation.binned(encoders, found, bins=10)


def published():
    """``published.ecsv``: the article's numbers beside ours, of this project's own list."""
    root = Path(__file__).parents[2]
    document = printed.read_document(root / "resources/published/semantic.yaml", NEED["document"])
    encoders = [metrics(model) for model in MODELS]
    return compare(document, {}, summary=summaries()[0], metrics=encoders)


def speed():
    """``speed.ecsv``."""
    names = [*MODELS, "clean", "noise_05"]
    table = Table({"method": ["encoder"] * len(MODELS) + ["least_squares"] * 2, "model": names})
    table["images_per_second"] = [*np.geomspace(900, 9000, len(MODELS)), 21.0, 7.5]
    table["images"], table["threads"] = 1000, 2
    table.meta["synthetic"] = True
    return table


def write_dataset(path, dataset, *, seed=3):
    """The images of ``datasets/<dataset>.h5`` that the predictions are of: its path."""
    random, table = np.random.default_rng(seed), predictions(dataset)
    values = {name: np.asarray(table[name]) for name in ranges_of(dataset)}
    grid = grid_of(dataset)
    end = 0.0625 if grid["sampling"] == "endpoints" else 63 / 64
    made = images(values, end=end) + random.normal(0, NOISE[dataset], (len(table), 64, 64))
    ranges = {name: list(pair) for name, pair in ranges_of(dataset).items()}
    profile = {"decoder": "exponential", "parameters": {**ranges, "intensity": 1.0}}
    parameters = {"grid": grid, "profile": profile, "noise": NOISE[dataset], "images": {}}
    with h5py.File(path, "w") as file:
        file["images"] = made[..., None].astype("f4")
        file["id"] = np.asarray(table["id"]).astype("S")
        file["target"] = np.stack(list(values.values()), axis=1)
        file["target"].attrs.update({"name": ",".join(values), "units": "half-width,,deg"})
        file.attrs.update({"variant": dataset, "parameters": json.dumps(parameters)})
        file.attrs["synthetic"] = True
    return str(path)


def measurements(galaxies=12, *, inclinations=(0, 30, 45, 60, 75), seed=4):
    """``measurements.ecsv`` of discs of finite thickness at known inclinations."""
    random = np.random.default_rng(seed)
    table = Table()
    table["subhalo_id"] = np.repeat(np.arange(galaxies) * 7, len(inclinations))
    table["snapshot"] = 99
    table["inclination"] = np.tile(np.asarray(inclinations, dtype=float), galaxies)
    table["id"] = [
        f"99_{s}_i{i:g}" for s, i in zip(table["subhalo_id"], table["inclination"], strict=True)
    ]
    size, count = np.repeat(random.lognormal(-1.5, 0.3, galaxies), len(inclinations)), len(table)
    table["position_angle"] = random.uniform(0, 180, count)
    cosine = np.cos(np.radians(np.asarray(table["inclination"])))
    axis = np.sqrt(0.2**2 + (1 - 0.2**2) * cosine**2)
    table["ellipticity"] = np.clip(1 - axis + random.normal(0, 0.04, count), 0.01, 0.9)
    table["scale"] = size * random.lognormal(0, 0.08, count)
    table["scale_kpc"] = table["scale"] * 20
    blur = 60 * np.exp(-np.asarray(table["ellipticity"]) / 0.08) + 3
    table["angle"] = np.mod(table["position_angle"] + random.normal(0, 1, count) * blur, 180)
    table["intensity"] = random.lognormal(17, 0.4, count)
    table["residual"] = random.gamma(4, 0.01, count)
    table["inclination_inferred"] = np.degrees(np.arccos(1 - np.asarray(table["ellipticity"])))
    squared = ((1 - np.asarray(table["ellipticity"])) ** 2 - 0.04) / 0.96
    table["inclination_thick"] = np.degrees(np.arccos(np.sqrt(np.clip(squared, 0, 1))))
    table["outside"] = random.uniform(size=count) < 0.08
    table.meta["synthetic"] = True
    return table


def write_inclined(path, table, *, seed=5):
    """The maps that `measurements` are of, clumpy: the path of ``inclined_mass.h5``."""
    random = np.random.default_rng(seed)
    values = {key: np.asarray(table[key]) for key in ("scale", "ellipticity")}
    made = images({**values, "angle": np.asarray(table["position_angle"])})
    made *= np.asarray(table["intensity"])[:, None, None] * random.lognormal(0, 0.4, made.shape)
    made[made < 0.004 * made.max(axis=(1, 2), keepdims=True)] = 0
    with h5py.File(path, "w") as file:
        file["images"] = made[..., None].astype("f4")
        file["id"] = np.asarray(table["id"]).astype("S")
        file["target"] = np.asarray(table["inclination"])
        file.attrs.update({"width_kpc": 40.0, "image_units": "Msun / kpc2", "synthetic": True})
    return str(path)


def _write_table(table, path):
    table.write(path, format="ascii.ecsv", overwrite=True)
    return str(path)


def write(folder):
    """Every file that the figures read: a dict of their paths."""
    paths = {"predictions": {}, "metrics": {}, "history": {}, "timing": {}}
    for model in MODELS:
        log, timing = history(model)
        paths["predictions"][model] = _write_table(
            predictions(model), folder / f"{model}_predictions.ecsv"
        )
        for kind, table in (("history", log), ("timing", timing)):
            paths[kind][model] = str(folder / f"{model}_{kind}.csv")
            table.write(paths[kind][model], format="ascii.csv", overwrite=True)
        paths["metrics"][model] = str(folder / f"{model}_metrics.json")
        (folder / f"{model}_metrics.json").write_text(json.dumps(metrics(model)))
    summary, binned = summaries()
    paths["summary"] = _write_table(summary, folder / "summary.ecsv")
    paths["binned"] = _write_table(binned, folder / "binned.ecsv")
    for dataset in ("noise_05", "wide"):
        paths[dataset] = write_dataset(folder / f"{dataset}.h5", dataset)
    paths["datasets"] = [paths["noise_05"], paths["wide"]]
    table = measurements(inclinations=(0, 45, 75))
    paths["measurements"] = _write_table(table, folder / "measurements.ecsv")
    paths["inclined"] = write_inclined(folder / "inclined_mass.h5", table)
    paths["published"] = _write_table(published(), folder / "published.ecsv")
    paths["speed"] = _write_table(speed(), folder / "speed.ecsv")
    return paths
