"""A campaign of damaged files over several runs: a million, of networks a hundredth of that.

What was tried is kept in a file (`campaigns`); inputs that failed are tried again. The status is 1
while any fail.
"""

import argparse
import sys
from pathlib import Path

_TESTS = Path(__file__).resolve().parents[1]
sys.path[1:1] = [str(_TESTS.parent / "src"), str(_TESTS / "workflow"), str(_TESTS / "unit")]

import fuzz_groups  # noqa: E402
import fuzz_runner  # noqa: E402
from campaigns import Campaign  # noqa: E402

#: Inputs of one piece of the campaign: minutes.
PIECES = {"files": 10_000, "networks": 500}


def play(campaign, group, inputs, piece):
    """Try the pieces that were not tried yet; what is known of all: as `fuzz_runner.run`."""
    firsts = range(0, inputs, piece)
    known = campaign.tried()
    left = [first for first in firsts if known.get(first, {"failures": True})["failures"]]
    print(f"fuzz {group}: {len(firsts) - len(left)} of {len(firsts)} pieces are tried", flush=True)
    for first in left:
        counts, failures, seconds = fuzz_runner.run(
            fuzz_groups.targets(group), piece, first=first, label=f"fuzz {group} from {first}"
        )
        campaign.add(first, counts=counts, failures=failures, seconds=round(seconds, 1))
    known = campaign.tried()
    return total([known[first] for first in firsts])


def total(pieces):
    """Counts, failures and seconds of several pieces."""
    counts = {}
    for piece in pieces:
        for name, (*numbers, slowest) in piece["counts"].items():
            *before, slowest_before = counts.get(name, (0, 0, 0, 0))
            added = (a + b for a, b in zip(before, numbers, strict=True))
            counts[name] = *added, max(slowest, slowest_before)
    failures = sorted(tuple(one) for piece in pieces for one in piece["failures"])
    return counts, failures, sum(piece["seconds"] for piece in pieces)


def main():
    """Go on with the campaign, and print what all its runs found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--results", default="results/campaigns/fuzz.jsonl")
    options = parser.parse_args()
    failed = False
    for group, inputs in (("files", options.inputs), ("networks", options.inputs // 100)):
        piece = PIECES[group]
        campaign = Campaign(options.results, group=group, piece=piece)
        counts, failures, seconds = play(campaign, group, inputs, piece)
        print(fuzz_runner.report(counts, failures, seconds, group))
        print(f"at {campaign.commits()}", flush=True)
        failed = failed or bool(failures)
    sys.exit(failed)


if __name__ == "__main__":
    main()
