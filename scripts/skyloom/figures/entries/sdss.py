"""The figures of the sdss arm, each from its files: reads them and draws.

A function is an entry of the table of figures: it takes the job's inputs by name and the
parameters of its entry, and gives a figure.
"""

from pathlib import Path

import numpy as np

from skyloom.figures import (
    sdss_confused,
    sdss_confusions,
    sdss_examples,
    sdss_labels,
    sdss_prediction,
    sdss_sample,
    sdss_scores,
    sdss_training,
)
from skyloom.io import open_hdf5, read_json, read_table
from skyloom.sdss import spectrum


def classes(files):
    """Draw the shares of the classes in the sample and in the archive (figure 2)."""
    inventory = read_table(files.inventory, need=("class",))
    sample = read_table(files.sample, need=("class",))
    return sdss_sample.classes(inventory, sample, synthetic=bool(inventory.meta["synthetic"]))


def confused(files, *, model=None):
    """Draw the spectra of the test side that one network is most wrong about."""
    table = read_table(files.confused, need=("id", "class", "predicted", "p"))
    model = sdss_confused.chosen(table, model)
    groups = sdss_confused.kinds(table, model)
    with open_hdf5(files.dataset, need=("spectra", "id", "z")) as file:
        wavelength, spectra = sdss_confused.read(file, groups)
        return sdss_confused.confused(
            *(groups, spectra, wavelength),
            model=sdss_labels.split_model(model),
            synthetic=bool(file.attrs["synthetic"]),
        )


def confusions(files, *, kinds, split=None):
    """Draw the confusion matrices of all networks and splits, or of one split (figures 8 to 10)."""
    table = read_table(files.confusion, need=("model", "true", "predicted", "count"))
    return sdss_confusions.confusions(
        table,
        split=split,
        kinds=kinds,
        synthetic=bool(table.meta["synthetic"]),
    )


def curves(files, *, readouts):
    """Draw loss and accuracy of the trained networks over the epochs (figure 7)."""
    metrics = [read_json(path) for path in files.metrics]
    histories = {}
    for known, path in zip(metrics, files.history, strict=True):
        log = np.atleast_1d(np.genfromtxt(path, delimiter=",", names=True))
        histories[known["network"], known["split"]] = log, sdss_training.kept(known)
    return sdss_training.curves(
        histories,
        readouts=readouts,
        synthetic=any(known["synthetic"] for known in metrics),
    )


def examples(files):
    """Draw a spectrum of every class as observed, smoothed and as images (figure 6)."""
    folder = Path(files.spectra)
    sample = read_table(files.sample, need=("id", "file", "class", "z"))
    shown = {}
    for kind, rows in sdss_examples.candidates(sample).items():
        # The class is the sample's, which a catalogue may have given.
        spectra = [spectrum.read(folder / str(sample["file"][row]), labelled=False) for row in rows]
        best = sdss_examples.clearest(spectra)
        row, found = sample[rows[best]], spectra[best]
        shown[kind] = {
            "id": str(row["id"]),
            "z": row["z"],
            "wavelength": found.wavelength,
            "flux": found.flux,
            "good": found.good,
        }
    sdss_examples.add_processed(shown, files.blocks, [files.images_224, files.images_28])
    return sdss_examples.examples(shown, synthetic=bool(sample.meta["synthetic"]))


def prediction(files, *, model):
    """Draw what a trained network says of a folder of spectra."""
    table = read_table(files.predictions, need=("id", "predicted", "p_galaxy"))
    return sdss_prediction.prediction(
        table,
        model=sdss_labels.split_model(model),
        synthetic=bool(table.meta["synthetic"]),
    )


def redshifts(files, *, redshift):
    """Draw the redshifts of each class (figures 3 to 5), of the sample and of the archive."""
    sample = read_table(files.sample, need=("class", "z"))
    inventory = read_table(files.inventory, need=("class", "z"))
    return sdss_sample.redshifts(
        sample,
        inventory=inventory,
        cut=redshift,
        synthetic=bool(inventory.meta["synthetic"]),
    )


def scores(files):
    """Draw the scores of every network, with intervals and printed numbers."""
    summary = read_table(files.summary, need=("model", "class", *sdss_scores.METRICS))
    return sdss_scores.scores(
        summary,
        published=read_table(files.published, need=("quantity", "model", "printed")),
        synthetic=bool(summary.meta["synthetic"]),
    )
