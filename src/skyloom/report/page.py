"""The page itself: sections of text, tables, pictures and charts become one HTML file.

Everything the page needs is inside it, the plotting library too, so that it opens without a
network and years later. Equal sections give equal bytes. What is plain text here stays so in the
page: only the templates beside this module make elements.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import jinja2
import numpy as np
from bokeh.model import Model

from skyloom.errors import InputError
from skyloom.record import syntax
from skyloom.report import embedding

#: What follows text where a value is missing.
MISSING = "–"
_HERE = Path(__file__).parent
_ENTRIES = _HERE.with_name("draw") / "entries"
# Of pictures in WebP, which every browser has read since 2020: lines and letters stay clean.
_QUALITY = 84
# Intervals, with the number before them, are not broken over lines.
_INTERVAL = re.compile(r"(?:[-+]?[\d.]+ )?\[[-+]?[\d.]+, [-+]?[\d.]+\](?: \*)?")
# Before a number that stands alone, behind a bracket or an equals sign.
_MINUS = re.compile(r"(?<![^ \u00a0(=\[])-(?=\d)")


def text(words):
    """Plain text with the minus sign that figures use before numbers."""
    return _MINUS.sub("−", _INTERVAL.sub(lambda found: found[0].replace(" ", "\u00a0"), str(words)))


def asset(name):
    """A file of style or script beside this module, whole."""
    return (_HERE / name).read_text(encoding="utf-8")


_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
_TEMPLATES.filters["said"] = text
_TEMPLATES.globals["fragment"] = lambda part, place: _TEMPLATES.get_template(
    part.template
).make_module({**part.values, "place": place})
_TEMPLATES.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
_PARTS = _TEMPLATES.get_template("parts.html").module
answer, bars, details, facts, heading, legend, paragraph, script_data, shell = (
    getattr(_PARTS, name)
    for name in "answer bars details facts heading legend paragraph script_data shell".split()
)


class Section(NamedTuple):
    """A part of the page with a heading of its own.

    ``parts`` are what the functions of this module and the macros of ``parts.html`` make, in the
    order in which they are read. ``style`` and ``script`` are what only this section needs.
    ``synthetic`` marks it on a page that has measurements too.
    """

    anchor: str
    title: str
    parts: list
    style: str = ""
    script: str = ""
    synthetic: bool = False


class Chart(NamedTuple):
    """A Bokeh plot with what a reader who cannot see it is told, and its caption."""

    model: Model
    alt: str
    caption: str = ""


class Fragment(NamedTuple):
    """Parts, charts too, that a template of their own beside this module arranges."""

    template: str
    values: dict


def table(
    *columns: tuple[str, Sequence] | tuple[str, Sequence, str | Callable],
    caption: str,
    muted: np.ndarray | None = None,
) -> str:
    """A table that readers sort by clicking its headings.

    Parameters
    ----------
    *columns : (str, sequence) or (str, sequence, str or callable)
        Heading with its unit, and values; a format such as ``.2f``, or a function of a value that
        gives its text.
    caption : str
    muted : (N,) array of bool, optional
        Rows that are shown in grey, such as numbers that may not be compared.

    Returns
    -------
    str
        The first column heads its row. Missing values are shown as a dash and sorted last.
    """
    cells = [[_cell(value, *form) for value in values] for _, values, *form in columns]
    rows = list(zip(*cells, strict=True))
    muted = [False] * len(rows) if muted is None else muted
    heads = [heading for heading, *_ in columns]
    return _PARTS.sortable(heads, list(zip(muted, rows, strict=True)), caption)


def _cell(value, form=""):
    """Text of a cell, whether it is a number, and what it is sorted by."""
    # A masked value of a table is a number in disguise.
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, (bool, np.bool_))
    if np.ma.is_masked(value) or value == "" or (number and not np.isfinite(value)):
        return MISSING, number, None
    if callable(form):
        shown = form(value)
    elif isinstance(value, np.bool_):
        shown = "yes" if value else "no"
    else:
        shown = format(value, form)
    return shown, number, float(value) if number else None


def figure(folder: Path, entry: str, name: str | None = None, **options):
    """A figure of an arm with the words of its entry in the table of figures.

    Parameters
    ----------
    folder : Path
        ``results/<run>/<arm>``.
    entry : str
        Function of `skyloom.draw.entries`, such as ``sdss.scores``: the first line of its
        docstring says what is seen, the rest is the caption.
    name : str, optional
        Of the file below ``figures``, where it is not the function's.
    **options
        As for `picture`.
    """
    module, _, function = entry.partition(".")
    title, _, rest = syntax.documented(_ENTRIES / f"{module}.py")[function].partition("\n")
    title = title.removeprefix("Draw ")
    return picture(
        folder / "figures" / f"{name or function}.png",
        alt=title[0].upper() + title[1:],
        caption=" ".join(rest.replace("``", "").split()),
        **options,
    )


def picture(path: str | Path, *, alt: str, caption: str = "", width: int = 1000) -> str:
    """A picture inside the page, no larger than a screen shows it.

    Parameters
    ----------
    path : str or Path
        A PNG or JPEG file.
    alt : str
        What it shows, for those who cannot see it.
    caption : str, optional
        Below the picture; plain text.
    width : int, optional
        CSS pixels that it takes at most; the file keeps 1.6 times as many where it has them.

    Returns
    -------
    str
        HTML; a click shows the picture in its full size.

    Raises
    ------
    InputError
        If the file is missing or no picture.
    """
    image = cv2.imread(str(path), cv2.IMREAD_COLOR) if Path(path).is_file() else None
    if image is None:
        raise InputError(f"{path} is no picture that can be read: make it again.")
    wanted = min(image.shape[1], round(1.6 * width))
    size = wanted, round(image.shape[0] * wanted / image.shape[1])
    if wanted < image.shape[1]:
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return _PARTS.pictured(webp(image), size, min(width, wanted), alt, caption)


def webp(image, quality=_QUALITY):
    """An image (H, W) or (H, W, 3), BGR, uint8 as a data address; quality 101 loses nothing."""
    done, packed = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, quality])
    if not done:
        raise ValueError("an image could not be packed")
    return "data:image/webp;base64," + base64.b64encode(packed.tobytes()).decode()


def macros(name, **values):
    """The macros of a template beside this module, which see `values`."""
    return _TEMPLATES.get_template(name).make_module(values)


def write(
    sections: Iterable[tuple[Section | None]], *, title: str, lead: str, synthetic: bool, made: str
) -> str:
    """The whole page.

    Parameters
    ----------
    sections : iterable of (Section or None)
        None stands for an arm that was not run.
    title : str
    lead : str
        What the run says, in a sentence or two of plain text, below the title.
    synthetic : bool
        Whether all of it is synthetic: the page then says so above everything. Where only some
        sections are, it names these there, and each says so itself.
    made : str
        What made the page, below everything; plain text.

    Returns
    -------
    str
        HTML.
    """
    charts = []

    def place(model):
        charts.append((f"chart-{len(charts) + 1}", model))
        return charts[-1][0]

    return _TEMPLATES.get_template("page.html").render(
        sections=[section for section in sections if section is not None],
        **{"title": title, "lead": lead, "synthetic": synthetic, "made": made},
        **{"charts": charts, "place": place, "read": asset, "embedding": embedding},
    )
