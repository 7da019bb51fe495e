"""Splits: nothing that belongs together is ever on two sides."""

import numpy as np
import pytest
from astropy.table import Table, vstack
from refusal import refused

from skyloom.arms.tng import splits


def sample(seed=0, n=400, snapshots=(99, 98)):
    rng = np.random.default_rng(seed)
    return [
        Table(
            {
                "snapshot": np.full(n, snapshot),
                "subhalo_id": np.arange(n),
                "group_id": rng.integers(0, n // 2, n),
                "lineage_id": np.where(rng.random(n) < 0.1, -1, rng.permutation(n)),
                "ssfr": np.where(rng.random(n) < 0.2, 0.0, 1e-10),
            }
        )
        for snapshot in snapshots
    ]


def test_galaxy_without_star_formation_still_links_those_it_belongs_to():
    # A at snapshot 98 forms no stars; its group holds B, its lineage A at snapshot 99.
    rows = [(99, 0, 0, 7, 1e-10), (98, 0, 0, 7, 0.0), (98, 1, 0, 8, 1e-10), (99, 5, 5, 9, 1e-10)]
    names = ("snapshot", "subhalo_id", "group_id", "lineage_id", "ssfr")
    table = splits.split([Table(rows=rows, names=names)], by="lineage", test_fraction=0.4, seed=0)
    component = dict(zip(table["id"], table["component"], strict=True))
    assert component["099_0000000"] == component["098_0000001"] != component["099_0000005"]


def linked(table):
    """Sets of ids that share a lineage or a group, merged one pair at a time: slow and plain."""
    owners = {}
    for row in table:
        name = f"{row['snapshot']:03d}_{row['subhalo_id']:07d}"
        owners.setdefault(("group", row["snapshot"], row["group_id"]), set()).add(name)
        if row["lineage_id"] >= 0:
            owners.setdefault(("lineage", row["lineage_id"]), set()).add(name)
    merged = []
    for part in owners.values():
        touching = [other for other in merged if other & part]
        merged = [other for other in merged if not other & part]
        merged.append(part.union(*touching))
    return {frozenset(part) for part in merged}


def test_components_are_those_of_merging_pair_by_pair():
    tables = [part[:120] for part in sample()]
    table = splits.split(tables, by="lineage", test_fraction=0.25, seed=1)
    ours = {frozenset(group["id"]) for group in table.group_by("component").groups}
    kept = set(table["id"])
    assert ours == {part & kept for part in linked(vstack(tables)) if part & kept}


@pytest.mark.parametrize("seed", range(5))
def test_lineage_split_never_divides_a_component(seed):
    tables = [table[:150] for table in sample(seed, n=400)]
    table = splits.split(tables, by="lineage", test_fraction=0.25, seed=seed)
    for group in table.group_by("component").groups:
        assert len(set(group["part"])) == 1
    share = np.mean(table["part"] == "test")
    assert 0.1 < share <= 0.25 + 1 / len(table)


def test_random_split_meets_its_share_exactly():
    table = splits.split(sample(), by="random", test_fraction=0.1, seed=3)
    assert (table["part"] == "test").sum() == round(0.1 * len(table))


def test_galaxies_without_star_formation_are_in_no_part():
    tables = sample()
    table = splits.split(tables, by="random", test_fraction=0.1, seed=3)
    assert len(table) == sum((t["ssfr"] > 0).sum() for t in tables)


def test_split_depends_on_the_seed_and_on_nothing_else():
    first, again, other = (
        splits.split(sample(), by="random", test_fraction=0.25, seed=seed) for seed in (1, 1, 2)
    )
    assert list(first["part"]) == list(again["part"]) != list(other["part"])
    reordered = splits.split(sample()[::-1], by="random", test_fraction=0.25, seed=1)
    assert list(reordered["part"]) == list(first["part"])


def test_empty_side_is_refused_by_name_of_the_key():
    tables = [table[:3] for table in sample()]
    refused("test_fraction", splits.split, tables, by="random", test_fraction=0.01, seed=0)


def test_sample_without_star_formation_is_refused():
    tables = sample()
    for table in tables:
        table["ssfr"] = 0.0
    refused("forms stars", splits.split, tables, by="random", test_fraction=0.5, seed=0)
