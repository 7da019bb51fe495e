"""The whole of `make test-cluster`, as one test."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow


@pytest.mark.long("seven minutes, as root, with Slurm from the distribution's packages")
def test_an_arm_goes_through_a_real_slurm_and_its_results_are_those_of_a_local_run():
    words = [sys.executable, Path(__file__).parent / "run.py"]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-4000:]
    if "the cluster test is skipped" in done.stdout:
        pytest.skip(done.stdout.strip())
