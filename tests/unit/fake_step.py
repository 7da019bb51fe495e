"""A step run as Snakemake would, without Snakemake."""

import inspect
import io
import runpy
import sys
import warnings
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

from matplotlib.image import imread

from skyloom.draw import style

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
    return runpy.run_path(str(SCRIPTS / f"{step}.py"), init_globals={"snakemake": job})


def draw(function, files, folder, monkeypatch, **options):
    """Draw an entry of the table of figures with those of the options that it takes.

    Without a warning. Its figure, and the bytes of its PNG and PDF where they are saved.
    """
    arm, _, name = function.partition(".")
    entry = getattr(import_module(f"skyloom.draw.entries.{arm}"), name)
    taken = {key: options[key] for key in inspect.signature(entry).parameters if key in options}
    output = {kind: str(folder / f"{name}.{kind}") for kind in ("png", "pdf")}
    params = {"function": f"skyloom.draw.entries.{function}", "options": taken}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = run("draw", input=files, output=output, params=params, monkeypatch=monkeypatch)
    saved = [path for path in map(Path, output.values()) if path.exists()]
    return made["figure"], *(path.read_bytes() for path in saved)


def sketch(function, files, folder, monkeypatch, **options):
    """The figure of an entry, which hands it over to be saved; that takes time, and is left out."""
    saved = []
    monkeypatch.setattr(style, "save", lambda _, *paths: saved.append(paths))
    (figure,) = draw(function, files, folder, monkeypatch, **options)
    name = function.partition(".")[2]
    assert saved == [tuple(str(folder / f"{name}.{kind}") for kind in ("png", "pdf"))]
    return figure


def draw_twice(function, files, folder, monkeypatch, **options):
    """The figure of an entry whose files have the same bytes both times, and show something."""
    (figure, *one), (_, *two) = (
        draw(function, files, folder / turn, monkeypatch, **options) for turn in ("one", "two")
    )
    png, pdf = one
    assert one == two and b"CreationDate" not in pdf
    assert imread(io.BytesIO(png))[..., :3].std() > 0.02
    return figure
