"""Whatever dies, nothing is lost: seeded rounds of faults, each followed by the same run again.

``make test-faults`` plays 50 rounds, over as many runs as one likes.
"""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow

PLAYED = Path(__file__).parent / "rounds.py"


@pytest.mark.long("each round runs the workflow twice, for a minute")
@pytest.mark.parametrize(("first", "rounds"), [(0, 5), (5, 5)])
def test_the_same_run_again_mends_what_any_fault_left_and_gives_the_same_bytes(first, rounds):
    command = [sys.executable, PLAYED, "--first", str(first), "--rounds", str(rounds)]
    done = subprocess.run(command)
    assert done.returncode == 0, "the table above says what was lost"
