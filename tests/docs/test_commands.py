"""Every command of README.md and docs/tutorial.md is run, planned, or said where it is run.

A command of Snakemake is planned unless it is in `RUN` or `ELSEWHERE`; any other that is new
belongs into one of these.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from commands import ROOT, files_of, in_page, parts

pytestmark = pytest.mark.workflow

PAGES = ("README.md", "docs/tutorial.md")
LONG = os.environ.get("SKYLOOM_LONG_DOCS") == "1"
#: Whether a command is run as it stands; seconds each.
RUN = {
    "snakemake --list-target-rules": "tng_unsharp_5",
    "snakemake --unlock": "Unlocked",
    "export TNG_API_KEY=your-key": "",
}
#: Targets of the Makefile: they have recipes; demo, verify, crate and docs run when it may be long.
MADE = r"make [a-z-]+"
#: Commands that are run by something else, or cannot be here.
ELSEWHERE = {
    "python3 -m venv .venv": "the Makefile's recipe, which `make demo` runs",
    ".venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt": (
        "the Makefile's recipe, which `make demo` runs"
    ),
    "source .venv/bin/activate": "every test runs in that environment",
    "apt-get install python3-venv gcc libc6-dev make": "needs root and a network",
    "pip install .": "test_the_library_installs below, when long",
    "pip install 'tensorflow[and-cuda]'": "for a machine with a GPU",
    "export TNG_API_KEY=…": "the key of a person; the tutorial's line is run",
    "snakemake --report report.html": "tests/workflow/test_report.py makes Snakemake's own report",
}


def known(command):
    """What is done with a command: run, made, elsewhere or planned."""
    if command in RUN:
        return "run"
    if command in ELSEWHERE:
        return "elsewhere"
    if re.fullmatch(MADE, command):
        return "made"
    return "planned" if command.startswith("snakemake ") else None


def all_commands():
    return {command: page for page in PAGES for command in in_page(page)}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The project in a folder of its own, with the tutorial's files and stand-ins for data."""
    folder = tmp_path_factory.mktemp("reader")
    skip = shutil.ignore_patterns("__pycache__", "downloads", "results")
    for name in ("workflow", "scripts", "config", "resources", "envs"):
        shutil.copytree(ROOT / name, folder / name, ignore=skip)
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, folder)
    for name, text in files_of("docs/tutorial.md").items():
        (folder / name).write_text(text)
    data = folder / "data"
    for snapshot in range(84, 100):
        for kind in ("groups", "snapdir"):
            (data / "TNG50-1" / "output" / f"{kind}_{snapshot:03d}").mkdir(parents=True)
    for name in ("MILES", "new", "sdss/spectra"):
        (data / name).mkdir(parents=True)
    for name in ("data/hd127972_final_corr.txt", "my_star.txt", "wanted.fits"):
        (folder / name).write_text("4460 1.0\n4480 1.0\n")
    return folder


def run(folder, words):
    """Run a command in the copy; (status, output)."""
    if words[0] == "snakemake":
        words = [sys.executable, "-m", *words]
    done = subprocess.run(
        words,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        env=os.environ | {"TNG_API_KEY": "a-key-for-planning"},
    )
    return done.returncode, done.stdout


def in_copy(folder, word):
    """The reader's folder /data is the copy's."""
    return re.sub(r"(?<![\w.])/data/", f"{folder}/data/", word)


def test_no_command_of_the_pages_is_unknown():
    unknown = {c: page for c, page in all_commands().items() if known(c) is None}
    assert unknown == {}, "tell tests/docs/test_commands.py how they are checked"


def test_no_command_is_listed_that_the_pages_no_longer_have():
    assert {*RUN, *ELSEWHERE} - {*all_commands()} == set()


def test_environment_of_the_tutorial_is_that_of_the_makefile():
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8")
    for name, value in (("$(PYTHON)", "python3"), ("$(BIN)", ".venv/bin"), ("$(VENV)", ".venv")):
        recipe = recipe.replace(name, value)
    for command in list(ELSEWHERE)[:2]:
        assert f"\t{command}\n" in recipe


def test_short_commands_run_as_they_stand(copy):
    for command, said in RUN.items():
        words = shlex.split(command)
        code, text = run(copy, ["bash", "-c", command] if words[0] == "export" else words)
        assert code == 0 and said in text, f"{command}\n{text[-2000:]}"


def test_targets_of_make_have_recipes(copy):
    for command in all_commands():
        if known(command) == "made":
            code, text = run(copy, ["make", "-n", *command.split()[1:]])
            assert code == 0, f"{command}\n{text[-2000:]}"


def test_commands_plan_as_they_stand_once_their_data_is_there(copy):
    groups = {}
    for command in all_commands():
        if known(command) == "planned":
            options, targets = parts(command)
            groups.setdefault(options, []).extend(targets or ["all"])

    def plan(group):
        options, targets = group
        more = [] if "--profile" in options else ["--cores", "8"]
        words = ["snakemake", "-n", "--quiet", "rules", "--nocolor", *more]
        words += [*dict.fromkeys(targets), *(in_copy(copy, word) for word in options)]
        return words, *run(copy, words)

    with ThreadPoolExecutor(2) as pool:
        for words, code, text in pool.map(plan, groups.items()):
            assert code == 0, f"{shlex.join(words)}\n{text[-2000:]}"
    assert len(groups) >= 10


@pytest.mark.skipif(not LONG, reason="half an hour: set SKYLOOM_LONG_DOCS=1 (make test-docs)")
def test_a_fresh_clone_makes_the_demo_and_verifies_it(tmp_path):
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    for target in ("demo", "verify", "crate", "docs"):
        subprocess.run(["make", target], cwd=clone, check=True, timeout=3 * 3600)
    page = clone / "results" / "demo" / "report" / "index.html"
    assert Path(page).stat().st_size > 10_000
    after = subprocess.run(
        [".venv/bin/snakemake", "-n", "--cores", "8"], cwd=clone, capture_output=True, text=True
    )
    assert "Nothing to be done" in after.stdout + after.stderr


@pytest.mark.skipif(not LONG, reason="needs a package index: set SKYLOOM_LONG_DOCS=1")
def test_the_library_installs(tmp_path):
    copy = tmp_path / "copy"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(copy)], check=True)
    target = tmp_path / "site"
    words = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), "."]
    subprocess.run([sys.executable, *words], cwd=copy, check=True)
    code = "import skyloom.loaders; print(skyloom.loaders.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(target)},
    )
    assert done.stdout.startswith(str(target)), done.stderr
