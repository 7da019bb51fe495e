"""Whether a flux is over the continuum, as networks and grids have it: about 1."""

from __future__ import annotations

import numpy as np

#: A quarter of a normalised spectrum's pixels at least is below the first, a twentieth above the
#: second. Absorption only lowers the first and emission only raises the second, whatever the
#: lines' depth: the synthetic grids' most crowded spectra (3,500 K at 200 km/s) have 0.6 and 0.92,
#: a window inside a Balmer line of a dwarf 0.5 and 0.6, and molecular bands of giants leave more
#: than 0.2. Percent, counts, and fluxes in physical units are far off.
HIGHEST_QUARTER, LOWEST_TOP = 1.5, 0.2
# Of a long spectrum, every so-manieth pixel tells as much.
_PIXELS = 2000


def is_normalised(flux: np.ndarray) -> np.ndarray:
    """Whether spectra are about 1 where there is no line.

    Parameters
    ----------
    flux : (..., L) array
        Finite, on a window's pixels.

    Returns
    -------
    (...) array of bool
        By quantiles, which cosmic rays, noise and lines of a Be star's disc do not move.
    """
    flux = np.asarray(flux)
    flux = flux[..., :: max(1, flux.shape[-1] // _PIXELS)]
    last = flux.shape[-1] - 1
    quarter, top = last // 4, round(0.95 * last)
    # A grid has many thousand files: a partition takes a tenth of the time of np.quantile.
    ordered = np.partition(flux, (quarter, top), axis=-1)
    return (ordered[..., quarter] <= HIGHEST_QUARTER) & (ordered[..., top] >= LOWEST_TOP)
