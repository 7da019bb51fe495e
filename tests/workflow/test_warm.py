"""Snakemake begun as a fork is what a new interpreter begins."""

import subprocess
import sys

import pytest
import warm
from miniature import shell

pytestmark = pytest.mark.workflow

# What it prints is all that a run could know of how it was begun.
SNAKEFILE = """
import os, sys
known = [os.getcwd(), os.environ["MARK"], sorted(os.sched_getaffinity(0)), workflow.rundir]
print("known:", *known, sys.argv[1:], __name__, "skyloom" in sys.modules, os.isatty(0))

rule word:
    output: "{word}.txt"
    shell: "echo {wildcards.word} > {output}; test {wildcards.word} = good"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a workflow in it."""
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    monkeypatch.setenv("MARK", "of this test")
    return tmp_path


def known(text):
    """The line that the workflow prints."""
    return [line for line in text.splitlines() if line.startswith("known:")]


def test_folder_environment_and_words_are_those_of_a_new_interpreter(folder):
    words = ["-n", "good.txt"]
    begun = subprocess.run(
        [sys.executable, "-m", "snakemake", *words], cwd=folder, capture_output=True, text=True
    )
    forked = warm.snakemake(words, folder)
    assert begun.returncode == forked.returncode == 0
    assert known(forked.stdout) == known(begun.stdout) and len(known(begun.stdout)) == 1
    assert "of this test" in begun.stdout and not (folder / "good.txt").exists()


def test_status_and_results_come_back(folder):
    words = ["--cores", "1"]
    assert warm.snakemake([*words, "good.txt"], folder).returncode == 0
    assert (folder / "good.txt").read_text() == "good\n"
    failed = warm.snakemake([*words, "bad.txt"], folder)
    assert failed.returncode == 1 and "Error in rule word" in failed.stdout


def test_a_shell_finds_it_by_its_name(folder):
    status, text = shell("snakemake --cores 1 bad.txt || echo failed with $?", folder)
    assert status == 0 and text.rstrip().endswith("failed with 1")
    assert "['--cores', '1', 'bad.txt']" in known(text)[0]
