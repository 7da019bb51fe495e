"""What the network is shown: one galaxy in its ten variants, twenty galaxies in one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import matplotlib
import numpy as np

from skyloom.arms.tng.gas_channels import FAMILIES
from skyloom.draw import style
from skyloom.draw.style import significant
from skyloom.draw.tng_sample import round_length

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Each family of variants is a row; the composite stands beside them.
_TITLES = {
    "channels": "One channel",
    "gaussian": "Gaussian smoothing",
    "unsharp": "Unsharp mask",
}
_GAP = 0.05  # inches, between panels


def median_galaxy(target: np.ndarray, snapshot: np.ndarray) -> int:
    """Row of the galaxy with the median target among those of the first snapshot.

    Parameters
    ----------
    target, snapshot : (N,) array
        As a dataset holds them: sorted by snapshot, the latest first.

    Returns
    -------
    int
        The lower of the two middle ones where their number is even.
    """
    rows = np.flatnonzero(np.asarray(snapshot) == np.asarray(snapshot)[0])
    order = rows[np.argsort(np.asarray(target)[rows], kind="stable")]
    return int(order[(len(order) - 1) // 2])


def evenly_ranked(target, count=20):
    """Rows of `count` galaxies, evenly spaced in rank of the target, from high to low."""
    order = np.argsort(-np.asarray(target, dtype=float), kind="stable")
    return order[style.evenly(len(order), count)]


def physical_width(
    width: float, snapshot: np.ndarray, tables: Iterable[dict], hubble: float
) -> np.ndarray:
    """Side of each galaxy's image in physical kpc.

    Parameters
    ----------
    width : float
        Side of all images, ckpc/h.
    snapshot : (N,) int array
    tables : iterable of dict
        Headers of the galaxies' tables: ``snapshot`` and ``scale_factor``.
    hubble : float

    Returns
    -------
    (N,) array
        width times the scale factor over h.
    """
    factor = {int(header["snapshot"]): float(header["scale_factor"]) for header in tables}
    return np.array([width * factor[int(number)] / hubble for number in snapshot])


@style.drawn
def variants(
    images: dict[str, np.ndarray],
    *,
    sizes: dict[str, dict],
    width: float,
    name: str,
    log_ssfr: float,
    synthetic: bool,
    comoving: float | None = None,
) -> Figure:
    """One galaxy in every variant, a family a row and the composite beside them.

    Parameters
    ----------
    images : dict of str to (bins, bins, 3) uint8 array
        By variant; row index is y, upwards.
    sizes : dict of str to dict
        Of the filters, as `skyloom.arms.tng.metadata.filter_sizes` gives them.
    width : float
        Side of an image, physical kpc.
    name : str
        The galaxy.
    log_ssfr : float
        log10 of its sSFR in 1/yr.
    synthetic : bool
    comoving : float, optional
        Side of an image, ckpc/h, so that the size of a pixel is said in both.

    Returns
    -------
    matplotlib.figure.Figure

    Notes
    -----
    Figures 3.2, 3.4 and 3.5 of the thesis in one. Variants of one channel hold the same plane
    three times; they are drawn in a perceptually uniform colour map.
    """
    title = f"Galaxy {name} in {len(images)} variants, {_ssfr_label(log_ssfr)}"
    families, rest = _families(images)
    columns = max(map(len, families.values()), default=0)
    pixel = _pixel(next(iter(images.values())).shape[0], width, comoving)
    if rest != ["composite"] or columns < 2:
        return _grid(images, sizes, width, pixel, title, synthetic)
    rows, size = len(families), 2.0
    side = rows * size + (rows - 1) * _GAP
    figure = style.figure(
        side + columns * (size + _GAP) + 2 * _GAP,
        side + style.TITLE,
        title=title,
        synthetic=synthetic,
        arranged=False,
    )
    large = style.panels(figure, 1, 1, size=side, gap=_GAP)[0]
    _image(large, "composite", images["composite"])
    said = f"Composite\nred entropy, green mass, blue temperature\n{pixel}"
    style.image_label(large, said, size=9)
    style.scale_bar(large, round_length(width), total=width, size=9)
    small = style.panels(figure, rows, columns, size=size, left=side + _GAP, gap=_GAP)
    for row, (family, members) in enumerate(families.items()):
        for axes, variant in zip(small[row * columns :], members, strict=False):
            _image(axes, variant, images[variant])
            style.image_label(axes, _short(variant, family, sizes.get(variant)))
            style.scale_bar(axes, round_length(width), total=width, label="")
        style.hide(small[row * columns + len(members) : (row + 1) * columns])
    return figure


@style.drawn
def gallery(
    images: np.ndarray,
    log_ssfr: np.ndarray,
    *,
    variant: str,
    width: np.ndarray,
    synthetic: bool,
    size: str = "",
) -> Figure:
    """Up to twenty galaxies of one variant with their sSFR, in the order given.

    Parameters
    ----------
    images : (N, bins, bins, 3) uint8 array
    log_ssfr : (N,) array
        log10 of the sSFR in 1/yr.
    variant : str
    width : (N,) array
        Sides of the images, physical kpc: they differ from snapshot to snapshot.
    synthetic : bool
    size : str, optional
        How large the variant's filter is, as `skyloom.arms.tng.metadata.filter_text` says.

    Returns
    -------
    matplotlib.figure.Figure

    Notes
    -----
    Figures 3.3 and 4.6 to 4.8 of the thesis.
    """
    said = f" ({size})" if size else ""
    title = f"{style.variant_label(variant)}{said}, from high to low sSFR"
    figure, panels = _mosaic(len(images), 4, 2.1, title, synthetic)
    length = round_length(np.min(width))
    shown = zip(panels, images, log_ssfr, width, strict=False)
    for number, (axes, image, value, side) in enumerate(shown):
        _image(axes, variant, image)
        style.image_label(axes, _ssfr_label(value))
        style.scale_bar(axes, length, total=side, label=None if number == 0 else "")
    return figure


def _families(images):
    """Variants at hand by family, those without any left out; and those of no family."""
    found = {
        _TITLES[family]: [v for v in members if v in images] for family, members in FAMILIES.items()
    }
    known = [variant for members in found.values() for variant in members]
    return {k: v for k, v in found.items() if v}, [v for v in images if v not in known]


def _mosaic(count, most, size, title, synthetic):
    """A figure of square panels, at most so many a row; and the panels."""
    columns = min(most, count)
    rows = -(-count // columns)
    figure, panels = style.mosaic(rows, columns, size, title=title, synthetic=synthetic)
    style.hide(panels[count:])
    return figure, panels


def _grid(images, sizes, width, pixel, title, synthetic):
    figure, panels = _mosaic(len(images), 5, 2.3, title, synthetic)
    for number, (axes, (variant, image)) in enumerate(zip(panels, images.items(), strict=False)):
        _image(axes, variant, image)
        label = _short(variant, style.variant_label(variant), sizes.get(variant))
        style.image_label(axes, label if number else f"{label}\n{pixel}")
        style.scale_bar(axes, round_length(width), total=width, label=None if number == 0 else "")
    return figure


def _image(axes, variant, image):
    if variant in style.PLANES:
        cmap = matplotlib.colormaps[style.PLANES[variant]].with_extremes(under="black")
        axes.imshow(image[..., 0], cmap=cmap, vmin=1, vmax=255)
    else:
        axes.imshow(image)
    style.bare(axes)


def _pixel(bins, width, comoving):
    """How large a pixel is."""
    other = "" if comoving is None else f" = {significant(comoving / bins)} ckpc/h"
    return f"1 px = {significant(width / bins)} kpc{other}"


def _short(variant, family, size):
    """A label of three lines at most; a filter's size is given in pixels, kpc and ckpc/h."""
    if size is None:
        return style.variant_label(variant)
    count, physical, comoving = (significant(size[u], 2) for u in ("pixel", "kpc", "ckpc/h"))
    return f"{family}\nσ = {count.removesuffix('.0')} px = {physical} kpc\n   = {comoving} ckpc/h"


def _ssfr_label(log_ssfr):
    return f"sSFR = {10.0 ** float(log_ssfr):.1e} / yr"
