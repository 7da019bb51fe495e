"""What bfloat16 changes: the features, the speed, and the final Pearson r of all ten cases.

Takes the ten datasets, the split and the backbone of a finished demo (``make demo``), computes the
features in float32 and in bfloat16, trains the head on both from the same seed with the options of
``config/config.yaml``, and tells what differs. Runs on request: ``python benchmarks/run.py
precision``; some ten minutes.
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
from skyloom.io import open_hdf5, read_table

DEMO = Path("results/demo/tng")
THREADS = 2


def settings():
    """The demo's configuration."""
    config = yaml.safe_load(Path("config/config.yaml").read_text(encoding="utf-8"))
    return config["tng"], config["seed"]


def compute(folder, precision):
    """Features of every case into `folder`; gives images/s without the network's start."""
    from skyloom.networks import devices, features

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
    """Pearson r of every case on the test side."""
    from skyloom.networks import case as one_case
    from skyloom.networks import training

    training.settle(THREADS)
    tng, seed = settings()
    split = read_table(DEMO / "splits" / f"{tng['split']['by']}.ecsv")
    found = {}
    for case in tng["cases"]:
        data = one_case.read(
            DEMO / "datasets" / f"{case}.h5", folder / f"{case}.{precision}.h5", split
        )
        fitted = one_case.fit(data, options=tng["training"], seed=seed, with_controls=False)
        found[case] = fitted.metrics["pearson_r"]
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
    delta = {case: r["bfloat16"][case] - r["float32"][case] for case in tng["cases"]}
    rows = [
        [
            case,
            f"{distance[case]:.1e}",
            *(f"{speed[p][case]:.1f}" for p in speed),
            *(f"{r[p][case]:+.3f}" for p in r),
            f"{delta[case]:+.3f}",
        ]
        for case in tng["cases"]
    ]
    header = ["case", "relative L2 of the features", "images/s, float32", "bfloat16"]
    header += ["r, float32", "bfloat16", "difference"]
    title = "The synthetic demo's ten cases with features in float32 and in bfloat16"
    total = {p: float(np.median(list(values.values()))) for p, values in speed.items()}
    return {
        "figures": {
            "bf16_features_relative_l2": max(distance.values()),
            "bf16_max_abs_delta_r": max(map(abs, delta.values())),
            "bf16_mean_delta_r": float(np.mean(list(delta.values()))),
            "bf16_speedup": total["bfloat16"] / total["float32"],
        },
        "tables": [tools.table(title, header, rows)],
    }


if __name__ == "__main__":
    step, where, precision = sys.argv[1:]
    print(json.dumps({"compute": compute, "train": train}[step](Path(where), precision)))
