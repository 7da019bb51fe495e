"""Figures of the helium and stellar arms: labelled, reproducible, and true to what they show."""

import fake_spectra_results as fake
import fake_step
import figure_axes
import matplotlib
import numpy as np
import pytest
from astropy.table import Table
from figure_axes import rendered, texts

from skyloom.draw import (
    spectra_comparison,
    spectra_coverage,
    spectra_evaluation,
    spectra_grid,
    spectra_labels,
    spectra_observed,
    spectra_predictions,
    style,
    training_curves,
)
from skyloom.errors import InputError

WAVELENGTH = np.linspace(4460, 4480, 201)
# What each step's figure must say: its quantities with their units.
STEPS = {
    "grid": ("Wavelength [Å, air]", "Normalised flux", r"$T_\mathrm{eff}$ [K]", "log g [dex]"),
    "coverage": ("log (g / cm s$^{-2}$) [dex]", r"$T_\mathrm{eff}$ [K]", "Share not trained on"),
    "curves": ("Epoch", "Loss", "3 members", "epoch whose weights are kept"),
    "predictions": (r"True $T_\mathrm{eff}$ [K]", "Predicted log g [dex]", "MAE ", " dex"),
    "noise": ("S/N per pixel", "MAE [K]", "Bias [dex]", "always predicting the mean"),
    "calibration": ("Stated level of the interval", "Actual coverage", "σ × 1.42"),
    "comparison": ("no better than the mean", "Each member (bar: mean)"),
    "observed": (
        *("Normalised flux", "Star − model", "S/N 100", "S/N unknown", "known: "),
        *("beyond the grid", "nearest to the answer of"),
    ),
}
OWN = {
    ("helium", "grid"): ("He I\n4471", "[He I]\n4470", "Mg II\n4481 →"),
    ("stellar", "grid"): ("Mg I b triplet", "[m/H] [dex]", r"$v\,\sin\,i$ [km/s]"),
    ("helium", "curves"): ("MAE (standardised labels)", "Argmax agreement"),
    ("stellar", "curves"): ("MAE (labels from 0 to 1)",),
    ("helium", "comparison"): ("modified as published: 4.00, not comparable",),
}


@pytest.fixture(scope="module")
def helium(tmp_path_factory):
    """What the helium arm's steps read."""
    return fake.write(tmp_path_factory.mktemp("helium"), "helium")


@pytest.fixture(scope="module", params=["helium", "stellar"])
def run(request, helium, tmp_path_factory):
    """An arm and what its steps read."""
    if request.param == "helium":
        return request.param, helium
    return request.param, fake.write(tmp_path_factory.mktemp(request.param), request.param)


def draw(name, arm, inputs, folder, monkeypatch):
    """Run one drawing step; its figure."""
    inputs = dict(inputs)
    if name == "predictions":
        inputs = {key: inputs[key][-1] for key in ("predictions", "metrics")}
    if name == "observed":
        inputs = inputs["observed"] | {"dataset": inputs["dataset"], "blocks": []}
    agreement = arm == "helium"
    return fake_step.sketch(f"spectra.{name}", inputs, folder, monkeypatch, agreement=agreement)


@pytest.mark.parametrize("name", STEPS)
def test_a_step_draws_a_labelled_figure(name, run, tmp_path, monkeypatch):
    arm, inputs = run
    figure = draw(name, arm, inputs, tmp_path, monkeypatch)
    figure_axes.check(figure, (*STEPS[name], *OWN.get((arm, name), ())))


def test_a_figure_of_many_points_has_the_same_bytes_twice(helium, tmp_path, monkeypatch):
    files = {key: helium[key][0] for key in ("predictions", "metrics")}
    fake_step.draw_twice("spectra.predictions", files, tmp_path, monkeypatch)


def test_a_split_of_other_spectra_is_refused(run, tmp_path, monkeypatch):
    arm, inputs = run
    table = fake.split(fake.inventory(arm)[:-1])
    table.write(tmp_path / "split.ecsv", format="ascii.ecsv")
    changed = {**inputs, "split": str(tmp_path / "split.ecsv")}
    with pytest.raises(InputError, match="other spectra"):
        draw("coverage", arm, changed, tmp_path, monkeypatch)


def test_one_label_changes_along_a_row_of_the_grid_and_the_others_do_not():
    table = fake.inventory("stellar")
    labels = table.meta["labels"]
    middle = spectra_grid.centre(table, labels)
    for label in labels:
        rows, exact = spectra_grid.along(table, labels, label, middle, most=4)
        assert exact and 2 <= len(rows) <= 4
        assert np.all(np.diff(table[label][rows]) > 0)
        for other in set(labels) - {label}:
            assert set(table[other][rows]) == {table[other][middle]}
    every = table["teff"][spectra_grid.along(table, labels, "teff", middle)[0]]
    assert every[0] == 3500 and every[-1] == 9750


def test_no_spectrum_of_the_grid_leaves_its_panel():
    runs = {
        "teff": (np.array([1.0, 2.0]), np.linspace(0.8, 1, 402).reshape(2, 201), True),
        "log_g": (np.array([1.0, 2.0]), np.linspace(0.1, 1.1, 402).reshape(2, 201), True),
    }
    fixed = {"teff": 1.0, "log_g": 1.0}
    figure = rendered(spectra_grid.grid, WAVELENGTH, runs, fixed=fixed)
    for axes in figure.axes[:2]:
        low, high = axes.get_ylim()
        assert low < 0.1 and high > 1.1


def test_spectra_that_are_no_grid_are_shown_by_their_nearest_and_said_to_be_near():
    random = np.random.default_rng(0)
    table = Table({name: random.uniform(1, 5, 60) for name in ("teff", "log_g", "v_rot")})
    rows, exact = spectra_grid.along(table, table.colnames, "teff", 3)
    assert not exact and len(rows) > 2
    assert np.all(np.diff(table["teff"][rows]) > 0)
    runs = {"teff": (np.asarray(table["teff"][rows]), np.ones((len(rows), 201)), exact)}
    figure = rendered(
        spectra_grid.grid, WAVELENGTH, runs, fixed={"teff": 3.0, "log_g": 2.0}, synthetic=False
    )
    assert "near log g = 2.00 dex" in texts(figure)
    assert not figure.get_suptitle().startswith("Synthetic")


def test_cells_of_the_kiel_diagram_count_spectra_and_leave_gaps_where_there_are_none():
    table = fake.inventory("stellar")
    part = np.where(np.arange(len(table)) % 4 == 0, "test", "train")
    options = {"labels": table.meta["labels"], "split": "random"}
    figure = rendered(spectra_coverage.coverage, table, part, **options)
    count, share = (axes.collections[0].get_array() for axes in figure.axes[:2])
    assert count.shape == (6, 6)
    assert np.ma.count_masked(count) == 6
    assert count.sum() == len(table)
    np.testing.assert_allclose((count * share).sum(), (part == "test").sum())
    left = figure.axes[0]
    assert left.get_xlim()[0] > left.get_xlim()[1] and left.get_ylim()[0] > left.get_ylim()[1]


@pytest.mark.parametrize("count", [1, 300])
def test_labels_of_any_values_are_counted(count):
    random = np.random.default_rng(1)
    table = Table({"teff": random.normal(2e4, 3e3, count), "log_g": random.uniform(2, 5, count)})
    part = ["train", "test", "validation"] * 100
    options = {"labels": ["teff", "log_g"], "split": "model"}
    figure = rendered(spectra_coverage.coverage, table, part[:count], **options)
    assert figure.axes[0].collections[0].get_array().sum() == count


def test_bands_are_the_percentiles_of_the_residuals_at_each_value():
    random = np.random.default_rng(2)
    true = np.repeat([1.0, 2.0, 4.0], 50)
    residual = random.normal(size=150)
    centres, levels, counts = spectra_predictions.bands(true, residual)
    assert centres.tolist() == [1.0, 2.0, 4.0] and counts.tolist() == [50, 50, 50]
    np.testing.assert_allclose(levels[2, 1], np.median(residual[50:100]))
    np.testing.assert_allclose(levels[4, 2], np.percentile(residual[100:], 97.5))
    centres, _, counts = spectra_predictions.bands(random.uniform(size=150), residual)
    assert len(centres) == 16 and counts.sum() == 150 and np.ptp(counts) <= 1


def test_numbers_of_the_predictions_are_those_of_the_table():
    table = Table({"teff": [15000.0, 20000.0, 25000.0], "teff_predicted": [15100, 19700, 25200.0]})
    options = {"labels": ["teff"], "model": ("clean", "initial"), "synthetic": False}
    text = texts(rendered(spectra_predictions.predictions, table, **options))
    assert "MAE 200 K" in text and "bias 0 K" in text and "scatter 265 K" in text
    assert "stated" not in text


@pytest.mark.parametrize(("count", "constant"), [(1, False), (2, True), (5000, False)])
def test_predictions_of_few_many_and_constant_values_are_drawn(count, constant):
    table = fake.inventory("helium")[np.arange(count) % 100]
    parts = Table({"part": ["test"] * count})
    found = fake.predictions("helium", table, parts)
    if constant:
        found["log_g_predicted"] = 3.5
        found["teff_predicted"] = found["teff"]
    found["v_rot_predicted"] = np.ma.masked_invalid(np.full(count, np.nan))
    options = {"labels": ["teff", "log_g", "v_rot"], "model": ("a", "b")}
    assert "nothing predicted" in texts(rendered(spectra_predictions.predictions, found, **options))


@pytest.mark.parametrize(("members", "epochs", "negative"), [(1, 1, False), (3, 20, True)])
def test_every_member_has_its_curves_and_its_chosen_epoch(members, epochs, negative):
    log = fake.history(members, epochs, negative=negative)
    chosen = [max(1, epochs - k) for k in range(members)]
    one = training_curves.Training("starnet", log, chosen)
    kinds = {"loss": "Loss", "mae": "MAE (labels from 0 to 1)"}
    figure = rendered(training_curves.curves, [one], kinds)
    loss = figure.axes[0]
    assert len(loss.lines) == 2 * members
    points = np.concatenate([group.get_offsets() for group in loss.collections])
    assert points[:, 0].tolist() == chosen
    own = log[(log["member"] == log["member"][-1]) & (log["epoch"] == chosen[-1])]
    assert points[-1, 1] == own["val_loss"][0]
    assert loss.get_yscale() == ("linear" if negative else "log")


def test_noise_of_one_model_with_undefined_values_is_drawn():
    table = fake.evaluation("helium", ["clean"])["noise"]
    table = table[table["model"] == "clean_initial"]
    table["bias"] = np.ma.array(table["bias"], mask=table["snr"] == 50)
    table["mae"][table["label"] == "log_g"] = np.nan
    figure = rendered(spectra_evaluation.noise, table)
    upper = figure.axes[0]
    mae = table[(table["label"] == "teff") & (table["snr"] > 0)]["mae"]
    np.testing.assert_allclose(upper.lines[0].get_ydata(), mae)
    rendered(spectra_evaluation.noise, table[table["snr"] == 0])


def test_without_uncertainties_the_calibration_says_so():
    table = fake.evaluation("helium")["calibration"][:0]
    assert "No uncertainties" in texts(rendered(spectra_evaluation.calibration, table))


def test_ratios_are_those_of_the_errors_and_undefined_ones_are_left_out():
    tables = fake.evaluation("stellar", ["clean"], members=1)
    summary, members = tables["summary"], tables["members"]
    summary["mae_low"] = np.ma.array(summary["mae_low"], mask=[True, False, False, False])
    summary["mae"][3] = np.nan
    figure = rendered(spectra_comparison.comparison, summary, members, synthetic=False)
    shown = [box.lines[0].get_ydata()[0] for box in figure.axes[0].containers]
    np.testing.assert_allclose(shown, np.asarray(summary["mae_mean"] / summary["mae"])[:3])


def test_the_published_ratio_has_its_network_s_colour_only_where_it_is_comparable():
    tables = fake.evaluation("helium", ["clean"])
    for good in (True, False):
        published = fake.published("helium", comparable=good)
        given = tables["summary"], tables["members"]
        figure = rendered(spectra_comparison.comparison, *given, published=published)
        dotted = [line for line in figure.axes[0].lines if line.get_linestyle() == ":"]
        assert [line.get_ydata()[0] for line in dotted] == [3.6, 4.0]
        assert (dotted[0].get_color() == style.BLUE) == good
        assert ("not comparable" in texts(figure)) != good


def test_the_nearest_training_spectrum_is_by_standard_deviations_of_the_labels():
    target = np.array([[20000.0, 3.0], [21000.0, 3.0], [20400.0, 5.0]])
    assert spectra_observed.nearest(target, [20400.0, 3.1]) == 0
    assert spectra_observed.nearest(target, [21000.0, 4.9]) == 2
    assert spectra_observed.nearest(target, [np.nan, 3.0]) is None


MILES = "synthetic spectra at R = 1788 with noise of S/N 50 (dataset miles)"


def stars(predictions, spectra):
    """Stars as the figure takes them, beside a grid of two spectra."""
    target = np.array([[15000.0, 3.0, 100.0], [30000.0, 4.0, 300.0]])
    labels = ["teff", "log_g", "v_rot"]
    return spectra_observed.stars(predictions, spectra, labels, target, lambda row: np.ones(201))


@pytest.mark.parametrize("count", [0, 1, 5])
def test_any_number_of_stars_is_drawn_and_those_left_out_are_counted(count, monkeypatch):
    monkeypatch.setattr(spectra_observed, "MOST", 2)
    predictions, spectra = fake.observed("helium", count)
    found = stars(predictions, spectra)
    figure = rendered(spectra_observed.observed, found, WAVELENGTH, total=count)
    assert ("3 more not drawn" in figure.get_suptitle()) == (count == 5)
    said = [line for line in texts(figure).split("\n") if line.endswith("trained on clean:")]
    assert len(said) == 2 * min(count, 2)


def test_a_name_is_red_only_where_the_answers_mean_nothing():
    predictions, spectra = fake.observed("helium", 2)
    predictions["warning"] = "air is assumed"
    found = stars(predictions, spectra)
    figure = rendered(spectra_observed.observed, found, WAVELENGTH)
    colours = [axes.title.get_color() for axes in figure.axes if axes.get_title()]
    assert [colour == style.BLACK for colour in colours] == [True, False]
    assert texts(figure).count("air is assumed") == 2


def test_what_networks_were_trained_on_is_said_as_their_dataset_says_it():
    made = {"parameters": '{"resolving_power": 1788, "snr": 50}', "variant": "miles"}
    assert spectra_observed.trained_on({**made, "synthetic": True}) == MILES
    bare = {"parameters": "{}", "variant": "clean", "synthetic": False}
    said = "spectra at the grid's own resolution (dataset clean)"
    assert spectra_observed.trained_on(bare) == said


@pytest.mark.parametrize("count", [1, 2, 4])
def test_the_legend_stays_within_the_figure(count):
    figure = rendered(spectra_observed.observed, stars(*fake.observed("helium", count)), WAVELENGTH)
    (legend,) = figure.legends
    assert figure.bbox.x0 <= legend.get_window_extent().x0
    assert legend.get_window_extent().x1 <= figure.bbox.x1


def test_the_residual_is_the_star_less_each_model():
    predictions, spectra = fake.observed("helium", 1)
    (star,) = stars(predictions, spectra)
    star["uncertainty"] = np.full(201, 0.02)
    figure = rendered(spectra_observed.observed, [star], WAVELENGTH)
    (axes,) = (axes for axes in figure.axes if axes.get_ylabel() == "Star − model")
    lines = [line for line in axes.get_lines() if len(line.get_ydata()) == 201]
    assert len(lines) == 2
    for line in lines:
        np.testing.assert_allclose(line.get_ydata(), star["flux"] - 1)
    low, high = axes.get_ylim()
    assert low == -high and high > abs(star["flux"] - 1).max()
    assert spectra_observed.signal_to_noise(star) == pytest.approx(50, rel=0.1)


def test_the_title_tells_real_stars_from_the_synthetic_spectra_of_their_networks():
    title = {
        real: spectra_observed.observed(
            [], WAVELENGTH, synthetic=not real, trained=MILES
        ).get_suptitle()
        for real in (True, False)
    }
    assert title[False].startswith("Synthetic demonstration")
    assert title[True].startswith("Real stars") and "trained on synthetic spectra" in title[True]


def test_uncertainties_too_small_for_the_digits_of_a_value_get_one_more():
    assert spectra_labels.measured("log_g", 4.4, 0.06) == "log g 4.40 ± 0.06 dex"
    assert spectra_labels.measured("log_g", 4.4, 0.003) == "log g 4.400 ± 0.003 dex"
    assert spectra_labels.measured("m_h", -0.5) == "[m/H] −0.50 dex"
    assert spectra_labels.measured("v_rot", np.nan, 3.0).endswith("undefined")
    assert style.significant(0.00415, 2) == "0.0042"
    assert style.significant(1234.0) == "1230"


def test_networks_keep_their_colours_and_datasets_their_lines():
    models = {
        f"{data}_{network}": (data, network)
        for data in ("clean", "snr_100")
        for network in ("initial", "other")
    }
    looks = spectra_labels.model_looks(models)
    assert looks["clean_initial"]["color"] == looks["snr_100_initial"]["color"] == style.BLUE
    assert looks["clean_initial"]["ls"] == looks["clean_other"]["ls"]
    assert len({(look["color"], look["ls"]) for look in looks.values()}) == 4
    assert spectra_labels.split_model("snr_100_initial") == ("snr_100", "initial")
    assert matplotlib.colors.is_color_like(looks["clean_other"]["color"])
