"""Snakemake sees whatever a job is given: each case is one that it does not see by itself."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import reruns

SCRIPTS = Path(__file__).parents[2] / "scripts"

SNAKEFILE = """
import sys

sys.path.insert(0, {scripts!r})
import reruns

turn = config["turn"]
one, two = ("b", "a") if turn else ("a", "b")
CODES = [lambda wildcards: "0"]


rule all:
    input:
        expand("{{case}}{{kept}}.txt", case=[*cases], kept=["", "_kept"]),


rule files:
    output:
        "a",
        "b",
    shell:
        "touch {{output}}"


for kept in ("", "_kept"):
    for case, (files, parameters) in cases.items():

        rule:
            name:
                case + kept
            input:
                **files,
            output:
                f"{{case}}{{kept}}.txt",
            params:
                **parameters,
                code=CODES[0] if kept else None,
            script:
                "step.py"


reruns.keep(workflow.rules, CODES)
"""
# What of two configurations each case differs in: named inputs, and parameters.
CASES = """
cases = {
    "named_inputs_swapped": (dict(x=one, y=two), {}),
    "inputs_in_another_order": (dict(x=[one, two]), {}),
    "parameters_swapped": (dict(x="a"), dict(x=one, y=two)),
    "function_of_input": (dict(x="a"), dict(x=lambda w, input: f"{input}{turn}")),
    "function_of_output": (dict(x="a"), dict(x=lambda w, output: f"{output}{turn}")),
}
"""


def snakemake(folder, *words):
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout


def workflow(folder, cases):
    """A workflow with each case as it is, and with what skyloom adds to its steps."""
    text = SNAKEFILE.format(scripts=str(SCRIPTS))
    (folder / "Snakefile").write_text(text.replace("CODES = ", cases + "CODES = ", 1))
    (folder / "step.py").write_text("open(snakemake.output[0], 'w').close()\n")
    return folder


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """Rules that run again after each case's change."""
    folder = workflow(tmp_path_factory.mktemp("reruns"), CASES)
    status, text = snakemake(folder, "--config", "turn=0")
    assert status == 0, text
    assert "Nothing to be done" in snakemake(folder, "-n", "--config", "turn=0")[1]
    # All of Snakemake's triggers, whatever a profile says.
    return set(re.findall(r"^rule (\w+):", snakemake(folder, "-n", "--config", "turn=1")[1], re.M))


@pytest.mark.parametrize("case", re.findall(r'^    "(\w+)"', CASES, re.M))
def test_what_snakemake_does_not_see_runs_a_step_again(planned, case):
    assert f"{case}_kept" in planned
    # Where Snakemake sees it one day, `reruns` has less to do.
    assert case not in planned


@pytest.mark.parametrize("value", [np.arange(3), np.int64(3), Path("a"), {"a"}], ids=repr)
def test_a_parameter_that_snakemake_cannot_compare_is_refused(value):
    with pytest.raises(TypeError, match="is not JSON serializable"):
        reruns.digest({"x": [value]}, [])


def test_the_rule_of_another_workflow_is_left_alone_whatever_it_calls_code():
    params = {"code": np.arange(3)}
    reruns.keep([SimpleNamespace(params=params)], [lambda wildcards: "0"])
    assert set(params) == {"code"}
