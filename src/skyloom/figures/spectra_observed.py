"""Observed stars beside the training spectra that the networks' predictions point to."""

import textwrap

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from skyloom.figures import spectra_labels as labels_
from skyloom.figures import style

#: More stars than this are counted, not drawn.
MOST = 12
_LINE = 0.145  # inches, of text


def nearest(target, wanted):
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


def read(file):
    """Observed spectra of ``observed/spectra.h5``: by name, what `stars` takes of them.

    Parameters
    ----------
    file : h5py.File
        As `skyloom.spectra.preparation.write` fills it.

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


def stars(predictions, spectra, labels, target, read):
    """What `observed` draws of each star.

    Parameters
    ----------
    predictions : Table
        A row a star, model and label: ``name``, ``model``, ``label``, ``value`` and, where they
        are known, ``uncertainty``, ``known``, ``beyond`` and ``warning``.
    spectra : dict of str to dict
        By name: ``flux``, ``uncertainty`` and ``original``, as `read` gives them.
    labels : sequence of str
        In the order of `target`.
    target : (N, T) array
        Labels of the training spectra.
    read : callable
        Row of a training spectrum -> its flux (L,).

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
def observed(stars, wavelength, *, synthetic, trained_on_synthetic=False, total=None):
    """Each star's observation, the nearest training spectra and the predictions in words.

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
    trained_on_synthetic : bool
        Whether the networks' training spectra are: the title of real stars then says so.
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
    title = f"Observed stars and the networks' answers{more}"
    if trained_on_synthetic and not synthetic:
        title = f"Real stars, and what networks trained on synthetic spectra say of them{more}"
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
    size = max(6.4, width * columns), sum(2.5 + _LINE * count for count in lines) + 1.0
    figure = style.figure(*size, title=title, synthetic=synthetic)
    panels = figure.subplots(
        2 * rows,
        columns,
        squeeze=False,
        height_ratios=[height for count in lines for height in (2.5, _LINE * count)],
    )
    style.hide(panels.ravel())
    for place, (star, text) in enumerate(zip(stars, texts, strict=True)):
        row, column = divmod(place, columns)
        _star(panels[2 * row, column], star, wavelength)
        _words(panels[2 * row + 1, column], text, lines[row])
    style.below(figure, _legend(stars), ncols=2)
    return figure


def _star(axes, star, wavelength):
    axes.set_axis_on()
    many = len(wavelength) > 1000
    low, high = float(wavelength[0]), float(wavelength[-1])
    if star.get("original") is not None:
        x, y = (np.asarray(values, dtype=float) for values in star["original"])
        inside = (x >= low) & (x <= high) & np.isfinite(y)
        look = {"s": 3 if many else 9, "color": style.GREY, "linewidths": 0}
        axes.scatter(x[inside], y[inside], rasterized=many, **look)
    flux = np.asarray(star["flux"], dtype=float)
    if star.get("uncertainty") is not None:
        error = np.asarray(star["uncertainty"], dtype=float)
        look = {"color": style.BLACK, "alpha": 0.15, "linewidth": 0, "rasterized": many}
        axes.fill_between(wavelength, flux - error, flux + error, **look)
    axes.plot(wavelength, flux, color=style.BLACK, lw=0.5 if many else 1.0, rasterized=many)
    for place, model in enumerate(star["models"].values()):
        if model["spectrum"] is not None:
            look = _look(place, model, 0.5 if many else 1.0)
            axes.plot(wavelength, model["spectrum"], rasterized=many, **look)
    axes.set_xlim(low, high)
    colour = style.RED if star["beyond"] else style.BLACK
    axes.set_title(str(star["name"]), fontsize=8.5, color=colour)
    axes.set_xlabel("Wavelength [Å, air]")
    axes.set_ylabel("Normalised flux")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.grid(**style.GRID)


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
        point = {"marker": "o", "ms": 3, "color": style.GREY, "ls": "none"}
        handles.append(Line2D([], [], label="observed, continuum normalised", **point))
    text = "observed, as the networks see it (band: its noise)"
    handles.append(Line2D([], [], color=style.BLACK, lw=1, label=text))
    for place, model in enumerate(stars[0]["models"].values()):
        text = f"training spectrum nearest to the answer of: {model['look']['label']}"
        handles.append(Line2D([], [], label=text, **_look(place, model, 1.0)))
    return handles


def _look(place, model, width):
    """The first line broad, the others dashed on top, so that equal ones can all be seen."""
    dashed = {"ls": (0, (4, 2 + place)), "lw": 1.1 * width}
    return {"color": model["look"]["color"], **(dashed if place else {"lw": 1.7 * width})}
