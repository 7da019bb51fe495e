"""Skyloom's library: arrays in, arrays out.

It knows no Snakemake, no configuration file and no results folder; those belong to the steps in
``scripts/<arm>/`` and to ``workflow/``.
"""
