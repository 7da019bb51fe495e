"""Ensembles, leakage and attention as a user builds them."""

import h5py
import numpy as np
import pytest
from miniature import drawn

from skyloom.arms.tng import leakage
from skyloom.io.files import read_table

pytestmark = pytest.mark.workflow
METHODS = {"grad_cam", "hires_cam", "occlusion"}
CASES = ["composite", "mass", "unsharp_3"]


@pytest.mark.parametrize("case", CASES)
def test_the_first_member_is_the_network_that_there_is_already(finished, case):
    members = read_table(finished.results / "ensemble" / f"{case}.ecsv")
    model = read_table(finished.results / "models" / case / "predictions.ecsv")
    np.testing.assert_array_equal(members["id"], model["id"])
    np.testing.assert_array_equal(members["member_1"], model["predicted"])
    assert np.ptp(members["member_1"] - members["member_2"]) > 0
    assert members.meta["seeds"][0] == 20260
    assert len(set(members.meta["seeds"])) == 3
    assert members.meta["synthetic"]


def test_every_case_and_pair_is_ranked(finished):
    folder = finished.results / "evaluation"
    cases, pairs = read_table(folder / "ensemble.ecsv"), read_table(folder / "ensemble_pairs.ecsv")
    assert sorted(cases["case"]) == CASES
    assert sorted(cases["rank"]) == [1, 2, 3]
    assert np.all((cases["rank_low"] <= cases["rank"]) & (cases["rank"] <= cases["rank_high"]))
    assert len(pairs) == 3
    assert cases.meta["synthetic"]


def test_leakage_compares_what_it_says(finished):
    folder = finished.results
    splits = {name: read_table(folder / "splits" / f"{name}.ecsv") for name in leakage.TRAININGS}
    for name in leakage.TRAININGS[1:]:
        members = read_table(folder / "leakage" / "composite" / f"{name}.ecsv")
        part = dict(zip(splits[name]["id"], splits[name]["part"], strict=True))
        assert [part[row["id"]] for row in members] == list(members["part"])
    table = read_table(folder / "evaluation" / "leakage.ecsv")
    assert list(table["comparison"]) == ["own_test", "same_test"]
    assert list(table["siblings_clean"]) == [0, 0]
    assert table["siblings_leaky"][1] == table["n_leaky"][1] == table["n_clean"][1]
    assert table.meta["synthetic"]


def test_attention_is_of_the_very_network_on_the_test_side(finished):
    model = read_table(finished.results / "models" / "composite" / "predictions.ecsv")
    known = {row["id"]: row for row in model}
    with h5py.File(finished.results / "attention" / "composite.h5") as file:
        assert file.attrs["synthetic"]
        for name, predicted in zip(file["id"].asstr()[()], file["predicted"][()], strict=True):
            assert known[name]["part"] == "test"
            # Features were kept as float16.
            assert predicted == pytest.approx(known[name]["predicted"], abs=0.02)
        assert set(file["methods"]) == METHODS
        assert file["methods/grad_cam/maps"].shape == (3, 4, 4)
        assert file["methods/occlusion/maps"].shape == (3, 2, 2)
        assert file["methods/occlusion/maps"][()].any()
    table = read_table(finished.results / "evaluation" / "attention.ecsv")
    assert set(table["method"]) == METHODS
    assert drawn(finished.results, ("ensemble", "leakage", "attention/composite"), least=5000)


@pytest.mark.parametrize(
    ("config", "again"),
    [
        ("{ensemble: {members: 4}}", {"tng_members", "tng_leaks"}),
        ("{attention: {galaxies: 4}}", {"tng_explain"}),
        ("{leakage: {cases: [mass]}}", {"tng_leaks"}),
    ],
)
def test_a_changed_key_trains_nothing_else_again(finished, config, again):
    planned = finished.planned(config=config)
    heavy = {"tng_train", "tng_members", "tng_leaks", "tng_explain", "tng_features"}
    assert heavy & set(planned) == again


def test_nothing_beyond_is_built_unasked(finished):
    # Not of `all`: the report is another one without them.
    assert finished.planned("tng", config="{beyond: []}") == {}
