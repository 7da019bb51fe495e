"""A run's whole report: the sections of its arms in their order, below the answer."""

from skyloom.io import read_table
from skyloom.report import atlas, beyond, made, page, ranking, sdss, semantic, spectra, xmm

_TITLE = "From pictures and spectra to what networks read in them"
_ARMS = {
    "semantic": semantic.section,
    "xmm": xmm.section,
    "helium": spectra.section,
    "stellar": spectra.section,
    "sdss": sdss.section,
}


def html(folder, *, arms, beyond_thesis=(), maps=None, progress=iter):
    """The report of a run.

    Parameters
    ----------
    folder : Path
        ``results/<run>``.
    arms : list of str
        Those of the configuration: results of others, from an earlier run, are left out.
    beyond_thesis : list of str, optional
        What the tng arm does beyond the thesis: ``ensemble``, ``leakage``, ``attention``.
    maps : list of Path, optional
        Files of maps of the tng arm; all that are there unless told.
    progress : callable, optional
        Wraps the list of sections that are made one after another.

    Returns
    -------
    str
        HTML.
    """
    makers = []
    if "tng" in arms:
        tng = folder / "tng"
        makers += [
            lambda: [ranking.section(tng)],
            lambda: atlas.sections(tng, maps),
            lambda: beyond.sections(tng, beyond_thesis),
        ]
    makers += [
        (lambda arm=arm, section=section: [section(folder / arm)])
        for arm, section in _ARMS.items()
        if arm in arms
    ]
    makers.append(lambda: [made.section(folder)])
    sections = [section for maker in progress(makers) for section in maker()]
    synthetic = any(_is_synthetic(folder / arm) for arm in arms)
    lead = ranking.lead(folder / "tng") if "tng" in arms else None
    return page.write(
        sections,
        title=ranking.TITLE if lead else _TITLE,
        lead=lead or "What each arm asked, and what this run says.",
        synthetic=synthetic,
        made=f"Made by Skyloom from results/{folder.name}. This page needs no network.",
    )


def _is_synthetic(folder):
    path = folder / "evaluation" / "summary.ecsv"
    return path.is_file() and bool(read_table(path).meta.get("synthetic", False))
