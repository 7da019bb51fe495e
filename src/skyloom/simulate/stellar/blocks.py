"""Blocks of the grid: which spectra one job makes, and making them in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from skyloom.arms.spectra.stellar import grid
from skyloom.errors import InputError
from skyloom.io.folders import block_of
from skyloom.prefetch import in_order
from skyloom.simulate.stellar import synthesis

if TYPE_CHECKING:
    from skyloom.arms.spectra.stellar.grid import Atmosphere
    from skyloom.prefetch import Pool
    from skyloom.simulate.stellar.atoms import Lines


def plan(options: dict, block: int, blocks: int) -> tuple[list[Atmosphere], tuple[float, ...]]:
    """The atmospheres and velocities of one block of the grid.

    Parameters
    ----------
    options : dict
        ``stellar.synthetic`` of the config; see `skyloom.arms.spectra.stellar.grid.axes`.
    block, blocks : int
        Which of how many runs of whole atmospheres, in the order of ids, so that all velocities of
        an atmosphere are made together.

    Returns
    -------
    list of `skyloom.arms.spectra.stellar.grid.Atmosphere`, tuple of float

    Raises
    ------
    InputError
        As `grid.axes` and `grid.atmospheres`, and if there are more blocks than atmospheres.
    """
    chosen = grid.axes(options)
    found = grid.atmospheres(chosen)
    if blocks > len(found):
        raise InputError(
            f"stellar.blocks is {blocks}, more than the grid's {len(found)} atmospheres: lower it."
        )
    return block_of(found, block, blocks), chosen["v_sin_i"]


def check_pixels(pixels, downsample) -> None:
    """Raise an InputError where blocks of `downsample` pixels do not divide all of them."""
    if pixels % downsample:
        raise InputError(
            f"stellar.pixels, {pixels}, does not divide into blocks of stellar.downsample, "
            f"{downsample}: choose a divisor."
        )


def check_window(lines, *, window, pixels, downsample) -> None:
    """Raise an InputError where the pixels do not divide, or lines do not cover the window."""
    check_pixels(pixels, downsample)
    first, last = lines.wavelength[0], lines.wavelength[-1]
    # The nearest lines of the list lie some Å from the limits that it was made for.
    if window[0] < first - 5 or window[1] > last + 5:
        raise InputError(
            f"stellar.window goes beyond the line list, {first:.0f} to {last:.0f} Å: choose a "
            "window within, or another list."
        )


def synthesise(
    lines: Lines,
    atmospheres: Sequence[Atmosphere],
    velocities: Sequence[float],
    *,
    window: tuple[float, float],
    pixels: int,
    downsample: int,
    limb_darkening: float,
    pool: Pool | None = None,
):
    """Make the spectra of some atmospheres.

    Parameters
    ----------
    lines : `skyloom.simulate.stellar.atoms.Lines`
    atmospheres : sequence of `skyloom.arms.spectra.stellar.grid.Atmosphere`
    velocities : sequence of float
        v sin i, km/s.
    window : (float, float)
        Å, in air.
    pixels, downsample : int
        Of the synthesis, and how many of them become one.
    limb_darkening : float
    pool : `skyloom.prefetch.Pool`, optional
        Atmospheres are made on its threads; the spectra are the same without.

    Yields
    ------
    (len(velocities), pixels / downsample) array of float32
        One atmosphere's, in order.
    """
    laid = synthesis.pixels(window, pixels, max(velocities))

    def work(one):
        return synthesis.rotations(
            lines,
            one.labels,
            velocities,
            laid,
            limb_darkening=limb_darkening,
            downsample=downsample,
        )

    yield from in_order(pool, work, atmospheres)
