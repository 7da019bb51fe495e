"""What the networks learn: the logarithm of the specific star formation rate."""

from __future__ import annotations

import numpy as np

#: The thesis's label (annex "Pipeline").
NAME, UNIT = "log10(1e15 sSFR yr)", "dex"
#: A label less this is log10 of the sSFR in 1/yr.
OFFSET = 15.0


def galaxy_id(snapshot, subhalo):
    """Identifier of a galaxy at a snapshot, fixed in length: ``099_0000123``."""
    return f"{int(snapshot):03d}_{int(subhalo):07d}"


def usable(ssfr):
    """Which galaxies have a label: sSFR above zero, for log10(0) is none."""
    return np.asarray(ssfr) > 0


def label(ssfr: np.ndarray):
    """log10(10^15 sSFR yr), dimensionless (dex).

    Parameters
    ----------
    ssfr : (N,) array
        1/yr, all above zero.

    Raises
    ------
    ValueError
        If one is not.
    """
    ssfr = np.asarray(ssfr, dtype=np.float64)
    if ssfr.size and not ssfr.min() > 0:
        raise ValueError("a galaxy without star formation has no logarithm of it")
    return np.log10(10**OFFSET * ssfr)
