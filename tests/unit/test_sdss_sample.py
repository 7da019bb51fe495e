"""The stratified sample: exact numbers, the cut that keeps every star, and one draw a seed."""

from fractions import Fraction

import numpy as np
import pytest
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st
from refusal import refused

from skyloom import splits
from skyloom.arms.sdss import sample

COUNTS = {"GALAXY": 500, "QSO": 300, "STAR": 200}
SHARES = {"GALAXY": 0.5, "QSO": 0.3, "STAR": 0.2}
BINS = [0, 0.5, 1, 2, 3.5]


def inventory(counts=COUNTS, *, seed=0, z=None):
    random = np.random.default_rng(seed)
    label = np.repeat(list(counts), list(counts.values()))
    n = len(label)
    spread = {"GALAXY": (0.01, 1.2), "QSO": (0.1, 3.4), "STAR": (-0.002, 0.002)}
    if z is None:
        z = [random.uniform(*spread[name]) for name in label]
    ids = np.array([f"0266-51602-{number:04d}" for number in random.permutation(n)])
    columns = {"id": ids, "file": [f"spec-{name}.fits" for name in ids], "class": label, "z": z}
    return Table(columns | {"object": ids, "sn": np.ones(n)}, meta={"synthetic": True})


def counts(table, key="class"):
    names, numbers = np.unique(np.asarray(table[key], str), return_counts=True)
    return dict(zip(names.tolist(), numbers.tolist(), strict=True))


@settings(max_examples=60, deadline=None)
@given(
    weights=st.lists(st.integers(0, 10_000), min_size=1, max_size=8).filter(any),
    total=st.integers(0, 100_000),
)
def test_shares_add_up_and_are_quotas_rounded_down_or_up(weights, total):
    found = splits.apportion(weights, total)
    assert found.sum() == total
    for weight, share in zip(weights, found.tolist(), strict=True):
        quota = Fraction(weight * total, sum(weights))
        assert quota - 1 < share < quota + 1
        if total <= sum(weights):
            assert share <= weight


@settings(max_examples=60, deadline=None)
@given(
    available=st.tuples(*[st.integers(0, 40)] * 3).filter(any),
    share=st.floats(0, 1),
    binned=st.booleans(),
)
def test_the_sample_has_exactly_its_size_and_the_archives_shares(available, share, binned):
    archive = dict(zip(COUNTS, available, strict=True))
    size = max(1, int(share * sum(available)))
    drawn = sample.draw(
        inventory(archive), size=size, seed=1, redshift_bins=BINS if binned else None
    )
    assert len(drawn) == size
    found = counts(drawn)
    for name, number in archive.items():
        assert abs(found.get(name, 0) - Fraction(number * size, sum(available))) < 1
    assert sum(number for number, _ in drawn.meta["strata"].values()) == size


def test_an_example_by_hand():
    # 100 of 500, 300 and 200 by shares 1:1:2, and quasars in proportion to their bins.
    z = np.concatenate([np.full(500, 0.3), np.full(100, 0.2), np.full(200, 1.5), np.zeros(200)])
    drawn = sample.draw(
        inventory(z=z),
        size=100,
        shares={"GALAXY": 1, "QSO": 1, "STAR": 2},
        redshift_bins=BINS,
        seed=0,
    )
    assert counts(drawn) == {"GALAXY": 25, "QSO": 25, "STAR": 50}
    assert counts(drawn, "stratum") == {
        "GALAXY 0-0.5": 25,
        "QSO 0-0.5": 8,
        "QSO 1-2": 17,
        "STAR": 50,
    }
    assert drawn.meta["strata"]["QSO 1-2"] == [17, 200]


def test_largest_remainders_get_what_is_left():
    np.testing.assert_array_equal(splits.apportion([6, 3, 1], 5), [3, 2, 0])
    np.testing.assert_array_equal(splits.apportion(np.array([47, 16, 16, 21]), 10), [5, 2, 1, 2])
    np.testing.assert_array_equal(splits.apportion([3, 3], 3), [2, 1])
    np.testing.assert_array_equal(splits.apportion([4, 0], 4), [4, 0])


def test_the_article_s_numbers_are_met():
    found = splits.apportion([2_000_000 * share for share in (0.6, 0.3, 0.1)], 300_000)
    assert list(found) == [180_000, 90_000, 30_000]
    # A float counts as it is written: 0.1 + 0.2 + 0.7 is 1, and no third goes astray.
    assert list(splits.apportion([0.1, 0.2, 0.7], 10)) == [1, 2, 7]


def test_the_cut_is_for_galaxies_and_quasars_only():
    z = np.r_[-0.1, 0, 1e-6, 3.4999, 3.5, -0.002, 0.0, 0.001, 0.4]
    label = ["QSO"] * 5 + ["STAR"] * 3 + ["GALAXY"]
    table = inventory({"STAR": 9}, z=z)
    table["class"] = label
    drawn = sample.draw(table, redshift=[0, 3.5], seed=0)
    assert sorted(drawn["z"][drawn["class"] == "QSO"]) == [1e-6, 3.4999]
    assert counts(drawn) == {"GALAXY": 1, "QSO": 2, "STAR": 3} and drawn.meta["left_out"] == 3
    assert len(sample.draw(table, seed=0)) == 9


def test_what_lies_outside_all_bins_is_left_out():
    table = inventory({"QSO": 4}, z=[0.1, 0.5, 2.0, 1.9])
    drawn = sample.draw(table, redshift_bins=[0.5, 1, 2], seed=0)
    assert counts(drawn, "stratum") == {"QSO 0.5-1": 1, "QSO 1-2": 1}


def test_the_draw_depends_on_the_seed_and_not_on_the_order_of_files():
    table = inventory()
    shuffled = table[np.random.default_rng(5).permutation(len(table))]
    options = {"size": 120, "redshift_bins": BINS, "redshift": [0, 3.5]}
    one = sample.draw(table, seed=3, **options)
    assert one.pformat() == sample.draw(shuffled, seed=3, **options).pformat()
    assert one.pformat() != sample.draw(table, seed=4, **options).pformat()
    assert list(one["id"]) == sorted(one["id"]) and len(set(one["id"])) == 120
    rows = {row["id"]: row for row in table}
    assert all(row["z"] == rows[row["id"]]["z"] for row in one)
    assert one.colnames == ["id", "file", "class", "z", "object", "stratum"]


def test_one_stratum_does_not_change_with_the_others():
    table = inventory()
    alone = sample.draw(table, size=60, shares={"STAR": 1}, seed=1)
    mixed = sample.draw(table, size=90, shares={"STAR": 2, "QSO": 1}, seed=1)
    assert set(alone["id"]) == set(mixed["id"][mixed["class"] == "STAR"])
    larger = sample.draw(table, size=100, shares={"STAR": 1}, seed=1)
    assert set(alone["id"]) < set(larger["id"])


def test_every_spectrum_is_drawn_equally_often():
    table = inventory({"STAR": 40})
    times = dict.fromkeys(table["id"], 0)
    for seed in range(400):
        for name in sample.draw(table, size=10, seed=seed)["id"]:
            times[name] += 1
    # 400 draws with a chance of 1/4: 100 ± 8.7.
    assert min(times.values()) > 100 - 4.5 * 8.7 and max(times.values()) < 100 + 4.5 * 8.7


def test_without_a_size_all_or_the_most_that_shares_allow_are_taken():
    assert counts(sample.draw(inventory(), seed=0)) == COUNTS
    drawn = sample.draw(inventory(), shares={"GALAXY": 1, "QSO": 1, "STAR": 1}, seed=0)
    assert counts(drawn) == dict.fromkeys(COUNTS, 200)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 1001}, "size is 1,001, but only 1,000"),
        (
            {"size": 900, "shares": SHARES | {"STAR": 0.5}},
            "stratum STAR has 200 spectra, fewer than the 346",
        ),
        ({"size": 10, "shares": {"GALAXY": -1, "QSO": 2}}, "must not be negative"),
        ({"size": 10, "shares": {"GALAXY": 0}}, "not all 0"),
        ({"redshift": [5, 6], "shares": {"QSO": 1}, "size": 5}, "stratum QSO has 0 spectra"),
        ({"redshift": [5, 6], "shares": {"QSO": 1}}, "would be empty"),
    ],
)
def test_a_sample_that_cannot_be_drawn_is_an_error_that_says_why(options, message):
    refused(message, sample.draw, inventory(), seed=0, **options)


def test_an_inventory_that_lists_a_spectrum_twice_or_none_is_an_error():
    table = inventory()
    table["id"][1] = table["id"][0]
    refused("twice", sample.draw, table, seed=0)
    refused("No spectrum is left", sample.draw, inventory({"QSO": 3}), redshift=[5, 6], seed=0)
