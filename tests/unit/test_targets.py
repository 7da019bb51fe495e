"""The list of targets: families in one line, each name in it."""

import re

import targets

ONE = "One dataset and only what it needs."


def test_targets_of_one_arm_and_docstring_share_a_line_with_all_names():
    found = targets.lines((f"tng_{name}_parquet", ONE) for name in ("unsharp_5", "mass"))
    assert found == [
        "tng_{dataset}_parquet "
        "(One dataset and only what it needs: tng_mass_parquet tng_unsharp_5_parquet)"
    ]


def test_the_wildcard_ends_where_a_word_ends():
    snapshots = [(f"tng_simulate_{number}", "One snapshot.") for number in ("084", "091", "099")]
    assert targets.lines(snapshots)[0].startswith("tng_simulate_{snapshot} (One snapshot: ")
    networks = [(f"xmm_{name}_demodel", "Each one.") for name in ("a", "b")]
    assert targets.lines(networks)[0].startswith("xmm_{name}_demodel (Each one: ")


def test_arms_and_other_docstrings_and_targets_without_one_stay_apart():
    rows = [("tng", "An arm."), ("xmm", "An arm."), ("tng_mass", ONE), ("xmm_a", ONE)]
    rows += [("mine_a", None), ("mine_b", None)]
    names = [re.match(r"\w+", line)[0] for line in targets.lines(rows)]
    assert names == sorted(name for name, _ in rows)
