"""The workflow as a module of another one, and as snakedeploy deploys it from a git repository."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import pytest
import yaml

from skyloom import datasets

ROOT = Path(__file__).parents[2]

# One job of seconds; whatever it does not say is the default of config/config.yaml.
FEW = {"images": {"train": 60, "validation": 20, "test": 20}}
SMALL = {"run": "theirs", "seed": 7, "arms": ["semantic"], "semantic": {"datasets": {"clean": FEW}}}
DATASET = "results/theirs/semantic/datasets/clean.h5"

MODULE = """
configfile: "config/config.yaml"


module skyloom:
    snakefile:
        {snakefile}
    config:
        config["skyloom"]


use rule * from skyloom as skyloom_*


rule count:
    input:
        "{dataset}",
    output:
        "count.txt",
    shell:
        "ls -1 {{input}} | wc -l > {{output}}"
"""


def run(folder, *words, env=None, check=True):
    """A command in a folder; its output and errors as one text."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    if check:
        assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def importing(folder, snakefile):
    """A workflow of someone else's that uses this one as a module."""
    (folder / "workflow").mkdir(parents=True)
    (folder / "config").mkdir()
    (folder / "config/config.yaml").write_text(yaml.safe_dump({"skyloom": SMALL, "other": 1}))
    text = MODULE.format(snakefile=snakefile, dataset=DATASET)
    (folder / "workflow/Snakefile").write_text(text)
    return folder


@pytest.fixture(scope="module")
def repository(make_project, tmp_path_factory):
    """The project as a git repository on a host of its own, with a tag, and how git finds it."""
    hosts = tmp_path_factory.mktemp("hosts")
    folder = hosts / "github.com" / "someone" / "skyloom"
    folder.parent.mkdir(parents=True)
    make_project(SMALL).folder.rename(folder)
    for name in (".gitignore", "LICENSE", "CITATION.cff", ".snakemake-workflow-catalog.yml"):
        shutil.copy(ROOT / name, folder)
    git = ["git", "-c", "user.name=someone", "-c", "user.email=someone@example.org"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"], ["tag", "v0.1.0"]):
        subprocess.run([*git, *words], cwd=folder, check=True)
    # Whatever is asked of the web is asked of this folder: nothing leaves the machine.
    (hosts / "gitconfig").write_text(f'[url "file://{hosts}/"]\n\tinsteadOf = https://\n')
    env = {
        "GIT_CONFIG_GLOBAL": str(hosts / "gitconfig"),
        "XDG_CACHE_HOME": str(hosts / "cache"),
    }
    return folder, env


def commit_of(folder):
    words = ["git", "-C", str(folder), "rev-parse", "HEAD"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def test_another_workflow_plans_and_builds_with_this_one_as_a_module(make_project, tmp_path):
    ours = make_project(SMALL).folder
    theirs = importing(tmp_path / "theirs", f'"{ours}/workflow/Snakefile"')
    run(theirs, "-m", "snakemake", "--cores", "2", "count")
    assert (theirs / "count.txt").read_text().strip() == "1"
    assert datasets.check(theirs / DATASET)["samples"] == 100
    with h5py.File(theirs / DATASET) as file:
        assert file.attrs["seed"] == 7
    # A change of the other workflow's own configuration reaches the module.
    plan = run(theirs, "-m", "snakemake", "-n", "count", "--config", "skyloom={seed: 8}")
    assert "Params have changed" in plan and "skyloom_semantic_dataset" in plan
    # Targets have their names there too; a misspelt one is answered with the nearest.
    plan = run(theirs, "-m", "snakemake", "-n", "skyloom_semantic_clean_parquet")
    assert "skyloom_export_parquet" in plan
    said = run(theirs, "-m", "snakemake", "-n", "skyloom_semantic_claen", check=False)
    assert "no target skyloom_semantic_claen, perhaps skyloom_semantic_clean:" in said


def test_a_wrong_key_of_a_module_is_named(tmp_path):
    theirs = importing(tmp_path / "theirs", f'"{ROOT}/workflow/Snakefile"')
    said = run(theirs, "-m", "snakemake", "-n", "--config", "skyloom={seeed: 8}", check=False)
    assert "seeed" in said and "Traceback" not in said


def test_snakedeploy_deploys_a_tag_and_the_deployment_builds(repository, tmp_path):
    folder, env = repository
    deployed = tmp_path / "deployed"
    address = "https://github.com/someone/skyloom"
    deploy = ("snakedeploy", "deploy-workflow", address, str(deployed), "--tag", "v0.1.0")
    subprocess.run(
        [Path(sys.executable).parent / deploy[0], *deploy[1:]],
        env={**os.environ, **env},
        check=True,
        capture_output=True,
    )
    assert (deployed / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    (deployed / "small.yaml").write_text(yaml.safe_dump(SMALL))
    words = ("--cores", "2", "--configfile", "small.yaml", "--", "semantic_clean")
    run(deployed, "-m", "snakemake", *words, env=env)
    assert datasets.check(deployed / DATASET)["samples"] == 100
    # Library, schemas and tables come from a clone of that very commit, which the record names.
    commit = commit_of(folder)
    assert [path.name for path in (deployed / ".snakemake/skyloom").iterdir()] == [commit[:16]]
    record = next((deployed / "results/theirs/provenance/semantic_dataset").glob("*.json"))
    made = json.loads(record.read_text())
    assert made["commit"] == commit and made["code"]["script"] == "semantic/make_dataset.py"


# What rules refer to by paths of their own: conda's environment, captions of the report.
_REFERRED = """
from pathlib import Path
from snakemake.api import SnakemakeApi
from snakemake.settings.types import ResourceSettings

with SnakemakeApi() as api:
    snakefile = Path("workflow/Snakefile")
    project = api.workflow(resource_settings=ResourceSettings(cores=1), snakefile=snakefile)
    project = project._workflow
    for rule in project.rules:
        if rule.conda_env is not None:
            text = project.sourcecache.open(rule.basedir.join(rule.conda_env)).read()
            assert "nodefaults" in str(text), rule
        for output in rule.output:
            if caption := getattr(output.flags.get("report"), "caption", None):
                assert project.sourcecache.open(caption).read().strip(), rule
                print(rule.name)
"""


def test_a_module_from_git_finds_environment_and_captions(repository, tmp_path):
    _, env = repository
    source = 'github("someone/skyloom", path="workflow/Snakefile", tag="v0.1.0")'
    theirs = importing(tmp_path / "theirs", source)
    (tmp_path / "referred.py").write_text(_REFERRED)
    said = run(theirs, str(tmp_path / "referred.py"), env=env)
    assert len(re.findall(r"^skyloom_\w+$", said, re.M)) > 20
