"""The synthetic universe is reproducible, refuses what it cannot hold, and counts as it says."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from refusal import refused

from skyloom.simulate import universe
from skyloom.simulate.universe import assembly, cells, lineages, population

SIZE = {"snapshots": [99, 84], "galaxies": 12, "seed": 5}


def write(base, snapshot, **changes):
    universe.write_snapshot(base, snapshot, **{**SIZE, "gas_cells": 300, "chunks": 4, **changes})


def test_satellites_are_a_quarter_to_a_third_of_the_default_universe():
    populace, _ = population.populate(99, snapshots=[99, 91, 84], galaxies=130, seed=1)
    assert 0.23 < np.mean(~populace.central) < 0.33
    assert np.bincount(populace.group).max() <= 5


def digest(base):
    files = sorted(path for path in Path(base).parent.rglob("*") if path.is_file())
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]


def test_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path):
    sums = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        base = str(tmp_path / name / "output")
        write(base, 99, seed=seed, snapshots=[99], gas_cells=100)
        universe.write_tree(base, snapshots=[99], galaxies=12, seed=seed)
        sums.append(digest(base))
    assert sums[0] == sums[1]
    assert sums[0] != sums[2]


def test_a_snapshot_does_not_depend_on_older_ones_asked_for():
    few, _ = population.populate(99, snapshots=[99, 84], galaxies=20, seed=1)
    many, _ = population.populate(99, snapshots=[99, 98, 91, 84], galaxies=20, seed=1)
    np.testing.assert_array_equal(few.lineage, many.lineage)
    np.testing.assert_array_equal(few.cold_gas, many.cold_gas)


def test_selected_galaxies_keep_their_number_of_cells():
    populace, every = population.populate(99, **SIZE)
    for row in range(len(populace)):
        galaxy = assembly.describe(populace, every, row)
        count = sum(cells.shares(galaxy, 12000))
        assert count == (0 if galaxy["name"] == "no_gas" else 12000)


def test_orientation_is_a_proper_rotation_of_the_axis():
    for axis in (*np.eye(3), *-np.eye(3), *lineages.directions(5, np.random.default_rng(0))):
        turn = cells.orientation(axis)
        np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
        np.testing.assert_allclose(turn @ [0, 0, 1], axis, atol=1e-12)
        assert np.linalg.det(turn) == pytest.approx(1)


@pytest.mark.parametrize(
    "changes, field",
    [({"chunks": 1}, "chunks"), ({"gas_cells": 5}, "gas_cells"), ({"galaxies": 3}, "galaxies")],
)
def test_too_small_a_universe_is_refused_by_name(tmp_path, changes, field):
    refused(rf"tng\.synthetic\.{field}", write, str(tmp_path / "output"), 99, **changes)


def test_an_unknown_snapshot_is_refused(tmp_path):
    refused("50", write, str(tmp_path / "output"), 50, snapshots=[99, 50])
