"""What the report says of the arms follows from their tables, and says no more than these allow."""

import re

import cv2
import fake_semantic_results
import fake_spectra_results
import numpy as np
import pytest
from astropy.table import Table

from skyloom.arms.sdss import evaluation as sdss_evaluation
from skyloom.arms.spectra import evaluation as spectra_evaluation
from skyloom.io.files import read_table, write_json, write_table
from skyloom.judge import published
from skyloom.report import page, sdss, semantic, spectra, wording, xmm

PICTURES = {
    "xmm": ("roc", "calibration", "stretches", "worst/good"),
    "semantic": ("bounds", "examples", "galaxies", "galaxy_panels"),
    "helium": (
        "comparison",
        "classical",
        "observed",
        "predictions/clean_initial",
        "predictions/clean_modified",
    ),
    "sdss": ("scores", "classical", "calibration", "redshifts", "examples", "confusions/80_20"),
}


# The xmm arm.


def experiment(name, auc, *, missed=3, alarms=2):
    names = ("experiment", "test_auc", "test_auc_low", "test_auc_high")
    return dict(zip(names, (name, *auc), strict=True)) | {
        "test_images": 60,
        "test_bad": 17,
        "test_missed": missed,
        "test_false_alarms": alarms,
        "validation_images": 60,
        **{"temperature": 1.3, "calibration_error_chance": 0.08},
        **{f"calibration_error{end}": 0.1 for end in ("", "_low", "_high")},
        **{f"calibration_error_calibrated{end}": 0.09 for end in ("", "_low", "_high")},
    }


def xmm_says(*rows, statistics=None):
    table = Table(rows=list(rows), meta={"level": 0.95, "threshold": 0.5, "synthetic": True})
    return " ".join(xmm.answer(table, statistics))


@pytest.mark.parametrize(
    ("auc", "said"),
    [
        ((0.62, 0.45, 0.78), "does not show that it is better than chance"),
        ((0.72, 0.55, 0.88), "it has learnt to tell them apart"),
        ((0.30, 0.15, 0.45), "worse than chance"),
    ],
)
def test_an_auc_is_believed_only_if_its_interval_leaves_out_chance(auc, said):
    text = xmm_says(experiment("demo", auc))
    assert said in text
    assert "0.5 it finds 14 of 17 bad" in text


@pytest.mark.parametrize(("missed", "alarms"), [(17, 0), (0, 43)])
def test_a_network_with_one_answer_for_all_images_is_called_so(missed, alarms):
    assert "same answer" in xmm_says(
        experiment("demo", (0.6, 0.4, 0.8), missed=missed, alarms=alarms)
    )
    assert "same answer" not in xmm_says(experiment("demo", (0.6, 0.4, 0.8)))


def test_experiments_whose_intervals_overlap_are_not_ranked():
    best = experiment("best", (0.80, 0.70, 0.90))
    near, far = experiment("near", (0.72, 0.62, 0.82)), experiment("far", (0.5, 0.4, 0.6))
    text = xmm_says(near, best, far)
    assert text.startswith("The network of experiment best")
    assert "1 of the 2 other experiments (near) do not lie below" in text
    assert "other experiments lie below" in xmm_says(best, far)


def test_calibration_is_told_with_what_chance_would_give():
    text = xmm_says(experiment("demo", (0.72, 0.55, 0.88)))
    assert "with the temperature 1.30 of 60 validation images, are off by 0.09" in text
    assert "60 images would show 0.08 by chance" in text
    raw = {"temperature": np.nan, "calibration_error_calibrated": np.nan}
    text = xmm_says(experiment("demo", (0.72, 0.55, 0.88)) | raw)
    assert "Its scores are off by 0.10" in text and "temperature" not in text


def test_an_auc_without_an_interval_claims_nothing():
    unknown = experiment("alone", (0.8, np.nan, np.nan))
    text = xmm_says(unknown, experiment("other", (0.5, 0.4, 0.6)))
    assert "it has no interval" in text and "(other) do not lie below" in text
    assert xmm_says(experiment("none", (np.nan,) * 3)).startswith("No experiment has an AUC")


@pytest.mark.parametrize(
    ("plain", "said"),
    [((0.78, 0.64, 0.92), "does not settle"), ((0.5, 0.45, 0.55), "less than the network")],
)
def test_a_network_is_measured_against_three_numbers_an_image(plain, said):
    statistics = dict(zip(("auc", "low", "high"), plain, strict=True))
    assert said in xmm_says(experiment("demo", (0.72, 0.6, 0.84)), statistics=statistics)


# The helium and stellar arms.


def labelled(error, *, seed, count=400):
    """Predictions of one label with normal errors, on the test side."""
    random = np.random.default_rng(seed)
    true = random.uniform(2, 5, count)
    names = ("id", "part", "log_g", "log_g_predicted")
    rows = (
        np.arange(count).astype(str),
        ["test"] * count,
        true,
        true + random.normal(0, error, count),
    )
    return Table(dict(zip(names, rows, strict=True)))


def test_smaller_errors_on_the_same_spectra_are_resolved_as_by_the_normal_law():
    worse, better = labelled(0.6, seed=1), labelled(0.3, seed=1)
    low, high = spectra.gain(worse, better, "log_g", level=0.95)
    errors = [np.abs(t["log_g_predicted"] - t["log_g"]) for t in (worse, better)]
    difference = np.asarray(errors[0] - errors[1])
    reach = 1.96 * difference.std() / np.sqrt(len(difference))
    assert (low, high) == pytest.approx(
        (difference.mean() - reach, difference.mean() + reach), rel=0.1
    )
    backwards = spectra.gain(better, worse, "log_g", level=0.95)
    assert backwards[1] < 0


def test_equal_networks_are_not_told_apart():
    one = labelled(0.4, seed=1)
    other = one.copy()
    sign = np.where(np.arange(len(one)) % 2, 1, -1)
    other["log_g_predicted"] = one["log_g_predicted"] + 0.01 * sign
    low, high = spectra.gain(one, other, "log_g", level=0.95)
    assert low < 0 < high


def helium_summary(second):
    rows = [
        ("clean_initial", "clean", "initial", "log_g", "dex", 0.5, 0.45, 0.55, 0.9, 1.8, 1.6, 2.0),
        ("clean_initial", "clean", "initial", "teff", "K", 5000, 4000, 7000, 6000, *second),
    ]
    names = (
        "model dataset network label unit mae mae_low mae_high mae_mean ratio ratio_low ratio_high"
    )
    return Table(rows=rows, names=names.split(), meta={"level": 0.95, "synthetic": True})


def test_a_label_no_better_than_the_mean_is_not_claimed():
    text = " ".join(spectra.answer(helium_summary((1.2, 0.86, 1.5)), {}))
    assert "better than always saying the mean for log g;" in text
    assert "For effective temperature the interval leaves open" in text
    assert "5000 (4000 to 7000) K in effective temperature" in text
    text = " ".join(spectra.answer(helium_summary((1.2, 1.1, 1.5)), {}))
    assert "leaves open" not in text
    text = " ".join(spectra.answer(helium_summary((0.8, 0.6, 0.9)), {}))
    assert "leaves open" not in text and "effective temperature it is worse" in text


# The semantic arm.


def test_an_encoder_that_always_says_the_same_has_found_nothing():
    summary, _ = fake_semantic_results.summaries(models=("clean",), datasets=())
    predictions = fake_semantic_results.predictions("clean")
    scatter = {"clean": semantic.true_scatter(predictions, summary.meta)}
    assert "for 3 of 3 parameters of 1 encoder" in semantic.answer(summary, scatter)[0]
    summary["sigma_high"][0] = 1.01 * scatter["clean"]["scale"]
    said = semantic.answer(summary, scatter)
    assert "for 2 of 3 parameters" in said[0]
    assert said[1] == "Not shown for scale A (clean)."


def test_one_answer_for_all_errs_by_the_scatter_of_the_same_images():
    predictions = fake_semantic_results.predictions("clean")
    test = predictions[predictions["part"] == "test"]
    scatter = semantic.true_scatter(predictions, {"angle_limits": (10, 170)})
    angles = test["angle"][(test["angle"] >= 10) & (test["angle"] <= 170)]
    assert scatter["angle"] == pytest.approx(np.std(angles))
    assert scatter["scale"] == pytest.approx(np.std(test["scale"]))


def test_errors_are_set_beside_the_bound_where_there_is_noise():
    summary, _ = fake_semantic_results.summaries(models=("noise_05",), datasets=("noise_05",))
    predictions = fake_semantic_results.predictions("noise_05")
    said = " ".join(
        semantic.answer(summary, {"noise_05": semantic.true_scatter(predictions, summary.meta)})
    )
    pulls = [row["pull"] for row in summary if row["method"] == "least_squares"]
    assert "Under noise of 0.05 (noise_05), the encoder's errors are" in said
    assert f"a fit's are {wording.rounded(min(pulls), 2)} " in said
    assert "Without noise" not in said


def test_galaxies_unlike_the_training_images_are_counted_and_left_out():
    measured = fake_semantic_results.measurements()
    measured["angle_difference"] = 7.0
    measured["outside"] = False
    measured["outside"][measured["inclination"] == 30] = True
    text = semantic.galaxies(measured)
    assert "60 views of 12 galaxies" in text and "12 of them are unlike" in text
    assert "30° →" not in text
    face_on = measured["inclination_inferred"][measured["inclination"] == 0]
    assert f"0° → {np.median(face_on):.0f}°" in text
    assert "off by 7.0° in the median" in text


# The sdss arm.


def classified(right, *, count=300, seed=0):
    """Predictions of which so many are right; the others call the next class."""
    random = np.random.default_rng(seed)
    kinds = np.array(["GALAXY", "QSO", "STAR"])
    true = random.integers(0, 3, count)
    wrong = np.arange(count) >= right
    table = Table({"id": [f"{n:05d}" for n in range(count)], "part": ["test"] * count})
    table["object"] = table["id"]
    table["class"], table["predicted"] = kinds[true], kinds[(true + wrong) % 3]
    table["z"] = 0.1
    for kind in kinds:
        table[f"p_{kind.lower()}"] = np.where(table["predicted"] == kind, 0.8, 0.1)
    return table


def sdss_judged(**networks):
    metrics = [
        {"model": f"{name}_80_20", "network": name, "split": "80_20", "synthetic": True}
        for name in networks
    ]
    options = {"samples": 200, "level": 0.95, "seed": 1}
    tables = list(networks.values())
    summary = sdss_evaluation.summarise(tables, metrics, **options)
    by_model = {known["model"]: table for known, table in zip(metrics, tables, strict=True)}
    return summary, sdss_evaluation.confusions(tables, metrics), by_model


def test_networks_are_compared_on_the_same_spectra():
    summary, confusion, tables = sdss_judged(
        mnist=classified(250), cnn_1d=classified(297), resnet_50=classified(296)
    )
    sees = dict.fromkeys(tables, "sees a picture")
    first, *others = sdss.answer(summary, confusion, tables, sees)[:-1]
    assert first.startswith("1D CNN, 80/20, which sees a picture, names 99 %")
    assert "Its most frequent mistake is to call" in first
    assert "ResNet 50" in others[0] and "not resolved" in others[0]
    assert "MNIST" in others[1] and "fewer, by" in others[1]


def test_a_lead_is_that_of_the_paired_counts_and_undefined_on_other_spectra():
    best, other = classified(290), classified(240)
    low, high = sdss.lead(best, other, level=0.95)
    share = 50 / 300
    reach = 1.96 * np.sqrt(share * (1 - share) / 300)
    assert (low, high) == pytest.approx((share - reach, share + reach), abs=0.01)
    assert np.isnan(sdss.lead(best, other[:200], level=0.95)).all()


def test_a_network_without_mistakes_is_not_given_one():
    summary, confusion, tables = sdss_judged(cnn_1d=classified(300))
    text = " ".join(sdss.answer(summary, confusion, tables, dict.fromkeys(tables, "sees")))
    assert "It confuses no spectrum" in text


# Whole sections, from files as the steps write them.


def pictures(folder, arm):
    image = np.full((40, 60, 3), 200, dtype=np.uint8)
    for name in PICTURES[arm]:
        path = folder / "figures" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), image)


def write_xmm(folder):
    row = experiment("good", (0.8, 0.7, 0.9)) | {
        "dataset": "minmax_sqrt_rebin4",
        "architecture": "2conv",
        "test_accuracy": 0.8,
    }
    meta = {"level": 0.95, "threshold": 0.5, "synthetic": True}
    write_table(Table(rows=[row], meta=meta), folder / "evaluation" / "summary.ecsv")
    printed = {"quantity": "AUC, validation", "model": "dropout_05", "ours": 0.7, "printed": 0.848}
    document = {"called": "the document", "source": "its author"}
    printed = published.table([printed], document, synthetic=True, common=["source is synthetic"])
    write_table(printed, folder / "evaluation" / "published.ecsv")
    return xmm.section(folder)


def write_helium(folder):
    options = {"samples": 50, "level": 0.95, "seed": 0}
    tables, known = [], []
    inventory = fake_spectra_results.inventory("helium")
    parts = fake_spectra_results.split(inventory)
    for network, error in (("initial", 0.3), ("modified", 0.2)):
        table = fake_spectra_results.predictions("helium", inventory, parts, error=error)
        metrics = fake_spectra_results.metrics("helium", "clean", network)
        tables.append(table)
        sides = {"test": {"spectra": len(table)}}
        known.append(metrics | {"model": f"clean_{network}", "sides": sides})
        write_table(table, folder / "models" / f"clean_{network}" / "predictions.ecsv")
    summary = spectra_evaluation.summarise(tables, known, **options)
    write_table(summary, folder / "evaluation" / "summary.ecsv")
    write_table(fake_spectra_results.published("helium"), folder / "evaluation" / "published.ecsv")
    fake_spectra_results.write_observed(folder / "observed", "helium")
    return spectra.section(folder)


@pytest.mark.parametrize(
    ("stars", "grid", "words"),
    [
        (False, True, "The networks, which learnt from synthetic spectra, were asked about 2 obs"),
        (False, False, "The networks were asked about 2 observed stars"),
        (True, True, "which learnt from synthetic spectra, were asked about 2 synthetic stars"),
    ],
)
def test_stars_are_called_synthetic_only_where_they_are(tmp_path, stars, grid, words):
    pictures(tmp_path / "helium", "helium")
    write_helium(tmp_path / "helium")
    for name, synthetic in (("observed/predictions", stars), ("evaluation/summary", grid)):
        path = tmp_path / "helium" / f"{name}.ecsv"
        table = read_table(path)
        table.meta["synthetic"] = synthetic
        write_table(table, path)
    told = next(part for part in spectra.section(tmp_path / "helium").parts if "asked" in part)
    assert words in told and "made-up" not in told
    # One star is beyond the grid, and of neither anything says the medium.
    assert "lies outside what the networks were trained on" in told
    assert "nothing says whether wavelengths are in air" in told


def write_semantic(folder):
    summary, _ = fake_semantic_results.summaries()
    write_table(summary, folder / "evaluation" / "summary.ecsv")
    write_table(fake_semantic_results.published(), folder / "evaluation" / "published.ecsv")
    for model in fake_semantic_results.MODELS:
        table = fake_semantic_results.predictions(model)
        write_table(table, folder / "models" / model / "predictions.ecsv")
    measured = fake_semantic_results.measurements()
    measured["angle_difference"] = 3.0
    write_table(measured, folder / "galaxies" / "measurements.ecsv")
    return semantic.section(folder)


def write_sdss(folder):
    summary, confusion, tables = sdss_judged(mnist=classified(250), cnn_1d=classified(290))
    write_table(summary, folder / "evaluation" / "summary.ecsv")
    write_table(confusion, folder / "evaluation" / "confusion.ecsv")
    for model, table in tables.items():
        write_table(table, folder / "models" / model / "predictions.ecsv")
        variant = "spectra" if "1d" in model else "images_28"
        write_json({"inputs": {"variant": variant}}, folder / "models" / model / "metrics.json")
    return sdss.section(folder)


WRITERS = {"xmm": write_xmm, "helium": write_helium, "semantic": write_semantic, "sdss": write_sdss}


MODULES = {"xmm": xmm, "helium": spectra, "semantic": semantic, "sdss": sdss}


@pytest.mark.parametrize("arm", WRITERS)
def test_a_section_asks_its_question_first_and_is_the_same_each_time(arm, tmp_path):
    pictures(tmp_path / arm, arm)
    made = WRITERS[arm](tmp_path / arm)
    assert made.anchor == arm
    assert made.parts[0].startswith('<div class="answer"><p class="question">')
    pages = [
        page.write([section], title="t", lead="l", synthetic=True, made="m")
        for section in (made, MODULES[arm].section(tmp_path / arm))
    ]
    assert pages[0] == pages[1]
    assert "nan" not in re.sub(r"<script.*?</script>|<style.*?</style>", "", pages[0], flags=re.S)


def test_a_network_is_said_to_see_what_its_metrics_say(tmp_path):
    pictures(tmp_path, "sdss")
    [words, *_] = write_sdss(tmp_path).parts
    assert "1D CNN, 80/20, which sees the spectrum itself" in words
    assert "MNIST (LeNet), 80/20, which sees a picture of 28 pixels" in words


@pytest.mark.parametrize("module", MODULES.values())
def test_an_arm_that_was_not_run_has_no_section(module, tmp_path):
    assert module.section(tmp_path / "helium") is None
