"""What the run says to the question of the tng arm: the cases ranked, in words and as a chart."""

import numpy as np
from bokeh.models import ColumnDataSource, FactorRange, Span

from skyloom.arms import ARMS
from skyloom.columns import numbers
from skyloom.figures import style
from skyloom.io import read_table
from skyloom.report import charts, page, published, trainings, wording

TITLE, QUESTION = ARMS["tng"].title, ARMS["tng"].question
_COLUMNS = {
    "rank": "Rank",
    "variant": "Case",
    "shown": "Pearson r",
    "mae": "Mean error / dex",
    "rmse": "RMS error / dex",
    "shuffled_r": "r, shuffled labels",
    "linear_r": "r, regression on the images' totals",
    "best": "r minus the best",
}
_CONTROLS = "trained on shuffled labels", "linear regression on the image's totals"


def section(folder):
    """The first section: the question, the answer, the ranking, and the findings of the thesis.

    Parameters
    ----------
    folder : Path
        ``results/<run>/tng``.

    Returns
    -------
    Section or None
        None where the arm was not run.
    """
    path = folder / "evaluation" / "summary.ecsv"
    if not path.is_file():
        return None
    summary = read_table(path, need=("variant", "r", "r_low", "r_high", "rank", "linear_maps_r"))
    pairs = read_table(folder / "evaluation" / "differences.ecsv", need=("a", "b", "low", "high"))
    summary = summary[np.argsort(np.asarray(summary["rank"]), kind="stable")]
    return page.Section(
        "ranking",
        "The ten cases" if len(summary) == 10 else "The cases",
        [
            page.answer(
                QUESTION,
                *sentences(summary, pairs),
                *trainings.unfinished(
                    folder, summary["variant"], loss="test_loss", called=style.variant_label
                ),
            ),
            page.facts(_facts(summary, pairs)),
            page.chart(
                _chart(summary),
                alt=f"{len(summary)} cases ranked by Pearson r with intervals, beside networks "
                "trained on shuffled labels and linear regressions; the table below has the "
                "numbers.",
                caption=_caption(summary),
            ),
            _legend(summary),
            _table(summary, pairs),
            *published.part(folder),
        ],
    )


def lead(folder):
    """The answer in one sentence, for the head of the page; None where the arm was not run."""
    path = folder / "evaluation" / "summary.ecsv"
    if not path.is_file():
        return None
    summary = read_table(path, need=("variant", "r", "rank"))
    summary = summary[np.argsort(np.asarray(summary["rank"]), kind="stable")]
    pairs = read_table(folder / "evaluation" / "differences.ecsv", need=("a", "b", "low", "high"))
    return sentences(summary, pairs)[0]


def sentences(summary, pairs):
    """What the ranking says, and what it does not, computed from the tables.

    Parameters
    ----------
    summary : Table
        Sorted by rank.
    pairs : Table
        Differences of r of all pairs of cases, with intervals.

    Returns
    -------
    list of str
        The first alone is the answer.
    """
    best = summary[0]
    if np.ma.is_masked(best["r"]):
        why = (
            "every network predicts the same for all galaxies"
            if int(best["n_test"]) > 1
            else "the test side is too small"
        )
        return [f"No case has a correlation: {why}."]
    name = style.variant_label(str(best["variant"]))
    level = _level(summary)
    place = f"ranks first of {len(summary)} cases" if len(summary) > 1 else "is the only case"
    first = (
        f"{name} {place}: predicted and true sSFR correlate with r = {_with_interval(best)} on "
        f"{wording.counted(int(best['n_test']), 'test image')} of "
        f"{wording.counted(int(best['n_groups']), 'group')} of related galaxies "
        f"({level:g} % interval)"
    )
    tied, told, unknown = _against_best(str(best["variant"]), pairs)
    if tied:
        first += f", but its lead over {_listed(tied)} is within the scatter"
    elif told:
        which = "every other case" if not unknown else "every other case with a correlation"
        first += f", and {which} is significantly below it"
    said = [f"{first}."]
    if tied and told:
        said.append(f"Below it beyond that scatter: {_listed(told)}.")
    if unknown:
        said.append(f"Nothing can be said of {_listed(unknown)}: the difference has no interval.")
    said += [_resolved(pairs, level)] if len(pairs) else []
    return [*said, *_controls(best)]


def _level(table):
    return 100 * float(table.meta.get("level", 0.95))


def _with_interval(row, name="r"):
    ends = [row[f"{name}_low"], row[f"{name}_high"]]
    if any(np.ma.is_masked(end) for end in ends):
        return f"{float(row[name]):.2f} (no interval)"
    return f"{float(row[name]):.2f} [{float(ends[0]):.2f}, {float(ends[1]):.2f}]"


def _excludes_zero(row):
    if np.ma.is_masked(row["low"]) or np.ma.is_masked(row["high"]):
        return False
    return float(row["low"]) > 0 or float(row["high"]) < 0


def _against_best(best, pairs):
    """Cases that intervals do not tell from the best, those that they do, those without one."""
    tied, told, unknown = [], [], []
    for row in pairs:
        both = [str(row["a"]), str(row["b"])]
        if best in both:
            both.remove(best)
            known = not (np.ma.is_masked(row["low"]) or np.ma.is_masked(row["high"]))
            (told if _excludes_zero(row) else tied if known else unknown).append(both[0])
    return tied, told, unknown


def _listed(variants):
    names = [style.variant_label(variant) for variant in variants]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _resolved(pairs, level):
    count = sum(_excludes_zero(row) for row in pairs)
    chance = len(pairs) * (1 - level / 100)
    plural = "s" if len(pairs) != 1 else ""
    return (
        f"Of {len(pairs)} pair{plural} of cases, {count or 'none'} "
        f"{'differs' if count == 1 else 'differ'} by more than the {level:g} % interval allows; "
        f"about {chance:.1f} would even if all were equally good. The intervals hold the scatter "
        "of galaxies, each case being trained once."
    )


def _controls(best):
    """The best network beside what has learnt nothing, and beside what needs no network."""
    parts = []
    if not np.ma.is_masked(best["shuffled_r"]):
        parts.append(
            "The same network trained on shuffled labels reaches "
            f"r = {float(best['shuffled_r']):.2f}."
        )
    if not (
        np.ma.is_masked(best["above_linear_maps"]) or np.ma.is_masked(best["above_linear_maps_low"])
    ):
        gain = [float(best[f"above_linear_maps{end}"]) for end in ("", "_low", "_high")]
        verdict = (
            "so the picture says more than its totals"
            if gain[1] > 0
            else "so the totals alone say more than the best network reads"
            if gain[2] < 0
            else "so nothing shows that the picture says more than its totals"
        )
        parts.append(
            "A linear regression on nothing but the total entropy, mass and temperature of the "
            f"maps reaches r = {float(best['linear_maps_r']):.2f}; the best network minus it is "
            f"{gain[0]:+.2f} [{gain[1]:+.2f}, {gain[2]:+.2f}], {verdict}."
        )
    return [" ".join(parts)] if parts else []


def _facts(summary, pairs):
    best = summary[0]
    count = sum(_excludes_zero(row) for row in pairs)
    shown = "undefined" if np.ma.is_masked(best["r"]) else f"{float(best['r']):.2f}"
    ends = "" if shown == "undefined" else _with_interval(best).partition(" ")[2]
    maps = summary["linear_maps_r"][0]
    linear = page.MISSING if np.ma.is_masked(maps) else f"{float(maps):.2f}"
    return [
        (style.variant_label(str(best["variant"])), "ranks first", f"of {len(summary)} cases"),
        (shown, "its Pearson r", ends),
        (f"{count} of {len(pairs)}", "pairs of cases that differ", f"{_level(summary):g} %"),
        (linear, "r of a linear regression", "on the maps' totals"),
        (str(int(best["n_test"])), "test images", f"{int(best['n_groups'])} groups"),
    ]


def _chart(summary):
    labels = [style.variant_label(str(variant)) for variant in summary["variant"]]
    drawn = charts.plot(
        height=44 * len(labels) + 90,
        x="Pearson r of log sSFR",
        y=None,
        y_range=FactorRange(*reversed(labels)),
        hover=[("", "@what"), ("r", "@r{0.00} [@low{0.00}, @high{0.00}]")],
    )
    drawn.ygrid.visible = False
    drawn.add_layout(Span(location=0, dimension="height", line_color="#8a93a1"))
    colours = [style.variant_colour(str(variant)) for variant in summary["variant"]]
    for name, what, shift, mark, size, colour, width in (
        ("shuffled", _CONTROLS[0], 0.26, "circle", 7, "#7a7f87", 1.2),
        ("linear", _CONTROLS[1], -0.26, "diamond", 10, style.BLACK, 1.2),
        ("r", "the network", 0.0, "circle", 13, colours, 3.5),
    ):
        _marks(drawn, summary, labels, name, what, (shift, mark, size, colour, width))
    values = np.ma.compressed(np.ma.asarray(summary["linear_maps_r"], dtype=float))
    if len(values):
        dotted = {"line_dash": "dotted", "line_color": style.BLACK, "line_width": 1.5}
        drawn.add_layout(Span(location=float(values[0]), dimension="height", **dotted))
    return drawn


def _marks(drawn, summary, labels, name, what, look):
    """One kind of mark, with its interval, in each row of the chart."""
    shift, mark, size, colour, width = look
    value = "r" if name == "r" else f"{name}_r"
    columns = {"r": value, "low": f"{name}_low", "high": f"{name}_high"}
    data = {key: numbers(summary[column]) for key, column in columns.items()}
    data["colour"] = colour if isinstance(colour, list) else [colour] * len(labels)
    data["fill"] = ["#ffffff"] * len(labels) if name == "shuffled" else data["colour"]
    data["what"] = [f"{label}: {what}" for label in labels]
    data["y"] = [(label, shift) for label in labels]
    source = ColumnDataSource(data)
    drawn.segment("low", "y", "high", "y", source=source, line_color="colour", line_width=width)
    drawn.scatter(
        "r", "y", source=source, marker=mark, size=size, line_color="colour", fill_color="fill"
    )


def _legend(summary):
    families = {}
    for variant in map(str, summary["variant"]):
        families.setdefault(style.variant_colour(variant), variant.partition("_")[0])
    return page.legend(
        [
            *(("●", colour, f"network: {name}") for colour, name in families.items()),
            ("◆", style.BLACK, _CONTROLS[1]),
            ("○", "#6a6f77", _CONTROLS[0]),
            ("┊", style.BLACK, "linear regression on the physical maps' totals"),
        ]
    )


def _caption(summary):
    return (
        f"Lines are {_level(summary):g} % intervals from a bootstrap over groups of related "
        "galaxies; a case whose interval overlaps another's may still differ from it, because all "
        "cases see the same galaxies: the table's last column is the paired comparison."
    )


def _table(summary, pairs):
    rows = summary.copy()
    rows["shown"] = [
        page.MISSING if np.ma.is_masked(row["r"]) else _with_interval(row) for row in summary
    ]
    rows["variant"] = [style.variant_label(str(variant)) for variant in summary["variant"]]
    best = str(summary["variant"][0])
    rows["best"] = [_to_best(str(variant), best, pairs) for variant in summary["variant"]]
    return page.table(
        rows,
        columns={name: _COLUMNS[name] for name in ("variant", *_COLUMNS) if name in rows.colnames},
        formats={
            name: ".2f"
            for name in ("mae", "rmse", "shuffled_r", "linear_r")
            if name in rows.colnames
        },
        caption="The cases ranked. Paired differences whose interval excludes 0 carry a star.",
    )


def _to_best(variant, best, pairs):
    if variant == best:
        return "best"
    for row in pairs:
        if {str(row["a"]), str(row["b"])} == {variant, best} and not np.ma.is_masked(row["low"]):
            value, low, high = (float(row[name]) for name in ("difference", "low", "high"))
            if str(row["a"]) == best:
                value, low, high = -value, -high, -low
            star = " *" if low > 0 or high < 0 else ""
            return f"{value:+.2f} [{low:+.2f}, {high:+.2f}]{star}"
    return "undefined"
