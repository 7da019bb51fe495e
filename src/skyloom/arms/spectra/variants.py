"""Datasets that differ by what an instrument does to the same spectra."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.spectra import broadening, noise
from skyloom.errors import InputError
from skyloom.io.files import open_hdf5

if TYPE_CHECKING:
    import h5py


def without_noise(dataset: h5py.File, row: int, blocks: Sequence[str | Path]) -> np.ndarray:
    """A spectrum of a dataset as it was before noise was added.

    Parameters
    ----------
    dataset : h5py.File
        A dataset of spectra.
    row : int
    blocks : sequence of str or Path
        The grid's spectra, as `skyloom.arms.spectra.grid_files.write_block` stores them.

    Returns
    -------
    (L,) float32 array

    Raises
    ------
    InputError
        If no block holds the spectrum.
    """
    parameters = json.loads(dataset.attrs["parameters"])
    if parameters.get("snr") is None:
        return dataset["spectra"][row]
    name = dataset["id"][row]
    for path in blocks:
        with open_hdf5(path, need=("spectra", "wavelength", "id")) as file:
            # A second one of the same id was rejected.
            place = np.flatnonzero(file["id"][:] == name)[:1]
            if len(place):
                clean = {**parameters, "snr": None}
                some = [(file["spectra"][place], place)]
                return next(render(some, file["wavelength"][:], clean, seed=0))[0]
    raise InputError(
        f"The grid's spectra lack {name.decode()}, which the dataset {dataset.filename} has: make "
        "both again."
    )


def render(blocks, wavelength, parameters, seed):
    """Spectra as one dataset holds them.

    Parameters
    ----------
    blocks : iterable of ((n, L) array, (n,) array of int)
        Spectra and their numbers in the whole set.
    wavelength : (L,) array
        Å.
    parameters : dict
        ``resolving_power`` (None leaves lines as they are) and ``snr`` (None adds no noise): first
        the instrument widens, then photons are counted.
    seed : int
        Of the noise.

    Yields
    ------
    (n, L) float32 array
        One a block; it does not depend on how the spectra are cut into blocks.

    Raises
    ------
    ValueError
        If the flux has NaN or a parameter is not positive.
    """
    power, snr = parameters.get("resolving_power"), parameters.get("snr")
    weights = None if power is None else broadening.gaussian_weights(wavelength, power)
    for flux, rows in blocks:
        if weights is not None:
            flux = broadening.instrumental(wavelength, flux, power, weights=weights)
        yield noise.add(flux, snr, seed=seed, rows=rows).astype(np.float32, copy=False)
