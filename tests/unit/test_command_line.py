"""What Snakemake would misread of its command line is said, and what it would not is let be."""

import argparse
import re
import shlex

import pytest
from refusal import refused
from snakemake.cli import get_argument_parser

import command_line
from skyloom.errors import InputError

PARSER = get_argument_parser()


class Given(argparse.Namespace):
    """Remembers every value that an option had, not the last alone."""

    def __init__(self):
        object.__setattr__(self, "all", {"configfile": [], "config": []})
        super().__init__()

    def __setattr__(self, name, value):
        if name in self.all and value:
            self.all[name].append([str(one) for one in value])
        super().__setattr__(name, value)


@pytest.mark.parametrize(
    "line",
    [
        "--cores 8",
        "tng --configfile a.yaml b.yaml --cores 8",
        "--configfile a.yaml tng -n",
        "--configfiles a.yaml --configfile b.yaml",
        "--configfile=a.yaml tng --cores 4",
        "--configfile a.yaml -- tng",
        "--config run=a 'tng={split: {by: random}}' -n tng",
        "--config=run=a tng -C seed=1",
        "-nC run=a -p tng",
        "-Crun=a tng",
        "--configfile a.yaml --config run=a --directory there tng",
    ],
)
def test_a_line_is_cut_as_snakemake_cuts_it(line):
    words = shlex.split(line)
    given = Given()
    PARSER.parse_args(words, namespace=given)
    flags, others = command_line.split(words)
    assert flags == {"--configfile": given.all["configfile"], "--config": given.all["config"]}
    assert {*map(str, given.targets)} <= {*others}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.yaml", "b.yaml", "mine", "report.json"):
        (tmp_path / name).write_text("run: mine\n")
    (tmp_path / "notes").write_text("")
    (tmp_path / "sample.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff")
    (tmp_path / "semantic").mkdir()
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("--cores 8 --configfile a.yaml tng", "tng --cores 8 --configfile a.yaml"),
        ("-n --configfile a.yaml tng xmm b.yaml", "tng xmm -n --configfile a.yaml b.yaml"),
        ("--configfile a.yaml results/x.png", "results/x.png --configfile a.yaml"),
        # Something of the target's name is there, and it is no configuration.
        ("--configfile a.yaml semantic", "semantic --configfile a.yaml"),
        ("--configfile a.yaml notes", "notes --configfile a.yaml"),
        ("--configfile a.yaml sample.png", "sample.png --configfile a.yaml"),
        ("--config 'arms=[tng]' seed=1 tng_mass", "tng_mass --config 'arms=[tng]' seed=1"),
        ("--configfile a.yaml --config seed=1 tng", "tng --configfile a.yaml --config seed=1"),
        # Of two flags Snakemake drops the first.
        ("--configfile a.yaml --configfile b.yaml", "--configfile a.yaml b.yaml"),
        ("--configfile=a.yaml tng --configfiles b.yaml", "tng --configfile a.yaml b.yaml"),
        ("--config run=a -n --config seed=1", "-n --config run=a seed=1"),
        ("--configfile a.yaml --configfile b.yaml tng", "tng --configfile a.yaml b.yaml"),
    ],
)
def test_a_slip_is_answered_with_the_line_that_was_meant(line, meant):
    refused(re.escape(f"Write: snakemake {meant}") + "$", command_line.check, shlex.split(line))
    # What is answered is in order.
    command_line.check(shlex.split(meant))


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--configfile c.yaml", "There is no file c.yaml"),
        ("--configfile semantic/d.yaml", "There is no file semantic/d.yaml"),
        ("--config tng={split: {by: random}} -n", "write 'tng={split: {by: random}}'"),
        ("--config tng.cases=mass", r"write 'tng={cases: \[mass\]}'"),
        ("--config tng.split.by=random", "write 'tng={split: {by: random}}'"),
    ],
)
def test_what_cannot_be_read_is_named(line, said):
    # As the shell would cut it.
    refused(said, command_line.check, line.split())


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "line",
    [
        "--cores 8",
        "tng --configfile a.yaml b.yaml mine report.json",
        "--configfile a.yaml --cores 8 semantic",
        "--configfile a.yaml -- semantic",
        "--configfile /dev/null",
        "tng --config 'tng={split: {by: random}}' 'arms=[tng, xmm]' run=a.b",
        "--configfile a.yaml --config run=a",
        "--until tng --forcerun xmm --resources downloads=1",
    ],
)
def test_what_snakemake_reads_rightly_passes(line):
    command_line.check(shlex.split(line))


def test_flags_are_counted_where_their_files_cannot_be_seen():
    # --directory has changed the folder by then.
    command_line.check_flags(["--configfile", "mine.yaml", "other.yaml", "--config", "seed=1"])
    with pytest.raises(InputError, match="Write: snakemake --configfile mine.yaml other.yaml$"):
        command_line.check_flags(["--configfile", "mine.yaml", "--configfile", "other.yaml"])


def test_of_a_program_that_uses_snakemake_the_words_are_its_own(monkeypatch):
    words = ["--configfile", "a", "--configfile", "b"]
    for program in ("/bin/snakemake", "/lib/python3/site-packages/snakemake/__main__.py"):
        monkeypatch.setattr("sys.argv", [program, *words])
        assert command_line.given() == words
    for program in ("/bin/pytest", "/lib/other/__main__.py", "snakebids"):
        monkeypatch.setattr("sys.argv", [program, *words])
        assert command_line.given() == []


def test_a_profile_without_its_schedulers_commands_is_refused_unless_nothing_is_run(monkeypatch):
    there = {"squeue": "/bin/squeue"}
    monkeypatch.setattr("shutil.which", there.get)
    for line in ("--profile workflow/profiles/slurm", "tng --profile p --cores 8 --keep-going"):
        refused("no sbatch, which", command_line.check_programs, line.split(), ("sbatch", "squeue"))
    for line in ("-n tng", "-np", "--dry-run", "--list-target-rules", "--unlock"):
        command_line.check_programs(line.split(), ("sbatch", "squeue"))
    command_line.check_programs(["tng"], ("squeue",))


def test_a_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.write_text("")
    refused(f"{file}.* set XDG_CACHE_HOME", command_line.check_cache, {"XDG_CACHE_HOME": str(file)})
    command_line.check_cache({"XDG_CACHE_HOME": str(tmp_path / "new")})
    monkeypatch.setenv("HOME", str(file))
    refused(f"{file}/.cache.* or HOME", command_line.check_cache, {})
