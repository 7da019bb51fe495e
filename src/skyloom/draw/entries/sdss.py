"""The figures of the sdss arm, each from its files: reads them and draws.

A function is an entry of the table of figures: it takes the job's inputs by name and the
parameters of its entry, and gives a figure.
"""

import itertools
from pathlib import Path

from skyloom.arms.sdss import spectrum
from skyloom.draw import (
    sdss_confusion_matrices,
    sdss_examples,
    sdss_labels,
    sdss_misclassified,
    sdss_prediction,
    sdss_sample,
    sdss_scores,
    training_curves,
)
from skyloom.draw.entries import training_records
from skyloom.io.files import open_hdf5, read_table


def classes(files):
    """Draw the shares of the classes in the sample and in the archive (figure 2).

    Shares of galaxies, quasars and stars in the sample (ring and coloured bars; figure 2 of the
    article), beside those of all spectra that can be used (grey). A sample drawn in proportion has
    the archive's shares but for the redshift cut; the archive's are those of the survey's targets,
    not of the sky. Shares of a synthetic archive are the configuration's.
    """
    inventory = read_table(files.inventory, need=("class",))
    sample = read_table(files.sample, need=("class",))
    return sdss_sample.classes(inventory, sample, synthetic=bool(inventory.meta["synthetic"]))


def confused(files, *, model=None):
    """Draw the spectra of the test side that one network is most wrong about.

    The spectra of the test side that one network is most surely wrong about, of every kind of
    confusion, as the 1D network receives them (smoothed, zero mean, unit standard deviation),
    coloured by their true class; what the spectrograph did not see is grey, at the mean. Dashed:
    the main lines of the true class at the survey's redshift; where none of them is seen, the
    spectrum is poor or the survey's class itself may be wrong. A high probability is not a
    calibrated one.
    """
    table = read_table(files.confused, need=("id", "class", "predicted", "p"))
    model = sdss_misclassified.chosen(table, model)
    groups = sdss_misclassified.kinds(table, model)
    with open_hdf5(files.dataset, need=("spectra", "id", "z")) as file:
        wavelength, spectra = sdss_misclassified.read_spectra(file, groups)
        return sdss_misclassified.confused(
            *(groups, spectra, wavelength),
            model=sdss_labels.split_model(model),
            synthetic=bool(file.attrs["synthetic"]),
        )


def confusions(files, *, kinds, split=None):
    """Draw the confusion matrices of all networks and splits, or of one split (figures 8 to 10).

    Confusion matrices of the test side, a column a network, a row a split and metric (figures 8 to
    10 of the article). Each true class adds up to 1 for recall, each predicted class for
    precision, all cells for accuracy; small numbers are spectra. Classes are not equally frequent,
    so the same number of confused spectra weighs more in a rare class; precision holds for this
    sample's shares only.
    """
    table = read_table(files.confusion, need=("model", "true", "predicted", "count"))
    return sdss_confusion_matrices.confusions(
        table,
        split=split,
        kinds=kinds,
        synthetic=bool(table.meta["synthetic"]),
    )


def curves(files, *, readouts):
    """Draw loss and accuracy of the trained networks over the epochs (figure 7).

    Cross-entropy and accuracy over the epochs, a row a network and a pair of panels a split
    (figure 7 of the article, which draws the test side in place of our validation side). Training
    values are means over the epoch while learning, with dropout, and may therefore be worse than
    those of the validation side. The circle marks the epoch whose weights are kept, dotted lines
    those whose predictions are read out. A loss is called still falling where the lowest of the
    last quarter of the epochs is more than 5 % below the lowest before.
    """
    found = training_records.read_trainings(files)
    own = {
        (known["network"], known["split"]): (log, [training_curves.epoch_kept(known)])
        for known, log in found
    }
    networks, splits = (list(dict.fromkeys(names)) for names in zip(*own, strict=True))
    return training_curves.curves(
        [
            training_curves.Training(sdss_labels.model_name(*name), *own.get(name, ()))
            for name in itertools.product(networks, sorted(splits))
        ],
        {"loss": "Cross-entropy", "accuracy": "Accuracy"},
        columns=len(splits),
        readouts=readouts,
        synthetic=training_records.synthetic(found),
    )


def examples(files):
    """Draw a spectrum of every class as observed, smoothed and as images (figure 6).

    One spectrum of every class on its way to the networks (figure 6 of the article): as observed
    (grey; masked pixels are left out and marked in red below), smoothed by the moving average on
    the common wavelength grid (coloured), and as the images of 224 and 28 pixels that the networks
    see. Of the five spectra nearest to the class's median redshift it is the one with the best
    signal-to-noise ratio, so most spectra look worse. Dashed: the main lines of its class at its
    redshift, whether or not the spectrum shows them. The vertical axis leaves out noise spikes;
    images have no axes: unless ``drawing.wavelength`` fixes their range, a network cannot know
    wavelengths, nor ever the flux.
    """
    folder = Path(files.spectra)
    sample = read_table(files.sample, need=("id", "file", "class", "z"))
    shown = {}
    for kind, rows in sdss_examples.candidates(sample).items():
        # The class is the sample's, which a catalogue may have given.
        spectra = [
            spectrum.read_spectrum(folder / str(sample["file"][row]), labelled=False)
            for row in rows
        ]
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


def prediction(files):
    """Draw what a trained network says of a folder of spectra.

    What a trained network says of a folder of spectra: the probability of each class, sorted by
    the predicted class with the surest first. Marked are spectra whose file names another class.
    Networks know three classes and must choose one: a spectrum that is none of them, or all noise,
    gets an answer too, and the probabilities are not calibrated.
    """
    table = read_table(files.predictions, need=("id", "predicted", "p_galaxy"))
    return sdss_prediction.prediction(
        table,
        model=sdss_labels.split_model(str(table.meta["model"])),
        synthetic=bool(table.meta["synthetic"]),
    )


def redshifts(files, *, redshift):
    """Draw the redshifts of each class (figures 3 to 5), of the sample and of the archive.

    Redshifts of the galaxies and quasars of the sample (figures 4 and 5 of the article), in front
    of those of all spectra that can be used (grey); the dashed lines are the cut, where it lies on
    the axis. Stars (figure 3) are not cut: theirs are radial velocities, shown as cz in km/s,
    which, other than the article says, tell nothing about distance. Values beyond the axis are
    counted above the panel. Redshifts are the survey pipeline's, wrong ones included unless
    ``quality.zwarning`` rejects them; those of a synthetic archive are made up.
    """
    sample = read_table(files.sample, need=("class", "z"))
    inventory = read_table(files.inventory, need=("class", "z"))
    return sdss_sample.redshifts(
        sample,
        inventory=inventory,
        cut=redshift,
        synthetic=bool(inventory.meta["synthetic"]),
    )


def scores(files):
    """Draw the scores of every network, with intervals and printed numbers.

    Accuracy, precision, recall and F1 of each class (one against the rest) and their average on
    the test side, the networks side by side, with bootstrap intervals. Open diamonds are the
    article's numbers, grey where this run's choices differ from the article's, with the reasons
    below. Accuracy of a class counts the other classes' true negatives and is high even for a
    network that never finds the class: recall and precision say more. Intervals know of the test
    spectra drawn, not of another training.
    """
    summary = read_table(files.summary, need=("model", "class", *sdss_scores.METRICS))
    return sdss_scores.scores(
        summary,
        published=read_table(files.published, need=("quantity", "model", "printed")),
        synthetic=bool(summary.meta["synthetic"]),
    )
