"""What a model folder of the sdss arm holds."""

from __future__ import annotations

from skyloom.io.files import read_json


def contents(files, params) -> dict:
    """As `skyloom.learn.release.write` takes it.

    Parameters
    ----------
    files : mapping
        Paths of ``model`` and ``metrics``.
    params : mapping
        ``smoothing`` and ``grid``, as spectra are prepared with.
    """
    metrics = read_json(files["metrics"])
    names = ("smoothing", "grid")
    return {
        "networks": {"model.keras": files["model"]},
        "facts": {"preprocessing": {name: params[name] for name in names}, "metrics": metrics},
        "synthetic": bool(metrics["synthetic"]),
    }
