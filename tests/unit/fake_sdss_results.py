"""Small made-up results of the sdss arm, in the formats of its files, for the tests of figures."""

import json
from types import SimpleNamespace

import h5py
import numpy as np
from astropy.table import Table

from skyloom.arms.spectra import wavelengths
from skyloom.judge import published as printed

CLASSES = ("GALAXY", "QSO", "STAR")
METRICS = ("accuracy", "precision", "recall", "f1")
_SHARES = (0.45, 0.3, 0.25)
# Emission (positive) and absorption lines of the fakes, rest wavelengths in vacuum, Å.
_LINES = {
    "GALAXY": {3728.48: 1.0, 3934.78: -0.5, 3969.59: -0.5, 5008.24: 0.8, 6564.61: 1.5},
    "QSO": {1215.67: 5, 1549.48: 2.5, 1908.73: 1.2, 2799.12: 1.0},
    "STAR": {4862.68: -0.5, 6564.61: -0.4, 5176.63: -0.3},
}


def table(count=120, *, seed=0, classes=CLASSES, synthetic=True):
    """An inventory or a sample."""
    random = np.random.default_rng(seed)
    shares = np.array([_SHARES[CLASSES.index(name)] for name in classes])
    kinds = random.choice(classes, count, p=shares / shares.sum())
    z = np.where(kinds == "QSO", random.normal(2.4, 0.5, count), random.normal(0.5, 0.12, count))
    z = np.where(kinds == "STAR", random.normal(0, 3e-4, count), np.abs(z))
    found = Table()
    found["id"] = [f"{4000 + n // 1000:04d}-55000-{n % 1000:04d}" for n in range(count)]
    found["file"] = [f"spec-{name}.fits" for name in found["id"]]
    found["class"], found["z"] = kinds, z
    found.meta["synthetic"] = synthetic
    return found


def spectrum(kind, z, *, pixels=900, seed=0):
    """What `skyloom.arms.sdss.spectrum.read_spectrum` gives, as far as figures look at it."""
    random = np.random.default_rng(seed)
    wavelength = np.geomspace(3600, 10400, pixels)
    width = 25 if kind == "QSO" else 6
    flux = (wavelength / 6000) ** (-1.5 if kind != "GALAXY" else 0.7)
    for rest, height in _LINES[kind].items():
        own = width * (1 + z)
        flux = flux + height * np.exp(-0.5 * ((wavelength - rest * (1 + z)) / own) ** 2)
    flux = flux + random.normal(0, 0.12 + 0.4 * (wavelength > 9300), pixels)
    good = random.uniform(size=pixels) > 0.03
    flux[~good] = 1e4
    return SimpleNamespace(
        wavelength=wavelength, flux=5 * flux, ivar=good / 0.3, good=good, sn=10.0 + seed
    )


def processed(folder, sample, *, pixels=300):
    """Prepared blocks and datasets of a sample: paths."""
    grid = np.geomspace(3650, 10300, pixels)
    spectra, names = [], np.asarray(sample["id"]).astype("S")
    for row in sample:
        one = spectrum(str(row["class"]), float(np.nan_to_num(row["z"])))
        spectra.append(np.interp(grid, one.wavelength[one.good], one.flux[one.good] / 5))
    spectra = np.array(spectra, dtype="f4").reshape(len(sample), pixels)
    attributes = wavelengths.attributes(grid)
    paths = {"blocks": [], "dataset": str(folder / "spectra.h5")}
    for number, rows in enumerate(np.array_split(np.arange(len(sample)), 2)):
        paths["blocks"].append(str(folder / f"block_{number}.h5"))
        _write(paths["blocks"][-1], {"spectra": spectra[rows], "id": names[rows]}, attributes)
    z = np.nan_to_num(np.asarray(sample["z"], dtype=float))
    content = {"spectra": spectra, "id": names, "z": z}
    _write(paths["dataset"], content, {**attributes, "synthetic": True})
    for side in (224, 28):
        images = np.full((len(sample), side, side, 3 if side == 224 else 1), 255, "u1")
        for image, flux in zip(images, spectra, strict=True):
            x = np.arange(pixels) * side // pixels
            y = side - 1 - np.round((side - 1) * (flux - flux.min()) / np.ptp(flux)).astype(int)
            image[y, x] = 0
        paths[f"images_{side}"] = str(folder / f"images_{side}.h5")
        _write(paths[f"images_{side}"], {"images": images, "id": names}, {"synthetic": True})
    return paths


def _write(path, content, attributes):
    with h5py.File(path, "w") as file:
        for name, values in content.items():
            file[name] = values
        file.attrs.update(attributes)


def history(epochs, *, seed=0, validation=True):
    """A training's log."""
    random = np.random.default_rng(seed)
    epoch = np.arange(1, epochs + 1)
    found = Table({"epoch": epoch})
    for key, more in (("", 0.0), ("val_", 0.1)):
        noise = random.normal(0, 0.02, epochs)
        value = np.exp(-epoch / 12) + 0.15 + more + np.abs(noise)
        there = np.nan if key and not validation else 1.0
        found[f"{key}loss"] = value * there
        found[f"{key}accuracy"] = (1 - 0.5 * value) * there
    found["learning_rate"] = 0.001
    return found


def evaluation(networks, splits, *, classes=CLASSES, count=60, seed=0):
    """Tables summary, confusion, published and confused of every network on every split."""
    random = np.random.default_rng(seed)
    summary, confusion, published, confused = [], [], [], []
    for network in networks:
        for split in splits:
            model = f"{network}_{split}"
            right = random.uniform(0.6, 0.97)
            for true in classes:
                rest = (1 - right) / max(1, len(classes) - 1)
                p = [right if name == true else rest for name in classes]
                drawn = random.multinomial(count, np.array(p) / sum(p))
                for name, found in zip(classes, drawn, strict=True):
                    confusion.append((model, true, name, found, found / max(1, count)))
            for name in (*classes, "average"):
                values = np.clip(random.normal(right, 0.03, 4), 0, 1)
                bounds = [(v, max(0, v - 0.05), min(1, v + 0.04)) for v in values]
                summary.append((model, network, split, name, *np.ravel(bounds)))
    names = [f"{metric}{end}" for metric in METRICS for end in ("", "_low", "_high")]
    kinds = [(a, b) for a in classes for b in classes if a != b]
    model = f"{networks[0]}_{splits[0]}"
    for number, (true, name) in enumerate(kinds):
        for place in range(1 + number % 4):
            confused.append((model, true, name, 0.99 - 0.05 * place))
    for name, value in zip(classes, (0.75, 0.6, 0.85), strict=False):
        published.append((networks[0], f"accuracy of {name}", 0.9, value, ["source"]))
    published.append((networks[-1], f"recall of {classes[0]}", 0.8, 0.62, []))
    rows = [
        {"group": "80/20", "model": f"{network}_{splits[-1]}", "quantity": quantity}
        | {"ours": ours, "low": ours - 0.1, "high": ours + 0.05, "printed": value, "why": why}
        for network, quantity, ours, value, why in published
    ]
    document = {"called": "the article", "source": "its authors"}
    tables = {
        "summary": Table(rows=summary, names=("model", "network", "split", "class", *names)),
        "confusion": Table(rows=confusion, names=("model", "true", "predicted", "count", "share")),
        "published": printed.table(rows, document, synthetic=True),
        "confused": Table(rows=confused or None, names=("model", "class", "predicted", "p")),
    }
    tables["summary"]["overall_accuracy"] = np.ma.array(
        tables["summary"]["accuracy"] - 0.03, mask=tables["summary"]["class"] != "average"
    )
    for found in tables.values():
        found.meta.update(synthetic=True, level=0.95)
    return tables


def name_confused(confused, sample):
    """Give every confused spectrum the id of one of the sample that has its class."""
    kinds = np.asarray(sample["class"]).astype(str)
    names = []
    for number, row in enumerate(confused):
        rows = np.flatnonzero(kinds == str(row["class"]))
        names.append(str(sample["id"][rows[number % len(rows)]]))
    confused["id"] = names
    return confused


def predictions(count, *, known=True, seed=0):
    """Predictions of a folder."""
    random = np.random.default_rng(seed)
    found = table(count, seed=seed)
    chances = random.dirichlet((0.4, 0.3, 0.3), count)
    found["predicted"] = np.array(CLASSES)[chances.argmax(axis=1)] if count else []
    for place, name in enumerate(CLASSES):
        found[f"p_{name.lower()}"] = chances[:, place]
    if not known:
        found["class"] = "-"
    found.meta["model"] = "cnn_1d_80_20"
    return found


def write(folder, networks=("mnist", "cnn_1d"), splits=("80_20",), *, count=40, classes=CLASSES):
    """Everything that the drawing steps read: paths by name."""
    sample = table(count, classes=classes)
    tables = evaluation(networks, splits, classes=classes)
    name_confused(tables["confused"], sample)
    paths = processed(folder, sample)
    tables |= {
        "inventory": table(3 * count, seed=1, classes=classes),
        "sample": sample,
        "predictions": predictions(30),
    }
    for name, content in tables.items():
        paths[name] = str(folder / f"{name}.ecsv")
        content.write(paths[name], format="ascii.ecsv")
    paths["history"], paths["metrics"] = [], []
    for number, (network, split) in enumerate((n, s) for n in networks for s in splits):
        log, known = (str(folder / f"{network}_{split}.{kind}") for kind in ("csv", "json"))
        history(40, seed=number).write(log, format="ascii.csv")
        content = {"network": network, "split": split, "best_epoch": 33, "epochs": 40}
        content["synthetic"] = True
        with open(known, "w") as file:
            json.dump(content, file)
        paths["history"].append(log)
        paths["metrics"].append(known)
    return paths
