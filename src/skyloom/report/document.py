"""A run's whole report: the sections of its arms in their order, below the answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from skyloom.arms.registry import ARMS, part
from skyloom.io.files import read_table
from skyloom.report import page, reproduction, tng_ranking

_TITLE = "From pictures and spectra to what networks read in them"


def html(
    folder: Path, *, arms: list[str], options: dict | None = None, progress: Callable = iter
) -> str:
    """The report of a run.

    Parameters
    ----------
    folder : Path
        ``results/<run>``.
    arms : list of str
        Those of the configuration: results of others, from an earlier run, are left out.
    options : dict, optional
        Arm -> what its section is told besides, by name.
    progress : callable, optional
        Wraps the list of sections that are made one after another.

    Returns
    -------
    str
        HTML.
    """
    generated, synthetic = _synthetic(folder, arms)
    sections = [
        section._replace(synthetic=not synthetic and arm in generated)
        for arm in progress([*(arm for arm in ARMS if arm in arms), None])
        for section in _sections(folder, arm, (options or {}).get(arm, {}))
        if section is not None
    ]
    lead = tng_ranking.lead(folder / "tng") if "tng" in arms else None
    if lead and "tng" in generated and not synthetic:
        lead = f"Synthetic demonstration: {lead}"
    return page.write(
        sections,
        title=tng_ranking.TITLE if lead else _TITLE,
        lead=lead or "What each arm asked, and what this run says.",
        synthetic=synthetic,
        made=f"Made by Skyloom from results/{folder.name}. This page needs no network.",
    )


def _sections(folder, arm, options):
    """The sections of an arm, mostly one; without an arm, that of the run."""
    if arm is None:
        return [reproduction.section(folder)]
    found = part(arm, "report").section(folder / arm, **options)
    return found if isinstance(found, list) else [found]


def _synthetic(folder, arms):
    """The arms that are synthetic, and whether all are; one that does not say is taken for it."""
    paths = {arm: folder / arm / "evaluation" / "summary.ecsv" for arm in arms}
    judged = {arm: path for arm, path in paths.items() if path.is_file()}
    generated = {
        arm for arm, path in judged.items() if read_table(path).meta.get("synthetic", True)
    }
    return generated, bool(judged) and generated == set(judged)
