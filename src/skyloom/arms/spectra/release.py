"""What a model folder of the helium and stellar arms holds, and how it is asked."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from astropy.table import Table

from skyloom.arms.spectra import evaluation, experiments, prediction, star_table, wavelengths
from skyloom.arms.spectra.out_of_distribution import Coverage
from skyloom.errors import InputError
from skyloom.io.files import open_hdf5, read_json, read_table
from skyloom.learn import release as releases
from skyloom.learn.release import Release

#: How spectra are prepared for a network, by the names that its folder has.
PREPARED_BY = ("window", "pixels")
#: An answer so many ranges of the training labels beyond them is none.
FAR = 0.5


def contents(files, params) -> dict:
    """As `skyloom.learn.release.write` takes it.

    Parameters
    ----------
    files : mapping
        Paths of ``members`` (the folder), ``metrics``, ``predictions``, ``dataset`` and ``split``.
    params : mapping
        Not looked at.
    """
    metrics = read_json(files["metrics"])
    split = read_table(files["split"], need=["id", "part"])
    sample = experiments.read_sample(files["dataset"], split, split_name=files["split"])
    known = prediction.Training.of(files["dataset"], sample)
    factors = evaluation.factors(read_table(files["predictions"], need=["part"]), metrics["labels"])
    with open_hdf5(files["dataset"], need=["spectra"]) as file:
        wavelength = wavelengths.grid(file.attrs, file["spectra"].shape[1])
        resolution = {
            name: file.attrs[name].item() if hasattr(file.attrs[name], "item") else file.attrs[name]
            for name in ("resolving_power", "snr")
            if name in file.attrs
        }
    members = range(1, metrics["members"] + 1)
    return {
        "networks": {f"members/{n}.keras": Path(files["members"]) / f"{n}.keras" for n in members},
        "facts": {
            "preprocessing": {
                "window": [float(wavelength[0]), float(wavelength[-1])],
                "pixels": len(wavelength),
            },
            "dataset": resolution,
            "limits": {
                label: [float(low), float(high)]
                for label, low, high in zip(metrics["labels"], known.low, known.high, strict=True)
            },
            "factors": [float(factor) for factor in factors],
            "metrics": metrics,
        },
        "synthetic": sample.synthetic,
        "learnt": f"{len(sample.rows('train')):,} spectra of the dataset {metrics['dataset']}",
        "arrays": {"wavelength": wavelength, **known.coverage.state()},
    }


def training(release: Release) -> prediction.Training:
    """What a released network has seen."""
    # By name: a file of JSON has its keys in the order of the alphabet.
    limits = np.array(
        [release.facts["limits"][name] for name in release.facts["metrics"]["labels"]]
    )
    return prediction.Training(Coverage.of(release.arrays), limits[:, 0], limits[:, 1])


def model(release: Release) -> prediction.Model:
    """A released network's members, ready to be asked."""
    factors = np.array(release.facts["factors"])
    own = prediction.Model.load(release.folder / "members", release.facts["metrics"], factors)
    return dataclasses.replace(own, name=release.name)


def believable(predictions: Table, release: Release) -> tuple[Table, list[tuple[str, str]]]:
    """Stars whose answers lie near the training labels, and the others as (file, reason).

    Parameters
    ----------
    predictions : Table
        Of `skyloom.arms.spectra.prediction.predict`.
    release : Release

    Returns
    -------
    Table, list of (str, str)

    Raises
    ------
    InputError
        If no star is left.
    """
    limits, lost = release.facts["limits"], {}
    for row in predictions:
        low, high = limits[str(row["label"])]
        slack = FAR * (high - low)
        value = float(row["value"])
        if not low - slack <= value <= high + slack and str(row["name"]) not in lost:
            unit = str(row["unit"]).replace(" ", "")
            lost[str(row["name"])] = (
                str(row["file"]),
                f"{row['file']}: {row['label']} comes out as {value:.4g} {unit}, far beyond the "
                f"{low:g} to {high:g} that {release.name} learnt from, so that it is no answer: "
                "see that the spectrum is normalised and of such a star.",
            )
    kept = np.array([str(name) not in lost for name in predictions["name"]], dtype=bool)
    if len(predictions) and not kept.any():
        raise InputError(
            f"No star has a believable answer; the first: {next(iter(lost.values()))[1]}"
        )
    return predictions[kept], list(lost.values())


def answers(predictions: Table, release: Release, *, synthetic: bool) -> Table:
    """One row a star: labels with errors, whether the network knows such, and what it learnt from.

    Parameters
    ----------
    predictions : Table
        Of `skyloom.arms.spectra.prediction.predict`, by one network.
    release : Release
    synthetic : bool
        Whether the spectra are.

    Returns
    -------
    Table
        As `skyloom.arms.spectra.star_table.one_row_each` makes it, with the spectrum's distance
        from the training side, the limit of that, and what `skyloom.learn.release.sign` says.
    """
    table = star_table.one_row_each(predictions)
    first = {str(row["name"]): row for row in reversed(predictions)}
    for name in ("distance", "limit"):
        table[name] = [float(first[star][name]) for star in map(str, table["name"])]
    table.remove_column("model")
    releases.sign(table, release, synthetic=synthetic)
    return table
