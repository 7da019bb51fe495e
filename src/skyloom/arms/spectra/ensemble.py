"""Several networks of different seeds as one: their mean, and how far to trust it."""

from __future__ import annotations

import numpy as np

from skyloom.errors import InputError, check_one_of

#: Spread among the members; predicted variances, with the spread of their means; nothing.
UNCERTAINTIES = ("ensemble", "heteroscedastic", "none")


def check_members(uncertainty, members) -> None:
    """Refuse what gives no uncertainty.

    Raises
    ------
    InputError
    """
    check_one_of("uncertainty", uncertainty, UNCERTAINTIES)
    if members < 1:
        raise InputError(f"members is {members}: at least one network is needed.")
    if uncertainty == "ensemble" and members < 2:
        raise InputError(
            "uncertainty is ensemble with 1 member, which has no spread: raise members, or choose "
            "heteroscedastic or none."
        )


def combine(made: np.ndarray, uncertainty: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Mean and standard deviation of what the members say.

    Parameters
    ----------
    made : (M, n, outputs) array
        Outputs of M networks.
    uncertainty : str
        One of `UNCERTAINTIES`.

    Returns
    -------
    mean : (n, K) float64 array
    deviation : (n, K) float64 array or None

    Notes
    -----
    ``ensemble``: the standard deviation among the members, one degree of freedom taken.
    ``heteroscedastic``: of the equal mixture of the members' Gaussians, mean(s² + m²) - mean(m)²
    (Lakshminarayanan et al. 2017, section 2.4).
    """
    made = np.asarray(made, dtype=np.float64)
    if uncertainty == "heteroscedastic":
        count = made.shape[2] // 2
        means = made[..., :count]
        # As the loss takes it, `training`.
        variances = np.exp(np.clip(made[..., count:], -20.0, 20.0))
        return means.mean(axis=0), np.sqrt(variances.mean(axis=0) + means.var(axis=0))
    deviation = made.std(axis=0, ddof=1) if uncertainty == "ensemble" else None
    return made.mean(axis=0), deviation
