"""The split: the published sizes, alike in class, no observation on two sides."""

import numpy as np
import pytest
from astropy.table import Table, vstack
from refusal import refused

from skyloom.arms.xmm import splits

#: Tables 1 and 2 of the degree project: images of each OBS_CLASS, and in each part.
CATALOGUE = (4386, 3484, 1571, 1198, 544, 21)
PUBLISHED = {
    "train": (3367, 2684, 1220, 927, 425, 20),
    "validation": (862, 690, 293, 214, 101, 1),
    "test": (157, 110, 58, 57, 18, 0),
}


def inventory(counts=CATALOGUE, seed=0):
    classes = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    names = [f"{number:010d}" for number in range(len(classes))]
    return Table({"obs_id": names, "obs_class": classes}, meta={"synthetic": True})


def test_the_catalogue_is_divided_as_published():
    table = splits.split(inventory(), seed=1)
    totals = {part: int(np.sum(table["part"] == part)) for part in PUBLISHED}
    assert totals == {"train": 8643, "validation": 2161, "test": 400}
    for part, published in PUBLISHED.items():
        ours = np.bincount(table["obs_class"][table["part"] == part], minlength=6)
        quota = np.array(CATALOGUE) * totals[part] / 11204
        # Ours are the quotas, rounded; the published ones were drawn at random.
        assert np.abs(ours - quota).max() < 2
        assert np.abs(ours - published).max() <= 18
        assert np.all(np.abs(quota - published) < 3.2 * np.sqrt(quota + 1))


@pytest.mark.parametrize("seed", range(20))
def test_every_part_is_alike_in_class_for_any_counts(seed):
    random = np.random.default_rng(seed)
    counts = random.integers(1, 200, 6)
    shares = {"validation": random.uniform(0.05, 0.4), "test": random.uniform(0.02, 0.3)}
    found = splits.sizes(counts, **shares)
    n = counts.sum()
    np.testing.assert_array_equal(sum(found.values()), counts)
    for part, share in shares.items():
        assert found[part].sum() == max(1, round(share * n))
        assert np.all(found[part] >= 0)
        assert np.abs(found[part] - counts * found[part].sum() / n).max() < 2
    assert np.all(found["train"] >= 0)


def test_every_observation_is_on_one_side():
    table = splits.split(inventory(), seed=3)
    assert len(np.unique(table["id"])) == len(table) == 11204
    np.testing.assert_array_equal(table["id"], np.sort(table["id"]))


def test_an_observation_listed_twice_is_refused():
    table = inventory((20, 20))
    refused("observation 0000000004 twice", splits.split, vstack([table, table[4:5]]), seed=1)


def test_split_depends_on_the_seed_and_not_on_the_order():
    table = inventory((100, 80, 30))
    first, other = splits.split(table, seed=1), splits.split(table, seed=2)
    assert list(splits.split(table[::-1], seed=1)["part"]) == list(first["part"])
    assert list(other["part"]) != list(first["part"])


def test_classes_keep_their_label_beside_their_part():
    table = inventory((50, 0, 30))
    split = splits.split(table, seed=1)
    known = dict(zip(table["obs_id"], table["obs_class"], strict=True))
    assert all(known[row["id"]] == row["obs_class"] for row in split)
    assert split.meta["synthetic"] and split.meta["seed"] == 1


def test_no_part_is_empty_where_images_suffice():
    found = splits.sizes([4, 2], validation=splits.VALIDATION, test=splits.TEST)
    assert [found[part].sum() for part in PUBLISHED] == [4, 1, 1]


def test_too_few_images_are_refused_by_name_of_the_key():
    refused(r"xmm\.split", splits.sizes, [1, 1], validation=0.2, test=0.1)
