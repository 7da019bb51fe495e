"""How many images a second: the encoder in batches, the classical fit one by one.

What is measured here varies from run to run and from machine to machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from astropy.table import Table

from skyloom.arms.semantic import least_squares
from skyloom.io.files import open_hdf5

#: Images that the encoder is given at once.
BATCH = 1000
#: Seconds that each measurement takes at least, and images that are fitted at most.
SECONDS, FITTED = 1.0, 100


def of_encoder(
    network: Callable, images: np.ndarray, *, batch: int, seconds: float
) -> tuple[float, int]:
    """Measure an encoder.

    Parameters
    ----------
    network : callable
        ``predict_on_batch`` of a Keras model, say: (n, H, W, 1) -> (n, P) array.
    images : (N, H, W, 1) float32 array
        In memory; one batch, repeated where there are fewer.
    batch : int
    seconds : float
        Goes on for at least so long.

    Returns
    -------
    rate : float
        Images a second, the first batch (compilation) left out.
    count : int
        Images that were measured.
    """
    given = np.resize(images, (batch, *images.shape[1:]))
    return _rate(network, [given], seconds)


def of_fits(dataset: str | Path, *, fitted: int, seconds: float) -> tuple[float, int]:
    """Measure the classical fit of a dataset's last images, in this process alone.

    Parameters
    ----------
    dataset : path
        See `skyloom.arms.semantic.generation`.
    fitted : int
        Images at most; they are fitted in turn.
    seconds : float

    Returns
    -------
    rate : float
    count : int
    """
    images, problem, noise = least_squares.read_images(dataset, fitted)

    def fit(batch):
        return least_squares.fit_image(problem, batch[0], **noise)

    return _rate(fit, images[:, None], seconds)


def _rate(work, batches, seconds):
    """Images a second of work on batches in turn, after one that does not count."""
    work(batches[0])
    rounds, begun = 0, time.perf_counter()
    while True:
        work(batches[rounds % len(batches)])
        rounds += 1
        spent = time.perf_counter() - begun
        if spent >= seconds:
            count = rounds * len(batches[0])
            return count / spent, count


def measure(
    encoders: Iterable[tuple[str, str, Callable]],
    datasets: dict[str, str | Path],
    *,
    threads: int,
    track: Callable = iter,
) -> Table:
    """One row an encoder and a classical fit.

    Parameters
    ----------
    encoders : iterable of (str, str, callable)
        Model, its dataset, and what answers a batch.
    datasets : dict of str to path
        By name; every one is fitted, and each encoder is given images of its own.
    threads : int
        That the encoders have; a fit has one process.
    track : callable
        Wraps the list of measurements, to report progress.

    Returns
    -------
    Table
        method, model, dataset, images_per_second, images (measured), threads, batch; meta
        synthetic, whether any of the images are.
    """
    rows, synthetic = [], False
    for model, dataset, network in track(encoders):
        with open_hdf5(datasets[dataset], need=["images"]) as file:
            images = file["images"][-BATCH:]
        rate, count = of_encoder(network, images, batch=BATCH, seconds=SECONDS)
        rows.append(("encoder", model, dataset, rate, count, threads, BATCH))
    for name, path in datasets.items():
        with open_hdf5(path) as file:
            synthetic |= bool(file.attrs.get("synthetic", False))
        rate, count = of_fits(path, fitted=FITTED, seconds=SECONDS)
        rows.append(("least_squares", name, name, rate, count, 1, 1))
    names = "method model dataset images_per_second images threads batch"
    table = Table(rows=rows, names=names.split())
    table["images_per_second"].unit = "1 / s"
    table.meta["synthetic"] = synthetic
    table.meta["varies"] = "measured on this machine in this run: another one gives other numbers"
    return table
