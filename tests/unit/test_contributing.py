"""What contributors and machines of others are told: the same commands, tools and versions."""

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

MAKEFILE = Path("Makefile").read_text(encoding="utf-8")
FORMS = sorted(Path(".github/ISSUE_TEMPLATE").glob("[0-9]*.yml"))


def loaded(path):
    """A YAML file; `on:` of GitHub's, which YAML takes for a truth, is the key True."""
    return yaml.safe_load(Path(path).read_text(encoding="utf-8"))


def recipe(target):
    """Commands of a target of the Makefile, without the folder of the environment."""
    lines = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)[1]
    return [line.strip().replace("$(BIN)/", "") for line in lines.splitlines()]


def pins():
    """{package: version} of what `make lint` installs."""
    text = Path("requirements.txt").read_text() + Path("requirements-dev.txt").read_text()
    return dict(re.findall(r"^([\w.-]+)==(\S+)$", text, re.MULTILINE))


def test_every_target_of_make_has_one_recipe_and_is_explained():
    targets = re.findall(r"^([a-z][\w-]*):", MAKEFILE, re.MULTILINE)
    assert len(targets) == len({*targets})
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[1].split()
    assert {*phony} == {*targets}
    told = re.findall(r"^#   make ([a-z-]+)", MAKEFILE, re.MULTILINE)
    assert {*told} == {*targets} - {"help", "clean", "check"}


def test_continuous_integration_runs_targets_of_make_and_nothing_else():
    jobs = loaded(".github/workflows/ci.yml")["jobs"]
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert {"make lint", "make test", "make docs", "make test-all"} == {*commands}
    assert all(recipe(command.removeprefix("make ")) for command in commands)
    assert Path(".ci/run").read_text().splitlines()[-1] == "make test"


def test_actions_are_pinned_and_no_other_host_is_named():
    text = Path(".github/workflows/ci.yml").read_text(encoding="utf-8")
    used = re.findall(r"uses: (.*)", text)
    assert used and all(
        re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line) for line in used
    )
    assert not re.search(r"://|\w\.(?:org|com|io|net|dev)\b|index-url", text)
    workflow = loaded(".github/workflows/ci.yml")
    # No job may write, and a fork's change sees no secret.
    assert workflow["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in workflow[True] and "secrets" not in text


def test_pre_commit_has_the_linters_of_make_lint_at_their_versions():
    (source,) = loaded(".pre-commit-config.yaml")["repos"]
    hooks = source["hooks"]
    # Where `make lint` names files by a pattern, the hook is given those that changed.
    named = {hook["entry"] for hook in hooks if hook.get("pass_filenames", True)}
    assert named == {"numpydoc lint"} and source["repo"] == "local"
    commands = [re.sub(r" \$\$\(find .*\)$", "", command) for command in recipe("lint")]
    assert [hook["entry"].removeprefix(".venv/bin/") for hook in hooks] == commands
    for hook in hooks:
        program = hook["entry"].split()[0]
        if hook["language"] == "python":
            assert hook["additional_dependencies"] == [f"{program}=={pins()[program]}"]
        else:
            assert program in (".venv/bin/mypy", ".venv/bin/snakemake")


def test_read_the_docs_builds_what_make_docs_builds():
    config = loaded(".readthedocs.yaml")
    assert config["version"] == 2 and config["sphinx"]["fail_on_warning"] is True
    assert Path(config["sphinx"]["configuration"]).is_file()
    assert " -W " in recipe("docs")[0]
    (install,) = config["python"]["install"]
    assert install == {"requirements": "requirements-dev.txt"}
    assert {"Sphinx", "furo", "myst-parser"} <= {*pins()}
    tests = loaded(".github/workflows/ci.yml")["jobs"]["test"]
    assert config["build"]["tools"]["python"] in tests["strategy"]["matrix"]["python"]


@pytest.mark.parametrize("form", FORMS, ids=[path.stem for path in FORMS])
def test_forms_of_issues_are_what_github_reads(form):
    content = loaded(form)
    assert content["name"] and content["description"]
    names = [field["id"] for field in content["body"]]
    assert len(names) == len({*names})
    for field in content["body"]:
        assert field["type"] in {"markdown", "textarea", "input", "dropdown", "checkboxes"}
        assert field["attributes"]["label"]
        assert set(field) <= {"type", "id", "attributes", "validations"}
    assert any(field.get("validations", {}).get("required") for field in content["body"])


def test_the_pages_for_contributors_are_there_and_name_each_other():
    contributing = Path("CONTRIBUTING.md").read_text(encoding="utf-8")
    for name in ("SECURITY.md", "CODE_OF_CONDUCT.md", "docs/extending.md", "docs/differences.md"):
        assert f"({name})" in contributing and Path(name).is_file()
    # None promises an address that nobody reads.
    for name in ("CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md"):
        assert not re.search(r"[\w.]+@[\w.]+\.\w+", Path(name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("setting", "found"),
    [(None, "beside"), ("{tmp}/elsewhere", "elsewhere"), ("", "")],
    ids=["not set", "set", "set but empty"],
)
def test_continuous_integration_looks_for_real_files_beside_it_only_where_none_are_named(
    setting, found, tmp_path
):
    project, beside = tmp_path / "project", tmp_path / "shared" / "data"
    (project / ".ci").mkdir(parents=True)
    beside.mkdir(parents=True)
    shutil.copy(".ci/run", project / ".ci" / "run")
    programs = tmp_path / "bin"
    programs.mkdir()
    (project / ".venv" / "bin").mkdir(parents=True)
    stand_in = '#!/bin/sh\necho "$1 [${SKYLOOM_REAL_DATA-unset}]" >> "$SAID"\n'
    for path in (programs / "make", programs / "chromium", project / ".venv/bin/python"):
        path.write_text(stand_in)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    env = {key: value for key, value in os.environ.items() if key != "SKYLOOM_REAL_DATA"}
    env |= {"PATH": f"{programs}:{env['PATH']}", "SAID": str(tmp_path / "said")}
    if setting is not None:
        env["SKYLOOM_REAL_DATA"] = setting.format(tmp=tmp_path)
    subprocess.run(["bash", str(project / ".ci" / "run")], check=True, env=env)
    folder = {"beside": str(beside), "elsewhere": f"{tmp_path}/elsewhere", "": ""}[found]
    assert (tmp_path / "said").read_text().splitlines()[-1] == f"test [{folder}]"
