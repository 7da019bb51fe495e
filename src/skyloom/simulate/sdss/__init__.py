"""Synthetic SDSS and BOSS spectra of stars, galaxies and quasars, in the archive's own layout.

`spectra.spectrum` makes one spectrum, `archive.write` a folder of files and `catalogue.write` the
table spAll of them. All is drawn from a seed; nothing here was observed.
"""
