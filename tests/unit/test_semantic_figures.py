"""Figures of the semantic arm: labelled, reproducible, and true to what they show."""

from pathlib import Path

import fake_semantic_results as fake
import fake_step
import figure_axes
import numpy as np
import pytest
from astropy.table import Table
from figure_axes import drawn, texts
from matplotlib.figure import Figure

from skyloom.arms.semantic import profiles
from skyloom.arms.semantic.sampling import Grid
from skyloom.draw import (
    semantic_galaxies,
    semantic_labels,
    semantic_panels,
    semantic_predictions,
    semantic_results,
    semantic_training,
)
from skyloom.record import syntax

ROOT = Path(__file__).parents[2]
ANGLE, OPTIMIZERS = ("clean_theta", "clean"), ("clean", "clean_adadelta")
TREND = ("clean", "wide")
# What each step reads (of which models), and what its figure must say.
STEPS = {
    "errors": (
        {"predictions": "noise_05", "metrics": "noise_05", "binned": None},
        ("True scale A [half-widths]", "[pixels]", "(10° < θ < 170°)", "200 test images"),
    ),
    "angle": (
        {"predictions": ANGLE, "metrics": ANGLE},
        ("clean_theta: θ = 180° s, as published", "True angle θ [°]", "(cos 2θ, sin 2θ)"),
    ),
    "sizes": ({"summary": None}, ("Weights of the encoder", "small 16", "σ (bar: 95 % interval)")),
    "bounds": (
        {"summary": None},
        ("Error of ellipticity e", "median Cramér–Rao bound", "as the article prints it"),
    ),
    "speed": ({"speed": None}, ("encoder: 2 threads", "least squares, clean", "9,000")),
    "optimizers": (
        {"history": OPTIMIZERS, "timing": OPTIMIZERS, "metrics": OPTIMIZERS},
        ("Validation loss", "Measured time of the epochs [s]", "clean: adam, rate 0.001"),
    ),
    "trend": (
        {"history": TREND, "metrics": TREND, "summary": None},
        ("σ of angle θ [°]", "A 0.1 to 0.5", "Failed angles [%]"),
    ),
    "panels": (
        {"dataset": "noise_05", "predictions": "noise_05", "metrics": "noise_05"},
        ("Input − reconstruction", "x [half-widths]", "→"),
    ),
    "examples": ({"datasets": None}, ("noise_05\nnoise 0.05", "wide\nno noise", "A 0.50")),
    "galaxies": (
        {"measurements": None},
        ("Inferred inclination, cos i = 1 − e [°]", "the gas of 12", "axis ratio of 0.2"),
    ),
    "galaxy_panels": (
        {"inclined": None, "measurements": None},
        ("One half-width is 20 kpc", "Map − reconstruction", "i 75° → "),
    ),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What the steps read."""
    return fake.write(tmp_path_factory.mktemp("semantic"))


def draw(name, run, folder, monkeypatch):
    """Run one drawing step; its figure."""
    given = {}
    for kind, models in STEPS[name][0].items():
        key = "dataset" if kind == "inclined" else kind
        if kind == "dataset":
            given[key] = run[models]
        elif isinstance(models, tuple):
            given[key] = [run[kind][model] for model in models]
        else:
            given[key] = run[kind][models] if models else run[kind]
    options = {"grid": fake.grid_of("noise_05"), "failed": 10}
    return fake_step.sketch(f"semantic.{name}", given, folder, monkeypatch, **options)


@pytest.mark.parametrize("name", STEPS)
def test_a_step_draws_a_labelled_figure_with_a_caption(name, run, tmp_path, monkeypatch):
    figure_axes.check(draw(name, run, tmp_path, monkeypatch), STEPS[name][1])
    caption = syntax.described(ROOT / "src/skyloom/draw/entries/semantic.py")[name]
    assert 200 <= len(caption) <= 800 and "*" not in caption and "{" not in caption


def test_drawing_needs_no_network_library():
    entries = ROOT / "src/skyloom/draw/entries"
    assert "skyloom.learn" not in (entries / "semantic.py").read_text()
    for path in (ROOT / "src/skyloom/draw").glob("semantic_*.py"):
        assert not {"import keras", "import tensorflow"} & set(path.read_text().splitlines())


def test_the_dispersion_of_the_angle_leaves_out_the_ends_and_no_other_does():
    true, found = np.array([2.0, 60.0, 90.0, 120.0, 178.0]), np.array([170, 61, 88, 121, 3.0])
    sigma = semantic_predictions.dispersion("angle", true, found)
    np.testing.assert_allclose(sigma, np.std([1, -2, 1], ddof=1))
    sigma = semantic_predictions.dispersion("scale", true, found)
    np.testing.assert_allclose(sigma, np.std(found - true, ddof=1))


def test_a_half_turn_is_told_from_a_wrong_angle():
    true, found = np.array([1.0, 90.0, 179.0]), np.array([179.0, 91.0, 90.0])
    cases = {"a": ("theta", true, found), "b": ("cos_sin_2theta", true, true)}
    figure = drawn(semantic_predictions.angles, cases, failed=10)
    said = texts(figure)
    assert "66.7 % (2 of 3)" in said and "33.3 % (1 of 3)" in said and "none" in said
    _, same, wrong = figure.axes[0].collections
    assert same.get_offsets().tolist() == [[1, 179]]
    assert wrong.get_offsets().tolist() == [[179, 90]]


def test_bars_are_the_bins_and_wild_images_are_counted_beyond_the_axis():
    table = fake.predictions("clean")
    table["scale_predicted"][:3] += 1
    _, binned = fake.summaries(models=("clean",), datasets=())
    figure = drawn(
        semantic_predictions.errors,
        *(table, binned),
        **{"parameters": ["scale"], "model": ("clean", "full"), "failed": 10},
        grid=Grid(**fake.grid_of("clean")),
    )
    lower = figure.axes[1]
    line = lower.containers[0].lines[0]
    own = binned[binned["parameter"] == "scale"]
    np.testing.assert_allclose(line.get_ydata(), own["median"] / 0.0625)
    assert lower.get_ylim()[1] < 0.1 / 0.0625 and "3 of 220 lie beyond" in texts(figure)


@pytest.mark.parametrize(("dataset", "pixels"), [("clean", (5.04, 25.2)), ("wide", (3.2, 16))])
def test_scales_are_drawn_in_half_widths_and_pixels_of_their_own_images(dataset, pixels):
    table = fake.predictions(dataset, 22)
    low, high = (0.16, 0.8) if dataset == "clean" else (0.1, 0.5)
    table["scale"] = np.linspace(*fake.ranges_of(dataset)["scale"], 22)
    _, binned = fake.summaries(models=(dataset,), datasets=())
    figure = drawn(
        semantic_predictions.errors,
        *(table, binned[:0]),
        **{"parameters": ["scale"], "model": (dataset, "full"), "failed": 10},
        grid=Grid(**fake.grid_of(dataset)),
    )
    upper = figure.axes[0]
    scales = upper.collections[0].get_offsets()[:, 0]
    np.testing.assert_allclose([scales.min(), scales.max()], [low, high])
    figure.draw_without_rendering()
    (above,) = upper.child_axes
    ends = above.transData.inverted().transform(upper.transData.transform([(low, 0), (high, 0)]))
    np.testing.assert_allclose(ends[:, 0], pixels, rtol=1e-6)


def test_a_panel_ends_where_its_outermost_pixels_do():
    axes, grid = Figure().subplots(), Grid(**fake.grid_of("clean"))
    half = semantic_panels.shown_half([0.8], 64, grid.resolution)
    shown = semantic_panels.image(axes, np.eye(64), half, "magma", (0, 1), None, grid.resolution)
    # The outermost points lie at one half-width, their pixels' edges half a pixel beyond.
    assert half == pytest.approx(1 + 1 / 63) and shown.get_extent()[1] == pytest.approx(half)


def test_pixels_are_half_widths_times_half_the_image():
    axes = Figure().subplots()
    axes.set_xlim(0, 0.5)
    semantic_labels.pixel_axis(axes, "scale", 32)
    semantic_labels.pixel_axis(axes, "ellipticity", 32)
    (above,) = axes.child_axes
    axes.get_figure().draw_without_rendering()
    np.testing.assert_allclose(above.get_xlim(), (0, 16))


def test_numbers_are_said_without_powers_of_ten():
    said = semantic_labels.quantity
    assert said("scale", 0.000489) == "0.00049" and said("angle", 1.134) == "1.1°"
    assert said("scale", -2.8e-7, beside=0.00013) == "0"
    assert said("angle", -0.124, beside=1.1) == "−0.1°"
    assert said("scale", np.nan) == "undefined"
    assert [semantic_labels.plain(v) for v in (1e5, 0.003, 1e-5)] == ["100,000", "0.003", "0.00001"]
    assert semantic_labels.axis("scale", "true") == "True scale A [half-widths]"
    assert semantic_labels.axis("angle", "σ of") == "σ of angle θ [°]"
    assert semantic_labels.axis("bulge", "true") == "True bulge"


def test_no_two_models_look_alike():
    looks = semantic_labels.looks(map(str, range(28)))
    assert len({(look["color"], look["ls"]) for look in looks.values()}) == 28


def test_sizes_join_networks_of_one_training_only():
    summary, _ = fake.summaries(datasets=())
    groups = semantic_results.families(summary)
    assert next(iter(groups)) == "clean, adam, 60 epochs" and len(groups) == 3
    assert set(summary["network"][groups["clean, adam, 60 epochs"]]) == set(fake.NETWORKS)
    assert set(summary["dataset"][np.any(list(groups.values()), axis=0)]) == {"clean"}
    figure = drawn(semantic_results.sizes, summary[summary["model"] == "noise_05"])
    assert "only one network" in texts(figure)


def test_the_encoder_named_like_its_dataset_stands_for_it_else_the_largest():
    summary, _ = fake.summaries(datasets=())
    rows = summary[(summary["parameter"] == "scale") & (summary["dataset"] == "clean")]
    assert rows["model"][semantic_results.own_encoder(rows)] == "clean"
    rows = rows[np.char.startswith(rows["model"], "clean_small")]
    assert rows["model"][semantic_results.own_encoder(rows)] == "clean_small_4"
    assert semantic_results.own_encoder(rows[:0]) is None


def test_bounds_lie_where_the_summary_says():
    summary, _ = fake.summaries(models=("noise_05",), datasets=("noise_05",))
    figure = drawn(semantic_results.bounds, summary)
    for axes, parameter in zip(figure.axes, fake.RANGES["clean"], strict=True):
        rows = summary[summary["parameter"] == parameter]
        found = [line.get_ydata()[0] for line in axes.lines if line.get_lw() == 2]
        unit = 0.0625 if parameter == "scale" else 1
        np.testing.assert_allclose(found, rows["bound"] / unit)
        sigma = [box.lines[0].get_ydata()[0] for box in axes.containers]
        np.testing.assert_allclose(sigma, rows["sigma"] / unit)


def test_optimisers_are_compared_when_the_shortest_training_ended():
    log, _ = fake.history("clean")
    seconds = {"fast": np.full(60, 2.0), "slow": np.full(60, 5.0)}
    cases = {name: (log, clock, fake.metrics("clean")) for name, clock in seconds.items()}
    figure = drawn(semantic_training.optimizers, cases)
    points = [group.get_offsets()[0].tolist() for group in figure.axes[1].collections]
    assert points == [[120, log["val_loss"][59]], [120, log["val_loss"][23]]]
    assert "equal time: 120 s" in texts(figure)


def test_the_trend_shows_every_epoch_and_the_article_s_number():
    log, _ = fake.history("clean")
    summary, _ = fake.summaries(models=("clean",), datasets=())
    cases = {"clean": (log, fake.metrics("clean"))}
    figure = drawn(semantic_training.trend, cases, summary=summary)
    first, line = figure.axes[0].lines
    np.testing.assert_allclose(first.get_ydata(), log["sigma_scale"] / 0.0625)
    assert line.get_ydata()[0] == 0.00049 / 0.0625 and figure.axes[0].get_title() == "A 0.16 to 0.8"
    short = {"clean": (log[:1], {**fake.metrics("clean"), "ranges": {}, "chosen_epoch": 1})}
    assert "as the article" not in texts(drawn(semantic_training.trend, short))


def test_a_logarithmic_axis_of_any_length_has_two_numbers_or_more():
    for low, high in ((0.9, 1.1e4), (0.9, 70), (0.95, 5.5), (2.1, 3.9)):
        axes = Figure().subplots()
        axes.set(xscale="log", xlim=(low, high))
        semantic_labels.plain_x_ticks(axes)
        ticks = axes.get_xticks()
        assert 2 <= len(ticks) <= 8 and low <= ticks.min() < ticks.max() <= high


def test_profiles_are_reconstructed_as_matrices_make_them():
    values = {"scale": [0.04, 0.3], "ellipticity": [0.3, 0.7], "angle": [20.0, 130.0]}
    made = profiles.evaluate("exponential", {k: np.array(v) for k, v in values.items()}, Grid())
    np.testing.assert_allclose(made, fake.images(values), atol=1e-9)


def test_what_is_left_has_a_scale_about_zero_and_images_share_one():
    images = fake.images({"scale": [0.1, 0.2], "ellipticity": [0.3, 0.7], "angle": [20, 130]})
    rest = {"scale": [0.1, 0.2], "model": ("clean", "full")}
    figure = drawn(semantic_panels.panels, images, 0.9 * images, ["a", "b"], **rest)
    shown = [axes.images[0] for axes in figure.axes if axes.images]
    assert len({image.get_clim() for image in shown[:4]}) == 1
    low, high = shown[4].get_clim()
    assert low == -high == shown[5].get_clim()[0]
    np.testing.assert_allclose(shown[4].get_array(), 0.1 * images[0])


def test_the_part_that_is_shown_holds_the_profiles():
    assert semantic_panels.shown_half([0.01, 0.05], 64) == 0.375
    assert semantic_panels.shown_half([0.01], 64) == 0.25
    assert semantic_panels.shown_half([0.5], 64) == 1.0
    assert semantic_panels.evenly_ranked([5.0, 1.0, 3.0], count=2).tolist() == [1, 0]
    assert semantic_panels.evenly_ranked([5.0], count=6).tolist() == [0]


def test_galaxies_keep_their_rows_in_the_order_of_inclination():
    table = fake.measurements(3, inclinations=(60, 0, 30))
    rows = semantic_galaxies.galaxy_rows(table)
    assert list(rows) == [(99, 0), (99, 7), (99, 14)]
    for own in rows.values():
        assert table["inclination"][own].tolist() == [0, 30, 60]
    table["residual"] = np.repeat([0.3, 0.1, 0.2], 3)
    assert list(semantic_galaxies.typical(table, (0, 1))) == [(99, 7), (99, 0)]


@pytest.mark.parametrize("count", [1, 4])
def test_few_galaxies_are_drawn_and_angles_differ_by_a_quarter_turn_at_most(count):
    table = fake.measurements(count)
    table["angle"], table["position_angle"] = 179.0, 1.0
    table.remove_column("inclination_thick")
    figure = drawn(semantic_galaxies.galaxies, table)
    np.testing.assert_allclose(figure.axes[2].containers[0].lines[0].get_ydata(), -2)
    assert ("one galaxy" in texts(figure)) == (count == 1)


def test_a_measured_rate_stands_at_its_bar():
    table = Table(fake.speed()[-2:], meta={"device": "CPU"})
    figure = drawn(semantic_results.speed, table, synthetic=False)
    assert [bar.get_width() for bar in figure.axes[0].patches] == [7.5, 21.0]
    assert "(least squares: 2 threads; CPU)" in texts(figure)
    assert not figure.get_suptitle().startswith("Synthetic")
