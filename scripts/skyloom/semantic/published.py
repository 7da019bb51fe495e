"""The paper's numbers beside ours, and when the two may be compared."""

import numpy as np
from astropy.table import Table

from skyloom import comparable

_NEED = ("results", "models", "table_1", "comparable_when", "comparable_of")
#: Units of the parameters in every table of the arm.
UNITS = {"angle": "deg"}
_TRAINING = (
    *("epochs", "batch_size", "optimizer", "learning_rate", "rho"),
    *("decay", "target", "initializer", "restore", "precision"),
)


def read(path):
    """The sections of ``resources/published/semantic.yaml``; see `skyloom.comparable.read`."""
    return comparable.read(path, _NEED)


def add(summary, content):
    """Put the printed dispersions beside ours: fills the column `published` of a summary.

    Parameters
    ----------
    summary : Table
        As `skyloom.semantic.evaluation.summarise` makes it.
    content : dict
        As `read` gives it.

    Returns
    -------
    Table
        The same; the printed sigma stands in the encoder's rows of the models that `content` names
        for the paper's training, comparable or not: `compare` says which. NaN elsewhere.
    """
    printed = {
        (model, row["parameter"]): row["printed"]
        for row in content["results"]
        if row["statistic"] == "sigma"
        for model in content["models"][row["of"]]
    }
    names = zip(summary["method"], summary["model"], summary["parameter"], strict=True)
    summary["published"] = [
        printed.get((str(model), str(parameter)), np.nan) if method == "encoder" else np.nan
        for method, model, parameter in names
    ]
    return summary


def compare(summary, metrics, content, choices):
    """The printed numbers with ours beside them.

    Parameters
    ----------
    summary : Table
        As `skyloom.semantic.evaluation.summarise` makes it.
    metrics : sequence of dict
        ``metrics.json`` of the trained models, whose word counts where the config's differs.
    content : dict
        As `read` gives it.
    choices : dict of str to dict
        Of each model, how the config has it made, resolved: ``grid``, ``profile``, ``noise``,
        ``images``, ``network`` (its name), ``encoder``, ``training``.

    Returns
    -------
    Table
        quantity (for example ``sigma of scale``), model (empty: none was trained), statistic,
        parameter, unit, ours, ours_low, ours_high (interval of a sigma), published, difference,
        comparable, reason. NaN where there is no number.
    """
    made = {str(known["model"]): _made(known, choices.get(known["model"], {})) for known in metrics}
    rows = []
    for printed in content["results"]:
        rows += _result_rows(printed, summary, content, made)
    for printed in content["table_1"]:
        rows.append(_count_row(printed, metrics))
    table = Table()
    for name in ("quantity", "model", "statistic", "parameter", "unit"):
        table[name] = np.array([row[name] for row in rows], dtype=str)
    for name in ("ours", "ours_low", "ours_high", "published"):
        table[name] = np.array([row.get(name, np.nan) for row in rows], dtype=float)
    table["difference"] = table["ours"] - table["published"]
    table["comparable"] = [bool(row["model"]) and not row["why"] for row in rows]
    table["reason"] = np.array(["; ".join(row["why"]) for row in rows], dtype=str)
    table.meta.update(
        source=content.get("source", ""),
        synthetic=bool(summary.meta["synthetic"]),
        notes=[
            "The total of table 1's third row is misprinted (50,981): its layers add up to 50,987.",
            "Scales are in the article's unit, of which an image's half-width is 0.0625.",
        ],
    )
    return table


def _result_rows(printed, summary, content, made):
    """A row for each of our models that stands beside a printed result; one without any."""
    statistic, parameter, training = (printed[name] for name in ("statistic", "parameter", "of"))
    head = {
        "quantity": _quantity(statistic, parameter, training),
        "statistic": statistic,
        "parameter": parameter,
        "unit": "" if statistic == "failed" else UNITS.get(parameter, ""),
        "published": printed["printed"],
    }
    rules = [*content["comparable_when"], *content["comparable_of"][training]]
    rows = []
    for model in content["models"][training]:
        own = _own(summary, model, parameter)
        if own is None:
            continue
        low, high = ("sigma_low", "sigma_high") if statistic == "sigma" else (None, None)
        rows.append(
            {
                **head,
                "model": model,
                "ours": float(own[statistic]),
                "ours_low": float(own[low]) if low else np.nan,
                "ours_high": float(own[high]) if high else np.nan,
                "why": comparable.reasons(rules, made.get(model, {})),
            }
        )
    names = " or ".join(content["models"][training])
    return rows or [{**head, "model": "", "why": [f"{names} was not trained"]}]


def _quantity(statistic, parameter, training):
    what = {"sigma": "dispersion", "bias": "bias", "failed": "failed share"}[statistic]
    noise = {"noise_05": ", noise 0.05", "noise_10": ", noise 0.1"}.get(training, "")
    return f"{what} of {parameter}{noise}"


def _own(summary, model, parameter):
    """The encoder's row of a model and parameter, or None."""
    chosen = np.asarray(summary["method"]).astype(str) == "encoder"
    chosen &= np.asarray(summary["model"]).astype(str) == model
    chosen &= np.asarray(summary["parameter"]).astype(str) == parameter
    return summary[chosen][0] if chosen.any() else None


def _count_row(printed, metrics):
    """A network's trainable parameters: of the model whose outputs are as in the paper, if any."""
    own = [known for known in metrics if str(known["network"]) == printed["network"]]
    own.sort(key=lambda known: str(known["angle"]) != "theta")
    why = [] if own else [f"{printed['network']} was not trained"]
    if own and str(own[0]["angle"]) != "theta":
        why = [f"encoder.angle is {own[0]['angle']} (published: theta), with one more output"]
    return {
        "quantity": f"weights of {printed['network']}",
        "model": str(own[0]["model"]) if own else "",
        "statistic": "weights",
        "parameter": "",
        "unit": "",
        "ours": float(own[0]["weights"]) if own else np.nan,
        "published": printed["printed"],
        "why": why,
    }


def _made(known, choices):
    """The choices behind a model by dotted name, those that its metrics record as they were."""
    flat = dict(_flat(choices))
    flat["network"] = str(known["network"])
    for name in ("angle", "outputs"):
        flat[f"encoder.{name}"] = known[name]
    for name in _TRAINING:
        if name in known:
            flat[f"training.{name}"] = known[name]
    # In metrics, `loss` itself is a number.
    if "loss_form" in known:
        flat["training.loss"] = known["loss_form"]
    flat["noise"], flat["grid.sampling"] = known["noise"], known["sampling"]
    if "half_width" in known:
        flat["grid.half_width"] = known["half_width"]
    flat |= {f"images.{part}": count for part, count in known["images"].items()}
    return flat


def _flat(choices, prefix=""):
    for name, value in choices.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
