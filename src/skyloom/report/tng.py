"""The report's sections of the tng arm."""

from __future__ import annotations

from pathlib import Path

from skyloom.report import atlas, tng_ranking, tng_robustness


def section(folder: Path, *, maps=(), parts=()):
    """The ranking, the atlas, and what goes beyond the thesis.

    Parameters
    ----------
    folder : Path
        ``results/<run>/tng``.
    maps : list of str, optional
        Files of maps; all that are there unless told.
    parts : list of str, optional
        What is beyond the thesis: ``ensemble``, ``leakage``, ``attention``.

    Returns
    -------
    list of Section
    """
    shown = atlas.sections(folder, [Path(path) for path in maps])
    return [tng_ranking.section(folder), *shown, *tng_robustness.sections(folder, parts)]
