"""A synthetic archive: the grid's models as the paper's files, some of them spoilt on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from skyloom.arms.spectra.helium import files, grid
from skyloom.prefetch import in_order

if TYPE_CHECKING:
    import numpy as np

    from skyloom.prefetch import Pool

#: What is wrong with the unusable files, in turn.
FLAWS = (
    "name",
    "points",
    "not_sorted",
    "not_a_number",
    "empty",
    "truncated",
    "duplicate",
    "other_window",
    "text",
    "columns",
)


def flawed(flaw: str, labels, wavelength: np.ndarray, flux: np.ndarray) -> tuple[str, bytes]:
    """A file that cannot be used.

    Parameters
    ----------
    flaw : str
        One of `FLAWS`.
    labels : (3,) sequence
        A name for it that no good file has; for a duplicate, those of a good one.
    wavelength, flux : (L,) array
        What the good file would hold.

    Returns
    -------
    str, bytes
        Its name, in a folder of its own for the duplicate, and its content.
    """
    name = grid.file_name(*labels)
    good = files.writer(wavelength)(flux)
    lines = good.splitlines(keepends=True)
    middle = len(lines) // 2
    if flaw == "name":
        return name.replace("g", "_g").replace("v", "_v"), good
    if flaw == "duplicate":
        return f"more/{name}", good
    if flaw == "points":
        lines = lines[:-1]
    elif flaw == "not_sorted":
        lines[middle], lines[middle + 1] = lines[middle + 1], lines[middle]
    elif flaw == "not_a_number":
        lines[middle] = lines[middle].split()[0] + b" nan\n"
    elif flaw == "empty":
        lines = []
    elif flaw == "truncated":
        # As a copy leaves it that was stopped between the two numbers of a line.
        lines = [*lines[:middle], lines[middle].split()[0]]
    elif flaw == "other_window":
        lines = [files.writer(wavelength + wavelength[-1] - wavelength[0])(flux)]
    elif flaw == "text":
        lines[middle] = lines[middle].split()[0] + b" -\n"
    elif flaw == "columns":
        lines = [line[:-1] + b" 0.000000\n" for line in lines]
    return name, b"".join(lines)


def _spoilt(options, wavelength):
    """All unusable files: a list of callables that give [(name, bytes)]."""
    nodes = grid.nodes(options)
    fastest = nodes[:, 2].max()

    def make(place):
        flaw, source = FLAWS[place % len(FLAWS)], nodes[place * 7 % len(nodes)]
        flux = grid.spectra(wavelength, *source[:, None], limb_darkening=options["limb_darkening"])[
            0, 0
        ]
        # No good file has this velocity.
        labels = source if flaw == "duplicate" else (*source[:2], fastest + 1 + place)
        return [flawed(flaw, labels, wavelength, flux)]

    return [lambda place=place: make(place) for place in range(options["flawed"])]


def write(
    folder: str | Path, options: dict, wavelength: np.ndarray, *, pool: Pool | None = None
) -> Iterator[int]:
    """Write the whole archive.

    Parameters
    ----------
    folder : str or Path
    options : dict
        ``teff``, ``log_g``, ``v_rot`` (first, last, step), ``limb_darkening`` and ``flawed``, how
        many files cannot be used.
    wavelength : (L,) array
        Å in air.
    pool : `skyloom.prefetch.Pool`, optional
        Spectra are made and written on its threads.

    Yields
    ------
    int
        How many files a group (a temperature and gravity, or an unusable file) has.
    """
    form = files.writer(wavelength)

    def good(model):
        labels, flux = model()
        return [
            (grid.file_name(*own), form(spectrum))
            for own, spectrum in zip(labels, flux, strict=True)
        ]

    def save(work):
        make, arguments = work
        made = make(*arguments)
        for name, content in made:
            path = Path(folder) / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        return len(made)

    work = [(good, [model]) for model in grid.models(options, wavelength)]
    work += [(make, []) for make in _spoilt(options, wavelength)]
    yield from in_order(pool, save, work)


def count(options):
    """How many groups `write` yields."""
    temperatures, gravities, _ = grid.axes(options)
    return len(temperatures) * len(gravities) + options["flawed"]
