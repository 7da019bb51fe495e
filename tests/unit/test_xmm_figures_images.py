"""Figures of images and statistics: labelled, reproducible, and true to what they are given."""

import json

import fake_step
import figure_axes
import numpy as np
import pytest
from astropy.table import Table
from figure_axes import texts

from skyloom.arms.xmm import processing, splits, statistics
from skyloom.draw import xmm_images
from skyloom.io.files import atomic_hdf5

COUNT = 40
VARIANTS = [
    {"interval": interval, "stretch": stretch}
    for interval in ("minmax", "zscale")
    for stretch in ("linear", "log", "sqrt", "power", "sinh", "asinh")
]
STEPS = {
    "stretches": ("minmax, log", "zscale, sinh", "OBS_CLASS 3"),
    "examples": ("OBS_CLASS 0\nno bad area", "OBS_CLASS 4\nbad area 10–100 %", "minmax, log"),
    "statistics": ("σ [ct/s]", "Skewness", "Kurtosis", "test AUC", "bad (OBS_CLASS 2–5)"),
}


def inventory(synthetic=True):
    random = np.random.default_rng(0)
    table = Table(
        {
            "obs_id": [f"{number:010d}" for number in range(COUNT)],
            "obs_class": np.arange(COUNT) % 5,
            "exposure": random.uniform(5e3, 5e4, COUNT),
        }
    )
    table.meta = {"synthetic": synthetic, "frame": [24, 24]}
    return table


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What the steps read."""
    folder, table = tmp_path_factory.mktemp("run"), inventory()
    random = np.random.default_rng(1)
    table.write(folder / "inventory.ecsv", format="ascii.ecsv")
    images = random.gamma(0.5, 1e-4, (COUNT, 24, 24)).astype(np.float32)
    paths = []
    for block in range(2):
        paths.append(str(folder / f"block_{block}.h5"))
        rows = processing.block_of(table, block, 2)
        with atomic_hdf5(paths[-1]) as file:
            own = images[block * 20 : block * 20 + 20]
            processing.write_rates(file, own, rows, factor=4, method="area")
    measured = statistics.table(table, [statistics.moments(image) for image in images])
    measured.write(folder / "statistics.ecsv", format="ascii.ecsv")
    split = splits.split(table, validation=0.2, test=0.3, seed=1)
    found = statistics.separation(measured, split, samples=50, level=0.9, seed=0)
    (folder / "auc.json").write_text(json.dumps(found))
    inputs = {"inventory": folder / "inventory.ecsv", "table": folder / "statistics.ecsv"}
    inputs |= {"auc": folder / "auc.json"}
    return {"rates": paths} | {name: str(path) for name, path in inputs.items()}


@pytest.mark.parametrize(("name", "labels"), STEPS.items())
def test_a_step_draws_a_labelled_figure_with_the_same_bytes_twice(
    name, labels, run, tmp_path, monkeypatch
):
    options = {"variants": VARIANTS, "shown": VARIANTS[1]}
    figure = fake_step.draw_twice(f"xmm.{name}", run, tmp_path, monkeypatch, **options)
    figure_axes.check(figure, labels)


def test_the_figure_of_stretches_shows_their_values_on_one_scale():
    image = np.linspace(0, 1, 64).reshape(8, 8)
    images = {("minmax", "sqrt"): np.sqrt(image), ("zscale", "linear"): image}
    figure = xmm_images.stretches(images, name="An image", synthetic=False)
    shown = {axes.texts[0].get_text(): axes.images[0] for axes in figure.axes if axes.images}
    np.testing.assert_array_equal(shown["minmax, sqrt"].get_array(), np.sqrt(image))
    assert all(panel.get_clim() == (0.0, 1.0) for panel in shown.values())
    assert figure.get_suptitle() == "An image"


def test_every_image_has_its_point_in_both_views_and_the_others_are_counted():
    table = inventory()
    random = np.random.default_rng(3)
    for name in statistics.COLUMNS:
        table[name] = 10 ** random.normal(0, 1, COUNT)
    table["kurtosis"][:3] = -1.0
    table["skewness"][5] = np.nan
    found = {"auc": {"test": {"auc": 0.7, "low": None, "high": None, "good": 3, "bad": 2}}}
    figure = xmm_images.statistics(table, found, synthetic=False)
    assert "4 beyond the axes" in texts(figure)
    for axes in figure.axes:
        points = sum(len(group._offsets3d[0]) for group in axes.collections)
        assert points == COUNT - 4


def test_a_test_side_without_bad_images_is_said_to_have_no_auc():
    table = inventory()
    for name in statistics.COLUMNS:
        table[name] = np.linspace(1, 2, COUNT)
    found = {"auc": {"test": {"auc": None, "low": None, "high": None, "good": 3, "bad": 0}}}
    figure = xmm_images.statistics(table, found, synthetic=False)
    assert "no test AUC" in figure.get_suptitle()


def test_chosen_images_are_of_each_class_and_in_order():
    obs_class = np.array([0, 1, 0, 0, 5, 0, 0, 0])
    assert xmm_images.evenly_chosen(obs_class, 3) == {0: [0, 3, 7], 1: [1], 5: [4]}


def test_the_image_that_shows_the_stretches_has_plain_defects():
    exposure = np.array([5.0, 9.0, 7.0, 1.0, 2.0])
    assert xmm_images.typical_defect([3, 3, 3, 0, 5], exposure) == 2
    assert xmm_images.typical_defect([0, 1, 2, 4, 1], exposure) == 3
    assert xmm_images.typical_defect([0, 0, 0, 0, 0], exposure) == 0


@pytest.mark.parametrize("ends", [(-5.2, -2.1), (0.1, 0.4), (2.0, 2.01), (-0.3, 7.9)])
def test_axes_of_logarithms_have_a_few_round_numbers(ends):
    ticks = xmm_images.few(*ends)
    assert 2 <= len(ticks) <= 7
    assert ticks.min() >= 10.0 ** ends[0] and ticks.max() <= 10.0 ** ends[1]
