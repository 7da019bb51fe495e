"""What a network says of spectra that nobody had judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skyloom.draw import spectra_labels, style
from skyloom.io.columns import number
from skyloom.learn.known_region import FLAG

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure

#: Stars that are drawn; a table has them all.
MOST = 12


@style.drawn
def prediction(labels: Table, spectra: dict, *, synthetic: bool) -> Figure:
    """Each star's spectrum as the network saw it, and the answer beside it.

    Parameters
    ----------
    labels : Table
        One row a star, as `skyloom.arms.spectra.release.answers` makes it.
    spectra : dict
        ``wavelength`` (L,) and, by the star's name, ``flux`` (L,).
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
    """
    shown = style.evenly(len(labels), MOST)
    names = [name for name in labels.colnames if f"{name}_error" in labels.colnames]
    units = {name: str(labels[name].unit or "") for name in names}
    noun = "spectrum" if len(labels) == 1 else "spectra"
    title = f"Labels of {len(labels)} {noun} by {labels.meta['model']}"
    if labels.meta["synthetic_training"] and not synthetic:
        title += ", which learnt from synthetic ones"
    height = 1.25 * len(shown) + 1.2
    figure = style.figure(9.2, height, title=title, synthetic=synthetic)
    panels = figure.subplots(
        len(shown), 2, squeeze=False, sharex="col", gridspec_kw={"width_ratios": (2.4, 1)}
    )
    for (axes, side), row in zip(panels, labels[shown], strict=True):
        good = str(row[FLAG]) == "good"
        axes.plot(spectra["wavelength"], spectra["flux"][str(row["name"])], color="k", lw=0.7)
        colour = style.BLACK if good else style.ORANGE
        axes.set_title(str(row["name"]), fontsize=7.5, loc="left", color=colour, pad=2)
        axes.margins(x=0)
        side.set_axis_off()
        lines = [_answer(row, name, units[name]) for name in names]
        if not good:
            lines.append(str(row[FLAG]))
        side.text(0, 0.5, "\n".join(lines), va="center", fontsize=8, color=colour)
    panels[-1, 0].set_xlabel("Wavelength in air, at rest [Å]")
    figure.supylabel("Normalised flux", fontsize=8)
    return figure


def _answer(row, name, unit):
    value, error = float(row[name]), number(row[f"{name}_error"])
    plus = f" ± {error:g}" if np.isfinite(error) else ""
    return f"{spectra_labels.symbol(name)} = {value:g}{plus} {spectra_labels.unit(name, unit)}"
