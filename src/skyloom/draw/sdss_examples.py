"""A spectrum of every class on its way to the networks: as observed, smoothed, drawn (figure 6)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from skyloom.arms.spectra import wavelengths
from skyloom.draw import sdss_labels as labels_
from skyloom.draw import style
from skyloom.errors import InputError
from skyloom.io import columns
from skyloom.io.files import open_hdf5

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure

    from skyloom.arms.sdss.spectrum import Spectrum

_CANDIDATES = 5


def candidates(sample: Table) -> dict[str, list[int]]:
    """Rows of each class that may stand for it: those nearest to its median redshift.

    Parameters
    ----------
    sample : Table
        With ``class`` and ``z``.

    Returns
    -------
    dict of str to list of int
        Classes in their order, at most 5 rows each.
    """
    kinds, z = columns.texts(sample["class"]), columns.numbers(sample["z"])
    found = {}
    for name in labels_.classes_of(sample["class"]):
        rows = np.flatnonzero(kinds == name)
        known = z[rows][np.isfinite(z[rows])]
        middle = np.median(known) if len(known) else 0.0
        far = np.nan_to_num(np.abs(z[rows] - middle), nan=np.inf)
        found[name] = rows[np.argsort(far, kind="stable")[:_CANDIDATES]].tolist()
    return found


def clearest(spectra: Sequence[Spectrum]):
    """Place of the spectrum with the highest median signal-to-noise ratio.

    Parameters
    ----------
    spectra : sequence of `skyloom.arms.sdss.spectrum.Spectrum`
        With ``sn``.
    """
    return int(np.argmax(np.nan_to_num([one.sn for one in spectra], nan=-np.inf)))


def row_of(file, name):
    """Row of a spectrum in an open HDF5 file by its ``id``, or None."""
    found = np.flatnonzero(file["id"][()].astype(str) == name)
    return int(found[0]) if len(found) else None


@style.drawn
def examples(shown: dict[str, dict], *, synthetic: bool) -> Figure:
    """Spectra of all classes: raw with masked pixels, smoothed, and as the networks see them.

    Parameters
    ----------
    shown : dict of str to dict
        By class: ``id``, ``z``; ``wavelength`` (L,) in Å, ``flux`` (L,) and ``good`` (L,) of the
        file; ``grid`` (G,) in Å and ``smoothed`` (G,), relative to the median of the good flux;
        ``images``, a sequence of (H, W) uint8.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
    """
    title = "Spectra as observed, smoothed and drawn"
    rows = max(1, len(shown))
    if not shown:
        return style.nothing("the sample is empty", title=title, synthetic=synthetic)
    count = max(len(one["images"]) for one in shown.values())
    size = 7.6 + 2.15 * count, 2.75 * rows + 0.7
    figure = style.figure(*size, title=title, synthetic=synthetic)
    grid = figure.subplots(rows, 1 + count, squeeze=False, width_ratios=[3.5] + [1] * count)
    for line, (name, one) in zip(grid, shown.items(), strict=True):
        _spectrum(line[0], name, one)
        style.hide(line[1 + len(one["images"]) :])
        for axes, image in zip(line[1:], one["images"], strict=False):
            _image(axes, np.asarray(image))
    grid[-1][0].set_xlabel("Observed wavelength [Å, vacuum]")
    handles = _legend(list(shown))
    figure.legend(
        list(handles.values()),
        list(handles),
        loc="outside lower center",
        ncols=4,
        handler_map={tuple: HandlerTuple(ndivide=None, pad=0.3)},
    )
    return figure


def _spectrum(axes, name, one):
    wavelength, flux = (np.asarray(one[key], dtype=float) for key in ("wavelength", "flux"))
    good = np.asarray(one["good"]).astype(bool)
    smoothed, grid = (np.asarray(one[key], dtype=float) for key in ("smoothed", "grid"))
    scale = np.median(np.abs(flux[good])) if good.any() else 1.0
    relative = np.where(good & np.isfinite(flux), flux, np.nan) / (scale or 1.0)
    look = {"lw": 0.5, "color": "#A8A8A8", "rasterized": True}
    axes.plot(wavelength, relative, **look)
    axes.plot(grid, smoothed, lw=1.0, color=labels_.class_colour(name), rasterized=True)
    low, high = _limits(relative, smoothed)
    axes.set_ylim(low, high)
    axes.set_xlim(min(wavelength[0], grid[0]), max(wavelength[-1], grid[-1]))
    # Masked pixels keep their place, not their value, which may be anything.
    bad = wavelength[~good]
    ticks = np.full(len(bad), low + 0.03 * (high - low))
    axes.plot(bad, ticks, ls="none", marker="|", ms=5, mew=0.6, color=style.RED, rasterized=True)
    labels_.mark_lines(axes, name, columns.number(one["z"]), within=wavelength[[0, -1]].tolist())
    axes.set_ylabel("Flux / median")
    axes.xaxis.set_major_locator(MaxNLocator(7))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    share = 100 * (1 - good.mean()) if len(good) else 0.0
    text = f"{one['id']}, {labels_.redshift(name, columns.number(one['z']))}, {share:.1f} % masked"
    axes.set_title(f"{labels_.class_name(name).capitalize()}: {text}", loc="left", fontsize=8.5)


def _limits(relative, smoothed):
    """All of the smoothed spectrum and nearly all of the raw one: spikes leave the panel."""
    raw = relative[np.isfinite(relative)]
    smooth = smoothed[np.isfinite(smoothed)]
    ends = [*np.percentile(raw, [1, 99])] if len(raw) else []
    ends += [smooth.min(), smooth.max()] if len(smooth) else []
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    room = 0.08 * (high - low) or 1.0
    return low - 1.6 * room, high + room


def _image(axes, image):
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, origin="upper", interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(visible=True, color="#8A8A8A", linewidth=0.7)
    axes.set_title(f"{image.shape[0]} × {image.shape[1]} pixels", fontsize=8.5)


def _legend(names):
    tick = {"ls": "none", "marker": "|", "ms": 7, "color": style.RED}
    return {
        "as observed": Line2D([], [], lw=1, color="#A8A8A8"),
        "smoothed": tuple(Line2D([], [], color=labels_.class_colour(name)) for name in names),
        "masked pixels": Line2D([], [], **tick),
        "lines of the class at its redshift": Line2D(
            [], [], color=style.GREY, lw=0.8, ls=(0, (4, 3))
        ),
    }


def add_processed(
    shown: dict[str, dict], blocks: Sequence[str | Path], datasets: Sequence[str | Path]
) -> None:
    """Fill in what became of the spectra: smoothed on the grid, and their images.

    Parameters
    ----------
    shown : dict of str to dict
        By class, with ``id``; gets ``grid``, ``smoothed`` and ``images``.
    blocks : sequence of str or Path
        HDF5 files with ``spectra`` (n, G), ``id`` and the grid's attributes.
    datasets : sequence of str or Path
        Datasets of images.

    Raises
    ------
    InputError
        If a spectrum is in none of the blocks, or lacks an image.
    """
    for one in shown.values():
        one["images"] = []
    for path in blocks:
        with open_hdf5(path, need=("spectra", "id")) as file:
            grid = wavelengths.grid(file.attrs, file["spectra"].shape[1])
            for one in shown.values():
                row = row_of(file, one["id"])
                if row is not None:
                    one["grid"], one["smoothed"] = grid, file["spectra"][row]
    for one in shown.values():
        if "smoothed" not in one:
            raise InputError(f"{one['id']} is in none of the prepared blocks: make them again.")
    for path in datasets:
        with open_hdf5(path, need=("images", "id")) as file:
            for one in shown.values():
                row = row_of(file, one["id"])
                if row is None:
                    raise InputError(f"{path} lacks {one['id']}: make it again.")
                one["images"].append(file["images"][row])
