"""The grid's spectra between their source and the datasets: blocks in HDF5, read in one order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.spectra import wavelengths
from skyloom.errors import InputError
from skyloom.io.files import create_dataset, open_hdf5

if TYPE_CHECKING:
    import h5py
    from astropy.table import Table

#: Pixels read at a time (4 MiB as float32).
BLOCK_PIXELS = 2**20


def write_block(
    file: h5py.File,
    spectra: Iterable[np.ndarray],
    wavelength: np.ndarray,
    identifiers: Sequence[str],
    *,
    synthetic: bool,
) -> None:
    """Fill a new file with one block of spectra.

    Parameters
    ----------
    file : h5py.File
        Empty and writable; see `skyloom.io.files.atomic_hdf5`.
    spectra : iterable of (n, L) array
        In order; stored as float32, unpacked: spectra of noise-free models fill little space and
        are read once.
    wavelength : (L,) array
        Å in air.
    identifiers : sequence of str
        One a spectrum.
    synthetic : bool

    Raises
    ------
    ValueError
        If the spectra do not add up to the identifiers, or have another length.
    """
    shape = len(identifiers), len(wavelength)
    stored = create_dataset(file, "spectra", shape=shape, dtype=np.float32)
    done = 0
    for block in spectra:
        if block.shape[1:] != shape[1:] or done + len(block) > shape[0]:
            raise ValueError(f"spectra of shape {block.shape} came after {done} of {shape}")
        stored[done : done + len(block)] = block
        done += len(block)
    if done != shape[0]:
        raise ValueError(f"{done} spectra came, {shape[0]} were announced")
    create_dataset(file, "wavelength", np.asarray(wavelength, np.float64))
    create_dataset(file, "id", np.array(identifiers, "S") if shape[0] else np.zeros(0, "S1"))
    file["wavelength"].attrs["units"] = "Angstrom"
    file.attrs["synthetic"] = bool(synthetic)


def _wanted_rows(found, wanted, done):
    """Rows of a block that follow the inventory, whose first `done` rows have been found.

    A block's other rows are rejects: spectra that an earlier one has the id of.
    """
    rows = []
    for row, name in enumerate(found):
        if done + len(rows) < len(wanted) and name == wanted[done + len(rows)]:
            rows.append(row)
    return np.array(rows, np.intp)


def read_blocks(
    paths: Sequence[str | Path], inventory: Table
) -> tuple[np.ndarray, Iterator[tuple[np.ndarray, np.ndarray]]]:
    """The spectra of an inventory, a few at a time.

    Parameters
    ----------
    paths : sequence of str or Path
        Files of `write_block`, in the inventory's order.
    inventory : astropy.table.Table
        With ``id``.

    Returns
    -------
    wavelength : (L,) float64 array
        Å in air.
    blocks : iterator of ((n, L) float32 array, (n,) int array)
        Spectra and their rows in the inventory, each once, in order.

    Raises
    ------
    InputError
        If the files differ in wavelength, or do not hold the inventory's spectra; the latter while
        reading.
    """
    wavelength = None
    for path in paths:
        with open_hdf5(path, need=["spectra", "wavelength", "id"]) as file:
            own = file["wavelength"][:]
        if wavelength is not None and not np.array_equal(own, wavelength):
            raise InputError(f"{path} has other wavelengths than {paths[0]}: make both again.")
        wavelength = own
    if wavelength is None:
        raise InputError("There is no file of spectra to read: name at least one.")
    return wavelength, _blocks(paths, np.asarray(inventory["id"]).astype("S"))


def _blocks(paths, wanted):
    done = 0
    for path in paths:
        with open_hdf5(path) as file:
            rows = _wanted_rows(file["id"][:], wanted, done)
            spectra = file["spectra"]
            count = max(1, BLOCK_PIXELS // max(1, spectra.shape[1]))
            for start in range(0, len(rows), count):
                some = rows[start : start + count]
                # One read of the range, then the choice: HDF5 picks single rows slowly.
                flux = spectra[some[0] : some[-1] + 1][some - some[0]]
                if not np.isfinite(flux).all():
                    raise InputError(f"{path}: a flux is not finite; remove it and run again.")
                yield flux, np.arange(done, done + len(some))
                done += len(some)
    if done != len(wanted):
        raise InputError(
            f"The files of spectra hold {done} of the inventory's {len(wanted)}: remove them and "
            "run again."
        )


def description(
    inventory: Table, wavelength: np.ndarray, variant: str, parameters: dict, *, arm: str, seed: int
):
    """Everything but the spectra that `skyloom.datasets.write` wants, as its keyword arguments.

    Parameters
    ----------
    inventory : astropy.table.Table
        ``id`` and the labels that ``meta["labels"]`` names, with units.
    wavelength : (L,) array
    variant : str
        The dataset's name.
    parameters : dict
        Of `skyloom.arms.spectra.variants.render`.
    arm : str
    seed : int
    """
    if not len(inventory):
        raise InputError(
            "The inventory lists no good spectrum, so there is no dataset to make: see "
            "rejects.ecsv beside it for the reasons."
        )
    labels = list(inventory.meta["labels"])
    return {
        "count": len(inventory),
        "kind": "spectra",
        "shape": (len(wavelength),),
        "dtype": np.float32,
        "target": np.stack([np.asarray(inventory[name], np.float64) for name in labels], axis=1),
        "name": ",".join(labels),
        "units": ",".join(str(inventory[name].unit or "") for name in labels),
        "columns": {"id": np.asarray(inventory["id"]).astype(str)},
        "attributes": {
            "arm": arm,
            "variant": variant,
            "parameters": parameters,
            "seed": seed,
            "synthetic": bool(inventory.meta["synthetic"]),
            "labels": ",".join(labels),
            "shows": "flux over the continuum",
            **wavelengths.attributes(wavelength),
            **{"wavelength_unit": "Angstrom", "wavelength_medium": "air"},
        },
    }
