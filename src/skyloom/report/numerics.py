"""What records say of a run's features: what they were computed in, and where they are the same."""

from __future__ import annotations

from skyloom.report import wording

_CORES = {
    "any_cores": "have the same bits on any number of cores",
    "same_cores": "have the same bits on the same number of cores alone (reproducible: same_cores)",
}


def sentences(found: list[dict]) -> list[str]:
    """Sentences on the features of frozen networks; none of a run without.

    Parameters
    ----------
    found : list of dict
        Records.

    Returns
    -------
    list of str
    """
    sentences = []
    precisions = _values(found, "tng_features", "precision")
    if precisions:
        sentences.append(
            f"Features of VGG16 (tng) were computed in {wording.listed(precisions)} and "
            f"{_CORES['any_cores']}."
        )
    for promise in _values(found, "sdss_features", "reproducible"):
        own = [
            record
            for record in found
            if record["rule"] == "sdss_features"
            and record["parameters"].get("reproducible") == promise
        ]
        names = sorted({str(record["parameters"].get("name")) for record in own})
        text = f"Features of {wording.listed(names)} (sdss) {_CORES[promise]}"
        if promise == "same_cores":
            threads = sorted({record["threads"] for record in own})
            text += f", here {wording.listed(map(str, threads))}"
        sentences.append(f"{text}.")
    if sentences:
        sentences.append("Between kinds of processors the last bits differ either way.")
    return sentences


def _values(found, rule, parameter):
    """Values of a parameter in the records of a rule."""
    own = [record["parameters"] for record in found if record["rule"] == rule]
    return sorted({str(each[parameter]) for each in own if parameter in each})
