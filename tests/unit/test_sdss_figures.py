"""Figures of the sdss arm: labelled, reproducible, and true to what they show."""

import itertools
from types import SimpleNamespace

import fake_sdss_results as fake
import fake_step
import figure_axes
import numpy as np
import pytest
from astropy.table import Table
from figure_axes import drawn, rendered, texts
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from skyloom.draw import (
    sdss_confusion_matrices,
    sdss_examples,
    sdss_labels,
    sdss_misclassified,
    sdss_prediction,
    sdss_sample,
    sdss_scores,
    style,
    training_curves,
)
from skyloom.errors import InputError

# What each step reads, and what its figure must say.
STEPS = {
    "classes": (("inventory", "sample"), ("galaxies", "Share of the spectra [%]", "40\nspectra")),
    "redshifts": (
        ("inventory", "sample"),
        ("Redshift z (cut, dashed: 0 < z < 3.5)", "Radial velocity cz [km/s]", "archive ("),
    ),
    "examples": (
        ("sample", "spectra", "blocks", "images_224", "images_28"),
        ("Observed wavelength [Å, vacuum]", "28 × 28 pixels", "Lyα", "% masked", "v = "),
    ),
    "curves": (
        ("history", "metrics"),
        ("Cross-entropy", "Accuracy", "1D CNN, 80/20", "read out at 20, 30, 40 epochs"),
    ),
    "confusions": (("confusion",), ("diagonal: recall", "diagonal: precision", "quasar")),
    "scores": (("summary", "published"), ("F1", "average", "95 % bootstrap", "not comparable")),
    "calibration": (("summary", "reliability"), ("Share named rightly", "T = ", "(chance 0.")),
    "confused": (("confused", "dataset"), ("galaxy called star", "p(quasar) = 0.99", "Ca II")),
    "prediction": (("predictions",), ("Probability", "called so", "file says another class")),
}
PARAMS = {
    "redshift": [0, 3.5],
    "readouts": [20, 30, 40],
    "kinds": ["recall", "precision"],
    "model": "mnist_80_20",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What the steps read, of two networks on one split."""
    return fake.write(tmp_path_factory.mktemp("sdss"))


def draw(name, inputs, folder, monkeypatch):
    """Run one drawing step; its figure."""
    if name == "examples":
        spectrum = pytest.importorskip(
            "skyloom.arms.sdss.spectrum", reason="the reader is not there"
        )
        rows = {str(row["file"]): row for row in Table.read(inputs["sample"], format="ascii.ecsv")}
        monkeypatch.setattr(
            *(spectrum, "read_spectrum"),
            lambda path, **_: fake.spectrum(rows[path.name]["class"], rows[path.name]["z"]),
        )
        inputs = {**inputs, "spectra": ""}
    used = {key: inputs[key] for key in STEPS[name][0]}
    return fake_step.sketch(f"sdss.{name}", used, folder, monkeypatch, **PARAMS)


@pytest.mark.parametrize("name", STEPS)
def test_a_step_draws_a_labelled_figure(name, run, tmp_path, monkeypatch):
    figure_axes.check(draw(name, run, tmp_path, monkeypatch), STEPS[name][1])


# Machado, Oliveira & Fernandes (2009), table 1, severity 1: linear RGB as a dichromat sees it.
DICHROMATS = (
    np.eye(3),
    [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]],
    [[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
    [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]],
)


def lightness_and_hue(colour, matrix):
    """CIE 1976 L*, a*, b* of a colour (D65)."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(matrix) @ linear, 0, 1)
    xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]] @ seen
    f = np.cbrt(xyz / [0.9505, 1, 1.089])
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("matrix", DICHROMATS, ids=["normal", "protan", "deutan", "tritan"])
def test_classes_are_told_apart_with_any_colour_vision(matrix):
    for one, other in itertools.combinations(sdss_labels.COLOURS.values(), 2):
        apart = lightness_and_hue(one, matrix) - lightness_and_hue(other, matrix)
        assert np.linalg.norm(apart) > 20


def test_no_network_has_the_colour_of_a_class_and_all_looks_differ():
    known = ["inception_v3", "resnet_50", "resnet_50_random", "mnist", "cnn_1d", "own", "other"]
    looks = sdss_labels.network_looks(known)
    assert not {look["color"] for look in looks.values()} & set(sdss_labels.COLOURS.values())
    assert len({tuple(look.values()) for look in looks.values()}) == len(known)
    assert sdss_labels.network_looks(["cnn_1d"])["cnn_1d"] == looks["cnn_1d"]


def test_the_name_of_a_model_is_taken_apart():
    assert sdss_labels.split_model("resnet_50_random_80_20") == ("resnet_50_random", "80_20")
    assert sdss_labels.split_model("resnet_50_60_40") == ("resnet_50", "60_40")
    assert sdss_labels.split_model("alone") == ("alone", "")
    assert sdss_labels.model_name("cnn_1d", "80_20") == "1D CNN, 80/20"


def test_lines_are_marked_where_the_redshift_puts_them_and_names_do_not_touch():
    shown = dict(sdss_labels.shown_lines("QSO", 2.4, 3650, 10300))
    np.testing.assert_allclose(shown["Lyα"], 1215.67 * 3.4)
    np.testing.assert_allclose(shown["Mg II"], 2799.12 * 3.4)
    assert "Hα" not in shown
    for kind, z in (("QSO", 0.6), ("GALAXY", 0.1), ("STAR", 0.0)):
        middles = np.sort([np.mean(p) for _, p in sdss_labels.shown_lines(kind, z, 3650, 10300)])
        assert np.diff(middles).min() > 0.03 * (10300 - 3650)
    axes = Figure().subplots()
    axes.set_xlim(3600, 10300)
    sdss_labels.mark_lines(axes, "STAR", 0.0, within=(3800, 7000))
    assert max(line.get_xdata()[0] for line in axes.lines) == 6564.61
    assert sdss_labels.shown_lines("STAR", np.nan, 3650, 10300) == []
    assert sdss_labels.shown_lines("ODD", 0.0, 3650, 10300) == []


def test_a_star_has_a_velocity_and_a_galaxy_a_redshift():
    assert sdss_labels.redshift("STAR", -1e-4) == "v = −30 km/s"
    assert sdss_labels.redshift("GALAXY", 0.5) == "z = 0.500"
    assert sdss_labels.redshift("QSO", np.nan) == "z unknown"


def test_the_ring_has_the_sample_s_shares_and_spectra_without_class_are_counted():
    inventory, sample = fake.table(60), fake.table(20, classes=("GALAXY", "STAR"))
    inventory["class"][:6] = "-"
    figure = rendered(sdss_sample.classes, inventory, sample, synthetic=False)
    ring = figure.axes[0]
    share = (np.asarray(sample["class"]) == "GALAXY").mean()
    assert len(ring.patches) == 2
    np.testing.assert_allclose(
        abs(np.diff([ring.patches[0].theta1, ring.patches[0].theta2])), 360 * share
    )
    assert "no class" in texts(figure) and " 6 (10.0 %)" in texts(figure)
    assert not figure.get_suptitle().startswith("Synthetic")
    rendered(sdss_sample.classes, inventory, sample[:0])


def test_histograms_count_every_spectrum_on_their_axis():
    sample = fake.table(200)
    figure = rendered(sdss_sample.redshifts, sample, cut=(0, 3.5))
    for axes, name in zip(figure.axes, fake.CLASSES, strict=True):
        z = np.asarray(sample["z"])[np.asarray(sample["class"]) == name]
        z = z * 299792.458 if name == "STAR" else z
        low, high = axes.get_xlim()
        counted = sum(patch.get_height() for patch in axes.patches)
        assert counted == ((z >= low) & (z <= high)).sum()
        assert name != "STAR" or not axes.lines
    assert figure.axes[1].lines[-1].get_xdata()[0] == 3.5


@pytest.mark.parametrize("count", [0, 1, 3])
def test_few_redshifts_and_unknown_ones_are_drawn(count):
    sample = fake.table(count, seed=2)
    sample["z"] = np.ma.array(sample["z"], mask=np.arange(count) == 1, dtype=float)
    figure = rendered(sdss_sample.redshifts, sample, inventory=fake.table(9), cut=(None, 3.5))
    assert ("1 without a redshift" in texts(figure)) == (count > 1)
    rendered(sdss_sample.redshifts, sample, cut=None)


def test_examples_are_near_the_median_redshift_and_the_clearest_of_them():
    sample = Table({"class": ["QSO"] * 7 + ["STAR"], "z": [0.1, 3.4, 2, 2.1, 2.2, 1.9, 1.8, 0.0]})
    found = sdss_examples.candidates(sample)
    assert set(found["QSO"]) == {2, 3, 4, 5, 6} and found["STAR"] == [7]
    spectra = [SimpleNamespace(sn=value) for value in (3.0, np.nan, 9.0, 1.0)]
    assert sdss_examples.clearest(spectra) == 2


def test_masked_pixels_keep_their_place_and_lose_their_value():
    one = fake.spectrum("GALAXY", 0.3, pixels=200)
    shown = {
        **{key: getattr(one, key) for key in ("wavelength", "flux", "good")},
        **{"id": "a", "z": 0.3, "images": [], "grid": one.wavelength},
        "smoothed": np.where(one.good, one.flux, 5) / 5,
    }
    figure = rendered(sdss_examples.examples, {"GALAXY": shown})
    axes = figure.axes[0]
    assert axes.get_ylim()[1] < 100
    marked = next(line for line in axes.lines if line.get_marker() == "|")
    assert marked.get_xdata().tolist() == one.wavelength[~one.good].tolist()
    assert np.isnan(axes.lines[0].get_ydata()).sum() == (~one.good).sum()
    rendered(sdss_examples.examples, {"STAR": {**shown, "good": np.zeros(200, bool)}})
    assert "empty" in texts(rendered(sdss_examples.examples, {}))


def test_the_epoch_that_is_kept_is_the_best_one_or_the_last():
    known = {"best_epoch": 7, "epochs": 12, "training": {"restore": "last"}}
    assert training_curves.epoch_kept(known) == 12
    known["training"]["restore"] = "best"
    assert training_curves.epoch_kept(known) == 7


def test_a_spectrum_that_was_not_prepared_is_refused(run):
    with pytest.raises(InputError, match="none of the prepared blocks"):
        sdss_examples.add_processed({"STAR": {"id": "nothing"}}, run["blocks"], [])


def test_curves_show_every_epoch_and_what_was_not_trained():
    log = fake.history(30)
    trainings = [
        training_curves.Training("mnist, 60/40", log, [12]),
        training_curves.Training("mnist, 80/20"),
        training_curves.Training("cnn_1d, 60/40"),
        training_curves.Training("cnn_1d, 80/20", fake.history(1, validation=False)),
    ]
    kinds = {"loss": "Cross-entropy", "accuracy": "Accuracy"}
    figure = rendered(training_curves.curves, trainings, kinds, columns=2, readouts=[20, 40])
    assert texts(figure).count("not trained") == 2
    loss = figure.axes[0]
    np.testing.assert_allclose(loss.lines[1].get_ydata(), log["val_loss"])
    assert [line.get_xdata()[0] for line in loss.lines if line.get_linestyle() == ":"] == [20]
    assert loss.collections[0].get_offsets()[0].tolist() == [12, log["val_loss"][11]]


def test_shares_of_a_confusion_matrix_are_recall_precision_and_accuracy():
    counts = np.array([[8, 2, 0], [1, 3, 0], [0, 0, 0]])
    recall, precision, accuracy = (
        sdss_confusion_matrices.shares(counts, kind) for kind in ("recall", "precision", "accuracy")
    )
    np.testing.assert_allclose(recall[:2].sum(axis=1), 1)
    np.testing.assert_allclose(np.diag(precision), [8 / 9, 3 / 5, np.nan])
    np.testing.assert_allclose(np.trace(accuracy), 11 / 14)
    assert np.isnan(recall[2]).all() and np.isnan(precision[:, 2]).all()


@pytest.mark.parametrize(
    ("networks", "splits", "classes"),
    [
        (("mnist",), ("80_20",), ("GALAXY", "STAR")),
        (("inception_v3", "resnet_50", "mnist"), ("60_40", "80_20"), fake.CLASSES),
    ],
)
def test_matrices_of_any_models_and_classes_hold_the_table_s_numbers(networks, splits, classes):
    table = fake.evaluation(networks, splits, classes=classes)["confusion"]
    figure = drawn(sdss_confusion_matrices.confusions, table, kinds=["recall"])
    panels = [axes for axes in figure.axes if axes.images]
    assert len(panels) == len(networks) * len(splits)
    first = table[table["model"] == f"{networks[0]}_{splits[0]}"]
    shown = panels[0].images[0].get_array()
    np.testing.assert_allclose(np.ravel(shown), first["share"])
    one = drawn(sdss_confusion_matrices.confusions, table, split=splits[-1])
    assert "80/20" in one.get_suptitle()


def test_a_model_that_was_not_trained_on_a_split_leaves_its_place_empty():
    table = fake.evaluation(("mnist", "cnn_1d"), ("60_40", "80_20"))["confusion"]
    table = table[table["model"] != "mnist_60_40"]
    figure = rendered(sdss_confusion_matrices.confusions, table, kinds=["precision"])
    assert texts(figure).count("not trained") == 1


def test_points_are_the_summary_s_and_undefined_ones_are_left_out():
    summary = fake.evaluation(("mnist",), ("80_20",))["summary"]
    summary["recall"] = np.ma.array(summary["recall"], mask=[False, True, False, False])
    summary["f1_low"] = np.nan
    figure = rendered(sdss_scores.scores, summary)
    recall = [box.lines[0].get_ydata()[0] for box in figure.axes[2].containers]
    np.testing.assert_allclose(recall, summary["recall"].compressed())
    assert "printed" not in texts(figure)
    (right,) = (line.get_ydata() for line in figure.axes[0].lines if line.get_lw() == 1.6)
    assert list(right) == [summary["overall_accuracy"][3]] * 2


def test_printed_numbers_are_grey_only_where_they_may_not_be_compared():
    tables = fake.evaluation(("mnist", "cnn_1d"), ("70_30", "80_20"))
    figure = rendered(sdss_scores.scores, tables["summary"], published=tables["published"])
    points = {
        (number // 2, round(group.get_offsets()[0][1], 3)): group.get_edgecolor()[0][:3]
        for number, axes in enumerate(figure.axes)
        for group in axes.collections
        if len(group.get_offsets()) == 1 and group.get_offsets()[0][1] < 1
    }
    assert tuple(points[0, 0.75]) == to_rgb(style.FAINT)
    assert tuple(points[2, 0.62]) == to_rgb(style.SKY)


def test_the_surest_wrong_answers_come_first_and_the_others_are_counted():
    sample = fake.table(40)
    table = fake.name_confused(fake.evaluation(("mnist",), ("80_20",))["confused"], sample)
    groups = sdss_misclassified.kinds(table)
    assert [len(rows) for rows in groups.values()] == [1, 2, 3, 4, 1, 2]
    for rows in groups.values():
        assert np.all(np.diff([row["p"] for row in rows]) <= 0)
    spectra = {str(name): {"flux": np.arange(50.0), "z": np.nan} for name in sample["id"]}
    wavelength = np.geomspace(3650, 10300, 50)
    figure = drawn(
        sdss_misclassified.confused, groups, spectra, wavelength, model=("mnist", "80_20")
    )
    assert texts(figure).count("more)") == 1 and "z unknown" in texts(figure)


def test_without_wrong_answers_the_figure_says_so():
    table = fake.evaluation(("mnist",), ("80_20",), classes=("STAR",))["confused"][:0]
    figure = rendered(
        sdss_misclassified.confused,
        sdss_misclassified.kinds(table),
        {},
        [],
        model=("mnist", "80_20"),
    )
    assert "no spectrum of the test side is confused" in texts(figure)


@pytest.mark.parametrize(("count", "known"), [(0, True), (1, False), (12, True), (90, True)])
def test_predictions_of_any_folder_are_sorted_and_add_up(count, known):
    table = fake.predictions(count, known=known)
    figure = rendered(sdss_prediction.prediction, table, model=("cnn_1d", "80_20"))
    other = int((np.asarray(table["class"]) != np.asarray(table["predicted"])).sum())
    assert (f"another class ({other} of {count})" in texts(figure)) == (known and count > 0)
    if 0 < count < 40:
        bars = figure.axes[0].patches
        np.testing.assert_allclose(sum(bar.get_width() for bar in bars), count)
