"""Skyloom's library: arrays in, arrays out.

It knows no Snakemake, no configuration file and no results folder; those belong to the steps in
``scripts/<arm>/`` and to ``workflow/``. ``pip install .`` needs no network: what only trainings,
the report or the workflow use is in extras (`skyloom.extras`).
"""

#: Of the package, of the workflow, and in every record; ``pyproject.toml`` takes it from here.
__version__ = "0.1.0"
