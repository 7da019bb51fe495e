"""The whole tng arm at 1, 2, 4 and 8 times the galaxies: wall time and peak memory.

On request (`python benchmarks/run.py scaling`, a quarter of an hour on two cores): a synthetic
universe of 16, 32, 64, 128 lineages at three snapshots goes through all ten cases, as in the demo
but for 100 epochs.
"""

import csv
import shutil
import subprocess
import sys
import time
from pathlib import Path

import h5py
from tools import table

ROOT = Path(__file__).resolve().parents[1]
LINEAGES = 16
FACTORS = (1, 2, 4, 8)
#: Fewer epochs than the demo: they cost the same for any of these numbers of galaxies.
TRAINING = "{epochs: 100, readout_epochs: [100]}"


def _family(pid):
    """A process and all its descendants."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += map(int, children.read_text().split())
            except OSError:
                continue
    return found


def _memory(pid):
    """Bytes that a process and its descendants hold now; shared pages count once."""
    total = 0
    for one in _family(pid):
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def _job_peak(results):
    """The most memory that one job held, in MB, and its name."""
    peaks = []
    for path in sorted((results / "benchmarks").glob("*.tsv")):
        with open(path, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                if row["max_rss"] not in ("", "NA"):
                    peaks.append((float(row["max_rss"]), path.stem))
    return max(peaks)


def _run(folder, factor, cores=2):
    """Seconds, peak MB over all processes, the largest job and the images of one run."""
    for name in ("workflow", "scripts", "config", "resources", "envs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--quiet", "all"]
    keys = f"synthetic: {{galaxies: {LINEAGES * factor}}}, training: {TRAINING}"
    command += ["--config", "run=scaling", "arms=[tng]", f"tng={{{keys}}}"]
    with open(folder / "log", "w", encoding="utf-8") as log:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        peak = 0
        while process.poll() is None:
            peak = max(peak, _memory(process.pid))
            time.sleep(0.5)
    duration = time.perf_counter() - start
    if process.returncode:
        raise RuntimeError(f"the run failed: {(folder / 'log').read_text()[-2000:]}")
    results = folder / "results/scaling/tng"
    with h5py.File(results / "datasets/composite.h5") as file:
        images = len(file["images"])
    return duration, peak / 1e6, _job_peak(results), images


def measure(folder):
    """Four runs, one after the other; see `benchmarks/run.py`."""
    figures, rows = {}, []
    for factor in FACTORS:
        own = folder / f"{factor}x"
        seconds, peak, (job, name), images = _run(own, factor)
        shutil.rmtree(own)
        figures |= {f"scaling_seconds_{factor}x": seconds, f"scaling_peak_mb_{factor}x": peak}
        rows.append(
            [f"{factor}x", LINEAGES * factor * 3, images, f"{seconds:.0f}", f"{peak:.0f}",
             f"{job:.0f} ({name})"]
        )  # fmt: skip
        print(*rows[-1], flush=True)
    header = ["scale", "galaxies made", "images a case", "seconds", "peak MB, all processes",
              "largest job, MB"]  # fmt: skip
    title = "The whole tng arm (ten cases, synthetic) on two cores"
    return {"figures": figures, "tables": [table(title, header, rows)]}
