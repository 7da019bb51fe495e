"""Damaged files end in success or in one sentence: no other error, no crash, no hang.

``make fuzz`` tries a million, over as many runs as one likes.
"""

import fuzz_groups
import fuzz_mutations
import fuzz_runner
import numpy as np
import pytest

# Of networks, slow to load, there are a hundredth.
LONG = pytest.mark.long("many times the inputs of make test, of the same kinds")


@pytest.mark.parametrize(
    ("group", "first", "count"),
    [
        ("files", 0, 2_000),
        ("networks", 0, 60),
        pytest.param("files", 2_000, 38_000, marks=LONG),
        pytest.param("networks", 60, 340, marks=LONG),
    ],
)
def test_damaged_files_are_read_or_refused(group, first, count):
    targets = fuzz_groups.targets(group)
    found = fuzz_runner.run(targets, count, first=first, label=f"fuzz {group}")
    text = fuzz_runner.report(*found, group)
    print(f"\n{text}")
    counts, failures, _ = found
    assert not failures, text
    assert sum(sum(one[:3]) for one in counts.values()) == count
    # The mutations reach both ends: files that are still good, and files that are not.
    assert sum(read for read, *_ in counts.values()) > 0.1 * count
    assert sum(refused for _, refused, *_ in counts.values()) > 0.1 * count


def test_same_seed_gives_the_same_damage():
    content = b"SIMPLE  =                    T".ljust(80) + np.random.default_rng(1).bytes(5000)
    made = [fuzz_mutations.mutate(content, seed) for seed in range(50)]
    assert made == [fuzz_mutations.mutate(content, seed) for seed in range(50)]
    # One card is not much to choose from.
    assert len(set(made)) > 35
