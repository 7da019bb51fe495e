"""Rankings over seeds: draws against slow references, t distributions and simulated truth."""

import numpy as np
import pytest
from astropy.table import Table
from refusal import refused
from scipy import stats

from skyloom.arms.tng import ensemble
from skyloom.judge import bootstrap, resampling

GROUPS, SIZE = 25, 3
OPTIONS = {"samples": 1500, "level": 0.95, "seed": 3}


def members(quality, *, rng, seeds=(1, 2, 3), seed_scatter=0.0, true=None):
    """Predictions of one case: truth times quality plus noise, a little other for each seed."""
    n = GROUPS * SIZE
    true = rng.normal(4, 1, n) if true is None else true
    noise = rng.normal(size=n)
    table = Table({"id": [f"099_{i:07d}" for i in range(n)]})
    table["part"], table["component"] = "test", np.repeat(np.arange(GROUPS), SIZE)
    table["true"] = true
    for number, _ in enumerate(seeds, 1):
        own = quality + seed_scatter * rng.normal()
        table[f"member_{number}"] = own * true + noise + 0.05 * rng.normal(size=n)
    table.meta.update(seeds=list(seeds), synthetic=True)
    return table


def together(seed, *qualities, **options):
    """Predictions of several cases of the same galaxies."""
    rng = np.random.default_rng(seed)
    true = rng.normal(4, 1, GROUPS * SIZE)
    return [members(quality, rng=rng, true=true, **options) for quality in qualities]


def one_side(predicted, groups, true=None):
    return resampling.Test(np.arange(len(groups)).astype(str), true, predicted, np.asarray(groups))


def test_mean_over_seeds_is_that_of_fishers_z():
    rng = np.random.default_rng(0)
    table = members(1.0, rng=rng, seed_scatter=0.3)
    cases, _ = ensemble.summarise(["mass"], [table], **OPTIONS)
    r = [stats.pearsonr(table["true"], table[f"member_{k}"])[0] for k in (1, 2, 3)]
    assert cases["r"][0] == pytest.approx(np.tanh(np.mean(np.arctanh(r))), abs=1e-12)
    assert cases["seed_std"][0] == pytest.approx(np.std(r, ddof=1), abs=1e-12)
    assert cases["r_low"][0] < cases["galaxies_low"][0] < cases["r"][0] < cases["r_high"][0]


def test_resamples_are_those_of_a_slow_loop_over_whole_groups():
    rng = np.random.default_rng(1)
    groups = np.array([0, 0, 0, 1, 2, 2, 5, 5, 7, 7])
    true, predicted = rng.normal(3, 1, 10), rng.normal(2, 4, (2, 10))
    drawn = resampling.draw([[one_side(predicted, groups, true)]], samples=60, seed=4)
    names, generator = np.unique(groups), np.random.default_rng([4, 0])
    for value in drawn.resampled[:, 0]:
        chosen = names[generator.integers(0, len(names), len(names))]
        rows = np.concatenate([np.flatnonzero(groups == name) for name in chosen])
        if len(set(chosen)) < 2:
            continue
        slow = [np.corrcoef(true[rows], p[rows])[0, 1] for p in predicted]
        assert value == pytest.approx(np.mean(np.arctanh(slow)), abs=1e-9)


def test_error_is_the_geometric_mean_of_root_mean_squares():
    rng = np.random.default_rng(2)
    true, predicted = rng.normal(size=12), rng.normal(size=(3, 12))
    test = one_side(predicted, np.arange(12), true)
    drawn = resampling.draw([[test]], samples=10, seed=1, score=resampling.LOG_ERROR)
    rms = np.sqrt(np.mean((predicted - true) ** 2, axis=1))
    assert np.exp(drawn.value[0]) == pytest.approx(stats.gmean(rms), rel=1e-12)


@pytest.mark.parametrize("count", [2, 3, 8])
def test_scatter_of_a_difference_is_that_of_the_paired_t_test(count):
    rng = np.random.default_rng(count)
    scores = rng.normal(size=(4, count))
    mean, single = resampling.seed_scatter(scores, samples=40_000, rng=rng)
    difference = scores[0] - scores[2]
    error = difference.std(ddof=1) / np.sqrt(count)
    drawn = (mean[:, 0] - mean[:, 2]) / error
    assert stats.kstest(drawn, stats.t(count - 1).cdf).pvalue > 1e-3
    # A prediction interval of one more training.
    further = (single[:, 0] - single[:, 2]) / (error * np.sqrt(count + 1))
    assert stats.kstest(further, stats.t(count - 1).cdf).pvalue > 1e-3


def test_seeds_that_are_good_for_all_cases_alike_cancel_in_differences():
    base = np.array([0.2, 0.9, 0.4])
    mean, _ = resampling.seed_scatter(
        np.stack([base, base + 1]), samples=100, rng=np.random.default_rng(0)
    )
    assert np.ptp(mean[:, 0]) > 0.1
    np.testing.assert_allclose(mean[:, 0], mean[:, 1], atol=1e-12)


def test_one_seed_has_no_known_scatter():
    mean, single = resampling.seed_scatter(np.ones((2, 1)), samples=5, rng=np.random.default_rng(0))
    assert not mean.any()
    assert not single.any()


def test_intervals_cover_the_truth_as_often_as_they_say():
    covered, simulations = 0, 120
    for number in range(simulations):
        rng = np.random.default_rng([number, 9])
        groups = np.repeat(np.arange(40), 2)
        # Halves of the scatter are common to a group; each seed has a quality of its own.
        common = np.repeat(rng.normal(size=(2, 40)), 2, axis=1)
        true, noise = (common + rng.normal(size=(2, 80))) / np.sqrt(2)
        z = 0.8 + 0.12 * rng.normal(size=3)
        r = np.tanh(z)[:, None]
        predicted = r * true + np.sqrt(1 - r**2) * noise
        drawn = resampling.draw([[one_side(predicted, groups, true)]], samples=300, seed=number)
        low, high = bootstrap.percentiles(drawn.mean, 0.9)
        covered += low[0] < 0.8 < high[0]
    # Binomial scatter of 120 at 0.9 is 0.027; t with two degrees of freedom errs to the safe side.
    assert 0.84 <= covered / simulations <= 0.99


def test_far_cases_are_settled_and_equal_ones_are_not():
    names = ["bad", "good", "equal"]
    tables = together(5, 0.1, 3.0, 3.0, seeds=range(8))
    cases, pairs = ensemble.summarise(names, tables, **OPTIONS)
    pair = {(row["a"], row["b"]): row for row in pairs}
    assert pair["bad", "good"]["probability"] == 0
    resolved = [names for names, row in pair.items() if row["resolved"]]
    assert set(resolved) == {("bad", "good"), ("bad", "equal")}
    assert list(cases["rank_low"]) == [3, 1, 1] and list(cases["rank_high"]) == [3, 2, 2]
    assert cases["best"].sum() == pytest.approx(1) and cases["best"][0] == 0


def test_the_same_predictions_twice_are_a_tie():
    table = members(1.0, rng=np.random.default_rng(6))
    _, pairs = ensemble.summarise(["a", "b"], [table, table], **OPTIONS)
    assert pairs["difference"][0] == pairs["low"][0] == pairs["high"][0] == 0
    assert pairs["probability"][0] == pairs["probability_single"][0] == 0.5
    assert not pairs["resolved"][0]


def test_one_new_training_is_less_sure_than_the_mean_over_seeds():
    _, pairs = ensemble.summarise(["a", "b"], together(7, 1.0, 1.6, seed_scatter=0.3), **OPTIONS)
    assert pairs["probability"][0] < pairs["probability_single"][0] < 0.5


def test_a_constant_prediction_has_no_number_and_the_last_rank():
    good, dead = together(8, 2.0, 2.0)
    dead["member_2"] = 4.0
    cases, pairs = ensemble.summarise(["dead", "good"], [dead, good], **OPTIONS)
    assert cases["r"].mask.tolist() == [True, False]
    assert list(cases["rank"]) == list(cases["rank_low"]) == [2, 1]
    assert cases["rank_high"][1] == 1
    assert pairs["probability"].mask[0]
    assert not pairs["resolved"][0]


def test_one_group_says_nothing_about_others_and_settles_nothing():
    tables = together(11, 0.1, 3.0)
    for table in tables:
        table["component"] = 5
    cases, pairs = ensemble.summarise(["a", "b"], tables, **OPTIONS)
    ranks = [list(cases[name]) for name in ("rank", "rank_low", "rank_high")]
    assert ranks == [[2, 1], [1, 1], [2, 2]]
    assert cases["r_low"].mask.all()
    assert pairs["low"].mask[0]
    assert pairs["probability"].mask[0]
    assert not pairs["resolved"][0]


def test_other_galaxies_or_seeds_are_refused():
    rng = np.random.default_rng(9)
    one, other = members(1.0, rng=rng), members(1.0, rng=rng)
    other["id"][0] = "098_0000000"
    words = "different test objects: train both on the same split"
    refused(words, ensemble.summarise, ["a", "b"], [one, other], **OPTIONS)
    tables = [one, members(1.0, rng=rng, seeds=(1, 2, 4))]
    refused("different seeds", ensemble.summarise, ["a", "b"], tables, **OPTIONS)


def test_equal_input_gives_equal_tables():
    tables = [members(q, rng=np.random.default_rng(10)) for q in (1.0, 1.2)]
    first, second = (ensemble.summarise(["a", "b"], tables, **OPTIONS) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert one.pformat(max_lines=-1) == other.pformat(max_lines=-1)
