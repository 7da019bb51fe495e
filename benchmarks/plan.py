"""How long Snakemake plans the published run: ``snakemake -n`` with ``config/papers.yaml``."""

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


def _plan(folder, base):
    """Seconds of one dry run, and how many jobs it plans."""
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--cores", "8"]
    command += ["--snakefile", str(ROOT / "workflow/Snakefile"), "--directory", str(folder)]
    command += ["--configfile", "config/papers.yaml"]
    command += ["--config", f"tng={{base_path: {base}}}"]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    duration = time.perf_counter() - start
    jobs = re.search(r"^total\s+(\d+)", done.stdout + done.stderr, re.MULTILINE)
    if done.returncode or not jobs:
        raise RuntimeError(f"the dry run failed: {(done.stdout + done.stderr)[-2000:]}")
    return duration, int(jobs[1])


def measure(folder):
    """Plan the published run three times in an empty folder; see `benchmarks/run.py`."""
    base = folder / "TNG50-1/output"
    # Snakemake looks for the configuration where it works.
    shutil.copytree(ROOT / "config", folder / "config")
    published = yaml.safe_load((ROOT / "config/papers.yaml").read_text(encoding="utf-8"))
    for snapshot in published["tng"]["snapshots"]:
        # The plan looks for the folders only; their files are checked by the jobs that read them.
        (base / f"groups_{snapshot:03d}").mkdir(parents=True)
        (base / f"snapdir_{snapshot:03d}").mkdir()
    times, jobs = zip(*(_plan(folder, base) for _ in range(3)), strict=True)
    rows = [["papers.yaml, whole", jobs[0], f"{np.median(times):.1f}", f"{GOAL:.0f}"]]
    header = ["run", "jobs", "seconds", "goal"]
    return {
        "figures": {"plan_papers_s": float(np.median(times)), "plan_papers_jobs": jobs[0]},
        "tables": [table("Planning (`snakemake -n`), interpreter start included", header, rows)],
    }
