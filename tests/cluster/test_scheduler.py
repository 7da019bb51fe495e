"""What the profile `cluster` says to each scheduler, whose commands are stand-ins here."""

import importlib.util
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PROFILES = Path(__file__).resolve().parents[2] / "workflow" / "profiles"
_SPEC = importlib.util.spec_from_file_location("scheduler", PROFILES / "cluster" / "scheduler.py")
scheduler = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(scheduler)

PROPERTIES = {
    "type": "single",
    "rule": "tng_maps",
    "wildcards": {"snapshot": "099", "part": "1"},
    "threads": 4,
    "resources": {"mem_mb": 16000, "runtime": 485, "gpu": 0, "tmpdir": "<TBD>"},
    "jobid": 7,
}
KEY = "0123-marked-key"
# How each scheduler answers a submission, and what of it is the job's name.
ANSWERS = {
    "slurm": ("41;ci", "41"),
    "pbs": ("41.server.example", "41.server.example"),
    "torque": ("41.server", "41.server"),
    "lsf": ("Job <41> is submitted to queue <normal>.", "41"),
    "sge": ("41", "41"),
}
SUBMITS = {"slurm": "sbatch", "lsf": "bsub", "pbs": "qsub", "torque": "qsub", "sge": "qsub"}
QUERIES = {"slurm": "squeue", "lsf": "bjobs", "pbs": "qstat", "torque": "qstat", "sge": "qstat"}
# Exit status, standard output and error of a query: queued or running, ended, forgotten, down.
ALIVE = {
    "slurm": [(0, "PENDING\n", ""), (0, "RUNNING\n", ""), (0, "COMPLETING\n", "")],
    "pbs": [(0, "Job Id: 41\n    job_state = Q\n", ""), (0, "    job_state = R\n", "")],
    "torque": [(0, "    job_state = H\n", "")],
    "lsf": [(0, "PEND\n", ""), (0, "RUN\n", ""), (0, "SSUSP\n", "")],
    "sge": [(0, "job_number:   41\n", "")],
}
GONE = {
    "slurm": [
        (0, "CANCELLED\n", ""),
        (0, "TIMEOUT\n", ""),
        (0, "", ""),
        (1, "", "slurm_load_jobs error: Invalid job id specified"),
    ],
    "pbs": [(0, "    job_state = F\n", ""), (35, "", "qstat: 41.server Job has finished, use -x")],
    "torque": [(153, "", "qstat: Unknown Job Id 41.server"), (0, "    job_state = C\n", "")],
    "lsf": [(0, "EXIT\n", ""), (255, "", "Job <41> is not found")],
    "sge": [
        (1, "", "Following jobs do not exist: \n41"),
        (0, "job_number: 41\nerror reason    1:  can't open output file\n", ""),
    ],
}
DOWN = {
    "slurm": (1, "", "slurm_load_jobs error: Unable to contact slurm controller"),
    "pbs": (111, "", "Connection refused\nqstat: cannot connect to server"),
    "torque": (171, "", "pbs_iff: cannot connect to server"),
    "lsf": (255, "", "LSF is down. Please wait ..."),
    "sge": (1, "", "error: commlib error: got select error (Connection refused)"),
}


class Site:
    """A folder to work in, with commands that note their words and answer as told."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        self.commands = folder / "commands"
        self.commands.mkdir()
        monkeypatch.chdir(folder)
        monkeypatch.setenv("PATH", f"{self.commands}{os.pathsep}{os.environ['PATH']}")

    def stand_in(self, name, status=0, out="", err=""):
        """A command that keeps its words in a file, one a line."""
        path = self.commands / name
        path.write_text(
            f"#!{sys.executable}\nimport sys\n"
            f"open({str(self.commands / name) + '.words'!r}, 'w').write('\\n'.join(sys.argv))\n"
            f"sys.stdout.write({out!r}); sys.stderr.write({err!r}); sys.exit({status})\n"
        )
        path.chmod(0o755)

    def words(self, name):
        return (self.commands / f"{name}.words").read_text().split("\n")[1:]

    def settings(self, kind, **more):
        text = "\n".join(f"{key} = {value}" for key, value in {"scheduler": kind, **more}.items())
        (self.folder / "site.ini").write_text(f"[site]\n{text}\n")
        return scheduler.settings(self.folder / "site.ini")

    def submitted(self, kind, capsys, body="true", properties=None, **more):
        """Submit a jobscript; the words of the command and the name of the job."""
        script = self.folder / "snakejob.sh"
        line = json.dumps({**PROPERTIES, **(properties or {})})
        script.write_text(f"#!/bin/sh\n# properties = {line}\n{body} && exit 0 || exit 1\n")
        self.stand_in(SUBMITS[kind], out=ANSWERS[kind][0] + "\n")
        scheduler.submit(self.settings(kind, **more), str(script))
        return self.words(SUBMITS[kind]), capsys.readouterr().out.strip()

    def status(self, kind, name, capsys, **more):
        scheduler.status(self.settings(kind, **more), name)
        return capsys.readouterr().out.strip()


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site without any scheduler of its own."""
    return Site(tmp_path, monkeypatch)


def run_as_the_scheduler_would(words):
    return subprocess.run(["sh", words[-1]], capture_output=True, text=True).returncode


ASKED = {
    "slurm": ["--cpus-per-task=4", "--mem=16000M", "--time=485", "--export=ALL"],
    "pbs": ["select=1:ncpus=4:mem=16000mb", "walltime=08:05:00", "-V"],
    "torque": ["nodes=1:ppn=4,mem=16000mb,walltime=08:05:00", "-V"],
    "lsf": ["4", "span[hosts=1] rusage[mem=16000MB]", "16000MB", "485"],
    "sge": ["smp", "4", "h_rt=29100,h_vmem=4000M", "-V"],
}


@pytest.mark.parametrize("kind", scheduler.SCHEDULERS)
def test_threads_memory_and_time_reach_the_scheduler(kind, site, capsys):
    words, name = site.submitted(kind, capsys)
    assert set(ASKED[kind]) <= set(words)
    assert name == ANSWERS[kind][1]
    assert not any("gpu" in word.lower() for word in words)


QUEUE = {"slurm": ("-p", "-A"), "pbs": ("-q", "-A"), "torque": ("-q", "-A")}
QUEUE |= {"lsf": ("-q", "-P"), "sge": ("-q", "-P")}


@pytest.mark.parametrize("kind", scheduler.SCHEDULERS)
def test_queue_account_and_options_are_the_sites(kind, site, capsys):
    words, _ = site.submitted(
        kind, capsys, queue="long", account="stars", options="--hold '--mail=a b'"
    )
    for option, value in zip(QUEUE[kind], ("long", "stars"), strict=True):
        assert words[words.index(option) + 1] == value
    assert words[-3:-1] == ["--hold", "--mail=a b"]


@pytest.mark.parametrize("kind", scheduler.SCHEDULERS)
def test_a_job_with_gpus_asks_for_them_in_their_queue(kind, site, capsys):
    resources = {**PROPERTIES["resources"], "gpu": 2}
    words, _ = site.submitted(
        kind, capsys, properties={"resources": resources}, queue="long", gpu_queue="fast"
    )
    assert words[words.index(QUEUE[kind][0]) + 1] == "fast"
    written = {
        "slurm": "--gpus=2",
        "pbs": ":ngpus=2",
        "torque": ":gpus=2",
        "lsf": "num=2",
        "sge": ",gpu=2",
    }
    assert any(written[kind] in word for word in words)


@pytest.mark.parametrize("kind", scheduler.SCHEDULERS)
@pytest.mark.parametrize("body, expected", [("true", "success"), ("false", "failed")])
def test_a_jobs_own_exit_code_decides_whatever_the_scheduler_says(
    kind, body, expected, site, capsys
):
    words, name = site.submitted(kind, capsys, body)
    assert run_as_the_scheduler_would(words) == (expected == "failed")
    site.stand_in(QUERIES[kind], *DOWN[kind])
    assert site.status(kind, name, capsys) == expected
    # Nothing of a job that is over is kept, but its log.
    assert [path.name for path in scheduler.KEPT.iterdir()] == ["logs"]


@pytest.mark.parametrize("kind", scheduler.SCHEDULERS)
def test_a_job_in_the_queue_runs_and_so_it_does_for_a_scheduler_that_is_down(kind, site, capsys):
    _, name = site.submitted(kind, capsys)
    for answer in (*ALIVE[kind], DOWN[kind]):
        site.stand_in(QUERIES[kind], *answer)
        for _ in range(2):
            assert site.status(kind, name, capsys, patience=-1) == "running", answer


@pytest.mark.parametrize("kind", scheduler.SCHEDULERS)
def test_a_job_that_is_gone_without_an_exit_code_has_failed_after_some_patience(kind, site, capsys):
    for answer in GONE[kind]:
        _, name = site.submitted(kind, capsys)
        site.stand_in(QUERIES[kind], *answer)
        assert site.status(kind, name, capsys, patience=1000) == "running", answer
        assert site.status(kind, name, capsys, patience=1000) == "running", answer
        assert site.status(kind, name, capsys, patience=-1) == "failed", answer


def test_no_file_of_a_job_holds_a_key_though_snakemake_declares_it(site, capsys):
    body = f'cd / && export TNG_API_KEY=\'{KEY}\' OTHER="it\'s" && test -z "$OTHER"'
    words, _ = site.submitted("slurm", capsys, body)
    written = [path for path in site.folder.rglob("*") if path.is_file()]
    assert len(written) >= 4
    assert not [path for path in written if KEY in path.read_text()]
    assert "export" not in Path(words[-1]).read_text()
    assert run_as_the_scheduler_would(words) == 0
    assert stat.S_IMODE(Path(words[-1]).stat().st_mode) == 0o700


def test_names_from_wildcards_are_one_word(site, capsys):
    words, _ = site.submitted(
        "slurm", capsys, properties={"wildcards": {"case": "a b/../$(touch x);\n"}}
    )
    names = [word for word in words if word.startswith("--job-name=")]
    assert names == ["--job-name=skyloom.tng_maps.a-b-..-touch-x-"]
    log = next(word for word in words if word.startswith("--output=")).removeprefix("--output=")
    assert Path(log).parent == scheduler.KEPT.resolve() / "logs"


def test_a_group_is_submitted_as_one_job(site, capsys):
    group = {"type": "group", "groupid": "xmm_draw", "rule": None, "wildcards": None}
    words, _ = site.submitted("slurm", capsys, properties={**group, "threads": None})
    assert "--job-name=skyloom.xmm_draw" in words
    assert "--cpus-per-task=1" in words


def test_a_refused_submission_says_what_the_scheduler_said(site, capsys):
    site.submitted("slurm", capsys)
    site.stand_in("sbatch", 1, err="sbatch: error: Invalid account\n")
    with pytest.raises(SystemExit, match="sbatch refused the job: sbatch: error: Invalid account"):
        scheduler.submit(site.settings("slurm"), "snakejob.sh")


def test_an_unknown_scheduler_and_an_absent_command_are_said_in_one_sentence(site, monkeypatch):
    with pytest.raises(
        SystemExit, match=r"site.ini: scheduler is 'condor'; set it to one of slurm"
    ):
        site.settings("condor")
    monkeypatch.setenv("PATH", str(site.commands))
    with pytest.raises(SystemExit, match=r"no command bkill here: set scheduler in .*site.ini"):
        scheduler.cancel(site.settings("lsf"), "41")


@pytest.mark.parametrize("kind", scheduler.SCHEDULERS)
def test_cancel_names_all_jobs_at_once(kind, site):
    command = scheduler.SCHEDULERS[kind].cancel
    site.stand_in(command)
    scheduler.cancel(site.settings(kind), "41", "42")
    assert site.words(command) == ["41", "42"]


def test_clean_cancels_what_is_left_and_only_what_is_ours(site, capsys):
    site.submitted("slurm", capsys)
    here = os.getcwd()
    rows = f"41|skyloom.a|{here}\n42|skyloom_5f|{here}\n43|mine|{here}\n44|skyloom.a|/elsewhere\n"
    # Listed with their folders until they are cancelled.
    (site.commands / "squeue").write_text(
        '#!/bin/sh\ncase "$*" in *--jobs=*) '
        f"test -e {site.commands}/scancel.words && echo CANCELLED || echo RUNNING;; "
        f'*) printf "{rows}";; esac\n'.replace("\n4", "\\n4").replace('\n";;', '\\n";;')
    )
    (site.commands / "squeue").chmod(0o755)
    site.stand_in("scancel")
    scheduler.clean(site.settings("slurm"))
    assert site.words("scancel") == ["41", "42"]
    assert "2 jobs cancelled" in capsys.readouterr().out
    assert [path.name for path in scheduler.KEPT.iterdir()] == ["logs"]


@pytest.mark.parametrize(
    "words, runs", [(["--cores", "2"], True), (["--target-jobs", "a:"], False)]
)
def test_clean_leaves_a_snakemake_alone_that_still_runs_here(words, runs, site):
    (site.folder / "snakemake").write_text("print(flush=True); input()")
    with subprocess.Popen(
        [sys.executable, "snakemake", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        assert scheduler._running() == (str(process.pid) if runs else None)
        process.communicate(b"\n")


@pytest.mark.parametrize("name", ["cluster", "slurm"])
def test_profiles_retry_with_more_and_ask_for_no_less_than_snakemake_needs(name):
    profile = yaml.safe_load((PROFILES / name / "config.yaml").read_text())
    assert profile["rerun-incomplete"] and profile["retries"] >= 2
    for key in ("mem_mb", "runtime"):
        assert profile["default-resources"][key].endswith("* attempt")
    assert int(profile["default-resources"]["mem_mb"].split()[0]) >= 400
    assert profile["default-resources"]["gpu"] == 0
    assert "downloads=2" in profile["resources"]


def test_every_rule_that_draws_is_in_the_group_of_its_arm():
    command = [sys.executable, "-m", "snakemake", "--list-rules"]
    done = subprocess.run(command, cwd=PROFILES.parents[1], capture_output=True, text=True)
    rules = [rule for rule in done.stdout.split() if "_draw_" in rule]
    assert len(rules) > 50
    for name in ("cluster", "slurm"):
        profile = yaml.safe_load((PROFILES / name / "config.yaml").read_text())
        assert profile["groups"] == {rule: rule.split("_draw_")[0] + "_draw" for rule in rules}
        assert set(profile["group-components"]) == set(profile["groups"].values())
