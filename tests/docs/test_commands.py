"""Every printed command is run as it stands, through a shell, or said where it is run.

A command of Snakemake is planned unless it is in `RUN` or `ELSEWHERE`; any other that is new
belongs into one of these. Nothing of a line is changed: that it is planned and not run is said by
the profile of the copy in which it is typed, and its reader's home is that copy.
"""

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from commands import ROOT, files_of, in_comments, in_page
from miniature import copied, shell

pytestmark = pytest.mark.workflow

# What a newcomer reads first: planned in make test.
FIRST = ("README.md", "docs/data.md", "docs/beyond.md", "docs/semantic.md")
PAGES = (*FIRST, "config/README.md", "docs/tutorial.md", "docs/index.md", "CONTRIBUTING.md")
PAGES += ("docs/targets.md", "docs/results.md", "docs/demo.md", "docs/speed.md")
PAGES += ("docs/cluster.md", "docs/datasets.md", "docs/provenance.md", "docs/start.md")
PAGES += ("docs/gpu.md", "docs/library.md", "docs/gallery.md")
COMMENTS = ("config/config.yaml", "config/papers.yaml")
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
    "pip install .": "tests/docs/test_install.py, when long",
    'pip install ".[networks,report,workflow]"': "tests/docs/test_install.py, when long",
    ".venv/bin/python -m pytest -x -q tests/unit/test_images.py": "these tests are it",
    "pip install 'tensorflow[and-cuda]'": "for a machine with a GPU",
    "export TNG_API_KEY=…": "the key of a person; the tutorial's line is run",
    "snakemake --report report.html": "tests/workflow/test_report.py makes Snakemake's own report",
    "python benchmarks/run.py precision": "half an hour of timings",
    "python3 workflow/profiles/cluster/scheduler.py clean": "tests/cluster runs it",
    ".venv/bin/python scripts/verify.py --crate results/<run>": (
        "tests/unit/test_provenance_verification.py"
    ),
    "snakedeploy deploy-workflow https://<host>/<owner>/skyloom my-run --tag <version>": (
        "needs a network"
    ),
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
    """{command: the first page that prints it}."""
    comments = {command: page for page in COMMENTS for command in in_comments(page)}
    return comments | {command: page for page in PAGES[::-1] for command in in_page(page)}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The project in a folder of its own, with the tutorial's files and stand-ins for data."""
    folder = tmp_path_factory.mktemp("reader")
    copied(folder)
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, folder)
    for name, text in files_of("docs/tutorial.md").items():
        (folder / name).write_text(text)
    with (folder / "workflow" / "profiles" / "default" / "config.yaml").open("a") as profile:
        profile.write("dry-run: true\nquiet: [rules]\n")
    data = folder / "data"
    for snapshot in range(84, 100):
        for kind in ("groups", "snapdir"):
            (data / "TNG50-1" / "output" / f"{kind}_{snapshot:03d}").mkdir(parents=True)
    for name in ("MILES", "new", "sdss/spectra", "filtered_wv_models", "epic"):
        (data / name).mkdir(parents=True)
    stars = ("data/hd127972_final_corr.txt", "my_star.txt")
    for name in (*stars, "wanted.fits", "data/4xmmdr9_obslist.fits"):
        (folder / name).write_text("4460 1.0\n4480 1.0\n")
    # A login node has its scheduler's programs; where all is planned, none of them is run.
    (folder / "scheduler").mkdir()
    for name in ("sbatch", "squeue", "scancel"):
        program = folder / "scheduler" / name
        program.write_text("#!/bin/sh\nexit 1\n")
        program.chmod(0o755)
    return folder


def run(folder, line):
    """Run a line in the copy, its reader's home; (status, output)."""
    variables = {"HOME": str(folder), "TNG_API_KEY": "a-key-for-planning"}
    return shell(line, folder, programs=[folder / "scheduler"], **variables)


def test_no_command_of_the_pages_is_unknown():
    unknown = {c: page for c, page in all_commands().items() if known(c) is None}
    assert unknown == {}, "tell tests/docs/test_commands.py how they are checked"


def test_no_command_is_listed_that_the_pages_no_longer_have():
    assert {*RUN, *ELSEWHERE} - {*all_commands()} == set()


def test_files_that_run_a_command_elsewhere_are_there():
    named = {file for why in ELSEWHERE.values() for file in re.findall(r"tests/[\w/.]*\w", why)}
    assert named and [file for file in named if not (ROOT / file).exists()] == []


def test_environment_of_the_tutorial_is_that_of_the_makefile():
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8")
    for name, value in (("$(PYTHON)", "python3"), ("$(BIN)", ".venv/bin"), ("$(VENV)", ".venv")):
        recipe = recipe.replace(name, value)
    for command in list(ELSEWHERE)[:2]:
        assert f"\t{command}\n" in recipe


def test_short_commands_run_as_they_stand(copy):
    for command, said in RUN.items():
        code, text = run(copy, command)
        assert code == 0 and said in text, f"{command}\n{text[-2000:]}"


def test_targets_of_make_have_recipes(copy):
    for command in all_commands():
        if known(command) == "made":
            code, text = run(copy, f"MAKEFLAGS=n {command}")
            assert code == 0 and "warning" not in text, f"{command}\n{text[-2000:]}"


LONG = pytest.mark.long("seconds a command; those of the first pages are planned in make test")


@pytest.mark.parametrize(
    "pages",
    [FIRST, pytest.param((*PAGES[len(FIRST) :], *COMMENTS), marks=LONG)],
    ids=["first", "others"],
)
def test_commands_plan_as_they_stand_once_their_data_is_there(copy, pages):
    # Where all is planned, `-n` makes no difference.
    distinct = {
        line.replace(" -n", ""): line
        for line, page in all_commands().items()
        if page in pages and known(line) == "planned"
    }
    with ThreadPoolExecutor(2) as pool:
        for line, (code, text) in zip(
            distinct.values(),
            pool.map(lambda line: run(copy, line), distinct.values()),
            strict=True,
        ):
            assert code == 0 and "This was a dry-run" in text, f"{line}\n{text[-2000:]}"
    assert len(distinct) >= 10 and not (copy / "results").exists()


@pytest.mark.long("the whole demo and its environment from a package index")
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
