"""Skyloom's library: arrays in, arrays out.

::

    import skyloom

    galaxies = skyloom.open_tng("TNG50-1/output", snapshot=99)
    maps = galaxies[:5].maps("mass", "entropy", "temperature")
    skyloom.picture(maps[0])

It knows no Snakemake, no configuration file and no results folder; those belong to the steps in
``scripts/<arm>/`` and to ``workflow/``. ``pip install .`` needs no network: what only trainings,
the report or the workflow use is in extras (`skyloom.extras`).
"""

from importlib import import_module

#: Of the package, of the workflow, and in every record; ``pyproject.toml`` takes it from here.
__version__ = "0.1.0"

# By name only: a step that imports one module of the package depends on no other.
_PUBLIC = {
    "InputError": "skyloom.errors",
    "Galaxies": "skyloom.arms.tng.galaxies",
    "Maps": "skyloom.arms.tng.galaxies",
    "open_tng": "skyloom.arms.tng.galaxies",
    "Picture": "skyloom.arms.tng.picture",
    "picture": "skyloom.arms.tng.picture",
    "simulate_tng": "skyloom.simulate.universe.folder",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__():
    return [*globals(), *_PUBLIC]
