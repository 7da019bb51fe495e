"""A step run as Snakemake would, without Snakemake."""

import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

SCRIPTS = Path(__file__).parents[2] / "scripts"


class Named(dict):
    """Values by name, as a job's parameters are."""

    __getattr__ = dict.__getitem__


class Files(Named):
    """A job's inputs or outputs: by name, and one after the other."""

    def __iter__(self):
        for value in self.values():
            yield from value if isinstance(value, list | tuple) else [value]


def run(step, *, input, output, params, threads=1, monkeypatch):
    """Run the script of a step, such as ``xmm/make_dataset``."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    outputs = output if isinstance(output, dict) else {0: output}
    for path in outputs.values():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    job = SimpleNamespace(
        log=[], threads=threads, input=Files(input), output=Files(outputs), params=Named(params)
    )
    runpy.run_path(str(SCRIPTS / f"{step}.py"), init_globals={"snakemake": job})
