"""What the report says of a ranking follows from its intervals."""

import fake_tng_run
import numpy as np
import pytest
from astropy.table import Table

from skyloom.io.files import read_table
from skyloom.report import page, tng_ranking, tng_robustness


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return fake_tng_run.write(tmp_path_factory.mktemp("run") / "tng")


def tables(run):
    summary = read_table(run / "evaluation" / "summary.ecsv")
    return summary[np.argsort(summary["rank"])], read_table(run / "evaluation" / "differences.ecsv")


def with_limits(pairs, low, high):
    changed = pairs.copy()
    changed["low"], changed["high"] = low, high
    return changed


def test_overlapping_differences_are_called_scatter(run):
    summary, pairs = tables(run)
    said = tng_ranking.sentences(summary, with_limits(pairs, -0.1, 0.2))
    assert "within the scatter" in said[0]
    assert "Of 3 pairs of cases, none differ" in " ".join(said)


def test_resolved_differences_are_counted_beside_what_chance_gives(run):
    summary, pairs = tables(run)
    said = tng_ranking.sentences(summary, with_limits(pairs, 0.1, 0.2))
    assert "every other case is significantly below it" in said[0]
    assert "3 differ" in " ".join(said) and "about 0.2 would" in " ".join(said)


def test_a_case_whose_difference_has_no_interval_is_neither_tied_nor_beaten(run):
    summary, pairs = tables(run)
    changed = with_limits(pairs, 0.1, 0.2)
    worst = str(summary["variant"][-1])
    lost = (changed["a"] == worst) | (changed["b"] == worst)
    for name in ("low", "high"):
        changed[name] = np.ma.masked_where(lost, changed[name])
    said = tng_ranking.sentences(summary, changed)
    assert "within the scatter" not in said[0] and "correlation is significantly" in said[0]
    assert "Nothing can be said of" in said[1]


def test_a_case_alone_is_ranked_among_none(run):
    summary, pairs = tables(run)
    said = tng_ranking.sentences(summary[:1], pairs[:0])
    assert "is the only case" in said[0] and "lead" not in said[0]
    assert "pair" not in " ".join(said) and all(said)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.1, 0.3, "the picture says more than its totals"),
        (-0.1, 0.3, "nothing shows that the picture says more"),
        (-0.3, -0.1, "the totals alone say more"),
    ],
)
def test_the_regression_on_totals_is_judged_by_its_interval(run, low, high, verdict):
    summary, pairs = tables(run)
    summary["above_linear_maps_low"][0], summary["above_linear_maps_high"][0] = low, high
    assert verdict in tng_ranking.sentences(summary, pairs)[-1]


def test_a_constant_prediction_is_no_winner(run):
    summary, pairs = tables(run)
    summary["r"] = np.ma.masked_all(len(summary))
    assert "predicts the same for all galaxies" in tng_ranking.sentences(summary, pairs)[0]
    summary["n_test"] = 1
    assert "the test side is too small" in tng_ranking.sentences(summary, pairs)[0]


def test_findings_that_may_not_be_compared_are_grey_with_their_reasons(run):
    parts = tng_ranking.section(run).parts
    shown = "".join(part for part in parts if isinstance(part, str))
    assert '<tr class="muted">' in shown and "source is synthetic" in shown


def test_an_arm_that_was_not_run_has_no_section(tmp_path):
    assert tng_ranking.section(tmp_path) is None and tng_ranking.lead(tmp_path) is None


def test_an_ensemble_says_whether_mass_beats_temperature():
    cases = Table({"case": ["mass", "temperature"], "members": [3, 3], "best": [0.8, 0.2]})
    for name, values in (("r", [0.7, 0.6]), ("r_low", [0.5, 0.4]), ("r_high", [0.8, 0.7])):
        cases[name] = values
    cases["rank_low"], cases["rank_high"] = [1, 1], [2, 2]
    pairs = Table({"a": ["temperature"], "b": ["mass"], "probability": [0.2]})
    pairs["resolved"] = [False]
    said = " ".join(tng_robustness.ensemble_sentences(cases, pairs))
    assert "Mass beats temperature with probability 0.80, which is not settled" in said
    assert "none of 1 pairs" in said
    assert isinstance(page.text(said), str)
