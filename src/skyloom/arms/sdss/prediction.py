"""What a trained network says of spectra of any folder, prepared and drawn as in its training."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy.table import Table

from skyloom.arms.sdss import experiments, preparation, processing
from skyloom.arms.sdss.classes import PROBABILITIES
from skyloom.arms.sdss.release import shape
from skyloom.arms.sdss.spectrum import UNKNOWN
from skyloom.errors import InputError
from skyloom.judge import calibration
from skyloom.learn import known_region, regression, sub_batches
from skyloom.learn import release as releases
from skyloom.learn.backend import tf
from skyloom.progress import track_blocks

if TYPE_CHECKING:
    import keras

    from skyloom.learn.release import Release

#: A trained network, from its ``model.keras``.
load = regression.load


def check_preparation(metrics: dict, wavelength: np.ndarray, window: int) -> None:
    """Refuse spectra that were prepared in another way than those of the training.

    Parameters
    ----------
    metrics : dict
        Of the model: knows its dataset's parameters.
    wavelength : (N,) array
    window : int
        Of the moving average, pixels.

    Raises
    ------
    InputError
    """
    inputs = metrics["inputs"]
    learnt = inputs["parameters"].get("grid")
    known = None if learnt is None else preparation.grid(**learnt)
    if known is not None and not (
        len(known) == len(wavelength) and np.allclose(known, wavelength, rtol=1e-9)
    ):
        raise InputError(
            f"{metrics['model']} learnt from spectra on the grid {learnt}, and these are on "
            "another: prepare them with its sdss.grid, or train it again."
        )
    if inputs.get("smoothing_window") not in (None, window):
        raise InputError(
            f"{metrics['model']} learnt from spectra smoothed over {inputs['smoothing_window']} "
            f"pixels, and these are over {window}: prepare them with its sdss.smoothing.window, "
            "or train it again."
        )


def outputs(
    network: keras.Model,
    blocks: Iterable[np.ndarray],
    wavelength: np.ndarray,
    metrics: dict,
    *,
    kernel: ctypes.CDLL | None = None,
) -> np.ndarray:
    """The numbers before the softmax, a block at a time.

    Parameters
    ----------
    network : keras.Model
    blocks : iterable of (n, N) array
        Prepared spectra.
    wavelength : (N,) array
    metrics : dict
        Of the model: what it saw, and how that was drawn.
    kernel : ctypes library, optional
        For the rasteriser; see `skyloom.arms.sdss.drawing.draw`.

    Returns
    -------
    (n, 3) float64 array
        Of all spectra; a few blocks are in memory.
    """
    ask = tf.function(
        lambda x: sub_batches.outputs(network, x, training=False, parts=sub_batches.parts())
    )
    variant = metrics["inputs"]["variant"]
    options = metrics["inputs"]["parameters"].get("drawing")
    found = [np.zeros((0, experiments.TARGET.outputs))]
    for flux in blocks:
        seen = processing.inputs(flux, wavelength, variant, options=options, kernel=kernel)
        found.append(ask(tf.constant(seen, tf.float32)).numpy())
    return np.concatenate(found).astype(np.float64)


def predict(
    inventory: Table, blocks: Sequence[str | Path], release: Release, *, kernel=None
) -> Table:
    """A table of classes and probabilities, and of what the network cannot know.

    Parameters
    ----------
    inventory : Table
        Columns file, id, class and z of the folder's good spectra, in the order of the blocks.
    blocks : sequence of path
        As `skyloom.arms.sdss.preparation.write_block` writes them.
    release : `skyloom.learn.release.Release`
    kernel : ctypes library, optional
        As `outputs` has it.

    Returns
    -------
    Table
        file, id, class (empty where the file does not say), z, predicted, p_galaxy, p_qso, p_star,
        error (the network's own probability that the class is another), distance and limit of the
        spectrum's shape, flag ('unlike' where the first is above the second, else '-'), and what
        `skyloom.learn.release.sign` says.

    Raises
    ------
    InputError
        If the spectra were prepared in another way than those of the training.
    """
    metrics, shapes = release.facts["metrics"], []
    table = Table()
    warmth = calibration.temperature(metrics)
    if warmth is not None:
        table.meta["temperature"] = warmth
    for name in ("file", "id", "class"):
        table[name] = np.ma.filled(inventory[name], "").astype(str)
    table["class"][table["class"] == UNKNOWN] = ""
    table["z"] = inventory["z"]
    wavelength, window, spectra = processing.read_blocks(blocks, table["id"])
    check_preparation(metrics, wavelength, window)
    label = f"classes by {metrics['model']}"
    spectra = track_blocks(spectra, label=label, total=len(table), unit="spectrum")

    def seen():
        for flux in spectra:
            shapes.append(shape(flux))
            yield flux

    made = outputs(release.network(), seen(), wavelength, metrics, kernel=kernel)
    table = experiments.probabilities(table, made, warmth)
    table["error"] = 1 - np.max([table[name] for name in PROBABILITIES], axis=0)
    table["error"].description = "1 less the probability of the class, as the network states it"
    table["distance"] = known_region.distances(np.concatenate(shapes), release.arrays)
    table["limit"] = float(release.arrays["limit"])
    table["flag"] = np.where(table["distance"] > table["limit"], "unlike", "-")
    releases.sign(table, release, synthetic=bool(inventory.meta.get("synthetic", False)))
    return table
