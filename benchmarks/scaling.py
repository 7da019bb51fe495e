"""The whole tng arm at 1, 2, 4 and 8 times the galaxies: wall time and peak memory.

On request (`python benchmarks/run.py scaling`, a quarter of an hour on two cores): a synthetic
universe of 16, 32, 64, 128 lineages at three snapshots goes through all ten cases, as in the demo
but for 100 epochs.
"""

import csv
import shutil
import sys
from pathlib import Path

import h5py
import processes
from tools import table

ROOT = Path(__file__).resolve().parents[1]
LINEAGES = 16
FACTORS = (1, 2, 4, 8)
#: Fewer epochs than the demo: they cost the same for any of these numbers of galaxies.
TRAINING = "{epochs: 100, readout_epochs: [100]}"


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
    for name in ("workflow", "scripts", "src", "config", "resources", "envs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--quiet", "all"]
    keys = f"synthetic: {{galaxies: {LINEAGES * factor}}}, training: {TRAINING}"
    command += ["--config", "run=scaling", "arms=[tng]", f"tng={{{keys}}}"]
    done = processes.measured(command, folder, folder / "log")
    if done["returncode"]:
        raise RuntimeError(f"the run failed: {(folder / 'log').read_text()[-2000:]}")
    results = folder / "results/scaling/tng"
    with h5py.File(results / "datasets/composite.h5") as file:
        images = len(file["images"])
    return done["seconds"], done["peak_mb"], _job_peak(results), images


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
