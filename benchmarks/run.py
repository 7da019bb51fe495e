"""Time Skyloom beside what a user would pick instead, and write down what came out.

``python benchmarks/run.py`` runs every benchmark named in `BENCHMARKS`; names as arguments run
those alone (also the ones in `ON_REQUEST`, which take long). Each is a module here with
``measure(folder)``, given a scratch folder, that returns ``{"figures": {...}, "tables": [...]}``.
The tables are printed and kept in ``results/bench/<name>.md``; the figures of all, old ones kept,
are one flat object in ``results/bench/bench.json``. ``before``, on request too, takes options and
keeps a file of its own: see there.
"""

import importlib
import os
import sys
import tempfile
from pathlib import Path

# Before NumPy is imported anywhere: peers and we get the threads that the benchmark says.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from skyloom.errors import nearest
from skyloom.io.files import read_json, write_json

BENCHMARKS = (
    *("maps", "deposit", "reading", "variants", "features", "head", "plan", "xmm"),
    *("spectra", "stellar_grid", "spectra_training", "drawing", "sdss_networks", "semantic"),
)
ON_REQUEST = ("precision", "scaling")
RESULTS = Path("results/bench")


def run(name):
    """Run one benchmark, print its tables, and keep its figures."""
    with tempfile.TemporaryDirectory(prefix=f"skyloom-bench-{name}-") as folder:
        measured = importlib.import_module(name).measure(Path(folder))
    text = "\n\n".join(measured["tables"])
    print(f"\n## {name}\n\n{text}", flush=True)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.md").write_text(f"{text}\n", encoding="utf-8")
    path = RESULTS / "bench.json"
    write_json((read_json(path) if path.exists() else {}) | measured["figures"], path)


def main(names):
    """Run the benchmarks of these names, or the usual ones."""
    if names[:1] == ["before"]:
        importlib.import_module("before").main(names[1:])
        return
    for name in names:
        if name not in (*BENCHMARKS, *ON_REQUEST):
            known = [*BENCHMARKS, *ON_REQUEST, "before"]
            sys.exit(f"There is no benchmark {name}: nearest is {nearest(name, known)}.")
    for name in names or BENCHMARKS:
        run(name)


if __name__ == "__main__":
    main(sys.argv[1:])
