"""Which of our numbers stands beside each that the paper prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from skyloom.io.columns import where
from skyloom.judge import published

if TYPE_CHECKING:
    from astropy.table import Table

NEED = {
    "document": ("results", "models", "table_1", "notes", "comparable_when", "comparable_of"),
    "summary": ("method", "model", "parameter", "sigma"),
    "metrics": (),
}
#: Units of the parameters in every table of the arm.
UNITS = {"angle": "deg"}
_TRAINING = (
    *("epochs", "batch_size", "optimizer", "learning_rate", "rho"),
    *("decay", "target", "initializer", "restore", "precision"),
)
_NAMES = {"sigma": "dispersion", "bias": "bias", "failed": "failed share"}
_NOISE = {"noise_05": ", noise 0.05", "noise_10": ", noise 0.1"}


def add(summary: Table, content: dict) -> Table:
    """Put the printed dispersions beside ours: fills the column `published` of a summary.

    Parameters
    ----------
    summary : Table
        As `skyloom.arms.semantic.evaluation.summarise` makes it.
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


def compare(
    document: dict, choices: dict[str, dict], *, summary: Table, metrics: Sequence[dict]
) -> Table:
    """Every printed number with ours: a row for each of our models that stands beside it.

    Parameters
    ----------
    document : dict
        ``resources/published/semantic.yaml``.
    choices : dict of str to dict
        Of each model, how the config has it made, resolved: ``grid``, ``profile``, ``noise``,
        ``images``, ``network`` (its name), ``encoder``, ``training``.
    summary : Table
        As `skyloom.arms.semantic.evaluation.summarise` makes it.
    metrics : sequence of dict
        ``metrics.json`` of the trained models, whose word counts where the config's differs.

    Returns
    -------
    Table
        As `skyloom.judge.published.table` makes it; without a model where none was trained.
    """
    made = {str(known["model"]): _made(known, choices.get(known["model"], {})) for known in metrics}
    rows = []
    for printed in document["results"]:
        rows += _result_rows(printed, summary, document, made)
    rows += [_count_row(printed, metrics) for printed in document["table_1"]]
    notes = list(document["notes"])
    return published.table(rows, document, synthetic=summary.meta["synthetic"], notes=notes)


def _result_rows(printed, summary, document, made):
    """A row for each of our models that stands beside a printed result; one without any."""
    statistic, parameter, training = (printed[name] for name in ("statistic", "parameter", "of"))
    noise = _NOISE.get(training, "")
    head = {
        "group": f"Section 3.2{noise or ', without noise'}",
        "quantity": f"{_NAMES[statistic]} of {parameter}{noise}",
        "unit": "" if statistic == "failed" else UNITS.get(parameter, ""),
        "printed": printed["printed"],
    }
    rules = [*document["comparable_when"], *document["comparable_of"][training]]
    models = document["models"][training]
    found = {model: _own(summary, model, parameter) for model in models}
    rows = [
        {
            **head,
            "model": model,
            **published.ours(own, statistic),
            "why": published.reasons(rules, made.get(model, {})),
        }
        for model, own in found.items()
        if own is not None
    ]
    return rows or [{**head, "why": [f"{' or '.join(models)} was not trained"]}]


def _own(summary, model, parameter):
    """The encoder's row of a model and parameter, or None."""
    own = where(summary, method="encoder", model=model, parameter=parameter)
    return own[0] if len(own) else None


def _count_row(printed, metrics):
    """A network's trainable parameters: of the model whose outputs are as in the paper, if any."""
    network = printed["network"]
    head = {"group": "Table 1", "quantity": f"weights of {network}", "printed": printed["printed"]}
    own = [known for known in metrics if str(known["network"]) == network]
    if not own:
        return {**head, "why": [f"{network} was not trained"]}
    known = min(own, key=lambda known: str(known["angle"]) != "theta")
    why = []
    if str(known["angle"]) != "theta":
        why = [f"encoder.angle is {known['angle']} (published: theta), with one more output"]
    return {**head, "model": str(known["model"]), "ours": known["weights"], "why": why}


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
