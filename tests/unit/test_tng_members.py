"""One case over several seeds: the first is the network that there is, a kill costs one member."""

import numpy as np
import pytest
from astropy.table import Table

from skyloom.arms.tng import experiments as cases
from skyloom.arms.tng import members
from skyloom.errors import InputError
from skyloom.io.files import read_json, write_json

OPTIONS = {"epochs": 2, "readout_epochs": [], "batch_size": 8, "learning_rate": 1.0}


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(1)
    return cases.Case(
        id=np.array([f"099_{n:07d}" for n in range(16)]),
        part=np.array(["test", "train", "train", "train"] * 4),
        component=np.arange(16) // 2,
        target=rng.normal(4, 1, 16),
        features=rng.uniform(0, 1, (16, 2, 2, 4)).astype(np.float16),
        totals=np.ones((16, 3)),
        map_totals=None,
        bins=64,
        variant="mass",
        synthetic=True,
    )


@pytest.fixture(scope="module")
def whole(case):
    return members.fit(case, options=OPTIONS, seed=7, members=3)


def test_seeds_begin_with_the_runs_own_and_more_members_keep_the_first():
    assert members.seeds(7, 1) == [7]
    assert members.seeds(7, 3) == members.seeds(7, 12)[:3]
    assert len(set(members.seeds(7, 12)) | set(members.seeds(8, 12))) == 24


def test_a_member_is_the_training_that_its_seed_gives_alone(case, whole):
    alone = cases.fit(case, options=OPTIONS, seed=whole.meta["seeds"][2], with_controls=False)
    # The same bits only after `training.settle`, which a test among others cannot call.
    np.testing.assert_allclose(whole["member_3"], alone.predictions["predicted"], rtol=1e-4)
    assert np.ptp(whole["member_1"] - whole["member_2"]) > 0


def test_a_first_member_that_there_is_is_taken_by_id(case):
    rows = np.random.default_rng(2).permutation(16)
    first = Table(
        {"id": case.id[rows], "part": case.part[rows], "predicted": np.arange(16.0)[rows]}
    )
    table = members.fit(case, options=OPTIONS, seed=7, members=1, first=first)
    np.testing.assert_array_equal(table["member_1"], np.arange(16.0))
    first["part"] = "train"
    with pytest.raises(InputError, match="made on another split: train the case again"):
        members.fit(case, options=OPTIONS, seed=7, members=1, first=first)
    with pytest.raises(InputError, match="do not have the same ids"):
        members.fit(case, options=OPTIONS, seed=7, members=1, first=first[1:])


def test_members_that_are_done_are_not_trained_again(case, whole, tmp_path):
    first = Table({"id": case.id, "part": case.part, "predicted": whole["member_1"]})
    kept = {"seed": 7, "members": 2, "first": first, "state_folder": tmp_path}
    members.fit(case, options=OPTIONS, **kept)
    done = tmp_path / "member_2" / "done.json"
    content = read_json(done)
    np.testing.assert_allclose(content["predicted"], whole["member_2"], rtol=1e-4)
    # A mark that only the file can have left.
    content["predicted"][0] = 99.0
    write_json(content, done)
    assert members.fit(case, options=OPTIONS, **kept)["member_2"][0] == 99.0
    # Trained otherwise, it does not count.
    assert members.fit(case, options={**OPTIONS, "epochs": 1}, **kept)["member_2"][0] != 99.0
