"""Where the project's files are found: a folder, or a clone of the commit that was asked for."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from interpreter import git
from snakemake.exceptions import WorkflowError
from snakemake.sourcecache import GenericSourceFile, LocalGitFile, LocalSourceFile

import deployment


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A git repository with two versions of a file, of which one has a tag."""
    folder = tmp_path / "project"
    folder.mkdir()

    git(folder, "init", "-q", "-b", "main")
    for version in ("first", "second"):
        (folder / "file.txt").write_text(version)
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", version)
        if version == "first":
            git(folder, "tag", "v1")
    monkeypatch.chdir(tmp_path)
    return folder


def test_a_folder_is_its_own_project(tmp_path):
    rules = LocalSourceFile(str(tmp_path / "workflow" / "rules"))
    assert deployment.project(rules) == tmp_path


def hosted(folder, ref):
    """The rules as Snakemake knows them where it fetched a repository from a host."""
    return SimpleNamespace(hosted_repo=SimpleNamespace(repo_clone=folder), ref=ref)


@pytest.mark.parametrize("ref", ["v1", "commit", "main"])
def test_a_version_in_git_becomes_a_clone_of_its_commit_made_once(repository, ref):
    commit = git(repository, "rev-parse", "v1")
    rules = hosted(repository, commit if ref == "commit" else ref)
    clone = deployment.project(rules)
    assert clone.is_absolute() and clone.parent == Path(".snakemake/skyloom").absolute()
    assert (clone / "file.txt").read_text() == ("second" if ref == "main" else "first")
    (clone / "mark").touch()
    assert deployment.project(rules) == clone and (clone / "mark").exists()
    assert [path.name for path in clone.parent.iterdir()] == [clone.name]
    # Whoever runs jobs on another node can read it.
    assert clone.stat().st_mode & 0o055 == 0o055


def test_gitfile_is_refused_before_the_first_job_fails(repository):
    # Should a later Snakemake run scripts from it, this is where to begin.
    rules = LocalGitFile(str(repository), "workflow/rules", tag="v1")
    with pytest.raises(WorkflowError, match=r"runs no scripts from gitfile.*check v1 out"):
        deployment.project(rules)


def test_a_version_that_is_not_there_leaves_no_clone_and_says_what_to_check(repository):
    with pytest.raises(WorkflowError, match="names a version that the repository has"):
        deployment.project(hosted(repository, "v9"))
    assert not Path(".snakemake").exists()


def test_rules_from_a_bare_address_are_refused_with_what_to_write():
    with pytest.raises(WorkflowError, match=r"github\("):
        deployment.project(GenericSourceFile("https://example.org/workflow/rules"))


def test_an_importing_workflow_keeps_its_own_search_path_after_ours():
    ours = (Path("/skyloom/scripts"), Path("/skyloom/src"))
    first = deployment.search_path(ours, "/theirs:/more")
    assert first == "/skyloom/scripts:/skyloom/src:/theirs:/more"
    # A job reads the same Snakefile again.
    assert deployment.search_path(ours, first) == first
    assert deployment.search_path(ours, "") == "/skyloom/scripts:/skyloom/src"


def test_a_module_says_only_what_differs_from_the_defaults():
    given = {"run": "theirs", "tng": {"snapshots": [99], "grid": {"bins": 64}}}
    whole = deployment.completed(given, Path.cwd())
    defaults = yaml.safe_load(Path("config/config.yaml").read_text())
    assert whole["run"] == "theirs" and whole["seed"] == defaults["seed"]
    assert whole["tng"]["snapshots"] == [99] and whole["tng"]["grid"]["bins"] == 64
    assert whole["tng"]["grid"]["width"] == defaults["tng"]["grid"]["width"]
    assert given == {"run": "theirs", "tng": {"snapshots": [99], "grid": {"bins": 64}}}
