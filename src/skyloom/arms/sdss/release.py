"""What a model folder of the sdss arm holds."""

from __future__ import annotations

import numpy as np

from skyloom.arms.sdss import preparation, processing
from skyloom.io.files import read_json, read_table
from skyloom.learn import known_region

#: How spectra are prepared for a network, by the names that its folder has.
PREPARED_BY = ("smoothing", "grid")
#: Bands of equal width whose mean flux tells whether a network knows such a spectrum.
BANDS = 30


def shape(flux: np.ndarray) -> np.ndarray:
    """Numbers that tell an unlike spectrum: its mean in bands, and how much it jumps.

    Parameters
    ----------
    flux : (n, N) array
        Prepared spectra, in any unit.

    Returns
    -------
    (n, `BANDS` + 1) float64 array
        Means of the spectrum of mean 0 and deviation 1, and the logarithm of the median change
        from a pixel to the next.
    """
    flux = np.asarray(preparation.normalise(flux), dtype=np.float64)
    bands = [part.mean(axis=1) for part in np.array_split(flux, BANDS, axis=1)]
    jumps = np.median(np.abs(np.diff(flux, axis=1)), axis=1)
    return np.column_stack([*bands, np.log10(jumps + 1e-6)])


def contents(files, params) -> dict:
    """As `skyloom.learn.release.write` takes it.

    Parameters
    ----------
    files : mapping
        Paths of ``model``, ``metrics``, ``sample``, ``split`` and ``blocks``.
    params : mapping
        ``smoothing`` and ``grid``, as spectra are prepared with.
    """
    metrics = read_json(files["metrics"])
    ids = np.asarray(read_table(files["sample"], need=["id"])["id"]).astype(str)
    split = read_table(files["split"], need=["id", "part"])
    sides = dict(zip(map(str, split["id"]), map(str, split["part"]), strict=True))
    parts = np.array([sides.get(name, "") for name in ids])
    _, _, blocks = processing.read_blocks(files["blocks"], ids.tolist())
    shapes = np.concatenate([shape(flux) for flux in blocks])
    return {
        "networks": {"model.keras": files["model"]},
        "facts": {
            "preprocessing": {name: params[name] for name in PREPARED_BY},
            "metrics": metrics,
        },
        "synthetic": bool(metrics["synthetic"]),
        "learnt": f"{(parts == 'train').sum():,} SDSS spectra",
        "arrays": known_region.fit(shapes[parts == "train"], shapes[parts == "validation"]),
    }
