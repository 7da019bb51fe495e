"""Every figure of the tng arm is drawn without warnings, labelled with units, and reproducible."""

from functools import partial
from pathlib import Path

import fake_step
import fake_tng
import figure_axes
import numpy as np
import pytest
from astropy import units
from astropy.cosmology import units as cosmology
from astropy.table import Table
from refusal import refused

from skyloom.arms.tng import evaluation
from skyloom.arms.tng.published import NEED, compare
from skyloom.draw import style, tng_images, tng_ranking, tng_results, tng_sample
from skyloom.io.files import read_table
from skyloom.judge import published

ROOT = Path(__file__).parents[2]
BOOTSTRAP = {"samples": 200, "level": 0.95}
CASES = ("composite", "mass", "unsharp_3")
# What each step's figure must say: its quantities with their units.
STEPS = {
    "sample": ("[1/yr]", "[M$_\\odot$]", "[M$_\\odot$/yr]"),
    "maps": ("[kpc]", "10 kpc", "[keV cm$^2$]", "[M$_\\odot$]", "[K]"),
    "variants": (
        "10 kpc",
        "σ = 3 px = 4.2 kpc\n   = 2.8 ckpc/h",
        "1 px = 1.38 kpc = 0.938 ckpc/h",
        "Temperature",
    ),
    "gallery": ("10 kpc", "/ yr"),
    "predictions": ("True log$_{10}$ sSFR [1/yr]", "[dex]", "Galaxies per 0.25 dex"),
    "family": ("Predicted log$_{10}$ sSFR [1/yr]", "[dex]"),
    "history": ("Mean squared error [dex²]", "Epoch"),
    "ranking": ("Pearson r", "95 % intervals"),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What the steps read: paths by name."""
    folder = tmp_path_factory.mktemp("run")
    for number, variant in enumerate(CASES):
        fake_tng.trained(folder, variant, 0.4 + 0.2 * number)
    tables = {name: [str(folder / v / name) for v in CASES] for name in _FILES}
    predictions, controls = ([read_table(p) for p in tables[n]] for n in _FILES[:2])
    thesis = published.read_document(ROOT / "resources/published/tng.yaml", NEED["document"])
    options = BOOTSTRAP | {"seed": 1}
    summary = evaluation.summarise(CASES, predictions, controls, **options)
    differences = evaluation.compare_pairs(CASES, predictions, **options)
    galaxies = [fake_tng.galaxies(folder, 99), fake_tng.galaxies(folder, 91)]
    found = {"summary": summary, "differences": differences}
    shots = [read_table(path) for path in galaxies]
    found["published"] = compare(thesis, {}, galaxies=shots, **found)
    for name, table in found.items():
        table.meta["synthetic"] = True
        table.write(folder / f"{name}.ecsv", format="ascii.ecsv")
    return {
        "galaxies": galaxies,
        "maps": fake_tng.maps(folder),
        "datasets": fake_tng.datasets(folder),
        **{name.partition(".")[0]: paths for name, paths in tables.items()},
        **{name: str(folder / f"{name}.ecsv") for name in found},
    }


_FILES = ("predictions.ecsv", "control.ecsv", "history.csv")


def draw(name, run, folder, monkeypatch):
    """The figure of one drawing step."""
    inputs = dict(run)
    if name == "maps":
        inputs["galaxies"], inputs["maps"] = run["galaxies"][0], [run["maps"]]
    if name == "gallery":
        inputs["datasets"] = run["datasets"][0]
    if name == "predictions":
        inputs["predictions"] = run["predictions"][1]
    variants = fake_tng.VARIANTS if name == "variants" else CASES
    options = {"variants": variants, "variant": "mass", "bootstrap": {**BOOTSTRAP, "seed": 1}}
    return fake_step.draw_twice(f"tng.{name}", inputs, folder, monkeypatch, **options)


@pytest.mark.parametrize(("name", "labels"), STEPS.items())
def test_a_step_draws_a_labelled_figure_with_the_same_bytes_twice(
    name, labels, run, tmp_path, monkeypatch
):
    figure_axes.check(draw(name, run, tmp_path, monkeypatch), labels)


def test_a_real_run_is_not_called_synthetic():
    figure = style.figure(4, 3, title="Maps", synthetic=False)
    assert figure.get_suptitle() == "Maps"


def gas_of_nothing():
    return tng_sample.maps(
        np.zeros((3, 16, 16)),
        channels=["entropy", "mass", "temperature"],
        units=["keV cm2", "1e10 Msun/h", "K"],
        statistic=["sum"] * 3,
        width=60.0,
        scale_factor=1.0,
        hubble=0.7,
        name="Gas of nothing",
        synthetic=False,
    )


def few_forming(count):
    sfr = np.where(np.arange(5) < count, 2.0, 0.0)
    mass = np.linspace(1, 5, 5) * 1e11
    return tng_sample.sample(sfr * 1e-11, sfr, mass, ssfr_mass="total", synthetic=True)


def scatters(count):
    """Of ordinary, constant and perfect predictions."""
    rng = np.random.default_rng(5)
    true = rng.normal(4.5, 0.5, count)
    groups = np.arange(count)
    cases = {
        "mass": (true, true + 0.1 * rng.normal(size=count), groups),
        "unsharp_3": (true, np.full(count, 4.5), groups),
        "unsharp_5": (true, true, groups),
    }
    return tng_results.family(cases, bootstrap=BOOTSTRAP | {"seed": 1}, synthetic=True)


EXTREMES = {
    "a galaxy without gas": gas_of_nothing,
    **{f"{n} star-forming galaxies": partial(few_forming, n) for n in (0, 1, 3)},
    **{f"scatters of {n} points": partial(scatters, n) for n in (1, 2, 7, 4000)},
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", EXTREMES)
def test_a_figure_of_extremes_is_drawn_without_a_warning(name, tmp_path):
    style.save(EXTREMES[name](), tmp_path / "a.png", tmp_path / "a.pdf")


def test_the_final_weights_are_not_drawn_twice():
    table = {"true": [1.0, 2.0], "predicted": [3.0, 4.0], "predicted_epoch_20": [3.0, 4.0]}
    assert list(tng_results.readouts(Table(table))) == ["After epoch 20 (final weights)"]
    table["predicted"] = [3.0, 5.0]
    assert list(tng_results.readouts(Table(table))) == ["After epoch 20", "Final weights"]


def test_the_median_galaxy_is_of_the_first_snapshot():
    target = np.array([3.0, 1.0, 2.0, 9.0, 8.0])
    snapshot = np.array([99, 99, 99, 98, 98])
    assert tng_images.median_galaxy(target, snapshot) == 2


def test_scale_bars_are_physical_in_every_snapshot():
    # astropy's littleh and cosmology's a: 60 ckpc/h at z = 0.1973 are 74.0 kpc.
    length = 60 * units.kpc / cosmology.littleh / (1 + 0.1973)
    wanted = length.to_value(units.kpc, cosmology.with_H0(67.74 * units.km / units.s / units.Mpc))
    tables = [{"snapshot": 99, "scale_factor": 1.0}, {"snapshot": 84, "scale_factor": 1 / 1.1973}]
    found = tng_images.physical_width(60.0, [84, 99, 84], tables, 0.6774)
    np.testing.assert_allclose(found, [wanted, 60 / 0.6774, wanted])


def test_bars_of_one_length_are_shorter_where_the_image_is_wider():
    images = np.full((2, 16, 16, 3), 90, np.uint8)
    figure = tng_images.gallery(
        images, [-10.0, -11.0], variant="composite", width=np.array([60.0, 80.0]), synthetic=True
    )
    lengths = [np.ptp(axes.lines[0].get_xdata()) for axes in figure.axes[:2]]
    np.testing.assert_allclose(lengths, [10 / 60, 10 / 80])


def test_the_gallery_runs_from_the_highest_to_the_lowest():
    target = np.random.default_rng(6).permutation(101).astype(float)
    np.testing.assert_allclose(target[tng_images.evenly_ranked(target, 5)], [100, 75, 50, 25, 0])
    assert len(tng_images.evenly_ranked(target[:3])) == 3


@pytest.mark.parametrize(
    "variants", [("mass",), ("composite", "mass"), ("composite", "gaussian_3")]
)
def test_part_of_the_variants_makes_a_plain_grid(variants, tmp_path):
    image = np.full((32, 32, 3), 90, dtype=np.uint8)
    figure = tng_images.variants(
        {name: image for name in variants},
        sizes={},
        width=60.0,
        name="099_0000001",
        log_ssfr=-10.0,
        synthetic=True,
    )
    style.save(figure, tmp_path / "a.png", tmp_path / "a.pdf")
    assert "Synthetic" in figure.get_suptitle()


def test_datasets_of_different_galaxies_are_refused(run, tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    others = fake_tng.datasets(other, fake_tng.VARIANTS[1:], count=2)
    changed = {**run, "datasets": [run["datasets"][0], *others]}
    refused("other galaxies", draw, "variants", changed, tmp_path, monkeypatch)


def test_ranking_shows_the_printed_value_black_only_when_comparable(run):
    names = ("summary", "differences", "published")
    summary, differences, printed = (read_table(run[name]) for name in names)

    def star(printed):
        figure = tng_ranking.ranking(summary, differences, printed, synthetic=False)
        return figure.axes[0].collections[-1].get_facecolor()[0][0]

    assert star(printed) > 0.6
    printed["comparable"] = True
    assert star(printed) < 0.2


@pytest.mark.parametrize("width", [60.0, 100.0, 12.0, 0.5])
def test_scale_bars_are_round_and_fit(width):
    length = tng_sample.round_length(width)
    assert width / 20 < length <= width / 6
    assert f"{length:e}"[0] in "125"
