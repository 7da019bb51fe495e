"""A synthetic archive: a folder of spec files, some of them spoilt on purpose, and spAll."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skyloom.io.files import atomic
from skyloom.prefetch import in_order
from skyloom.simulate.sdss import files, layout, population, spectra

if TYPE_CHECKING:
    from skyloom.prefetch import Pool
    from skyloom.simulate.sdss.instrument import Exposure
    from skyloom.simulate.sdss.population import Visit

#: What is wrong with the unusable files, in turn.
FLAWS = (
    "truncated",
    "no_table",
    "all_masked",
    "not_a_number",
    "order",
    "name",
    "empty",
    "duplicate",
    "no_class",
    "not_fits",
    "unknown_class",
    "columns",
)


def synthesise(visit: Visit, lists: dict, seed: int) -> tuple[Exposure, dict]:
    """One visit's spectrum and what is said of it.

    Parameters
    ----------
    visit : `skyloom.simulate.sdss.population.Visit`
    lists : dict
        As `lines.read_lists` gives.
    seed : int
        Of the archive.

    Returns
    -------
    exposure : `skyloom.simulate.sdss.instrument.Exposure`
    described : dict
        As `files.values` gives.
    """
    rng = np.random.default_rng([seed, population.LABELS, visit.target])
    found = spectra.labels(visit.kind, rng, survey=visit.survey)
    seeds = (
        [seed, population.FOREST, visit.target],
        [seed, population.NOISE, visit.target, visit.visit],
    )
    exposure, fitted = spectra.exposure(found, lists, visit.survey, seeds)
    return exposure, files.values(visit, exposure, {**found, **fitted})


def flawed(flaw: str, visit, exposure, described) -> tuple[str, bytes]:
    """A file that cannot be used.

    Parameters
    ----------
    flaw : str
        One of `FLAWS`.
    visit, exposure, described
        What the good file would be made of.

    Returns
    -------
    str, bytes
        Its path and its content.
    """
    path = visit.path
    if flaw == "all_masked":
        exposure = replace(exposure, ivar=np.zeros_like(exposure.ivar))
    elif flaw == "not_a_number":
        exposure = replace(exposure, flux=np.full_like(exposure.flux, np.nan))
    elif flaw == "no_class":
        described = {**described, "CLASS": "", "SUBCLASS": ""}
    elif flaw == "unknown_class":
        described = {**described, "CLASS": "SKY", "SUBCLASS": ""}
    head, coadd, table = files.parts(visit, exposure, described)
    content = head + coadd + table
    if flaw == "truncated":
        content = content[: len(head) + len(coadd) // 2]
    elif flaw == "no_table":
        content = head + coadd
    elif flaw == "order":
        content = head + table + coadd
    elif flaw == "columns":
        content = content.replace(b"'flux    '", b"'counts  '", 1)
    elif flaw == "empty":
        content = b""
    elif flaw == "not_fits":
        content = b"<html><body>404 Not Found</body></html>\n"
    elif flaw == "name":
        # Of a fibre that its header does not name.
        path = f"{visit.plate:04d}/spec-{visit.id[:-4]}9999.fits"
    elif flaw == "duplicate":
        path = f"copies/spec-{visit.id}.fits"
    return path, content


def _work(options, seed):
    """(visit, flaw or None) of every file."""
    seen = population.visits(options, seed)
    good, spoilt = seen[: options["spectra"]], seen[options["spectra"] :]
    work = [(visit, None) for visit in good]
    for place, visit in enumerate(spoilt):
        flaw = FLAWS[place % len(FLAWS)]
        # A duplicate is a copy of a good file.
        work.append((good[place * 37 % len(good)] if flaw == "duplicate" else visit, flaw))
    return work


def write(
    folder: str | Path, options: dict, lists: dict, seed: int, *, pool: Pool | None = None
) -> Iterator[dict | None]:
    """Write the files.

    Parameters
    ----------
    folder : str or Path
    options : dict
        ``spectra``, ``shares``, ``repeated`` and ``flawed``, as for `population.visits`.
    lists : dict
        As `lines.read_lists` gives.
    seed : int
        The same seed gives the same bytes, whatever the number of threads.
    pool : `skyloom.prefetch.Pool`, optional
        Spectra are made and written on its threads.

    Yields
    ------
    dict or None
        What `files.values` says of each file, None for one that cannot be used.
    """

    def save(item):
        visit, flaw = item
        exposure, described = synthesise(visit, lists, seed)
        if flaw:
            path, content = flawed(flaw, visit, exposure, described)
        else:
            path, content = visit.path, b"".join(files.parts(visit, exposure, described))
        target = Path(folder) / path
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(content)
        return None if flaw else described

    yield from in_order(pool, save, _work(options, seed))


def count(options):
    """How many files `write` writes."""
    return options["spectra"] + options["flawed"]


def write_catalogue(rows: Iterable[dict], path: str | Path) -> None:
    """Write spAll: a row a spectrum, and rows of spectra that the archive does not hold.

    Parameters
    ----------
    rows : iterable of dict
        As `write` yields; None is skipped.
    path : str or Path

    Notes
    -----
    After every tenth spectrum stands a row of a neighbouring fibre without a file, as when only
    part of the archive was fetched. SDSS's first spectra are there too, with THING_ID 0.
    """
    made_rows = []
    for number, values in enumerate(filter(None, rows)):
        made_rows.append(layout.row(layout.CATALOGUE, values))
        if number % 10 == 9:
            other = {**values, "FIBERID": 1001 + number % 7, "THING_ID": -1, "OBJID": ""}
            other["PLUG_RA"] = other["RA"] = values["RA"] + 0.1
            made_rows.append(layout.row(layout.CATALOGUE, other))
    table = np.concatenate(made_rows) if made_rows else np.zeros(0, layout.dtype(layout.CATALOGUE))
    head = [
        ("SIMPLE", True, "conforms to FITS standard"),
        ("BITPIX", 8, "array data type"),
        ("NAXIS", 0, "number of array dimensions"),
        ("EXTEND", True),
        (files.SYNTHETIC_KEYWORD, True, "simulated by Skyloom: not an observation"),
    ]
    with atomic(path) as temporary:
        temporary.write_bytes(
            layout.header_bytes(head)
            + layout.table_bytes(table, layout.CATALOGUE, "SPALL", "Synthetic spAll")
        )
