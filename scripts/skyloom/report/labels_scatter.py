"""Predicted against true labels of test spectra, one figure a label, linked to each other."""

import numpy as np
from bokeh.layouts import column, row
from bokeh.models import ColumnDataSource, CustomJS, Select

from skyloom.figures import spectra_labels as names
from skyloom.figures import style
from skyloom.figures.table_cells import texts
from skyloom.report import charts, marks, page, spectra_names, wording

# So many spectra a network are shown: more hide each other, and the page has a size.
MOST = 1500


def parts(predictions, summary):
    """Figures that share their points, and a choice of the network.

    Parameters
    ----------
    predictions : dict of str to Table
        Test side of each model.
    summary : Table
        As `skyloom.spectra.evaluation.summarise` makes it.

    Returns
    -------
    list
        Parts of a section; nothing without predictions.
    """
    if not predictions:
        return []
    labels = list(dict.fromkeys(texts(summary["label"])))
    units = dict(zip(texts(summary["label"]), texts(summary["unit"]), strict=True))
    shown = {model: _points(table, labels) for model, table in predictions.items()}
    first = next(iter(shown))
    source = ColumnDataSource(dict(shown[first]))
    made = [_panel(label, units[label], labels, source) for label in labels]
    # Side by side where there is room, below each other on a phone.
    body = row(made, sizing_mode="stretch_width", styles={"flex-wrap": "wrap"})
    layout = column([*_choice(shown, source, summary), body], sizing_mode="stretch_width")
    said = wording.listed(spectra_names.name(label) for label in labels)
    return [page.chart(layout, alt=f"Predicted against true {said}.", caption=_told(predictions))]


def _told(predictions):
    counts = {len(table) for table in predictions.values()}
    text = (
        "Each point is a spectrum of the test side; points that share a true value are spread "
        "about it. A click on one marks it in the other figures too."
    )
    if max(counts) > MOST:
        text += f" Shown are {MOST:,} of {max(counts):,}, evenly chosen."
    return text


def _points(table, labels):
    """The columns of one model's data source."""
    table = table[wording.thinned(len(table), MOST)]
    made = {"id": texts(table["id"]).tolist()}
    for label in labels:
        true = wording.column(table, label)
        made[label] = true.astype(np.float32)
        made[f"{label}_spread"] = marks.spread(true).astype(np.float32)
        made[f"{label}_predicted"] = wording.column(table, f"{label}_predicted").astype(np.float32)
    return made


def _panel(label, unit, labels, source):
    """True against predicted for one label."""
    said = f"{spectra_names.name(label)} [{names.unit(label, unit)}]"
    axes = {"x": f"True {said}", "y": f"Predicted {said}"}
    made = charts.plot(height=330, tools="tap", **axes)
    made.min_width = 280
    made.xaxis.ticker.desired_num_ticks = 4
    marks.diagonal(made)
    points = made.scatter(
        f"{label}_spread",
        f"{label}_predicted",
        source=source,
        size=6,
        color=style.BLUE,
        alpha=0.55,
        line_color=None,
        selection_color=style.ORANGE,
        selection_alpha=1.0,
        nonselection_alpha=0.15,
    )
    rows = [("spectrum", "@id")] + [
        (spectra_names.name(name), f"@{name}{_form(name)} → @{{{name}_predicted}}{_form(name)}")
        for name in labels
    ]
    marks.hover(made, rows, [points])
    return made


def _form(label):
    return "{0}" if label in ("teff", "v_rot", "v_sin_i") else "{0.00}"


def _choice(shown, source, summary):
    """A menu of the networks, where there are several."""
    if len(shown) < 2:
        return []
    known = names.models_of(summary)
    options = [(model, names.model_name(*known[model])) for model in shown]
    menu = Select(title="Network", value=options[0][0], options=options, max_width=420)
    sources = [ColumnDataSource(dict(points)) for points in shown.values()]
    code = """
        source.selected.indices = [];
        source.data = sources[models.indexOf(this.value)].data;
    """
    told = {"source": source, "sources": sources, "models": list(shown)}
    menu.js_on_change("value", CustomJS(args=told, code=code))
    return [menu]
