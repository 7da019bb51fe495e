"""What bfloat16 changes: the features, the speed, and the final Pearson r of all ten cases.

Takes the ten datasets, the split and the backbone of a finished demo (``make demo``), computes the
features in float32 and in bfloat16, trains the head on both from the same seeds with the options
of ``config/config.yaml``, and tells what differs. A training is chaotic: another seed changes r as
well, so the seeds' own spread stands beside the difference. Runs on request: ``python
benchmarks/run.py precision``; some fifteen minutes.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import tools
import yaml

from skyloom.errors import InputError
from skyloom.io.files import open_hdf5, read_table

DEMO = Path("results/demo/tng")
THREADS = 2
# The configured seed and these many after it.
SEEDS = 3


def settings():
    """The demo's configuration."""
    config = yaml.safe_load(Path("config/config.yaml").read_text(encoding="utf-8"))
    return config["tng"], config["seed"]


def compute(folder, precision):
    """Features of every case into `folder`; gives images/s without the network's start."""
    from skyloom.learn import devices, features

    devices.use_threads(1, between=THREADS)
    tng, _ = settings()
    rates = {}
    for case in tng["cases"]:
        stamps = []

        def stamped(batches, stamps=stamps):
            for rows, values in batches:
                stamps.append((time.perf_counter(), rows.stop))
                yield rows, values

        def timed(*args, real=features.compute, stamped=stamped, **options):
            return stamped(real(*args, **options))

        features.compute, real = timed, features.compute
        features.cache(
            DEMO / "datasets" / f"{case}.h5",
            DEMO / "backbone" / "vgg16.h5",
            folder / f"{case}.{precision}.h5",
            preprocess=tng["backbone"]["preprocess"],
            precision=precision,
            threads=THREADS,
        )
        features.compute = real
        # From when all threads had done a batch.
        (begin, first), (end, last) = stamps[THREADS - 1], stamps[-1]
        rates[case] = (last - first) / (end - begin)
    return rates


def train(folder, precision):
    """Pearson r of every case on the test side, one a seed, the configured one first."""
    from skyloom.arms.tng import experiments as one_case
    from skyloom.learn import training

    training.settle(THREADS)
    tng, seed = settings()
    split = read_table(DEMO / "splits" / f"{tng['split']['by']}.ecsv")
    found = {}
    for case in tng["cases"]:
        data = one_case.read_case(
            DEMO / "datasets" / f"{case}.h5", folder / f"{case}.{precision}.h5", split
        )
        options = {"options": tng["training"], "with_controls": False}
        fitted = [one_case.fit(data, seed=seed + more, **options) for more in range(SEEDS)]
        found[case] = [each.metrics["pearson_r"] for each in fitted]
    return found


def _in_process(step, folder, precision):
    """A step in a process of its own, because TensorFlow's threads are set once a process."""
    command = [sys.executable, __file__, step, str(folder), precision]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def _distance(folder, case):
    """Relative L2 distance of a case's features in bfloat16 from those in float32."""
    arrays = []
    for precision in ("float32", "bfloat16"):
        with open_hdf5(folder / f"{case}.{precision}.h5", need=["features"]) as file:
            arrays.append(file["features"][()].astype(np.float64))
    return float(np.linalg.norm(arrays[1] - arrays[0]) / np.linalg.norm(arrays[0]))


def measure(folder):
    """Features, speed and r of all cases, in both precisions."""
    tng, _ = settings()
    for name in [*(f"datasets/{case}.h5" for case in tng["cases"]), "backbone/vgg16.h5"]:
        if not (DEMO / name).is_file():
            raise InputError(f"{DEMO / name} does not exist: run `make demo` first.")
    speed, r = {}, {}
    for precision in ("float32", "bfloat16"):
        speed[precision] = _in_process("compute", folder, precision)
        r[precision] = _in_process("train", folder, precision)
    distance = {case: _distance(folder, case) for case in tng["cases"]}
    figures, table = compare(r, distance, speed)
    return {"figures": figures, "tables": [table]}


def compare(r, distance, speed):
    """Figures and table.

    Parameters
    ----------
    r, speed : dict
        Precision -> case -> r of each seed, and images/s.
    distance : dict
        Case -> relative L2 distance of the features.
    """
    rows, delta = [], {}
    for case in distance:
        exact, rounded = (np.array(r[precision][case]) for precision in ("float32", "bfloat16"))
        delta[case] = rounded - exact
        rows.append(
            [
                case,
                f"{distance[case]:.1e}",
                *(f"{speed[precision][case]:.1f}" for precision in speed),
                *(f"{values[0]:+.3f}" for values in (exact, rounded, delta[case])),
                f"{delta[case].mean():+.3f}",
                f"{exact.std(ddof=1):.3f}",
            ]
        )
    header = ["case", "relative L2 of the features", "images/s, float32", "bfloat16"]
    header += ["r, float32", "bfloat16", "difference", f"its mean over {SEEDS} seeds"]
    header += ["standard deviation of r between seeds"]
    title = "The synthetic demo's ten cases with features in float32 and in bfloat16"
    total = {name: float(np.median(list(values.values()))) for name, values in speed.items()}
    every = np.concatenate(list(delta.values()))
    return {
        "bf16_features_relative_l2": max(distance.values()),
        "bf16_max_abs_delta_r": float(max(abs(values[0]) for values in delta.values())),
        "bf16_mean_delta_r": float(every.mean()),
        "bf16_mean_delta_r_error": float(every.std(ddof=1) / np.sqrt(len(every))),
        "bf16_speedup": total["bfloat16"] / total["float32"],
    }, tools.table(title, header, rows)


if __name__ == "__main__":
    step, where, precision = sys.argv[1:]
    print(json.dumps({"compute": compute, "train": train}[step](Path(where), precision)))
