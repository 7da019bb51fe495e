"""Damaged files end in success or in one sentence: no other error, no crash, no hang.

``SKYLOOM_FUZZ_INPUTS`` says how many (`make fuzz`: a million).
"""

import os

import fuzz_groups
import fuzz_mutations
import fuzz_runner
import numpy as np
import pytest

#: Inputs of a test run, of which those of networks, slow to load, are a hundredth.
INPUTS = int(os.environ.get("SKYLOOM_FUZZ_INPUTS", 4000))
GROUPS = {"files": INPUTS, "networks": max(60, INPUTS // 100)}


@pytest.mark.parametrize("group", GROUPS)
def test_damaged_files_are_read_or_refused(group):
    found = fuzz_runner.run(fuzz_groups.targets(group), GROUPS[group], label=f"fuzz {group}")
    text = fuzz_runner.report(*found, group)
    print(f"\n{text}")
    counts, failures, _ = found
    assert not failures, text
    assert sum(sum(one[:3]) for one in counts.values()) == GROUPS[group]
    # The mutations reach both ends: files that are still good, and files that are not.
    assert sum(read for read, *_ in counts.values()) > 0.1 * GROUPS[group]
    assert sum(refused for _, refused, *_ in counts.values()) > 0.1 * GROUPS[group]


def test_same_seed_gives_the_same_damage():
    content = b"SIMPLE  =                    T".ljust(80) + np.random.default_rng(1).bytes(5000)
    made = [fuzz_mutations.mutate(content, seed) for seed in range(50)]
    assert made == [fuzz_mutations.mutate(content, seed) for seed in range(50)]
    # One card is not much to choose from.
    assert len(set(made)) > 35
