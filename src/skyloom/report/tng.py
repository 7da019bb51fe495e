"""The report's sections of the tng arm."""

from __future__ import annotations

from pathlib import Path

from skyloom.report import atlas, beyond, ranking


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
    return [ranking.section(folder), *shown, *beyond.sections(folder, parts)]
