"""Splits of the sample: shares, classes alike, objects on one side, one order a seed."""

import numpy as np
import pytest
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st
from refusal import refused

from skyloom.arms.sdss import splits

PARTS = ("train", "validation", "test")


def sample(counts=None, *, repeated=0, seed=0):
    """A sample; the first `repeated` objects of each class have two or three spectra."""
    random = np.random.default_rng(seed)
    rows = []
    for label, number in (counts or {"GALAXY": 450, "QSO": 300, "STAR": 250}).items():
        for k in range(number):
            visits = 1 if k >= repeated else 2 + k % 2
            rows += [(label, f"{label}-{k}")] * visits
    ids = np.array([f"0266-51602-{k:04d}" for k in random.permutation(len(rows))])
    label, names = zip(*rows, strict=True)
    table = Table({"id": ids, "class": label, "object": names}, meta={"synthetic": True})
    return table[random.permutation(len(table))]


def parts(table, split):
    """The ids of each part, and a count of each class in each part."""
    label = dict(zip(table["id"], table["class"], strict=True))
    names = {part: set(split["id"][split["part"] == part]) for part in PARTS}
    count = {
        part: {
            kind: sum(label[name] == kind for name in own) for kind in sorted(set(label.values()))
        }
        for part, own in names.items()
    }
    return names, count


@pytest.mark.parametrize("by", splits.BY)
@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (0.4, ((243, 162, 135), (27, 18, 15), (180, 120, 100))),
        (0.3, ((283, 189, 158), (32, 21, 17), (135, 90, 75))),
        (0.2, ((324, 216, 180), (36, 24, 20), (90, 60, 50))),
    ],
)
def test_shares_are_exact_and_classes_alike(by, test, expected):
    table = sample()
    split = splits.split(table, test=test, by=by, validation=0.1, seed=1)
    names, count = parts(table, split)
    assert tuple(tuple(count[part].values()) for part in PARTS) == expected
    assert set.union(*names.values()) == set(table["id"])
    assert sum(map(len, names.values())) == len(table)
    assert list(split["id"]) == sorted(table["id"])


def test_by_object_repeat_spectra_stay_together_and_numbers_are_nearly_exact():
    table = sample(repeated=60)
    split = splits.split(table, test=0.3, by="object", validation=0.1, seed=2)
    names, count = parts(table, split)
    owner = dict(zip(table["id"], table["object"], strict=True))
    owners = [{owner[name] for name in own} for own in names.values()]
    assert sum(map(len, owners)) == len(set.union(*owners)) == 1000
    for kind in ("GALAXY", "QSO", "STAR"):
        total = sum(table["class"] == kind)
        # A group has three spectra at most: the nearest number of whole groups is one away.
        assert abs(count["test"][kind] - 0.3 * total) <= 2
        assert abs(count["validation"][kind] - 0.07 * total) <= 2


def test_by_spectrum_objects_are_on_several_sides():
    table = sample(repeated=60)
    split = splits.split(table, test=0.3, by="spectrum", validation=0.1, seed=2)
    owner = dict(zip(table["id"], table["object"], strict=True))
    train, _, test = ({owner[n] for n in own} for own in parts(table, split)[0].values())
    assert len(train & test) > 30


@pytest.mark.parametrize("by", splits.BY)
def test_the_test_parts_of_one_seed_are_nested_and_never_validate(by):
    table = sample(repeated=60)
    made = [
        parts(table, splits.split(table, test=test, by=by, validation=0.1, seed=5))[0]
        for test in (0.2, 0.3, 0.4)
    ]
    assert made[0]["test"] < made[1]["test"] < made[2]["test"]
    assert not made[2]["test"] & set.union(*(part["validation"] for part in made))


def test_a_split_depends_on_the_seed_and_not_on_the_order():
    table = sample(repeated=30)
    options = {"test": 0.2, "by": "object", "validation": 0.1}
    one = splits.split(table, seed=1, **options)
    again = splits.split(table[::-1], seed=1, **options)
    assert one.pformat() == again.pformat() and one.meta == again.meta
    assert one.pformat() != splits.split(table, seed=2, **options).pformat()
    assert one.meta == {
        "by": "object",
        "test": 0.2,
        "validation": 0.1,
        "seed": 1,
        "synthetic": True,
    }


@settings(max_examples=50, deadline=None)
@given(
    available=st.tuples(*[st.integers(3, 25)] * 3),
    repeated=st.integers(0, 5),
    test=st.sampled_from([0.05, 0.2, 0.3, 0.4, 0.9]),
    validation=st.sampled_from([0, 0.1, 0.5, 0.9]),
    by=st.sampled_from(splits.BY),
)
def test_every_part_has_every_class_however_small(available, repeated, test, validation, by):
    table = sample(dict(zip(("GALAXY", "QSO", "STAR"), available, strict=True)), repeated=repeated)
    split = splits.split(table, test=test, by=by, validation=validation, seed=0)
    names, count = parts(table, split)
    for part in PARTS:
        if part != "validation" or validation:
            assert min(count[part].values()) > 0
        else:
            assert not names[part]


def test_the_nineteen_real_spectra_can_be_split():
    table = sample({"GALAXY": 5, "QSO": 11, "STAR": 3})
    count = parts(table, splits.split(table, test=0.2, by="object", validation=0.1, seed=0))[1]
    assert count == {
        "train": {"GALAXY": 3, "QSO": 8, "STAR": 1},
        "validation": {"GALAXY": 1, "QSO": 1, "STAR": 1},
        "test": {"GALAXY": 1, "QSO": 2, "STAR": 1},
    }


def test_an_object_of_two_classes_stays_together():
    table = sample({"GALAXY": 6, "QSO": 6})
    table["object"][:4] = "same"
    split = splits.split(table, test=0.3, by="object", validation=0.1, seed=0)
    part = dict(zip(split["id"], split["part"], strict=True))
    assert len({part[name] for name in table["id"][:4]}) == 1


@pytest.mark.parametrize(
    ("counts", "options", "message"),
    [
        ({"QSO": 9, "STAR": 2}, {}, "class STAR has 2 objects .*training, validation and test"),
        ({"QSO": 9, "STAR": 1}, {"validation": 0}, "class STAR has 1 object .*training and test"),
        (None, {"by": "plate"}, "split.by is 'plate'"),
        (None, {"test": 1.0}, "test share of 1"),
        (None, {"validation": -0.1}, "validation share of -0.1"),
    ],
)
def test_a_split_that_cannot_be_made_is_an_error_that_says_why(counts, options, message):
    options = {"test": 0.2, "by": "object", "validation": 0.1, "seed": 0} | options
    refused(message, splits.split, sample(counts), **options)


def test_a_sample_that_lists_a_spectrum_twice_is_an_error():
    table = sample()
    table["id"][1] = table["id"][0]
    refused("twice", splits.split, table, test=0.2, by="object", validation=0.1, seed=0)
