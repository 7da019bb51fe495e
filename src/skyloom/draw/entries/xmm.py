"""The figures of the xmm arm, each from its files: reads them and draws.

A function is an entry of the table of figures: it takes the job's inputs by name and the
parameters of its entry, and gives a figure.
"""

from skyloom.arms.xmm import evaluation, processing
from skyloom.arms.xmm import stretches as scaling
from skyloom.draw import calibration as reliability_diagram
from skyloom.draw import training_curves, xmm_images, xmm_prediction, xmm_results
from skyloom.draw.entries import training_records
from skyloom.io.columns import texts
from skyloom.io.files import open_hdf5, read_json, read_table


def calibration(files):
    """Draw how often an image is bad beside how often its score says so.

    Reliability: how often an image is bad among those with about the same score, before and after
    their logits were divided by one temperature that was fitted to the validation side. On the
    dashed line a score means what it says. The expected calibration error (ECE) is never zero: few
    images have one by chance even where every score is true.
    """
    summary = read_table(files.summary, need=("experiment", "calibration_error"))
    reliability = read_table(files.reliability, need=("experiment", "score", "bad_fraction"))
    return reliability_diagram.calibration(
        reliability,
        summary,
        key="experiment",
        titles={name: name for name in texts(summary["experiment"])},
        share="bad_fraction",
        axes_labels=("Mean score of the bin", "Share of bad images"),
        synthetic=summary.meta["synthetic"],
    )


def curves(files):
    """Draw accuracy and loss of the trained networks over the epochs.

    Accuracy and loss of every trained network on its training and validation side, epoch by epoch;
    the circle marks the epoch whose weights are kept. A loss is called still falling where
    the lowest of the last quarter of the epochs is more than 5 % below the lowest before.
    """
    found = training_records.read_trainings(files)
    return training_curves.curves(
        [
            training_curves.Training(known["experiment"], log, [training_curves.epoch_kept(known)])
            for known, log in found
        ],
        {"loss": "Cross-entropy", "accuracy": "Accuracy"},
        columns=min(3, len(found)),
        synthetic=training_records.synthetic(found),
    )


def examples(files, *, shown):
    """Draw examples of every OBS_CLASS.

    Images of every OBS_CLASS of the catalogue, from 0 (no bad area) to 5 (nothing but), with the
    minmax interval and the logarithmic stretch (figure 15).
    """
    inventory = read_table(files.inventory, need=("obs_id", "obs_class"))
    images = {}
    for kind, rows in xmm_images.evenly_chosen(inventory["obs_class"]).items():
        names = [str(name) for name in inventory["obs_id"][rows]]
        rates = processing.rates_of(files.rates, names)
        images[kind] = dict(zip(names, scaling.stretch(rates, **shown), strict=True))
    return xmm_images.examples(
        images,
        shown_as=f"{shown['interval']}, {shown['stretch']}",
        synthetic=bool(inventory.meta["synthetic"]),
    )


def histograms(files, *, threshold):
    """Draw one network's scores of each OBS_CLASS (figure 24).

    Scores of one network for the images of each OBS_CLASS: on the test side, and, as the document
    published it (figure 24), on the training side. Wrong answers are those beyond the threshold.
    """
    table = read_table(files.predictions, need=("part", "obs_class", "bad", "score"))
    return xmm_results.histograms(
        table,
        threshold=threshold,
        synthetic=table.meta["synthetic"],
    )


def prediction(files):
    """Draw the grades of images that nobody had graded.

    The score of every image of a folder, the probability that it is bad (OBS_CLASS 2 or more),
    and some images as the network saw them, from the best to the worst. Orange: the distribution
    of its pixels is unlike that of the training images (Mahalanobis distance of mean, spread and
    quantiles above what 99 % of the validation side stay within), or its pixels are of another
    size on the sky, so that the answer is not to be trusted.
    """
    table = read_table(files.predictions, need=("file", "score", "distance"))
    with open_hdf5(files.pictures) as file:
        pictures = {str(file[key].attrs["file"]): file[key][()] for key in sorted(file)}
    return xmm_prediction.prediction(table, pictures, synthetic=bool(table.meta["synthetic"]))


def roc(files):
    """Draw the ROC of the trained networks, of the test side and as published.

    Receiver operating characteristics of the trained networks on the test side, and, as the
    document published it, on the validation side, which also chose the epoch. AUC with intervals
    from a bootstrap over observations. An area whose interval includes 0.5 cannot be told from
    chance.
    """
    summary = read_table(files.summary, need=("experiment", "test_auc", "validation_auc"))
    predictions = [read_table(path, need=("bad", "score")) for path in files.predictions]
    return xmm_results.roc(predictions, summary, synthetic=summary.meta["synthetic"])


def statistics(files):
    """Draw standard deviation, skewness and kurtosis of every image, good and bad told apart.

    Standard deviation, skewness and kurtosis of every image in counts per second, at full size,
    seen from two sides (figure 17), good images (OBS_CLASS 0 and 1) and bad ones told apart. The
    title gives the AUC of a logistic regression on the logarithms of the three, fitted on the
    training side and judged on the test side.
    """
    table = read_table(files.table, need=("obs_class", "sigma", "skewness", "kurtosis"))
    return xmm_images.statistics(
        table, read_json(files.auc), synthetic=bool(table.meta["synthetic"])
    )


def stretches(files, *, variants):
    """Draw one image, of median exposure among those with defects, in every stretch.

    One observation with a visible defect in every stretch, with the minmax and the zscale interval
    (figure 16 of the document, with the stretches it leaves out); images are rebinned by 4.
    """
    inventory = read_table(files.inventory, need=("obs_id", "obs_class", "exposure"))
    row = inventory[xmm_images.typical_defect(inventory["obs_class"], inventory["exposure"])]
    name = str(row["obs_id"])
    rates = processing.rates_of(files.rates, [name])
    images = {
        (chosen["interval"], chosen["stretch"]): scaling.stretch(rates, **chosen)[0]
        for chosen in variants
    }
    return xmm_images.stretches(
        images,
        name=f"Observation {name} (OBS_CLASS {row['obs_class']}) by interval and stretch",
        synthetic=bool(inventory.meta["synthetic"]),
    )


def worst(files, *, most, threshold):
    """Draw the images of the test side that one network is most wrong about (figures 25 and 26).

    The good images of the test side that one network finds worst, and the bad ones that it finds
    best (figures 25 and 26), as the network sees them.
    """
    table = read_table(files.predictions, need=("id", "part", "obs_class", "bad", "score"))
    groups = evaluation.worst(table, count=most, threshold=threshold)
    with open_hdf5(files.dataset, need=("images", "id")) as file:
        rows = {name: row for row, name in enumerate(file["id"][()].astype(str))}
        images = [[file["images"][rows[str(name)]][:, :, 0] for name in g["id"]] for g in groups]
    return xmm_results.worst(
        groups,
        images,
        experiment=table.meta["experiment"],
        dataset=table.meta["dataset"],
        synthetic=table.meta["synthetic"],
    )
