"""Observed stars beside the training spectra that the networks' predictions point to."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from skyloom.draw import spectra_labels as labels_
from skyloom.draw import style
from skyloom.draw.style import significant

if TYPE_CHECKING:
    import h5py
    from astropy.table import Table
    from matplotlib.figure import Figure

#: More stars than this are counted, not drawn.
MOST = 12
_LINE = 0.145  # inches, of text
_SPECTRUM, _LEFT = 2.5, 1.0  # inches, of a spectrum and of what a model leaves of it
_AROUND = 0.9  # inches, of a star's title, ticks and labels


def nearest(target: np.ndarray, wanted: np.ndarray) -> int | None:
    """Row of the training spectrum nearest to a prediction.

    Parameters
    ----------
    target : (N, T) array
        Labels of the training spectra.
    wanted : (T,) array
        Predicted labels.

    Returns
    -------
    int or None
        By distance in standard deviations of each label; None where a prediction is not finite.
    """
    target, wanted = np.asarray(target, dtype=float), np.asarray(wanted, dtype=float)
    if not np.isfinite(wanted).all():
        return None
    width = np.std(target, axis=0)
    return int(np.argmin((((target - wanted) / np.where(width > 0, width, 1.0)) ** 2).sum(axis=1)))


def trained_on(attributes):
    """What the networks' training spectra are, in words, from the attributes of their dataset."""
    made = json.loads(attributes.get("parameters", "{}"))
    power, snr = made.get("resolving_power"), made.get("snr")
    kind = "synthetic spectra" if attributes["synthetic"] else "spectra"
    at = "at the grid's own resolution" if power is None else f"at R = {power:g}"
    noise = "" if snr is None else f" with noise of S/N {snr:g}"
    return f"{kind} {at}{noise} (dataset {attributes['variant']})"


def signal_to_noise(star):
    """Median of flux over noise, a pixel of the networks' wavelengths; None without the noise."""
    if star.get("uncertainty") is None:
        return None
    flux, error = (np.asarray(star[name], dtype=float) for name in ("flux", "uncertainty"))
    known = np.isfinite(error) & (error > 0)
    return float(np.median(flux[known] / error[known])) if known.any() else None


def read_spectra(file: h5py.File) -> dict[str, dict]:
    """Observed spectra of ``observed/spectra.h5``: by name, what `stars` takes of them.

    Parameters
    ----------
    file : h5py.File
        As `skyloom.arms.spectra.preparation.write` fills it.

    Returns
    -------
    dict of str to dict
        ``flux`` and ``uncertainty`` (L,), and ``original``: wavelength and flux of the observed
        points.
    """
    found = {}
    for row, name in enumerate(file["name"][()].astype(str)):
        curve = file["curves"][name]
        found[name] = {
            "flux": file["spectra"][row],
            "uncertainty": file["uncertainty"][row],
            "original": (curve["wavelength"][()], curve["flux"][()]),
        }
    return found


def stars(
    predictions: Table,
    spectra: dict[str, dict],
    labels: Sequence[str],
    target: np.ndarray,
    read: Callable,
) -> list[dict]:
    """What `observed` draws of each star.

    Parameters
    ----------
    predictions : Table
        A row a star, model and label: ``name``, ``model``, ``label``, ``value`` and, where they
        are known, ``uncertainty``, ``known``, ``beyond`` and ``warning``.
    spectra : dict of str to dict
        By name: ``flux``, ``uncertainty`` and ``original``, as `read_spectra` gives them.
    labels : sequence of str
        In the order of `target`.
    target : (N, T) array
        Labels of the training spectra.
    read : callable
        Row of a training spectrum -> its flux (L,), without noise.

    Returns
    -------
    list of dict
        In the order of `spectra`, at most `MOST`.
    """
    models = {str(row["model"]): labels_.split_model(str(row["model"])) for row in predictions}
    looks = labels_.model_looks(models)
    names = np.asarray(predictions["name"]).astype(str)
    found = []
    for name in list(spectra)[:MOST]:
        rows = predictions[names == name]
        own = np.asarray(rows["model"]).astype(str)
        made = {
            model: _answer(rows[own == model], looks[model], labels, target, read)
            for model in models
            if (own == model).any()
        }
        known = _column(rows, "known") if len(rows) else {}
        known = {label: value for label, value in known.items() if np.isfinite(value)}
        warnings = [] if "warning" not in rows.colnames else rows["warning"]
        said = [
            str(text).strip().removeprefix(f"{name}: ")
            for text in warnings
            if not np.ma.is_masked(text) and str(text).strip()
        ]
        warning = "; ".join(dict.fromkeys(said))
        beyond = bool(np.any(rows["beyond"])) if "beyond" in rows.colnames else bool(warning)
        told = {"known": known, "models": made, "warning": warning, "beyond": beyond}
        found.append({"name": name, **told, **spectra[name]})
    return found


def _column(rows, name):
    """A column of the predictions as numbers by label; empty where there is none."""
    if name not in rows.colnames:
        return {}
    values = np.ma.filled(np.ma.asarray(rows[name], dtype=float), np.nan)
    return dict(zip(np.asarray(rows["label"]).astype(str), values.tolist(), strict=True))


def _answer(rows, look, labels, target, read):
    values = _column(rows, "value")
    row = nearest(target, [values.get(label, np.nan) for label in labels])
    spectrum = None if row is None else read(row)
    uncertainty = _column(rows, "uncertainty")
    return {"look": look, "values": values, "uncertainty": uncertainty, "spectrum": spectrum}


@style.drawn
def observed(
    stars: Sequence[dict],
    wavelength: np.ndarray,
    *,
    synthetic: bool,
    trained: str = "spectra",
    total: int | None = None,
) -> Figure:
    """Each star as data, the nearest training spectra as lines, what is left, and the answers.

    Parameters
    ----------
    stars : sequence of dict
        ``name``; ``flux`` (L,) on the grid and its ``uncertainty`` (L,) or None; ``original``
        (wavelength, flux) or None, the observation before it was resampled; ``known``, a dict of
        label to value; ``models``, a dict of model to dict with ``look`` (of
        `spectra_labels.model_looks`), ``values`` and ``uncertainty`` (dicts by label) and
        ``spectrum`` (L,) or None; ``warning``, a text or empty; ``beyond``, whether the star lies
        outside what the networks know.
    wavelength : (L,) array
        Å, in air.
    synthetic : bool
        Whether the stars are.
    trained : str
        What the networks' training spectra are, as `trained_on` says.
    total : int, optional
        How many stars there are; those given unless told.

    Returns
    -------
    matplotlib.figure.Figure
        At most `MOST` stars; the others are counted.
    """
    total = len(stars) if total is None else total
    stars = list(stars)[:MOST]
    more = f", {total - len(stars)} more not drawn" if total > len(stars) else ""
    kind = "Observed" if synthetic else "Real"
    title = f"{kind} stars, and what networks trained on {trained} say of them{more}"
    if not stars:
        return style.nothing("no observed star could be used", title=title, synthetic=synthetic)
    wide = np.ptp(wavelength) > 60
    columns = min(len(stars), 2 if wide else 3)
    rows = -(-len(stars) // columns)
    width = 6.2 if wide else 4.3
    texts = [_lines(star, int(width * 13.2)) for star in stars]
    lines = [
        max(map(len, texts[first : first + columns])) + 1 for first in range(0, len(texts), columns)
    ]
    heights = [height for count in lines for height in (_SPECTRUM, _LEFT, _LINE * count)]
    handles = _legend(stars)
    ncols = _columns(handles, max(6.4, width * columns))
    around = 0.6 + 0.2 * -(-len(handles) // ncols) + _AROUND * rows
    size = max(6.4, width * columns), sum(heights) + around
    figure = style.figure(*size, title=title, synthetic=synthetic)
    panels = figure.subplots(
        *(3 * rows, columns),
        squeeze=False,
        height_ratios=heights,
    )
    style.hide(panels.ravel())
    for place, (star, text) in enumerate(zip(stars, texts, strict=True)):
        row, column = divmod(place, columns)
        _star(panels[3 * row, column], star, wavelength)
        _left(panels[3 * row + 1, column], star, wavelength)
        _words(panels[3 * row + 2, column], text, lines[row])
    style.below(figure, handles, ncols=ncols)
    return figure


def _star(axes, star, wavelength):
    axes.set_axis_on()
    many = len(wavelength) > 1000
    low, high = float(wavelength[0]), float(wavelength[-1])
    if star.get("original") is not None:
        x, y = (np.asarray(values, dtype=float) for values in star["original"])
        inside = (x >= low) & (x <= high) & np.isfinite(y)
        size = 3 if many else 9 if inside.sum() > 60 else 20
        look = {"s": size, "color": style.BLACK, "linewidths": 0}
        axes.scatter(x[inside], y[inside], rasterized=many, **look)
    flux = np.asarray(star["flux"], dtype=float)
    _band(axes, star, wavelength, flux, many)
    axes.plot(wavelength, flux, color=style.GREY, lw=0.5 if many else 0.9, rasterized=many)
    for place, model in enumerate(star["models"].values()):
        if model["spectrum"] is not None:
            look = _look(place, model, 0.5 if many else 1.0)
            axes.plot(wavelength, model["spectrum"], rasterized=many, **look)
    axes.set_xlim(low, high)
    colour = style.RED if star["beyond"] else style.BLACK
    snr = signal_to_noise(star)
    said = "S/N unknown" if snr is None else f"S/N {significant(snr, 2)}"
    axes.set_title(f"{star['name']}, {said}", fontsize=8.5, color=colour)
    axes.set_ylabel("Normalised flux")
    axes.tick_params(labelbottom=False)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.grid(**style.GRID)


def _left(axes, star, wavelength):
    """What each model leaves of the star, over the star's noise."""
    axes.set_axis_on()
    many = len(wavelength) > 1000
    flux = np.asarray(star["flux"], dtype=float)
    _band(axes, star, wavelength, np.zeros_like(flux), many)
    axes.axhline(0.0, color=style.GREY, lw=0.7)
    largest = [0.0]
    for place, model in enumerate(star["models"].values()):
        if model["spectrum"] is not None:
            look = _look(place, model, 0.5 if many else 0.8)
            rest = flux - np.asarray(model["spectrum"], dtype=float)
            axes.plot(wavelength, rest, rasterized=many, **look)
            largest.append(float(np.nanmax(np.abs(rest), initial=0.0)))
    axes.set_xlim(float(wavelength[0]), float(wavelength[-1]))
    axes.set_ylim(*(1.1 * max(largest) * np.array([-1, 1]) if max(largest) else (-0.1, 0.1)))
    axes.set_xlabel("Wavelength [Å, air]")
    axes.set_ylabel("Star − model")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_locator(MaxNLocator(3, symmetric=True))
    axes.grid(**style.GRID)


def _band(axes, star, wavelength, middle, many):
    if star.get("uncertainty") is not None:
        error = np.asarray(star["uncertainty"], dtype=float)
        look = {"color": style.BLACK, "alpha": 0.15, "linewidth": 0, "rasterized": many}
        axes.fill_between(wavelength, middle - error, middle + error, **look)


def _lines(star, width):
    """Known labels, each model's predictions and the warning: (text, whether it warns) a line."""
    lines = []
    if star["known"]:
        known = ", ".join(labels_.measured(*item) for item in star["known"].items())
        lines.append((f"known: {known}", False))
    for model in star["models"].values():
        lines.append((f"{model['look']['label']}:", False))
        values = ", ".join(
            labels_.measured(label, value, model["uncertainty"].get(label))
            for label, value in model["values"].items()
        )
        lines.append((f"   {values}", False))
    return lines + [(line, True) for line in textwrap.wrap(star["warning"] or "", width)]


def _words(axes, lines, most):
    axes.set(xlim=(0, 1), ylim=(most, 0))
    for place, (text, warns) in enumerate(lines):
        look = {"color": style.RED, "weight": "bold"} if warns else {}
        axes.text(0, place, text, va="center", fontsize=7.5, **look)


def _legend(stars):
    handles = []
    if any(star.get("original") is not None for star in stars):
        point = {"marker": "o", "ms": 3, "color": style.BLACK, "ls": "none"}
        handles.append(Line2D([], [], label="star, continuum normalised", **point))
    text = "star, as the networks see it (band: its noise)"
    handles.append(Line2D([], [], color=style.GREY, lw=1, label=text))
    for place, model in enumerate(stars[0]["models"].values()):
        text = f"noise-free training spectrum nearest to the answer of: {model['look']['label']}"
        handles.append(Line2D([], [], label=text, **_look(place, model, 1.0)))
    return handles


def _columns(handles, width):
    """Two columns of a legend where they fit into so many inches, or one."""
    half = -(-len(handles) // 2)
    texts = [
        [len(handle.get_label()) for handle in part] for part in (handles[:half], handles[half:])
    ]
    # 0.056 inches is the mean width of a letter, 0.5 what stands before it.
    return 2 if sum(0.056 * max(part, default=0) + 0.5 for part in texts) <= width else 1


def _look(place, model, width):
    """The first line broad, the others dashed on top, so that equal ones can all be seen."""
    dashed = {"ls": (0, (4, 2 + place)), "lw": 1.1 * width}
    return {"color": model["look"]["color"], **(dashed if place else {"lw": 1.7 * width})}
