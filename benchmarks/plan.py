"""How long Snakemake plans the published runs: ``snakemake -n`` with ``config/papers.yaml``."""

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import yaml
from tools import table

ROOT = Path(__file__).resolve().parents[1]
GOAL = 5.0
MOST_JOBS = 2000


def inputs(folder):
    """Make empty local inputs for every arm of the published runs, and name them.

    Parameters
    ----------
    folder : Path
        The plan looks for folders and files only; the jobs that read them check what is in them.

    Returns
    -------
    dict of dict
        The configuration of each arm that tells where its input is; empty where it makes its own.
    """
    published = yaml.safe_load((ROOT / "config/papers.yaml").read_text(encoding="utf-8"))
    base = folder / "TNG50-1/output"
    for snapshot in published["tng"]["snapshots"]:
        (base / f"groups_{snapshot:03d}").mkdir(parents=True)
        (base / f"snapdir_{snapshot:03d}").mkdir()
    for name in ("images", "profiles", "spectra"):
        (folder / name).mkdir()
    (folder / "observations.fits").write_bytes(b"")
    return {
        "tng": {"base_path": str(base)},
        "semantic": {},
        "xmm": {
            "images": str(folder / "images"),
            "observations": str(folder / "observations.fits"),
        },
        "helium": {"spectra": str(folder / "profiles")},
        "stellar": {},
        "sdss": {"spectra": str(folder / "spectra")},
    }


def plan(folder, given):
    """Seconds of one dry run of some arms of the published runs, and how many jobs it plans.

    Parameters
    ----------
    folder : Path
        Where it works; without results, and with a copy of ``config/``.
    given : dict of dict
        The arms, with their inputs as `inputs` gives them.

    Returns
    -------
    float, int
    """
    words = {"arms": list(given), **{arm: own for arm, own in given.items() if own}}
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--cores", "8"]
    command += ["--snakefile", str(ROOT / "workflow/Snakefile"), "--directory", str(folder)]
    command += ["--configfile", "config/papers.yaml", "--config"]
    command += [
        f"{key}={yaml.safe_dump(value, default_flow_style=True)}" for key, value in words.items()
    ]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    duration = time.perf_counter() - start
    jobs = re.search(r"^total\s+(\d+)", done.stdout + done.stderr, re.MULTILINE)
    if done.returncode or not jobs:
        raise RuntimeError(f"the dry run failed: {(done.stdout + done.stderr)[-2000:]}")
    return duration, int(jobs[1])


def measure(folder):
    """Plan each arm of the published runs, and all at once; see `benchmarks/run.py`."""
    # Snakemake looks for the configuration where it works.
    shutil.copytree(ROOT / "config", folder / "config")
    arms = inputs(folder)
    runs = {f"papers.yaml, {arm}": {arm: arms[arm]} for arm in arms}
    runs["papers.yaml, all arms"] = arms
    found = {}
    for name, given in runs.items():
        times, jobs = zip(*(plan(folder, given) for _ in range(3)), strict=True)
        found[name] = float(np.median(times)), jobs[0]
    rows = [
        [name, jobs, MOST_JOBS, f"{seconds:.1f}", f"{GOAL:.0f}"]
        for name, (seconds, jobs) in found.items()
    ]
    header = ["run", "jobs", "at most", "seconds", "goal"]
    figures = {
        f"plan_{label}_{unit}": value
        for label, name in (("papers", "papers.yaml, tng"), ("all", "papers.yaml, all arms"))
        for unit, value in zip(("s", "jobs"), found[name], strict=True)
    }
    title = "Planning (`snakemake -n`), interpreter start included, median of 3"
    return {"figures": figures, "tables": [table(title, header, rows)]}
