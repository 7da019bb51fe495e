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
    generated, synthetic = _synthetic(folder, arms)
    sections = [
        section._replace(synthetic=not synthetic and arm in generated)
        for arm, maker in progress(_makers(folder, arms, beyond_thesis, maps))
        for section in maker()
        if section is not None
    ]
    lead = ranking.lead(folder / "tng") if "tng" in arms else None
    if lead and "tng" in generated and not synthetic:
        lead = f"Synthetic demonstration: {lead}"
    return page.write(
        sections,
        title=ranking.TITLE if lead else _TITLE,
        lead=lead or "What each arm asked, and what this run says.",
        synthetic=synthetic,
        made=f"Made by Skyloom from results/{folder.name}. This page needs no network.",
    )


def _makers(folder, arms, beyond_thesis, maps):
    """What makes the page's sections, each with its arm."""
    makers = []
    if "tng" in arms:
        tng = folder / "tng"
        makers += [
            ("tng", lambda: [ranking.section(tng)]),
            ("tng", lambda: atlas.sections(tng, maps)),
            ("tng", lambda: beyond.sections(tng, beyond_thesis)),
        ]
    makers += [
        (arm, lambda arm=arm, section=section: [section(folder / arm)])
        for arm, section in _ARMS.items()
        if arm in arms
    ]
    return [*makers, (None, lambda: [made.section(folder)])]


def _synthetic(folder, arms):
    """The arms that are synthetic, and whether all are; one that does not say is taken for it."""
    paths = {arm: folder / arm / "evaluation" / "summary.ecsv" for arm in arms}
    judged = {arm: path for arm, path in paths.items() if path.is_file()}
    generated = {
        arm for arm, path in judged.items() if read_table(path).meta.get("synthetic", True)
    }
    return generated, bool(judged) and generated == set(judged)
