"""The xmm arm's configuration: what a schema cannot see, and the keys of one dataset."""

from pathlib import Path

from skyloom.errors import InputError, nearest
from skyloom.xmm.names import DATASETS, INTERVALS, STRETCHES


def check(xmm, *, wanted=True):
    """Raise an InputError for the first key that contradicts another.

    Parameters
    ----------
    xmm : dict
        The arm's part of a configuration that fits the schema.
    wanted : bool
        Whether the arm is on, so that its input must be there.
    """
    named = [("xmm.trained", name) for name in xmm["trained"]]
    for key, name in (*named, ("xmm.evaluation.final", xmm["evaluation"]["final"])):
        if name not in xmm["experiments"]:
            raise InputError(
                f"Configuration: {key} names {name!r}, which is not one of xmm.experiments; "
                f"did you mean {nearest(name, xmm['experiments'])!r}?"
            )
    if xmm["split"]["validation"] + xmm["split"]["test"] >= 1:
        raise InputError(
            "Configuration: xmm.split.validation and xmm.split.test leave nothing to train on: "
            "their sum must be below 1."
        )
    for name, own in xmm["experiments"].items():
        if own.get("kernel", 3) % 2 == 0:
            raise InputError(
                f"Configuration: xmm.experiments.{name}.kernel is {own['kernel']}: it must be odd, "
                "so that a convolution has a centre."
            )
        if name in DATASETS:
            raise InputError(
                f"Configuration: an experiment in xmm.experiments is called {name!r}, which is the "
                "name of a dataset: choose another name."
            )
    if wanted and xmm["source"] == "local":
        _check_input(xmm)
    if wanted and xmm["source"] == "archive":
        _check_archive(xmm)


def _check_input(xmm):
    for key, kind, there in (
        ("images", "the folder of EPIC images", Path.is_dir),
        ("observations", "the table of observations", Path.is_file),
    ):
        if not xmm[key]:
            raise InputError(f"Configuration: xmm.source is local, so xmm.{key} must name {kind}.")
        if not there(Path(xmm[key]).expanduser()):
            raise InputError(
                f"Configuration: xmm.{key} is {xmm[key]!r}, where there is not {kind}: correct it."
            )


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
        One of `DATASETS`.

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
