"""What networks say of observed stars as a person reads it: one row a star."""

from __future__ import annotations

import math

import numpy as np
from astropy.table import MaskedColumn, Table

from skyloom.io.columns import number

#: The column of what `one_row_each` says of a star.
FLAG = "flag"
#: What `one_row_each` says of a star in its column ``flag``.
GOOD, ASSUMED, BEYOND = "good", "medium assumed", "beyond training"


def one_row_each(predictions: Table) -> Table:
    """The labels of every star by the network that is surest of them.

    Parameters
    ----------
    predictions : Table
        As `skyloom.arms.spectra.prediction.predict` makes it: one row a star, model and label.

    Returns
    -------
    Table
        name and file; each label in its unit and, as ``<label>_error``, its standard deviation;
        flag; and model, the recommended one: of its errors the product is the least. (Errors are
        calibrated on the validation side, so that those of two networks can be compared.) The flag
        is ``beyond training`` where the networks cannot know such a star, ``medium assumed`` where
        its file does not say whether wavelengths are in air, else ``good``. An error has two
        digits, and a value no more than its error; one without an error has four.
    """
    rows = {}
    for row in predictions:
        rows.setdefault(str(row["name"]), {}).setdefault(str(row["model"]), []).append(row)
    labels = dict.fromkeys(map(str, predictions["label"]))
    units = {str(row["label"]): str(row["unit"]) for row in predictions}
    made = {name: [] for name in ("name", "file")}
    made |= {name: [] for label in labels for name in (label, f"{label}_error")}
    made |= {"flag": [], "model": []}
    for name, models in rows.items():
        model = min(models, key=lambda own: _doubt(models[own]))
        first = models[model][0]
        made["name"].append(name)
        made["file"].append(str(first["file"]))
        for row in models[model]:
            value, error = rounded(float(row["value"]), number(row["uncertainty"]))
            made[str(row["label"])].append(value)
            made[f"{row['label']}_error"].append(error)
        assumed = str(first["medium"]).endswith("(assumed)")
        made["flag"].append(BEYOND if first["beyond"] else ASSUMED if assumed else GOOD)
        made["model"].append(model)
    table = Table(made)
    for label in labels:
        error = np.asarray(table[f"{label}_error"], float)
        table[f"{label}_error"] = MaskedColumn(error, mask=np.isnan(error))
        for column in (label, f"{label}_error"):
            table[column].unit = units[label] or None
    table.meta.update(predictions.meta)
    return table


def rounded(value: float, error: float) -> tuple[float, float]:
    """A value with as many digits as its error, and an error with two.

    Parameters
    ----------
    value, error : float
        In one unit; the error may be NaN.

    Returns
    -------
    float, float
    """
    if not (math.isfinite(error) and error > 0):
        return float(f"{value:.4g}"), error
    # As it is written with two digits: 0.0999 is 0.10.
    error = float(f"{error:.1e}")
    digits = 1 - math.floor(math.log10(error))
    return round(value, digits), error


def _doubt(rows):
    """The logarithm of the product of all errors; of a model without one, infinite."""
    errors = [number(row["uncertainty"]) for row in rows]
    known = all(math.isfinite(error) and error > 0 for error in errors)
    return sum(map(math.log, errors)) if known else math.inf
