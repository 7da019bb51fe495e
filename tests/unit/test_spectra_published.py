"""The documents' numbers beside ours: printed ones unchanged, compared only when alike."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from astropy.table import Table

from skyloom.arms.spectra.architectures import ARCHITECTURES
from skyloom.arms.spectra.published import NEED, RATIO, compare
from skyloom.judge import published

FOLDER = Path(__file__).parents[2] / "resources" / "published"
CHOICES = {
    "helium": {
        "helium.source": "local",
        "helium.window": [4460, 4480],
        "helium.pixels": 201,
        "helium.split.by": "random",
        "helium.split.test": 0.1,
        "helium.training.epochs": 100,
        "helium.training.patience": 100,
        "helium.training.labels": "standard",
        "helium.training.restore": "last",
        "helium.training.snr": None,
        "helium.uncertainty": "none",
    },
    "stellar": {
        "stellar.source": "local",
        "stellar.pixels": 29788,
        "stellar.downsample": 4,
        "stellar.training.batch_size": 64,
        "stellar.training.learning_rate": 0.0007,
        "stellar.training.labels": "minmax",
        "stellar.training.restore": "last",
        "stellar.training.snr": None,
        "stellar.uncertainty": "none",
    },
}


def _members(arm, *, synthetic=False, spectra=None, networks=None):
    counts = {"helium": 5425, "stellar": 51359}
    names = "dataset network part member epochs spectra ratio mixed_mae history_loss history_mae"
    rows = []
    for network in networks or {"helium": ["initial", "modified"], "stellar": ["starnet"]}[arm]:
        for member in (1, 2):
            for part, shift in (("train", 0.0), ("validation", 1.0), ("test", 2.0)):
                row = ("clean", network, part, member, 23, 38519, 4.0 + member, 250.0 + member)
                rows.append((*row, shift + member, shift + 10 * member))
    table = Table(rows=rows, names=names.split())
    table["history_argmax_agreement"] = 0.9
    table.meta = {"synthetic": synthetic, "spectra": spectra or counts[arm]}
    return table


def _compare(arm, members=None, **options):
    members = _members(arm) if members is None else members
    document = published.read_document(FOLDER / f"{arm}.yaml", NEED["document"])
    return compare(document, CHOICES[arm], arm=arm, members=members, **options)


def _cell(table, quantity, network, name):
    rows = table[(table["quantity"] == quantity) & (table["model"] == f"clean_{network}")]
    assert len(rows) == 1
    return rows[name][0]


def test_printed_numbers_are_those_of_the_documents():
    helium, stellar = _compare("helium"), _compare("stellar")
    printed = {
        "loss": (0.1377, 0.106),
        "validation loss": (0.1448, 0.104),
        "MAE": (0.2477, 0.214),
        "validation MAE": (0.2352, 0.205),
        "argmax agreement ('accuracy')": (0.8825, 0.9),
        "validation argmax agreement ('accuracy')": (0.8821, 0.898),
        "test MAE of K, dex and km/s mixed": (253.95, 228.04),
        "HD 127972: teff": (34954.7, 27237),
        "HD 127972: log_g": (4.4, 4.39),
        "HD 127972: v_rot": (269.7, 284.4),
    }
    for quantity, values in printed.items():
        for network, value in zip(("initial", "modified"), values, strict=True):
            assert _cell(helium, quantity, network, "printed") == value
    assert list(stellar["printed"]) == [0.0013, 0.0014, 0.0242, 0.0245, 23]


def test_published_ratio_is_that_of_an_even_label():
    even = np.linspace(-1, 1, 100_001)
    deviation = np.mean(abs(even)) / np.std(even)
    for network, mae, rounded in (("initial", 0.2352, 3.7), ("modified", 0.205, 4.2)):
        value = _cell(_compare("helium"), RATIO, network, "printed")
        assert value == pytest.approx(deviation / mae, rel=1e-3)
        assert round(value, 1) == rounded


def test_ours_is_the_mean_of_single_networks_on_the_side_that_was_printed():
    table = _compare("helium")
    assert _cell(table, "loss", "initial", "ours") == 1.5
    assert _cell(table, "validation loss", "initial", "ours") == 2.5
    assert _cell(table, "validation MAE", "modified", "ours") == 16
    assert _cell(table, "test MAE of K, dex and km/s mixed", "initial", "ours") == 251.5
    assert _cell(table, RATIO, "initial", "ours") == 5.5
    difference = _cell(table, "loss", "initial", "difference")
    assert difference == pytest.approx(1.5 - 0.1377)


@pytest.mark.parametrize("arm", ["helium", "stellar"])
def test_the_published_choices_are_comparable(arm):
    table = _compare(arm)
    alike = ~np.char.startswith(np.asarray(table["quantity"]).astype(str), "HD")
    assert np.all(table["comparable"][alike]) and np.all(table["reason"][alike] == "")


@pytest.mark.parametrize("arm", ["helium", "stellar"])
def test_synthetic_spectra_are_never_comparable_whatever_the_config_says(arm):
    table = _compare(arm, _members(arm, synthetic=True))
    assert not np.any(table["comparable"]) and table.meta["synthetic"]
    assert all("source is synthetic" in reason for reason in table["reason"])


def test_another_number_of_spectra_is_named():
    table = _compare("helium", _members("helium", spectra=1183))
    assert "spectra_used is 1183 (published: 5425)" in table["reason"][0]


def test_a_network_that_was_not_trained_has_a_row_without_numbers():
    table = _compare("helium", _members("helium", networks=["initial"]))
    rows = table[table["model"] == "clean_modified"]
    assert np.all(rows["ours"].mask) and np.all(rows["difference"].mask)
    assert not np.any(rows["comparable"])
    assert "modified was not trained on clean" in rows["reason"][0]


def test_the_observed_star_is_compared_where_it_was_observed():
    observed = Table(
        rows=[("hd127972_2014", "clean_initial", "teff", 30000.0)],
        names=("name", "model", "label", "value"),
    )
    table = _compare("helium", observed=[observed])
    assert _cell(table, "HD 127972: teff", "initial", "ours") == 30000
    assert _cell(table, "HD 127972: teff", "initial", "comparable")
    assert "not among the observed" in _cell(table, "HD 127972: teff", "modified", "reason")


@pytest.mark.parametrize("arm", ["helium", "stellar"])
def test_printed_parameter_counts_belong_to_known_networks(arm):
    content = yaml.safe_load((FOLDER / f"{arm}.yaml").read_text())
    assert set(content["networks"]) <= set(ARCHITECTURES)
