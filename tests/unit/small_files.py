"""Small whole files of several arms, as their steps write them between each other."""

import h5py
import numpy as np
from astropy.table import Table

from skyloom import datasets
from skyloom.arms.sdss import preparation
from skyloom.arms.semantic import generation
from skyloom.arms.semantic.sampling import Grid
from skyloom.arms.spectra import grid_files, wavelengths
from skyloom.arms.xmm import processing
from skyloom.io.files import atomic_hdf5

#: Of `prepared` and `block`.
NAMES = ["a", "b", "c"]
#: How many of the `profiles` are on which side.
SIDES = {"train": 4, "validation": 2, "test": 2}
RATES = Table(
    {"obs_id": ["0000000001", "0000000002"], "obs_class": [0, 1], "exposure": [1.0, 2.0]},
    meta={"synthetic": True},
)
PARAMETERS = {"scale": [0.1, 0.5], "ellipticity": [0.2, 0.8], "angle": [0, 180]}


def dataset(path, samples, kind="images", *, blocks=None, pool=None, **changes):
    """A dataset of samples, at once or in blocks; ``changes``: arguments of `datasets.write`."""
    samples = np.asarray(samples)
    options = {
        "count": len(samples),
        "shape": samples.shape[1:],
        "dtype": samples.dtype,
        "target": np.arange(float(len(samples))) ** 2,
        "name": "log10(1e15 sSFR yr)",
        "units": "dex",
        "columns": {"id": [f"s{row}" for row in range(len(samples))]},
        "attributes": {"variant": "mass", "parameters": {"beta": 0.001}, "synthetic": True},
        **changes,
    }
    with atomic_hdf5(path) as file:
        datasets.write(file, blocks or [samples], kind=kind, pool=pool, **options)
    return path


def damage(path, row, name="images"):
    """Other bytes at the beginning of a packed sample."""
    with h5py.File(path) as file:
        place = file[name].id.get_chunk_info(row).byte_offset
    with open(path, "r+b") as file:
        file.seek(place)
        file.write(b"\xff" * 20)


def profiles(path):
    """A dataset of eight images of profiles."""
    entry = {"profile": "plain", "noise": 0.0, "images": SIDES}
    profile = {"decoder": "exponential", "parameters": PARAMETERS}
    asked = ("plain", entry, profile, Grid(pixels=12, sampling="centre", subpixels=1), 1)
    with atomic_hdf5(path) as file:
        datasets.write(file, generation.render(*asked), **generation.description(*asked))
    return path


def rates(folder):
    """A file of rate images of the two observations of `RATES`."""
    with atomic_hdf5(folder / "rates.h5") as file:
        some = np.ones((2, 6, 6), "f4")
        processing.write_rates(file, some, RATES, factor=4, method="area")
    return folder / "rates.h5"


def prepared(folder):
    """Prepared spectra of SDSS."""
    grid, flux = wavelengths.logarithmic(4000, 9000, 64), np.ones((3, 64), "f4")
    with atomic_hdf5(folder / "prepared.h5") as file:
        preparation.write_block(file, [flux], grid, NAMES, window=9, synthetic=True)
    return folder / "prepared.h5"


def block(folder):
    """A block of the spectra of a grid."""
    wavelength, flux = wavelengths.linear(5000, 5100, 64), np.ones((3, 64), "f4")
    with atomic_hdf5(folder / "block.h5") as file:
        grid_files.write_block(file, [flux], wavelength, NAMES, synthetic=True)
    return folder / "block.h5"
