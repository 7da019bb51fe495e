"""The rules of the workflow and what each needs: a picture of one plan, an arm a band."""

import itertools
import re
import textwrap
from collections import Counter

from matplotlib.patches import FancyBboxPatch, PathPatch, Rectangle
from matplotlib.path import Path

from skyloom.figures import layered, style

#: Arms, and the beginnings of their rules' names: the first is left out in the picture, the last
#: has the colour.
BANDS = {
    "tng": ("tng",),
    "semantic": ("semantic",),
    "xmm": ("xmm",),
    "helium,\nstellar": ("spectra", "stellar", "helium"),
    "sdss": ("sdss",),
}
# Inches: between layers and rows, size of a box, room for an arm's name.
_STEP, _ROW, _WIDTH, _HEIGHT, _LEFT, _PAD = 1.19, 0.42, 0.92, 0.32, 0.95, 0.15


def read(dot):
    """Rules and what they need, from what ``snakemake --rulegraph dot`` prints.

    Parameters
    ----------
    dot : str

    Returns
    -------
    list of (str, str)
        Rule, and a rule that needs it; those that only collect (``all``) are left out.
    """
    names = dict(re.findall(r"^\s*(\d+)\[label = \"(\w+)\"", dot, flags=re.MULTILINE))
    found = re.findall(r"^\s*(\d+) -> (\d+)", dot, flags=re.MULTILINE)
    edges = ((names[start], names[end]) for start, end in found)
    return sorted({edge for edge in edges if _arm(edge[0]) and _arm(edge[1])})


def _arm(rule):
    prefix = rule.partition("_")[0]
    return next((arm for arm, known in BANDS.items() if prefix in known), None)


def merged(edges):
    """Rules that a picture shows as one: an arm's figures, and the snapshots of a simulation.

    Parameters
    ----------
    edges : list of (str, str)

    Returns
    -------
    edges : list of (str, str)
    count : dict of str to int
        How many rules each name stands for.
    """

    def name(rule):
        drawn = re.match(r"([a-z]+)_draw_", rule)
        return f"{drawn[1]}_figures" if drawn else re.sub(r"_\d{3}$", "", rule)

    count = Counter(name(rule) for rule in {rule for edge in edges for rule in edge})
    return sorted({(name(a), name(b)) for a, b in edges if name(a) != name(b)}), dict(count)


@style.drawn
def rules(edges):
    """Draw the rules, an arm a band, what is needed at the left of what needs it.

    Parameters
    ----------
    edges : list of (str, str)
        As `read` gives them.

    Returns
    -------
    matplotlib.figure.Figure
    """
    edges, count = merged(edges)
    bands = {}
    for arm in BANDS:
        own = layered.reduced([edge for edge in edges if _arm(edge[1]) == arm])
        if own:
            bands[arm] = layered.layout(own)
    layers = 1 + max(x for band in bands.values() for x, _ in band.nodes.values())
    width = _LEFT + layers * _STEP + _PAD
    heights = {arm: _ROW * (_extent(band)[1] - _extent(band)[0] + 1) for arm, band in bands.items()}
    height = sum(heights.values()) + (len(bands) + 1) * _PAD + 0.4
    title = "The rules of the workflow, from input to figures"
    made = style.figure(width, height, title=title, synthetic=False, arranged=False)
    axes = made.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    top = 0.4 + _PAD
    for arm, band in bands.items():
        _band(axes, arm, band, count, top, heights[arm])
        top += heights[arm] + _PAD
    return made


def _extent(band):
    """Lowest and highest place that anything of a band has."""
    places = [y for way in band.edges.values() for _, y in way]
    return min(places), max(places)


def _band(axes, arm, band, count, top, height):
    colour, first = style.ARMS[BANDS[arm][-1]], _extent(band)[0]

    def inches(place):
        return _LEFT + (place[0] + 0.5) * _STEP, top + (place[1] - first + 0.5) * _ROW

    width = axes.get_xlim()[1] - 0.2
    axes.add_patch(Rectangle((0.1, top), width, height, color=colour, alpha=0.07, lw=0))
    axes.text(0.2, top + height / 2, arm, weight="bold", fontsize=10.5, va="center")
    for way in band.edges.values():
        _edge(axes, [inches(place) for place in way])
    for rule, place in band.nodes.items():
        _box(axes, inches(place), _name(rule, arm, count[rule]), style.ARMS[BANDS[_arm(rule)][-1]])


def _name(rule, arm, count):
    """A rule as the picture says it: without its arm where that is plain."""
    text = rule.removeprefix(f"{BANDS[arm][0]}_").replace("_", " ")
    return f"{text} ({count})" if count > 1 else text


def _box(axes, centre, text, colour):
    x, y = centre
    look = {"boxstyle": "round,pad=0,rounding_size=0.06", "lw": 1.3}
    corner = (x - _WIDTH / 2, y - _HEIGHT / 2)
    box = FancyBboxPatch(corner, _WIDTH, _HEIGHT, ec=colour, fc="white", zorder=3, **look)
    axes.add_patch(box)
    text = "\n".join(textwrap.wrap(text, 15))
    size = 7.5 if len(text) <= 13 else 6.6
    axes.text(x, y, text, ha="center", va="center", fontsize=size, linespacing=0.95, zorder=4)


def _edge(axes, way):
    """A smooth line from the right of the first box to the left of the last."""
    (x, y), half = way[0], _WIDTH / 2
    vertices, codes = [(x + half, y)], [Path.MOVETO]
    for (x0, y0), (x1, y1) in itertools.pairwise(way):
        # Level beside the boxes that it passes, curved between the layers.
        middle = (x0 + x1) / 2
        vertices += [(middle, y0), (middle, y1), (x1 - half, y1), (x1 + half, y1)]
        codes += [Path.CURVE4] * 3 + [Path.LINETO]
    vertices, codes = vertices[:-1], codes[:-1]
    look = {"fc": "none", "ec": "#8A8A8A", "lw": 0.9, "capstyle": "round"}
    axes.add_patch(PathPatch(Path(vertices, codes), zorder=2, **look))
