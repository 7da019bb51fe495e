"""Our numbers beside the thesis's: comparable or not, and what they say of its findings."""

import copy
from pathlib import Path

import fake_step
import numpy as np
import pytest
from astropy.table import Table
from refusal import refused
from test_papers import PAPERS, leaves, value

import configuration
from skyloom.arms.tng import controls, evaluation
from skyloom.arms.tng import published as tng
from skyloom.errors import InputError
from skyloom.io.files import read_table, write_table
from skyloom.judge import published

ROOT = Path(__file__).parents[2]
FILE = ROOT / "resources/published/tng.yaml"
PUBLISHED = PAPERS["tng"]
REAL = {"box_size": 35000.0, "synthetic": False}
BOOTSTRAP = {"samples": 400, "level": 0.95, "seed": 1}
VARIANTS = (
    *("composite", "entropy", "mass", "temperature", "gaussian_3", "gaussian_5", "gaussian_10"),
    *("unsharp_3", "unsharp_5", "unsharp_10"),
)


@pytest.fixture(scope="module")
def thesis():
    return published.read_document(FILE, tng.NEED["document"])


@pytest.fixture
def as_published(thesis):
    """Choices that agree with the thesis."""
    rules = thesis["comparable_when"]
    choices = {
        rule["key"]: rule.get("equals", rule.get("members", rule.get("any_of", [None])[0]))
        for rule in rules
    }
    return choices | {"tng.source": "local"}


@pytest.mark.parametrize(("rate", "comparable"), [(1.0, True), (0.001, True), (0.01, False)])
def test_either_default_rate_of_the_thesis_s_library_is_comparable(
    as_published, thesis, rate, comparable
):
    choices = {**as_published, "tng.training.learning_rate": rate}
    reasons = tng.reasons_not_comparable(choices, thesis, REAL)
    assert reasons == (
        [] if comparable else ["training.learning_rate is 0.01 (published: 1 or 0.001)"]
    )


def case(strength, n=120, seed=0, constant=False):
    """Predictions and controls of one case; the truth is the same in all."""
    rng = np.random.default_rng(7)
    true = rng.normal(4.5, 0.6, n)
    common = rng.normal(0, 0.6, n)
    own = np.random.default_rng(seed).normal(0, 0.02, n)
    table = Table({"id": [f"099_{i:07d}" for i in range(n)]})
    table["part"] = np.where(np.arange(n) % 3 == 0, "train", "test")
    table["component"] = np.arange(n) // 4
    table["true"] = true
    control = table.copy()
    predicted = strength * true + (1 - strength) * common + own
    table["predicted"] = np.full(n, 4.5) if constant else predicted
    table["predicted_epoch_50"] = 0.5 * predicted + 0.5 * common
    table["predicted_epoch_100"] = predicted
    control["shuffled"] = np.full(n, 4.4)
    control["linear"] = 0.4 * true + 0.6 * common
    for name in ("linear_maps", *controls.RIDGE):
        control[name] = 0.6 * true + 0.4 * common
    return table, control


def cases(strengths):
    made = [case(value) for value in strengths]
    return [made_case[0] for made_case in made], [made_case[1] for made_case in made]


def judged(strengths, thesis, choices, *, synthetic=False):
    """Rows of every finding by its name."""
    predictions, controls = cases(strengths.values())
    names = list(strengths)
    summary = evaluation.summarise(names, predictions, controls, **BOOTSTRAP)
    differences = evaluation.compare_pairs(names, predictions, **BOOTSTRAP)
    tables = {"galaxies": [galaxies(99, [1e-11], synthetic=synthetic)], "summary": summary}
    table = tng.compare(thesis, choices, **tables, differences=differences)
    return {
        finding["name"]: table[table["group"] == finding["says"]] for finding in thesis["findings"]
    }


def test_printed_counts_add_up_to_7890_not_to_the_texts_7881(thesis):
    rows = thesis["table_III_1"]["rows"]
    assert [row["snapshot"] for row in rows] == list(range(99, 88, -1))
    assert sum(row["galaxies"] for row in rows) == 7890
    assert thesis["table_III_1"]["total_in_text"] == 7881


def test_only_the_mass_channel_has_a_printed_correlation(thesis):
    assert tuple(thesis["pearson_r"]) == VARIANTS
    assert {k: v for k, v in thesis["pearson_r"].items() if v is not None} == {"mass": 0.752}


def test_the_thesiss_own_choices_are_comparable(thesis, as_published):
    assert tng.reasons_not_comparable(as_published, thesis, REAL) == []
    shuffled = as_published | {"tng.snapshots": list(range(89, 100)), "tng.grid.width": 60}
    assert tng.reasons_not_comparable(shuffled, thesis, REAL) == []


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("tng.source", "synthetic", "source is synthetic"),
        ("tng.ssfr.mass", "stellar", "ssfr.mass is stellar (published: total)"),
        ("tng.snapshots", [99, 98, 97], "snapshots is 99, 98, 97 (published: 99 … 89)"),
        (
            "tng.selection.stellar_mass",
            [0.5, 90.0],
            "selection.stellar_mass is 0.5, 90 (published: 0.5, 100)",
        ),
        ("tng.training.epochs", True, "training.epochs is true (published: 1500)"),
    ],
)
def test_each_deviating_choice_is_named(thesis, as_published, key, value, said):
    assert tng.reasons_not_comparable(as_published | {key: value}, thesis, REAL) == [said]


def test_a_choice_that_is_not_stated_is_a_reason(thesis, as_published):
    del as_published["tng.ssfr.mass"]
    assert tng.reasons_not_comparable(as_published, thesis, REAL) == ["ssfr.mass is not stated"]


def test_the_catalogue_does_not_depend_on_the_network(thesis, as_published):
    changed = as_published | {"tng.training.epochs": 20, "tng.split.by": "lineage"}
    assert len(tng.reasons_not_comparable(changed, thesis, REAL)) == 2
    assert tng.reasons_not_comparable(changed, thesis, REAL, of="catalogue") == []


def galaxies(snapshot, ssfr, *, synthetic=True):
    table = Table({"snapshot": np.full(len(ssfr), snapshot), "ssfr": np.asarray(ssfr, float)})
    table.meta.update(snapshot=snapshot, redshift=0.01 * (99 - snapshot))
    table.meta.update(box_size=35000.0, synthetic=synthetic)
    return table


def snapshots(thesis, choices, tables):
    """Rows of table III.1 by quantity and snapshot, and the whole table."""
    predictions, controls = cases([0.5])
    summary = evaluation.summarise(["mass"], predictions, controls, **BOOTSTRAP)
    differences = evaluation.compare_pairs(["mass"], predictions, **BOOTSTRAP)
    tables = {"galaxies": tables, "summary": summary, "differences": differences}
    table = tng.compare(thesis, choices, **tables)
    table = table[np.char.startswith(np.asarray(table["group"]).astype(str), "Table")]
    return {(row["quantity"], row["model"]): row for row in table}, table


def test_printed_numbers_of_the_catalogue_compare_only_where_its_choices_do(thesis, as_published):
    tables = [galaxies(98, [1e-12, 0, 5e-12]), galaxies(99, [2e-12]), galaxies(97, [])]
    for table in tables:
        table.meta["synthetic"] = False
    as_published["tng.training.epochs"] = 20  # which no galaxy depends on
    rows, table = snapshots(thesis, as_published, tables)
    names = [f"snapshot {number}" for number in (99, 98, 97)]
    assert list(dict.fromkeys(table["model"])) == names
    counts = [rows["galaxies", name] for name in names]
    assert [row["printed"] for row in counts] == [715, 710, 713]
    assert [row["ours"] for row in counts] == [1, 3, 0]
    assert all(row["comparable"] for row in counts)
    assert [rows["without star formation", name]["ours"] for name in names] == [0, 1, 0]
    found = [rows[f"{kind} sSFR", names[1]]["ours"] for kind in ("mean", "least", "greatest")]
    assert found == pytest.approx([2, 1, 5])
    assert rows["mean sSFR", names[1]]["printed"] == 5.61
    assert rows["mean sSFR", names[1]]["unit"] == "1e-12 / yr"
    assert np.ma.is_masked(rows["mean sSFR", names[2]]["ours"])
    # What lost its decimal points in print has no number to compare with.
    assert rows["least sSFR", names[1]]["reason"] == published.NOT_PRINTED
    tables[0].meta["synthetic"] = True
    rows, table = snapshots(thesis, as_published, tables[:1])
    assert not table["comparable"].any()
    assert rows["galaxies", names[1]]["reason"] == "source is synthetic"


def test_synthetic_files_read_as_local_ones_are_still_synthetic(thesis, as_published):
    header = {"box_size": 35000, "synthetic": True}
    found = tng.reasons_not_comparable(as_published, thesis, header)
    assert found == ["source is synthetic"]
    header = {"box_size": 75000, "synthetic": False}
    found = tng.reasons_not_comparable(as_published, thesis, header)
    assert found == ["box_size is 75000 (published: 35000)"]


def test_summary_ranks_by_r_and_puts_an_undefined_one_last():
    good, control = case(0.8)
    poor, _ = case(0.3)
    dead, _ = case(0.5, constant=True)
    summary = evaluation.summarise(
        ["dead", "poor", "good"], [dead, poor, good], [control] * 3, **BOOTSTRAP
    )
    assert list(summary["rank"]) == [3, 2, 1]
    assert list(summary["r"].mask) == [True, False, False]
    assert np.all(summary["shuffled_r"].mask) and np.all(summary["linear_low"] > 0)
    assert summary["n_test"][0] == 80 and summary["n_groups"][0] == 30
    assert summary["r_epoch_50"][2] < summary["r_epoch_100"][2] == pytest.approx(summary["r"][2])
    test = good[good["part"] == "test"]
    expected = np.corrcoef(test["true"], test["predicted"])[0, 1]
    assert summary["r"][2] == pytest.approx(expected)
    assert str(summary["mae"].unit) == "dex"
    assert np.all(summary["above_linear"][1:] == summary["r"][1:] - summary["linear_r"][1:])
    assert np.all(summary["above_linear_low"][1:] <= summary["above_linear"][1:])
    errors = np.asarray(test["predicted"] - test["true"])
    assert summary["rmse"][2] == pytest.approx(np.sqrt(np.mean(errors**2)))


def test_predictions_in_another_order_give_the_same_pairs():
    good, _ = case(0.8)
    poor, _ = case(0.3)
    first = evaluation.compare_pairs(["a", "b"], [good, poor], **BOOTSTRAP)
    again = evaluation.compare_pairs(["a", "b"], [good[::-1], poor], **BOOTSTRAP)
    assert list(first[0]) == list(again[0])


def test_cases_tested_on_other_objects_are_refused():
    good, control = case(0.8)
    refused("same split", evaluation.compare_pairs, ["a", "b"], [good, good[5:]], **BOOTSTRAP)
    refused("controls of a", evaluation.summarise, ["a"], [good], [control[5:]], **BOOTSTRAP)


def test_a_table_without_test_side_or_with_nan_is_refused():
    good, control = case(0.8)
    with pytest.raises(InputError, match="test_fraction"):
        evaluation.summarise(["a"], [good[good["part"] == "train"]], [control], **BOOTSTRAP)
    good["predicted"][1] = np.nan
    refused("predicted", evaluation.summarise, ["a"], [good], [control], **BOOTSTRAP)


def held(rows):
    """What is said of each finding but the first: all of its rows say the same."""
    assert all(len(set(own["holds"])) == 1 for own in rows.values())
    return {name: str(own["holds"][0]) for name, own in rows.items() if name != "mass r"}


def test_findings_of_clear_cases_hold_and_of_reversed_ones_do_not(thesis, as_published):
    strengths = dict(zip(VARIANTS, (0.5, 0.5, 0.8, 0.7, 0.4, 0.4, 0.8, 0.7, 0.4, 0.3), strict=True))
    rows = judged(strengths, thesis, as_published)
    assert held(rows) == dict.fromkeys(
        (
            *("mass best", "temperature above composite", "entropy like composite"),
            *("gaussian 10 best of its kind", "unsharp 3 best of its kind"),
        ),
        "yes",
    )
    assert len(rows["mass best"]) == 3 and rows["mass best"]["comparable"].all()
    reverse = dict(zip(VARIANTS, (0.8, 0.3, 0.3, 0.3, 0.8, 0.8, 0.3, 0.3, 0.8, 0.8), strict=True))
    rows = judged(reverse, thesis, as_published)
    assert set(held(rows).values()) == {"no"}
    rows = judged(reverse, thesis, as_published, synthetic=True)
    for own in rows.values():
        assert set(own["holds"]) == {"not judged"}
        assert set(own["reason"]) == {"source is synthetic"}
        assert not own["comparable"].any()


def test_a_difference_of_r_has_its_sign_whichever_way_round_it_was_listed(thesis, as_published):
    for order in (("composite", "mass"), ("mass", "composite")):
        strengths = dict.fromkeys(order, 0.5) | {"mass": 0.8}
        row = judged(strengths, thesis, as_published)["mass best"][0]
        assert row["quantity"] == "r less that of composite" and row["model"] == "mass"
        assert 0 < row["low"] < row["ours"] < row["high"]


def test_findings_of_cases_that_are_alike_or_not_run_are_undecided(thesis, as_published):
    rows = judged(dict.fromkeys(VARIANTS, 0.6), thesis, as_published)
    assert held(rows)["gaussian 10 best of its kind"] == "undecided"
    rows = judged({"composite": 0.5}, thesis, as_published)
    assert set(held(rows).values()) | set(rows["mass r"]["holds"]) == {"undecided"}
    assert rows["mass best"]["reason"][0].startswith("mass was not run")
    assert not rows["mass r"]["comparable"].any()


def test_the_printed_r_is_marked_by_whether_it_compares(thesis, as_published):
    strengths = {"composite": 0.5, "mass": 0.6}
    (row,) = judged(strengths, thesis, as_published)["mass r"]
    assert (row["quantity"], row["model"], row["printed"]) == (tng.R, "mass", 0.752)
    assert row["comparable"] and row["holds"] in ("yes", "no")
    changed = as_published | {"tng.split.by": "lineage"}
    (row,) = judged(strengths, thesis, changed)["mass r"]
    assert row["printed"] == 0.752 and not row["comparable"]
    assert row["reason"] == "split.by is lineage (published: random)"


def test_steps_write_the_same_tables_twice(tmp_path, monkeypatch):
    predictions, controls = cases([0.5, 0.6, 0.8])
    names = ["composite", "entropy", "mass"]
    for name, one, two in zip(names, predictions, controls, strict=True):
        write_table(one, tmp_path / name / "predictions.ecsv")
        write_table(two, tmp_path / name / "control.ecsv")
    halved = Table({"variant": names[:2], "half_r": [0.9, 0.2]})
    halved["half_low"], halved["half_high"] = halved["half_r"] - 0.1, halved["half_r"] + 0.1
    write_table(Table(halved, masked=True), tmp_path / "halves.ecsv")
    shots = [str(tmp_path / f"snap_{number:03d}.ecsv") for number in (99, 98)]
    for number, path in zip((99, 98), shots, strict=True):
        write_table(galaxies(number, [1e-11, 0.0]), path)
    files = {
        kind: [str(tmp_path / name / f"{kind}.ecsv") for name in names]
        for kind in ("predictions", "control")
    }
    made = []
    for turn in ("one", "two"):
        output = {key: str(tmp_path / turn / f"{key}.ecsv") for key in ("summary", "differences")}
        fake_step.run(
            "tng/evaluate",
            monkeypatch=monkeypatch,
            input={
                "predictions": files["predictions"],
                "controls": files["control"],
                "halves": str(tmp_path / "halves.ecsv"),
                "galaxies": shots,
            },
            output=output,
            params={"variants": names, "bootstrap": {"samples": 200, "level": 0.95}, "seed": 3},
        )
        fake_step.run(
            "compare_published",
            monkeypatch=monkeypatch,
            input={"document": str(FILE), "galaxies": shots, **output},
            output=str(tmp_path / turn / "published.ecsv"),
            params={
                "module": "skyloom.arms.tng.published",
                "choices": {"tng.source": "local"},
                "options": {},
            },
        )
        made.append([path.read_bytes() for path in sorted((tmp_path / turn).iterdir())])
    assert len(made[0]) == 3 and made[0] == made[1]
    summary = read_table(output["summary"])
    assert summary.meta["synthetic"] is True and np.all(summary["shuffled_r"].mask)
    assert len(read_table(output["differences"])) == 3
    table = read_table(tmp_path / "two" / "published.ecsv")
    assert table.meta["synthetic"] is True and not table["comparable"].any()
    assert list(table["ours"][table["quantity"] == "galaxies"]) == [2, 2]


# Where the files are, how the work is cut, how it is judged: no part of the experiment.
NO_CHOICE = ("tng.base_path", "tng.parts_per_snapshot", "tng.synthetic.", "tng.cases")
NO_CHOICE += ("tng.external", "tng.evaluation.", "tng.training.readout_epochs", "tng.source")
# Views of the galaxies for the semantic arm: no image of a case.
NO_CHOICE += ("tng.inclined.", "tng.api.")
# What is asked of the networks besides.
NO_CHOICE += ("tng.beyond", "tng.ensemble.", "tng.leakage.", "tng.attention.")
# Channels, views and variants that the thesis does not have.
NO_CHOICE += ("tng.channels.", "tng.views.")
NO_CHOICE += tuple(
    f"tng.variants.{name}"
    for name in ("velocity", "metallicity", "magnetic_field", "dark_matter", "stellar_mass")
)
NO_CHOICE += ("tng.variants.matter", "tng.variants.composite_")


def reasons(config, thesis):
    return tng.reasons_not_comparable(configuration.choices(config), thesis, REAL)


def test_every_choice_is_a_key_of_the_config(thesis):
    known = set(configuration.choices(PUBLISHED)) | {"tng.box_size"}
    assert {rule["key"] for rule in thesis["comparable_when"]} <= known


def test_the_published_config_is_comparable_with_the_thesis(thesis):
    assert reasons(PUBLISHED, thesis) == []


OF_THE_EXPERIMENT = [key for key in leaves(PUBLISHED) if not f"tng.{key}".startswith(NO_CHOICE)]


@pytest.mark.parametrize("key", OF_THE_EXPERIMENT)
def test_a_change_of_any_key_of_the_experiment_is_a_reason(thesis, key):
    *path, last = key.split(".")
    changed = copy.deepcopy(PUBLISHED)
    place = value(changed, ".".join(path)) if path else changed
    before = place[last]
    number = isinstance(before, int | float) and not isinstance(before, bool)
    place[last] = before * 2 + 1 if number else "another"
    if path[:1] == ["variants"] and last == "kind":
        place["kind"] = "composite" if before != "composite" else "gaussian"
    assert reasons(changed, thesis)


def test_a_variants_own_override_is_a_reason(thesis):
    changed = copy.deepcopy(PUBLISHED)
    changed["variants"]["mass"]["single_channel"] = "alone"
    assert reasons(changed, thesis) == ["variants.mass is not as in the document"]
