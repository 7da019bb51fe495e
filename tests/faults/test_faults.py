"""Whatever dies, nothing is lost: seeded rounds of faults, each followed by the same run again.

``make test-faults`` plays 50 rounds, ``SKYLOOM_FAULT_ROUNDS`` sets another number.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow

HERE = Path(__file__).parent
ROUNDS = os.environ.get("SKYLOOM_FAULT_ROUNDS", "5")
# Mounts that are gone with the process: as root, else where users may have their own.
WAYS = (["unshare", "--mount"], ["unshare", "--map-root-user", "--mount"])
TRIAL = ["mount", "-t", "tmpfs", "tmpfs", "/mnt"]


def own_mounts():
    """Words before a command that give it mounts of its own; None where that cannot be."""
    for words in WAYS:
        if shutil.which(words[0]) and not subprocess.run([*words, *TRIAL]).returncode:
            return words
    return None


def test_the_same_run_again_mends_what_any_fault_left_and_gives_the_same_bytes():
    before = own_mounts()
    command = [*(before or []), sys.executable, HERE / "rounds.py", "--rounds", ROUNDS]
    if before is None:
        command.append("--no-mounts")
    folders = (HERE.parent / "workflow", HERE.parents[1] / "scripts")
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
    )
    assert done.returncode == 0, "the table above says what was lost"
