"""Our numbers beside the thesis's: comparable or not, and what they say of its findings."""

import copy
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from astropy.table import Table

import configuration
from skyloom.errors import InputError
from skyloom.io import read_table, write_table
from skyloom.networks import evaluation
from skyloom.tng import published

ROOT = Path(__file__).parents[2]
FILE = ROOT / "resources/published/tng.yaml"
BOOTSTRAP = {"samples": 400, "level": 0.95, "seed": 1}
VARIANTS = (
    *("composite", "entropy", "mass", "temperature", "gaussian_3", "gaussian_5", "gaussian_10"),
    *("unsharp_3", "unsharp_5", "unsharp_10"),
)


@pytest.fixture(scope="module")
def thesis():
    return published.read(FILE)


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
    reasons = published.reasons_not_comparable(choices, thesis)
    assert reasons == (
        [] if comparable else ["training.learning_rate is 0.01 (thesis: 1 or 0.001)"]
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
    control["linear_maps"] = 0.6 * true + 0.4 * common
    return table, control


def cases(strengths):
    made = [case(value) for value in strengths]
    return [made_case[0] for made_case in made], [made_case[1] for made_case in made]


def judged(strengths, thesis, reasons):
    predictions, controls = cases(strengths.values())
    names = list(strengths)
    summary = evaluation.summarise(names, predictions, controls, **BOOTSTRAP)
    differences = evaluation.compare_pairs(names, predictions, **BOOTSTRAP)
    table = published.findings(summary, differences, thesis, reasons)
    return {row["finding"]: row for row in table}


def test_printed_counts_add_up_to_7890_not_to_the_texts_7881(thesis):
    rows = thesis["table_III_1"]["rows"]
    assert [row["snapshot"] for row in rows] == list(range(99, 88, -1))
    assert sum(row["galaxies"] for row in rows) == 7890
    assert thesis["table_III_1"]["total_in_text"] == 7881


def test_only_the_mass_channel_has_a_printed_correlation(thesis):
    assert tuple(thesis["pearson_r"]) == VARIANTS
    assert {k: v for k, v in thesis["pearson_r"].items() if v is not None} == {"mass": 0.752}


def test_the_thesiss_own_choices_are_comparable(thesis, as_published):
    assert published.reasons_not_comparable(as_published, thesis) == []
    shuffled = as_published | {"tng.snapshots": list(range(89, 100)), "tng.grid.width": 60}
    assert published.reasons_not_comparable(shuffled, thesis) == []


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("tng.source", "synthetic", "source is synthetic"),
        ("tng.ssfr.mass", "stellar", "ssfr.mass is stellar (thesis: total)"),
        ("tng.snapshots", [99, 98, 97], "snapshots is 99, 98, 97 (thesis: 99 … 89)"),
        (
            "tng.selection.stellar_mass",
            [0.5, 90.0],
            "selection.stellar_mass is 0.5, 90 (thesis: 0.5, 100)",
        ),
        ("tng.training.epochs", True, "training.epochs is true (thesis: 1500)"),
    ],
)
def test_each_deviating_choice_is_named(thesis, as_published, key, value, said):
    assert published.reasons_not_comparable(as_published | {key: value}, thesis) == [said]


def test_a_choice_that_is_not_stated_is_a_reason(thesis, as_published):
    del as_published["tng.ssfr.mass"]
    assert published.reasons_not_comparable(as_published, thesis) == ["ssfr.mass is not stated"]


def test_the_catalogue_does_not_depend_on_the_network(thesis, as_published):
    changed = as_published | {"tng.training.epochs": 20, "tng.split.by": "lineage"}
    assert len(published.reasons_not_comparable(changed, thesis)) == 2
    assert published.reasons_not_comparable(changed, thesis, of="catalogue") == []


def galaxies(snapshot, ssfr):
    table = Table({"snapshot": np.full(len(ssfr), snapshot), "ssfr": np.asarray(ssfr, float)})
    table.meta.update(snapshot=snapshot, redshift=0.01 * (99 - snapshot))
    table.meta.update(box_size=35000.0, synthetic=True)
    return table


def test_table_shows_printed_numbers_only_where_comparable(thesis):
    tables = [galaxies(98, [1e-12, 0, 5e-12]), galaxies(99, [2e-12]), galaxies(97, [])]
    ours = published.compare_table(tables, thesis, [])
    assert list(ours["snapshot"]) == [99, 98, 97]
    assert list(ours["published_galaxies"]) == [715, 710, 713]
    assert list(ours["galaxies"]) == [1, 3, 0] and list(ours["zero_sfr"]) == [0, 1, 0]
    row = ours[1]
    assert [row[f"ssfr_{k}"] for k in ("mean", "min", "max")] == pytest.approx([2, 1, 5])
    assert ours["ssfr_mean"].mask[2]
    greyed = published.compare_table(tables[:2], thesis, ["source is synthetic"])
    assert np.all(greyed["published_ssfr_mean"].mask)
    assert greyed.meta["not_comparable"] == ["source is synthetic"]


def test_synthetic_files_read_as_local_ones_are_still_synthetic(thesis, as_published):
    header = {"box_size": 35000, "synthetic": True}
    choices = published.with_header(as_published, header)
    assert published.reasons_not_comparable(choices, thesis) == ["source is synthetic"]
    choices = published.with_header(as_published, {"box_size": 75000, "synthetic": False})
    assert published.reasons_not_comparable(choices, thesis) == [
        "box_size is 75000 (thesis: 35000)"
    ]


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
    with pytest.raises(InputError, match="same split"):
        evaluation.compare_pairs(["a", "b"], [good, good[5:]], **BOOTSTRAP)
    with pytest.raises(InputError, match="controls of a"):
        evaluation.summarise(["a"], [good], [control[5:]], **BOOTSTRAP)


def test_a_table_without_test_side_or_with_nan_is_refused():
    good, control = case(0.8)
    with pytest.raises(InputError, match="test_fraction"):
        evaluation.summarise(["a"], [good[good["part"] == "train"]], [control], **BOOTSTRAP)
    good["predicted"][1] = np.nan
    with pytest.raises(InputError, match="predicted"):
        evaluation.summarise(["a"], [good], [control], **BOOTSTRAP)


def test_findings_of_clear_cases_hold_and_of_reversed_ones_do_not(thesis):
    strengths = dict(zip(VARIANTS, (0.5, 0.5, 0.8, 0.7, 0.4, 0.4, 0.8, 0.7, 0.4, 0.3), strict=True))
    rows = judged(strengths, thesis, [])
    assert {name: row["holds"] for name, row in rows.items() if name != "mass r"} == dict.fromkeys(
        (
            *("mass best", "temperature above composite", "entropy like composite"),
            *("gaussian 10 best of its kind", "unsharp 3 best of its kind"),
        ),
        "yes",
    )
    assert "rank 1 of 10" in rows["mass best"]["ours"]
    assert rows["mass best"]["comparable"]
    reverse = dict(zip(VARIANTS, (0.8, 0.3, 0.3, 0.3, 0.8, 0.8, 0.3, 0.3, 0.8, 0.8), strict=True))
    rows = judged(reverse, thesis, [])
    assert {row["holds"] for name, row in rows.items() if name != "mass r"} == {"no"}
    rows = judged(reverse, thesis, ["source is synthetic"])
    assert {row["holds"] for row in rows.values()} == {"not judged"}
    assert {row["reason"] for row in rows.values()} == {"source is synthetic"}
    assert not any(row["comparable"] for row in rows.values())


def test_findings_of_cases_that_are_alike_or_not_run_are_undecided(thesis):
    rows = judged(dict.fromkeys(VARIANTS, 0.6), thesis, [])
    assert rows["gaussian 10 best of its kind"]["holds"] == "undecided"
    rows = judged({"composite": 0.5}, thesis, [])
    assert {row["holds"] for row in rows.values()} == {"undecided"}
    assert rows["mass best"]["ours"].startswith("mass was not run")


def test_the_printed_r_is_marked_by_whether_it_compares(thesis):
    predictions, controls = cases([0.5, 0.6])
    summary = evaluation.summarise(["composite", "mass"], predictions, controls, **BOOTSTRAP)
    shown = published.add_published(summary.copy(), thesis, [])
    assert list(shown["published_status"]) == ["not printed", "printed"]
    assert shown["published_r"][1] == 0.752 and shown["published_r"].mask[0]
    greyed = published.add_published(summary.copy(), thesis, ["split.by is lineage"])
    assert greyed["published_status"][1] == "not comparable"


class _Params(dict):
    __getattr__ = dict.__getitem__


def run_step(name, monkeypatch, **job):
    """Run a step as Snakemake would, with this job."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    job = {key: _Params(value) for key, value in job.items()}
    snakemake = SimpleNamespace(log=[], threads=1, **job)
    runpy.run_path(str(ROOT / "scripts/tng" / name), init_globals={"snakemake": snakemake})


def test_evaluation_step_writes_the_same_three_tables_twice(tmp_path, monkeypatch):
    predictions, controls = cases([0.5, 0.6, 0.8])
    names = ["composite", "entropy", "mass"]
    for name, one, two in zip(names, predictions, controls, strict=True):
        write_table(one, tmp_path / name / "predictions.ecsv")
        write_table(two, tmp_path / name / "control.ecsv")
    write_table(galaxies(99, [1e-11]), tmp_path / "snap_099.ecsv")
    made = []
    for turn in ("one", "two"):
        output = {key: str(tmp_path / turn / f"{key}.ecsv") for key in ("summary", "differences")}
        output["findings"] = str(tmp_path / turn / "findings.ecsv")
        run_step(
            "evaluate.py",
            monkeypatch,
            input={
                "predictions": [str(tmp_path / name / "predictions.ecsv") for name in names],
                "controls": [str(tmp_path / name / "control.ecsv") for name in names],
                "galaxies": [str(tmp_path / "snap_099.ecsv")],
                "published": str(FILE),
            },
            output=output,
            params={
                "variants": names,
                "bootstrap": {"samples": 200, "level": 0.95},
                "seed": 3,
                "choices": {"tng.source": "local"},
            },
        )
        made.append([Path(path).read_bytes() for path in output.values()])
    assert made[0] == made[1]
    summary = read_table(output["summary"])
    assert summary.meta["synthetic"] is True
    assert "source is synthetic" in summary.meta["not_comparable"]
    assert np.all(summary["shuffled_r"].mask)
    assert len(read_table(output["differences"])) == 3


def test_comparison_step_writes_the_table(tmp_path, monkeypatch):
    paths = []
    for snapshot in (99, 98):
        paths.append(str(tmp_path / f"snap_{snapshot:03d}.ecsv"))
        write_table(galaxies(snapshot, [1e-11, 0.0]), paths[-1])
    output = str(tmp_path / "table_III_1.ecsv")
    run_step(
        "compare_published.py",
        monkeypatch,
        input={"galaxies": paths, "published": str(FILE)},
        output={"table": output},
        params={"choices": {"tng.source": "local"}},
    )
    table = read_table(output)
    assert list(table["galaxies"]) == [2, 2] and table.meta["synthetic"] is True


@pytest.fixture
def papers():
    """The configuration of the published run."""
    read = [yaml.safe_load((ROOT / f"config/{n}.yaml").read_text("utf-8")) for n in FILES]
    tng = read[0]["tng"]
    for key, value in read[1]["tng"].items():
        tng[key] = tng[key] | value if isinstance(value, dict) else value
    return tng


FILES = ("config", "papers")
REAL = {"box_size": 35000.0, "synthetic": False}
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


def reasons(tng, thesis):
    choices = published.with_header(configuration.choices(tng), REAL)
    return published.reasons_not_comparable(choices, thesis)


def test_every_choice_is_a_key_of_the_config(thesis, papers):
    known = set(configuration.choices(papers)) | {"tng.box_size"}
    assert {rule["key"] for rule in thesis["comparable_when"]} <= known


def test_the_published_config_is_comparable_with_the_thesis(thesis, papers):
    assert reasons(papers, thesis) == []


def leaves(tree, path=()):
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, name))
        else:
            yield (*path, name)


def test_a_change_of_any_key_of_the_experiment_is_a_reason(thesis, papers):
    for path in list(leaves(papers)):
        if ".".join(("tng", *path)).startswith(NO_CHOICE):
            continue
        changed = copy.deepcopy(papers)
        place = changed
        for name in path[:-1]:
            place = place[name]
        value = place[path[-1]]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        place[path[-1]] = value * 2 + 1 if number else "another"
        if path[0] == "variants" and path[-1] == "kind":
            place["kind"] = "composite" if value != "composite" else "gaussian"
        assert reasons(changed, thesis), path


def test_a_variants_own_override_is_a_reason(thesis, papers):
    papers["variants"]["mass"]["single_channel"] = "alone"
    assert reasons(papers, thesis) == ["variants.mass is not as in the document"]
