"""Leakage: who has a sibling on the training side, and what a planted leak measures as."""

import numpy as np
import pytest
from astropy.table import Table
from refusal import refused

from skyloom.arms.tng import leakage, splits

OPTIONS = {"samples": 800, "level": 0.95, "seed": 2}


def galaxies(count=60, snapshots=(99, 91, 84)):
    """Galaxies seen in every snapshot, two a group; a split table of each kind."""
    tables = []
    for snapshot in snapshots:
        number = np.arange(count)
        rows = Table({"subhalo_id": number, "group_id": number // 2, "lineage_id": 100 + number})
        rows["snapshot"], rows["ssfr"] = snapshot, 1e-10
        tables.append(rows)
    return {
        by: splits.split(tables, by=by, test_fraction=0.25, seed=1) for by in ("lineage", "random")
    }


def part_of(split):
    return dict(zip(split["id"], np.asarray(split["part"]).astype(str), strict=True))


@pytest.fixture(scope="module")
def all_splits():
    found = galaxies()
    for fold in range(leakage.FOLDS):
        found[f"siblings_{fold}"] = leakage.siblings_split(found["lineage"], fold, seed=4)
    return found


def test_folds_test_every_galaxy_once_with_a_sibling_to_learn_from(all_splits):
    lineage = part_of(all_splits["lineage"])
    held_out = {name for name, part in lineage.items() if part == "test"}
    tested = []
    for fold in range(leakage.FOLDS):
        split = all_splits[f"siblings_{fold}"]
        part = part_of(split)
        own = {name for name in part if part[name] == "test"}
        tested += own
        assert own <= held_out
        assert [*part.values()].count("train") == [*lineage.values()].count("train")
        has, _ = leakage.siblings(split)
        assert has[np.asarray(split["part"]) == "test"].all()
    assert sorted(tested) == sorted(held_out)


def test_a_split_by_lineage_has_no_sibling_and_a_random_one_has_those_of_a_slow_count(all_splits):
    test = np.asarray(all_splits["lineage"]["part"]) == "test"
    assert not np.array(leakage.siblings(all_splits["lineage"]))[:, test].any()
    rows = all_splits["random"]
    own, linked = leakage.siblings(rows)
    for number, row in enumerate(rows):
        others = [other for other in rows if other["part"] == "train"]
        assert own[number] == any(other["lineage_id"] == row["lineage_id"] for other in others)
        assert linked[number] == any(other["component"] == row["component"] for other in others)


def test_galaxies_without_a_known_lineage_have_no_sibling():
    split = Table({"lineage_id": [-1, -1, 5, 5], "component": [0, 1, 2, 2]})
    split["part"] = ["train", "test", "train", "test"]
    own, linked = leakage.siblings(split)
    assert own.tolist() == [False, False, True, True]
    assert linked.tolist() == [True, False, True, True]


def test_without_a_second_snapshot_nothing_can_leak():
    split = galaxies(snapshots=(99,))["lineage"]
    words = "give more tng.snapshots, or take leakage out"
    refused(words, leakage.siblings_split, split, 0, seed=1)


def test_without_merger_trees_it_is_they_that_are_asked_for():
    split = galaxies()["lineage"]
    split["lineage_id"] = -1
    refused("known lineage.*SubLink merger trees", leakage.siblings_split, split, 0, seed=1)


def test_siblings_need_room_on_the_training_side():
    split = galaxies()["lineage"]
    split["part"] = np.where(split["part"] == "test", "train", "test")
    split["part"][split["lineage_id"] > 104] = "test"
    refused("lower tng.split.test_fraction", leakage.siblings_split, split, 0, seed=1)


def predictions(split, *, leak, members=4):
    """Truth plus noise, of half the size where a sibling is learnt from, if there is a `leak`."""
    # Each galaxy's truth is the same whatever split is asked for.
    rng = np.random.default_rng(8)
    order = np.argsort(split["id"])
    table = Table({"id": split["id"][order], "part": split["part"][order]})
    table["component"] = split["component"][order]
    own, _ = leakage.siblings(split[order])
    true, noise = rng.normal(4, 1, len(table)), rng.normal(size=(members, len(table)))
    table["true"] = true
    for number in range(members):
        size = np.where(own & leak, 0.5, 1.0)
        table[f"member_{number + 1}"] = true + size * noise[number]
    table.meta.update(seeds=list(range(members)), synthetic=True)
    return table


def measured(all_splits, leak):
    tables = {name: predictions(split, leak=leak) for name, split in all_splits.items()}
    return leakage.measure("mass", tables, all_splits, **OPTIONS)


def test_a_planted_leak_is_found_on_the_same_images_and_on_each_splits_own(all_splits):
    comparisons, members = measured(all_splits, True)
    assert list(comparisons["comparison"]) == ["own_test", "same_test"]
    same = comparisons[1]
    # r of truth plus noise s is 1 / sqrt(1 + s²); the error is s.
    assert same["r_clean"] == pytest.approx(1 / np.sqrt(2), abs=0.12)
    assert same["r_leaky"] == pytest.approx(1 / np.sqrt(1.25), abs=0.06)
    assert same["error_leaky"] / same["error_clean"] == pytest.approx(0.5, rel=1e-9)
    assert same["r_difference_low"] > 0 and same["probability"] > 0.99
    for row in comparisons:
        assert row["r_difference"] > 0 > row["error_difference_high"]
        assert row["siblings_clean"] == 0
    held_out = np.sum(np.asarray(all_splits["lineage"]["part"]) == "test")
    assert same["n_clean"] == same["n_leaky"] == same["siblings_leaky"] == held_out
    assert set(members["training"]) == set(leakage.TRAININGS)


def test_without_a_leak_the_same_images_differ_by_nothing(all_splits):
    comparisons, _ = measured(all_splits, False)
    same = comparisons[1]
    assert same["r_difference"] == same["r_difference_low"] == same["r_difference_high"] == 0
    assert same["probability"] == 0.5
    # Other galaxies on the test side: the difference is chance, and the interval knows.
    own = comparisons[0]
    assert own["r_difference_low"] < 0 < own["r_difference_high"]


def test_seeds_of_a_figure_average_to_the_value_of_the_table(all_splits):
    comparisons, members = measured(all_splits, True)
    for row in comparisons:
        for side, values in zip(
            ("clean", "leaky"), leakage.per_seed(members, row["comparison"]), strict=True
        ):
            assert len(values) == 4
            mean = np.tanh(np.arctanh(values).mean())
            assert row[f"r_{side}"] == pytest.approx(mean, abs=1e-12)


def test_predictions_of_another_split_are_refused(all_splits):
    tables = {name: predictions(split, leak=False) for name, split in all_splits.items()}
    tables["random"] = tables["lineage"]
    words = "members trained on random have other test images"
    refused(words, leakage.measure, "mass", tables, all_splits, **OPTIONS)
