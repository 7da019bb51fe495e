"""Tables 3 to 8 of the document, the printed numbers beside ours."""

import textwrap

import numpy as np

from skyloom.figures import style

_GREYED, _FAINT = "#8A8A8A", "#B5B5B5"
# Column heads with their left edge, and where their numbers come from (ours, printed).
_PAIRS = (
    ("Accuracy\ntraining", "training_accuracy", "published_training_accuracy"),
    ("Accuracy\nvalidation", "validation_accuracy", "published_validation_accuracy"),
    ("Loss\ntraining", "training_loss", "published_training_loss"),
    ("Loss\nvalidation", "validation_loss", "published_validation_loss"),
    ("AUC\nvalidation", "validation_auc", "published_auc"),
)
_LINE = 0.19  # inches


@style.drawn
def tables(contents, *, synthetic):
    """Tables 3 to 8 below each other.

    Parameters
    ----------
    contents : sequence of Table
        As `skyloom.xmm.published` makes them, table 8 last.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        Printed numbers are grey where ours may not be compared with them, with the reasons; an
        experiment that was not trained says so.
    """
    *accuracies, wrong = contents
    note = _note(contents)
    lines = sum(len(table) + 4.4 for table in contents) + note.count("\n") + 2.5
    title = "Tables 3 to 8: ours and as printed"
    figure = style.figure(11.6, _LINE * lines + 0.5, title=title, synthetic=synthetic)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(lines, 0))
    y = 0.0
    for table in accuracies:
        y = _accuracies(axes, y, table)
    y = _wrong(axes, y, wrong)
    axes.text(0, y, note, va="top", fontsize=7.5, color="#666666")
    return figure


def _note(contents):
    reasons = [str(reason) for reason in contents[0].meta.get("not_comparable", [])]
    texts = [
        "ours / printed. Ours without a side beside it is of the test side, with its interval; "
        "the document's AUC is of the validation side, which also chose the epoch.",
    ]
    own = [
        str(row["reason"])
        for table in contents
        for row in table
        if str(row["status"]) == "trained" and not reasons and str(row["reason"])
    ]
    if reasons:
        texts.append(f"Printed numbers are grey, not comparable: {style.shorten(reasons, 6)}.")
    elif own:
        found = sorted(set(own))
        texts.append(f"Grey where not comparable: {style.shorten(found, 4)}.")
    return "\n".join("\n".join(textwrap.wrap(text, 165)) for text in texts)


def _head(axes, y, title, heads, note=""):
    axes.text(0, y + 0.5, title, weight="bold", va="center", fontsize=9)
    axes.text(1, y + 0.5, note, va="center", ha="right", fontsize=7, color="#666666")
    for text, x in heads:
        axes.text(x, y + 2.0, text, va="center", ha="center", fontsize=7.5)
    axes.plot([0, 1], [y + 2.9, y + 2.9], color="#D0D0D0", lw=0.8)
    return y + 3.5


def _accuracies(axes, y, table):
    places = [0.25 + 0.118 * number for number in range(5)]
    heads = [(head, x) for (head, _, _), x in zip(_PAIRS, places, strict=True)]
    y = _head(axes, y, table.meta["title"], [*heads, ("AUC\ntest", 0.92)], table.meta["note"])
    for row in table:
        axes.text(0.01, y, str(row["label"]), va="center", fontsize=8)
        trained = str(row["status"]) == "trained"
        for (_, ours, printed), x in zip(_PAIRS, places, strict=True):
            digits = 3 if printed == "published_auc" else 4
            _pair(axes, x, y, row[ours] if trained else None, row[printed], row, digits)
        if trained:
            axes.text(0.92, y, _area(row), va="center", ha="center", fontsize=8)
        else:
            look = {"va": "center", "ha": "center", "fontsize": 8, "style": "italic"}
            axes.text(0.92, y, "not trained", color=_GREYED, **look)
        y += 1
    return y + 0.9


def _pair(axes, x, y, ours, printed, row, digits):
    """Our number left of the stroke, the printed one right of it."""
    look = {"va": "center", "fontsize": 8}
    text = "–" if ours is None or np.ma.is_masked(ours) else f"{float(ours):.{digits}f}"
    axes.text(x - 0.006, y, text, ha="right", color=style.BLACK, **look)
    axes.text(x, y, "/", ha="center", color=_FAINT, **look)
    colour = style.BLUE if bool(row["comparable"]) else _FAINT
    axes.text(x + 0.006, y, f"{float(printed):.{digits}f}", ha="left", color=colour, **look)


def _area(row):
    if np.ma.is_masked(row["test_auc"]):
        return "undefined"
    if np.ma.is_masked(row["test_auc_low"]):
        return f"{row['test_auc']:.3f}"
    return f"{row['test_auc']:.3f} [{row['test_auc_low']:.3f}, {row['test_auc_high']:.3f}]"


def _wrong(axes, y, table):
    heads = [
        ("Test side\n(ours)", 0.24),
        ("Training side\n(ours)", 0.42),
        ("Training side\n(counts as printed)", 0.60),
        ("Ratio\n(as printed)", 0.76),
        ("Ratio\n(of its counts)", 0.90),
    ]
    title = f"{table.meta['title']} ({table.meta['experiment']})"
    y = _head(axes, y, title, heads)
    for row in table:
        look = {"va": "center", "ha": "center", "fontsize": 8}
        axes.text(0.01, y, f"OBS_CLASS {row['obs_class']}", va="center", fontsize=8)
        for side, x in (("test", 0.24), ("train", 0.42)):
            axes.text(x, y, _count(row, side), color=style.BLACK, **look)
        colour = style.BLUE if bool(row["comparable"]) else _FAINT
        printed = f"{row['published_wrong']} of {row['published_images']}"
        axes.text(0.60, y, printed, color=colour, **look)
        axes.text(0.76, y, f"{row['published_ratio']:.2f} %", color=colour, **look)
        differs = abs(row["published_ratio"] - row["corrected_ratio"]) > 0.006
        weight = "bold" if differs else "normal"
        axes.text(0.90, y, f"{row['corrected_ratio']:.2f} %", color=colour, weight=weight, **look)
        y += 1
    return y + 0.9


def _count(row, side):
    if str(row["status"]) != "trained":
        return "not trained"
    images, wrong = row[f"{side}_images"], row[f"{side}_wrong"]
    if np.ma.is_masked(images) or not images:
        return "no images"
    return f"{int(wrong)} of {int(images)}: {float(row[f'{side}_ratio']):.2f} %"
