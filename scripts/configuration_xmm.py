"""The xmm arm's configuration: what a schema cannot see, and the keys of one dataset."""

from pathlib import Path

import configuration_sentences as sentences
from skyloom.arms.xmm.stretches import INTERVALS, STRETCHES, check_pair, datasets
from skyloom.errors import InputError


def check(config, arm):
    """Raise an InputError for the first key that contradicts another.

    Parameters
    ----------
    config : dict
        One that fits the schema.
    arm : str
        ``xmm``.
    """
    xmm, wanted = config[arm], arm in config["arms"]
    named = [("xmm.trained", name) for name in xmm["trained"]]
    for key, name in (*named, ("xmm.evaluation.final", xmm["evaluation"]["final"])):
        sentences.named(key, name, "xmm.experiments", xmm["experiments"])
    sentences.network(arm, xmm["prediction"]["model"], xmm["experiments"])
    sentences.there("xmm.prediction.images", wanted and xmm["prediction"]["images"])
    sentences.shares("xmm.split", xmm["split"])
    for name in (*xmm["datasets"], *(own["dataset"] for own in xmm["experiments"].values())):
        check_pair(*name.split("_")[:2])
    for name, own in xmm["experiments"].items():
        if own.get("kernel", 3) % 2 == 0:
            raise InputError(
                f"Configuration: xmm.experiments.{name}.kernel is {own['kernel']}: it must be odd, "
                "so that a convolution has a centre."
            )
        sentences.free("xmm.experiments", name, name in datasets())
    if wanted and xmm["source"] == "local":
        _check_input(xmm)
    if wanted and xmm["source"] == "archive":
        _check_archive(xmm)


def _check_input(xmm):
    for key, kind, there in (
        ("images", "folder of EPIC images", Path.is_dir),
        ("observations", "table of observations", Path.is_file),
    ):
        if not xmm[key]:
            raise InputError(
                f"Configuration: xmm.source is local, so xmm.{key} must name the {kind}."
            )
        sentences.there(f"xmm.{key}", xmm[key], kind, there)


def _check_archive(xmm):
    listed = xmm["archive"]["observations"]
    if isinstance(listed, str) and not Path(listed).expanduser().is_file():
        raise InputError(
            f"Configuration: xmm.archive.observations is {listed!r}, where there is no file: name "
            "a text file with one ten-digit identifier a line, or give a list."
        )
    if xmm["exposure"] == "map":
        raise InputError(
            "Configuration: xmm.exposure is map, but xmm.source archive fetches images alone: set "
            "it to header or table."
        )


def columns(xmm, *, exposures=False):
    """Names of the columns that a step reads of the table of observations.

    Parameters
    ----------
    xmm : dict
    exposures : bool
        Whether the step reads exposures too, where they come from the table.
    """
    apart = () if exposures and xmm["exposure"] == "table" else ("pn", "mos1", "mos2")
    return {key: names for key, names in xmm["columns"].items() if key not in apart}


def rebin(name):
    """The factor by which a dataset's images are rebinned, as in its name."""
    return name.rpartition("rebin")[2]


def variant(xmm, name):
    """Every parameter that decides how a dataset is stretched, and no other.

    Parameters
    ----------
    xmm : dict
    name : str
        One of `skyloom.arms.xmm.stretches.datasets`.

    Returns
    -------
    dict
        interval and stretch; a where the stretch has it, contrast and samples for zscale.
    """
    interval, stretch, _ = name.split("_")
    chosen = {"interval": interval, "stretch": stretch}
    if interval == "zscale":
        chosen |= xmm["zscale"]
    if stretch in xmm["stretch"]:
        chosen["a"] = xmm["stretch"][stretch]
    return chosen


def shown(xmm):
    """The ways in which one image is shown in all of them: figure 16 and what it leaves out."""
    return [variant(xmm, f"{i}_{s}_rebin4") for i in INTERVALS[:2] for s in STRETCHES]
