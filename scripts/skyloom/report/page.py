"""The page itself: sections of text, tables, pictures and charts become one HTML file.

Everything the page needs is inside it, the plotting library too, so that it opens without a
network and years later. Equal sections give equal bytes.
"""

import base64
import html
import json
import re
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from bokeh.model import Model

from skyloom.errors import InputError
from skyloom.report import embedding

#: What follows text where a value is missing.
MISSING = "–"
_HERE = Path(__file__).parent
# Of pictures in WebP, which every browser has read since 2020: lines and letters stay clean.
_QUALITY = 84
# Intervals, with the number before them, are not broken over lines.
_INTERVAL = re.compile(r"(?:[-+]?[\d.]+ )?\[[-+]?[\d.]+, [-+]?[\d.]+\](?: \*)?")


class Section(NamedTuple):
    """A part of the page with a heading of its own.

    ``parts`` are texts of HTML, as the functions below make them, charts (`chart`), Bokeh models
    and groups of these (`group`), in the order in which they are read. ``style`` and ``script``
    are what only this section needs. ``synthetic`` marks it on a page that has measurements too.
    """

    anchor: str
    title: str
    parts: list
    style: str = ""
    script: str = ""
    synthetic: bool = False


class Chart(NamedTuple):
    """A Bokeh model with what a reader who cannot see it is told, and its caption."""

    model: Model
    alt: str
    caption: str = ""


class Group(NamedTuple):
    """Parts that a style of the page arranges, by the name of its class."""

    look: str
    parts: list


def group(*parts, look="abreast"):
    """Parts arranged together: side by side, as many as there is room for, unless told.

    Parameters
    ----------
    *parts : str, Chart, Model or Group
    look : str, optional
        A class of the page's style.
    """
    return Group(look, list(parts))


def chart(model, *, alt, caption=""):
    """A Bokeh plot or layout with a text alternative.

    Parameters
    ----------
    model : bokeh.model.Model
    alt : str
        What the chart shows, for those who cannot see it.
    caption : str, optional
        Below the chart; plain text.
    """
    return Chart(model, alt, caption)


def text(words):
    """Plain text as HTML, with the minus sign that figures use before numbers."""
    escaped = _INTERVAL.sub(_together, html.escape(str(words), quote=True))
    signs = [
        "−" if sign == "-" and _negative(escaped, place) else sign
        for place, sign in enumerate(escaped)
    ]
    return "".join(signs)


def _together(found):
    return found[0].replace(" ", "\u00a0")


def _negative(words, place):
    before, after = words[place - 1 : place], words[place + 1 : place + 2]
    return after.isdigit() and (before == "" or before in " \u00a0(=[")


def paragraph(words, *, note=False):
    """A paragraph of plain text; `note` for one that explains and stands back."""
    return f'<p class="note">{text(words)}</p>' if note else f"<p>{text(words)}</p>"


def answer(question, *sentences):
    """What a section asks, and what this run says to it: the first thing in every section."""
    said = "".join(f"<p>{text(sentence)}</p>" for sentence in sentences)
    return f'<div class="answer"><p class="question">{text(question)}</p>{said}</div>'


def facts(entries):
    """A row of key numbers.

    Parameters
    ----------
    entries : iterable of (str, str, str)
        Value, what it is, and a remark (its interval, say), which may be empty.
    """
    cards = "".join(
        f"<div><dt>{text(what)}</dt><dd><b>{text(value)}</b>"
        + (f"<span>{text(remark)}</span>" if remark else "")
        + "</dd></div>"
        for value, what, remark in entries
    )
    return f'<dl class="facts">{cards}</dl>'


def heading(words):
    """A heading within a section."""
    return f"<h3>{text(words)}</h3>"


def legend(entries):
    """What the marks of a chart mean.

    Parameters
    ----------
    entries : iterable of (str, str, str)
        A character that looks like the mark, its colour, and its meaning.
    """
    items = "".join(
        f'<li><span aria-hidden="true" style="color:{colour}">{mark}</span> {text(meaning)}</li>'
        for mark, colour, meaning in entries
    )
    return f'<ul class="legend">{items}</ul>'


def details(summary, content):
    """What a reader opens on demand: `summary` is plain text, `content` HTML."""
    return f"<details><summary>{text(summary)}</summary>{content}</details>"


def table(rows, *, columns, caption, formats=None, muted=None):
    """A table that readers sort by clicking its headings.

    Parameters
    ----------
    rows : astropy Table
    columns : dict of str to str
        Which columns, in which order, and their headings: units belong there.
    caption : str
    formats : dict of str to (str or callable), optional
        By column, a format such as ``.2f``, or a function of the value that gives the text.
    muted : (N,) array of bool, optional
        Rows that are shown in grey, such as numbers that may not be compared.

    Returns
    -------
    str
        The first column heads its row. Missing values are shown as a dash and sorted last.
    """
    formats = formats or {}
    head = "".join(
        f'<th scope="col"><button type="button">{text(label)}</button></th>'
        for label in columns.values()
    )
    body = []
    for number, row in enumerate(rows):
        cells = [_cell(row[name], formats.get(name), first) for first, name in _first(columns)]
        look = ' class="muted"' if muted is not None and muted[number] else ""
        body.append(f"<tr{look}>{''.join(cells)}</tr>")
    label = html.escape(caption, quote=True)
    return (
        f'<div class="scroll" role="group" tabindex="0" aria-label="{label}">'
        f'<table class="sortable"><caption><span>{text(caption)}</span></caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _first(columns):
    return [(place == 0, name) for place, name in enumerate(columns)]


def _cell(value, form, first):
    missing = np.ma.is_masked(value) or (_is_number(value) and not np.isfinite(value))
    if missing or (isinstance(value, str) and not value):
        shown = MISSING
    elif callable(form):
        shown = form(value)
    elif form:
        shown = format(value, form)
    else:
        shown = "yes" if value is np.True_ else "no" if value is np.False_ else str(value)
    key, look = "", ""
    if _is_number(value):
        key = "" if missing else f' data-value="{float(value)!r}"'
        look = ' class="number"'
    kind = 'th scope="row"' if first else "td"
    return f"<{kind}{look}{key}>{text(shown)}</{kind[:2]}>"


def _is_number(value):
    # A masked value of a table is a number in disguise.
    return isinstance(value, (int, float, np.number)) and not isinstance(value, (bool, np.bool_))


def picture(path, *, alt, caption="", width=1000):
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
    height = round(image.shape[0] * wanted / image.shape[1])
    if wanted < image.shape[1]:
        image = cv2.resize(image, (wanted, height), interpolation=cv2.INTER_AREA)
    described = html.escape(alt, quote=True)
    return (
        f'<figure class="picture" style="max-width:{min(width, wanted)}px">'
        f'<button type="button" class="zoom" title="Show in full size">'
        f'<img src="{webp(image)}" width="{wanted}" height="{height}" alt="{described}">'
        f"</button>{_caption(caption)}</figure>"
    )


def webp(image, quality=_QUALITY):
    """An image (H, W) or (H, W, 3), BGR, uint8 as a data address; quality 101 loses nothing."""
    done, packed = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, quality])
    if not done:
        raise ValueError("an image could not be packed")
    return "data:image/webp;base64," + base64.b64encode(packed.tobytes()).decode()


def _caption(caption):
    return f"<figcaption>{text(caption)}</figcaption>" if caption else ""


def script_data(name, content):
    """Data for the page's scripts, as an element that a script reads by its id."""
    packed = json.dumps(content, separators=(",", ":"), allow_nan=False)
    # A closing tag in a text must not end the element.
    packed = packed.replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{packed}</script>'


def write(sections, *, title, lead, synthetic, made):
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
    sections = [section for section in sections if section is not None]
    charts = []
    body = "".join(_section(section, charts) for section in sections)
    links = "".join(
        f'<li><a href="#{section.anchor}">{text(section.title)}</a></li>' for section in sections
    )
    parts = {
        "title": text(f"{title} (synthetic demonstration)" if synthetic else title),
        "style": read("page.css") + "".join(section.style for section in sections),
        "banner": _BANNER if synthetic else _partial_banner(sections),
        "heading": text(title),
        "lead": text(lead),
        "links": links,
        "body": body,
        "made": text(made),
        "library": embedding.library() if charts else "",
        "charts": script_data("charts", embedding.content(charts)) if charts else "",
        "script": read("page.js") + "".join(section.script for section in sections),
    }
    page = read("page.html")
    # One pass: what is put in may itself hold marks.
    pieces = page.split("{{")
    return pieces[0] + "".join(
        parts[name.strip()] + rest for name, rest in (piece.split("}}", 1) for piece in pieces[1:])
    )


_BANNER = (
    '<p class="synthetic"><strong>Synthetic demonstration, not a result</strong> '
    "<span>The input was generated by Skyloom itself: nothing here says anything about the "
    "sky.</span></p>"
)
_MARK = (
    '<p class="synthetic"><strong>Synthetic demonstration, not a result</strong> '
    "<span>The networks of this section learnt from input that Skyloom generated itself.</span></p>"
)


def _partial_banner(sections):
    titles = [text(section.title) for section in sections if section.synthetic]
    if not titles:
        return ""
    return (
        '<p class="synthetic"><strong>Partly a synthetic demonstration, not a result</strong> '
        f"<span>Input generated by Skyloom itself: {'; '.join(titles)}.</span></p>"
    )


def read(name):
    """A file of style or script beside this module, whole."""
    return (_HERE / name).read_text(encoding="utf-8")


def _section(section, charts):
    inside = "".join(_part(part, charts) for part in section.parts)
    anchor = section.anchor
    if section.synthetic:
        inside = _MARK + inside
    return (
        f'<section id="{anchor}" aria-labelledby="{anchor}-title">'
        f'<h2 id="{anchor}-title">{text(section.title)}</h2>{inside}</section>'
    )


def _part(part, charts):
    if isinstance(part, str):
        return part
    if isinstance(part, Group):
        inside = "".join(_part(inner, charts) for inner in part.parts)
        return f'<div class="{part.look}">{inside}</div>'
    drawn = part if isinstance(part, Chart) else Chart(part, part.name or "Chart")
    place = f"chart-{len(charts) + 1}"
    charts.append((place, drawn.model))
    described = html.escape(drawn.alt, quote=True)
    return (
        f'<figure class="chart" role="group" aria-label="{described}">'
        f'<div id="{place}" class="bokeh"></div>{_caption(drawn.caption)}</figure>'
    )
