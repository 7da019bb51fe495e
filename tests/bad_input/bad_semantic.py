"""What can be wrong with datasets, the features and networks learnt from them, and tables."""

import json
import shutil

import broken
import h5py
import numpy as np
from astropy.table import Table
from cases import accepted, for_each, refused

from skyloom import datasets
from skyloom.io import atomic_hdf5, read_json, read_table, write_table
from skyloom.semantic import galaxies, generation, preparation
from skyloom.semantic.sampling import Grid

PROFILE = {
    "decoder": "exponential",
    "parameters": {"scale": [0.1, 0.5], "ellipticity": [0.2, 0.8], "angle": [0, 180]},
}
ENTRY = {"profile": "plain", "noise": 0.0, "images": {"train": 4, "validation": 2, "test": 2}}


def dataset(folder):
    """A dataset of eight profiles."""
    asked = ("plain", ENTRY, PROFILE, Grid(pixels=12, sampling="centre", subpixels=1), 1)
    with atomic_hdf5(folder / "plain.h5") as file:
        datasets.write(file, generation.render(*asked), **generation.description(*asked))
    return folder / "plain.h5"


def seen(folder):
    """A dataset of galaxies at known inclinations."""
    with h5py.File(dataset(folder), "r+") as file:
        for name in ("subhalo_id", "snapshot", "inclination", "position_angle"):
            file[name] = np.arange(8)
        file.attrs["width_kpc"] = 60.0
    return folder / "plain.h5"


@for_each(
    refused,
    "semantic",
    "missing field",
    {
        "id": (("id", None), r"plain\.h5 lacks id", "make it again"),
        "images": (("images", None), "either images or spectra", "make it again"),
        "target": (("target", None), r"plain\.h5 lacks target", "make it again"),
    },
)
def dataset_without(folder, given):
    datasets.check(broken.replaced(dataset(folder), *given))


@for_each(
    refused,
    "semantic",
    "wrong dtype",
    {
        "target": (("target", lambda v: v.astype("S8")), r"plain\.h5", "target", "numbers"),
        "images": (("images", lambda v: v.astype("S8")), r"plain\.h5", "images", "numbers"),
    },
)
def dataset_of_text_in(folder, given):
    datasets.check(broken.altered(dataset(folder), *given))


@for_each(
    refused,
    "semantic",
    "wrong shape",
    {
        "target": (("target", np.float64(1)), r"plain\.h5", "target", "make it again"),
        "images": (("images", np.ones(8)), r"plain\.h5", "images", "shape", "again"),
    },
)
def dataset_of_one_number_in(folder, given):
    datasets.check(broken.replaced(dataset(folder), *given))


@refused("semantic", "inconsistent counts", r"plain\.h5: target has 5 rows, images 8", "again")
def fewer_targets_than_images(folder):
    datasets.check(broken.altered(dataset(folder), "target", lambda v: v[:5]))


@refused("semantic", "NaN", r"plain\.h5: a target is not finite", "again")
def target_that_is_no_number(folder):
    datasets.check(broken.altered(dataset(folder), "target", broken.spoilt(np.nan)))


@refused("semantic", "infinite", r"plain\.h5: a target is not finite", "again")
def target_without_bound(folder):
    datasets.check(broken.altered(dataset(folder), "target", broken.spoilt(np.inf)))


@refused("semantic", "duplicate", r"plain\.h5: an id occurs twice", "again")
def same_id_twice(folder):
    datasets.check(broken.altered(dataset(folder), "id", lambda v: np.repeat(v[:4], 2)))


@refused("semantic", "missing file", r"plain\.h5 does not exist", "build the file first")
def no_dataset(folder):
    datasets.check(folder / "plain.h5")


@refused("semantic", "unreadable", r"plain\.h5 does not exist", "check the path")
def folder_for_a_dataset(folder):
    datasets.check(broken.folder_in_place(dataset(folder)))


@for_each(
    refused,
    "semantic",
    "damaged",
    {
        "lost block of samples": (b"TREE", "plain.h5", "damaged|complete|lacks", "again"),
        "lost names": (b"SNOD", "plain.h5", "damaged|complete|lacks", "again"),
        "lost texts": (b"GCOL", "plain.h5", "complete", "again"),
    },
)
def dataset_with(folder, signature):
    path = broken.zeroed(dataset(folder), signature)
    datasets.check(path)
    galaxies.training_of(path)


@refused("semantic", "truncated", r"plain\.h5 is not a complete HDF5 file", "make it again")
def dataset_cut_short(folder):
    datasets.check(broken.truncated(dataset(folder)))


@refused("semantic", "empty", r"plain\.h5 is not a complete HDF5 file", "make it again")
def dataset_of_no_bytes(folder):
    datasets.check(broken.overwritten(dataset(folder), b""))


@for_each(
    refused,
    "semantic",
    "missing field",
    {
        "width": ("width_kpc", r"plain\.h5", "how wide", "width_kpc", "again"),
    },
)
def galaxies_of_no(folder, name):
    galaxies.read(broken.attribute(seen(folder), "/", name, None))


@refused("semantic", "missing field", r"plain\.h5 lacks inclination", "again")
def galaxies_without_inclination(folder):
    galaxies.read(broken.replaced(seen(folder), "inclination", None))


@for_each(
    refused,
    "semantic",
    "damaged",
    {
        "not JSON": ("{scale", r"plain\.h5", "does not say how its images were made", "again"),
        "no text": (np.float64(3), r"plain\.h5", "does not say how its images were made", "again"),
    },
)
def parameters_that_are(folder, value):
    galaxies.training_of(broken.attribute(dataset(folder), "/", "parameters", value))


@for_each(
    refused,
    "semantic",
    "damaged",
    {
        "not JSON": ("{scale", r"plain\.h5", "units of its columns", "again"),
        "a list": ("[1, 2]", r"plain\.h5", "units of its columns", "again"),
    },
)
def units_of_columns_that_are(folder, value):
    galaxies.read(broken.attribute(seen(folder), "/", "column_units", value))


@for_each(
    refused,
    "semantic",
    "NaN",
    {
        "image": (np.nan, "negative or infinite values", r"semantic\.galaxies"),
        "negative": (-1.0, "negative or infinite values", r"semantic\.galaxies"),
    },
)
def prepared_from_an(folder, value):
    preparation.normalise(np.full((2, 4, 4, 1), value))


@refused("semantic", "contradictory values", "images.train", "set it to 1 or more")
def dataset_of_no_images(folder):
    generation.blocks({"train": 0, "validation": 2, "test": 2})


@refused("semantic", "missing field", "does not measure scale", r"semantic\.galaxies\.model")
def encoder_that_does_not_measure_scales(folder):
    profile = {"decoder": "exponential", "parameters": {"ellipticity": [0, 0.9], "angle": [0, 180]}}
    profile["parameters"]["scale"] = 0.3
    galaxies.measurements(Table(), np.ones((1, 2)), [1], [1], profile, grid={}, model="m", seen=[1])


@for_each(
    refused,
    "semantic",
    "damaged",
    {
        "table": (b"404 Not Found", r"found\.ecsv is not a readable ECSV table", "make it again"),
        "bytes": (b"\xff\xfe\x00", r"found\.ecsv is not a readable ECSV table", "make it again"),
    },
)
def table_that_is_no(folder, content):
    read_table(broken.overwritten(folder / "found.ecsv", content))


@refused("semantic", "missing field", r"found\.ecsv lacks the column part", "it has id")
def table_without_a_column(folder):
    write_table(Table({"id": ["a"]}), folder / "found.ecsv")
    read_table(folder / "found.ecsv", need=("id", "part"))


@for_each(
    refused,
    "semantic",
    "damaged",
    {
        "text": (b"no numbers", r"metrics\.json is not JSON", "make it again"),
        "bytes": (b"\xff\xfe{}", r"metrics\.json is not JSON", "make it again"),
        "nested": (b"[" * 100_000, r"metrics\.json is not JSON", "make it again"),
        "empty": (b"", r"metrics\.json is not JSON", "make it again"),
    },
)
def metrics_of(folder, content):
    read_json(broken.overwritten(folder / "metrics.json", content))


@refused("semantic", "unreadable", r"metrics\.json cannot be read", "make it again")
def folder_for_metrics(folder):
    (folder / "metrics.json").mkdir()
    read_json(folder / "metrics.json")


@for_each(accepted, "semantic", "hostile name", {n: (n,) for n in ("spaces", "unicode", "newline")})
def name_of_a_dataset(folder, name):
    path = folder / f"{broken.HOSTILE[name]}.h5"
    shutil.copy(dataset(folder), path)
    return datasets.check(path), datasets.check(folder / "plain.h5")


@accepted("semantic", "hostile name")
def text_in_a_dataset_is_never_evaluated(folder):
    text = json.dumps({"grid": "__import__('os').system('touch pwned')"})
    path = broken.attribute(dataset(folder), "/", "parameters", text)
    return galaxies.training_of(path), json.loads(text)
