"""What the report says of probabilities: whether they came true."""

from __future__ import annotations

import numpy as np

from skyloom.report import wording


def sentence(row, *, what, fitted, judged):
    """How far probabilities are off, before and after calibration, and by how much of it by chance.

    Parameters
    ----------
    row : Row
        With what `skyloom.judge.calibration.summary` gives, and ``temperature``.
    what : str
        'Its probabilities'.
    fitted, judged : str
        What the temperature was fitted to, and what was judged: '26 validation spectra'.

    Returns
    -------
    str
    """
    before = wording.estimate(row, "calibration_error")
    after = wording.estimate(row, "calibration_error_calibrated")
    warmth, chance = (
        float(np.ma.filled(row[name], np.nan))
        for name in ("temperature", "calibration_error_chance")
    )
    chance = (
        f"were each of them true, {judged} would show {wording.fixed(chance)} by chance, so that "
        "less cannot be asked for"
    )
    if not np.isfinite(warmth):
        return (
            f"{what} are off by {wording.interval(*before)} (expected calibration error); {chance}."
        )
    return (
        f"{what}, with the temperature {wording.fixed(warmth)} of {fitted}, are off by "
        f"{wording.interval(*after)} (expected calibration error; without it "
        f"{wording.interval(*before)}); {chance}."
    )


def columns(table):
    """Columns of a table: temperature, calibration errors with their interval, and chance's."""
    last = "calibration_error_calibrated"
    yield "Temperature", wording.column(table, "temperature"), ".2f"
    yield "Calibration error without it", wording.column(table, "calibration_error"), ".3f"
    yield "with it", wording.column(table, last), ".3f"
    yield (
        wording.level_of(table),
        [wording.ends(*wording.estimate(row, last)[1:]) for row in table],
    )
    yield "by chance", wording.column(table, "calibration_error_chance"), ".3f"
