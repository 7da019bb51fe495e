"""Splits of spectra: exact sizes, reproducible, and models kept together when asked."""

import itertools

import numpy as np
import pytest
from astropy.table import Table
from refusal import refused

from skyloom.arms.spectra import splits

SHARES = {"validation": 0.1, "test": 0.1}


def inventory(temperatures=25, gravities=7, velocities=31):
    rows = list(itertools.product(range(temperatures), range(gravities), range(velocities)))
    table = Table(np.array(rows, float), names=("teff", "log_g", "v_rot"))
    table["id"] = [f"t{t:02d}g{g}v{v:02d}" for t, g, v in rows]
    table.meta = {"labels": ["teff", "log_g", "v_rot"], "synthetic": True}
    return table


def parts(table):
    return {
        part: set(table["id"][table["part"] == part]) for part in ("train", "validation", "test")
    }


@pytest.mark.parametrize(
    ("count", "validation", "test", "expected"),
    [
        (5425, 0.1, 0.1, (4340, 542, 543)),
        (51359, 0.125, 0.125, (38519, 6420, 6420)),
        (10, 0.3, 0.1, (6, 3, 1)),
        (100, 0.2, 0.1, (70, 20, 10)),
    ],
)
def test_sizes_are_floors(count, validation, test, expected):
    assert tuple(splits.sizes(count, validation=validation, test=test).values()) == expected


def test_every_spectrum_is_on_one_side():
    table = splits.split(inventory(), by="random", seed=1, **SHARES)
    found = parts(table)
    assert {part: len(names) for part, names in found.items()} == {
        "train": 4340,
        "validation": 542,
        "test": 543,
    }
    assert list(table["id"]) == sorted(inventory()["id"])


def test_split_depends_on_the_seed_and_not_on_the_order():
    whole, random = inventory(5, 4, 6), np.random.default_rng(0)
    shuffled = whole[random.permutation(len(whole))]
    for by in splits.BY:
        one = splits.split(whole, by=by, seed=3, **SHARES)
        assert one.pformat() == splits.split(shuffled, by=by, seed=3, **SHARES).pformat()
        assert one.pformat() != splits.split(whole, by=by, seed=4, **SHARES).pformat()


def test_by_model_keeps_all_rotations_together():
    table = splits.split(inventory(), by="model", seed=1, **SHARES)
    models = {part: {name[:6] for name in names} for part, names in parts(table).items()}
    sides = {part: {name.split("v")[0] for name in names} for part, names in models.items()}
    assert {part: len(names) for part, names in sides.items()} == {
        "train": 140,
        "validation": 17,
        "test": 18,
    }
    assert sum(map(len, sides.values())) == len(set.union(*sides.values()))


def test_by_random_spreads_rotations():
    table = splits.split(inventory(), by="random", seed=1, **SHARES)
    models = [{name.split("v")[0] for name in names} for names in parts(table).values()]
    assert len(models[0] & models[2]) > 100


def test_stellar_models_are_those_of_three_labels():
    table = inventory(4, 3, 5)
    table["m_h"] = np.tile([0.0, 0.5], 30)
    table.rename_column("v_rot", "v_sin_i")
    table.meta["labels"] = ["teff", "log_g", "m_h", "v_sin_i"]
    assert len(np.unique(splits.groups(table, "model"))) == 24


@pytest.mark.parametrize(("by", "size"), [("random", (1, 1, 4)), ("model", (2, 2, 50))])
def test_a_side_without_spectra_is_an_error(by, size):
    refused("leave none for validation", splits.split, inventory(*size), by=by, seed=1, **SHARES)


def test_double_ids_and_unknown_ways_are_refused():
    table = inventory(2, 2, 5)
    refused(r"split.by is 'lineage'", splits.split, table, by="lineage", seed=1, **SHARES)
    table["id"][3] = table["id"][2]
    refused("lists t00g0v02 twice", splits.split, table, by="random", seed=1, **SHARES)
