"""Three plots of the test galaxies that know of each other and of the atlas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from bokeh.models import ColumnDataSource, Slope, TapTool

from skyloom.draw import style
from skyloom.report import charts, page

if TYPE_CHECKING:
    from skyloom.report.test_side import Sample


_LOOK = {
    "size": 9,
    "fill_color": style.BLUE,
    "fill_alpha": 0.55,
    "line_color": style.BLUE,
    "selection_fill_color": style.ORANGE,
    "selection_line_color": style.BLACK,
    "selection_fill_alpha": 1.0,
    "nonselection_fill_color": style.BLUE,
    "nonselection_line_color": style.BLUE,
    "nonselection_fill_alpha": 0.3,
    "nonselection_line_alpha": 0.5,
}
_TOLD = [("galaxy", "@id"), ("true", "@true{0.00}"), ("predicted", "@predicted{0.00}")]


def section(galaxies: Sample, ids: list[str], names: list[str]):
    """Predicted against true sSFR, errors against mass, and sSFR against mass.

    Parameters
    ----------
    galaxies : `skyloom.report.test_side.Sample`
    ids : list of str
        The atlas's galaxies, in its order: a point and a row share their number.
    names : list of str
        Cases; predictions of the first are shown first.

    Returns
    -------
    Section
    """
    place = {name: row for row, name in enumerate(galaxies.id.tolist())}
    rows = np.array([place[name] for name in ids])
    points = _points(galaxies, rows, names[0])
    return page.Section(
        "scatter",
        "Galaxies side by side",
        [
            page.answer("Which galaxies does a network misjudge?", *sentences(galaxies, names)),
            page.Fragment(
                "scatter.html",
                {
                    "cases": [(name, style.variant_label(name)) for name in names],
                    "plots": _plots(points),
                },
            ),
        ],
    )


def sentences(galaxies, names):
    """Which of all test galaxies is misjudged most, and whether errors go with the truth."""
    errors = np.array([galaxies.predicted[name] - galaxies.ssfr for name in names])
    typical = np.median(errors, axis=0)
    worst = int(np.argmax(np.abs(typical)))
    way = "too high" if typical[worst] > 0 else "too low"
    said = [
        f"The cases misjudge {galaxies.id[worst]} most: the median of their predictions is "
        f"{abs(typical[worst]):.2f} dex {way}. Half of all galaxies are predicted within "
        f"{np.median(np.abs(typical)):.2f} dex by the median of the cases."
    ]
    true = galaxies.ssfr
    if len(true) > 2 and np.ptp(true) > 0 and np.ptp(typical) > 0:
        r = float(np.corrcoef(true, typical)[0, 1])
        said.append(
            f"The median error and the true sSFR correlate with r = {r:.2f}: "
            + (
                "predictions are drawn towards the mean, as those of a least-squares fit are."
                if r < -0.2
                else "errors do not lean towards the mean."
            )
        )
    return said


def _points(galaxies, rows, case):
    predicted = np.round(galaxies.predicted[case][rows], 4)
    true = np.round(galaxies.ssfr[rows], 4)
    return ColumnDataSource(
        {
            "id": galaxies.id[rows].tolist(),
            "true": true,
            "predicted": predicted,
            "error": predicted - true,
            "mass": np.round(galaxies.mass[rows], 4),
        },
        name="galaxies",
    )


def _plots(points):
    ssfr, mass = "log sSFR / yr⁻¹", "log stellar mass / M☉"
    made = []
    for x, y, labels, alt in (
        ("true", "predicted", (f"true {ssfr}", f"predicted {ssfr}"), "Predicted against true sSFR"),
        ("mass", "error", (mass, "predicted − true / dex"), "Prediction error against mass"),
        ("mass", "true", (mass, f"true {ssfr}"), "True sSFR against mass"),
    ):
        drawn = charts.plot(height=330, x=labels[0], y=labels[1], tools="tap")
        charts.hover(drawn, _TOLD)
        if y == "predicted":
            drawn.add_layout(_reference(1))
        if y == "error":
            drawn.add_layout(_reference(0))
        drawn.scatter(x, y, source=points, **_LOOK)
        drawn.select_one(TapTool).mode = "replace"
        told = f"{alt} of {len(points.data['id'])} galaxies; the atlas lists the same numbers."
        made.append(page.Chart(drawn, told, f"{alt}."))
    return made


def _reference(gradient):
    return Slope(gradient=gradient, y_intercept=0, line_color=style.GREY, line_dash="dashed")
