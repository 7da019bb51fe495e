"""Where the project's files are found: a folder, or a clone of the commit that was asked for."""

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from snakemake.exceptions import WorkflowError
from snakemake.sourcecache import GenericSourceFile, LocalGitFile, LocalSourceFile

import deployment


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A git repository with two versions of a file, of which one has a tag."""
    folder = tmp_path / "project"
    folder.mkdir()

    def git(*words):
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        done = subprocess.run(
            ["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("init", "-q", "-b", "main")
    for version in ("first", "second"):
        (folder / "file.txt").write_text(version)
        git("add", "-A")
        git("commit", "-qm", version)
        if version == "first":
            git("tag", "v1")
    monkeypatch.chdir(tmp_path)
    return folder, git


def test_a_folder_is_its_own_project(tmp_path):
    rules = LocalSourceFile(str(tmp_path / "workflow" / "rules"))
    assert deployment.project(rules) == tmp_path


@pytest.mark.parametrize("ref", [{"tag": "v1"}, {"commit": None}, {"ref": "main"}])
def test_a_version_in_git_becomes_a_clone_of_its_commit_made_once(repository, ref):
    folder, git = repository
    ref = {"commit": git("rev-parse", "v1")} if "commit" in ref else ref
    rules = LocalGitFile(str(folder), "workflow/rules", **ref)
    clone = deployment.project(rules)
    assert clone.is_absolute() and clone.parent == Path(".snakemake/skyloom").absolute()
    assert (clone / "file.txt").read_text() == ("second" if "ref" in ref else "first")
    (clone / "mark").touch()
    assert deployment.project(rules) == clone and (clone / "mark").exists()
    assert [path.name for path in clone.parent.iterdir()] == [clone.name]
    # Whoever runs jobs on another node can read it.
    assert clone.stat().st_mode & 0o055 == 0o055


def test_a_hosted_repository_is_taken_from_what_snakemake_fetched(repository):
    folder, _ = repository
    hosted = SimpleNamespace(hosted_repo=SimpleNamespace(repo_clone=folder), ref="v1")
    assert (deployment.project(hosted) / "file.txt").read_text() == "first"


def test_a_version_that_is_not_there_leaves_no_clone_and_says_what_to_check(repository):
    folder, _ = repository
    rules = LocalGitFile(str(folder), "workflow/rules", tag="v9")
    with pytest.raises(WorkflowError, match="names a version that the repository has"):
        deployment.project(rules)
    assert not Path(".snakemake").exists()


def test_rules_from_a_bare_address_are_refused_with_what_to_write():
    with pytest.raises(WorkflowError, match=r"github\("):
        deployment.project(GenericSourceFile("https://example.org/workflow/rules"))


def test_a_module_says_only_what_differs_from_the_defaults():
    given = {"run": "theirs", "tng": {"snapshots": [99], "grid": {"bins": 64}}}
    whole = deployment.completed(given, Path.cwd())
    defaults = yaml.safe_load(Path("config/config.yaml").read_text())
    assert whole["run"] == "theirs" and whole["seed"] == defaults["seed"]
    assert whole["tng"]["snapshots"] == [99] and whole["tng"]["grid"]["bins"] == 64
    assert whole["tng"]["grid"]["width"] == defaults["tng"]["grid"]["width"]
    assert given == {"run": "theirs", "tng": {"snapshots": [99], "grid": {"bins": 64}}}
