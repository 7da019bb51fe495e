"""The rules of the workflow and what each needs, as Graphviz draws them: an arm a frame."""

from __future__ import annotations

import re
import textwrap
from collections import Counter

from skyloom.draw import style

#: Arms, and the beginnings of their rules' names: the first is left out in the picture, the last
#: has the colour.
BANDS = {
    "tng": ("tng",),
    "semantic": ("semantic",),
    "xmm": ("xmm",),
    "helium, stellar": ("spectra", "stellar", "helium"),
    "sdss": ("sdss",),
}
_LOOK = """\
fontname="DejaVu Sans"; rankdir=LR; ranksep=0.35; nodesep=0.14; splines=true; newrank=true;
node [fontname="DejaVu Sans", fontsize=10, shape=box, style="rounded,filled", fillcolor=white,
penwidth=1.4, height=0.3, width=1.0, margin="0.08,0.03"];
edge [color="#8A8A8A", arrowsize=0.5];"""


def parse_rulegraph(dot: str) -> list[tuple[str, str]]:
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


def merged(edges: list[tuple[str, str]]) -> tuple[list[tuple[str, str]], dict[str, int]]:
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


def drawing(edges: list[tuple[str, str]]) -> str:
    """The rules as a graph in Graphviz's language, what is needed at the left of what needs it.

    Parameters
    ----------
    edges : list of (str, str)
        As `parse_rulegraph` gives them.

    Returns
    -------
    str
        For ``tred``, which leaves out what a longer way says too, and ``dot``.
    """
    edges, count = merged(edges)
    lines = ["digraph rules {", _LOOK]
    # Graphviz puts what comes last above.
    for number, (arm, prefixes) in enumerate(reversed(BANDS.items())):
        colour = style.ARMS[prefixes[-1]]
        lines.append(f'subgraph cluster_{number} {{ label="{arm}"; labeljust=l; fontsize=13;')
        lines.append(f'style=filled; color="{colour}14"; node [color="{colour}"];')
        own = sorted(rule for rule in count if _arm(rule) == arm)
        lines += [f'{rule} [label="{_label(rule, prefixes[0], count[rule])}"];' for rule in own]
        lines.append("}")
    lines += [f"{start} -> {end};" for start, end in edges]
    return "\n".join([*lines, "}"])


def _label(rule, arm, count):
    """A rule as the picture says it: without its arm where that is plain."""
    text = rule.removeprefix(f"{arm}_").replace("_", " ")
    return "\\n".join(textwrap.wrap(f"{text} ({count})" if count > 1 else text, 15))
