"""What can be wrong with datasets, the features and networks learnt from them, and tables."""

import json
import shutil

import broken
import h5py
import numpy as np
from astropy.table import Table
from broken import altered, attribute, overwritten, replaced, spoilt, truncated, zeroed
from cases import accepted, all_of, for_each, refused
from small_files import profiles

from skyloom import datasets
from skyloom.arms.semantic import galaxies, generation, preparation
from skyloom.io.files import read_json, read_table, write_table


def dataset(folder):
    """A dataset of eight profiles."""
    return profiles(folder / "plain.h5")


def seen(folder):
    """A dataset of galaxies at known inclinations."""
    with h5py.File(dataset(folder), "r+") as file:
        for name in ("subhalo_id", "snapshot", "inclination", "position_angle"):
            file[name] = np.arange(8)
        file.attrs["width_kpc"] = 60.0
    return folder / "plain.h5"


def _text(values):
    return values.astype("S8")


NO_HDF5 = r"plain\.h5 is not a complete HDF5 file"
LOST = "plain.h5", "damaged|complete|lacks"
NO_PARAMETERS = r"plain\.h5", "does not say how its images were made"
DATASET = {
    "missing field": {
        "id": ((replaced, "id", None), r"plain\.h5 lacks id"),
        "images": ((replaced, "images", None), "either images or spectra"),
        "target": ((replaced, "target", None), r"plain\.h5 lacks target"),
    },
    "wrong dtype": {
        "target": ((altered, "target", _text), r"plain\.h5", "target", "numbers"),
        "images": ((altered, "images", _text), r"plain\.h5", "images", "numbers"),
    },
    "wrong shape": {
        "target": ((replaced, "target", np.float64(1)), r"plain\.h5", "target"),
        "images": ((replaced, "images", np.ones(8)), r"plain\.h5", "images", "shape"),
    },
    "inconsistent counts": {
        "rows": ((altered, "target", lambda v: v[:5]), r"plain\.h5: target has 5 rows, images 8")
    },
    "NaN": {"target": ((altered, "target", spoilt(np.nan)), r"plain\.h5: a target is not finite")},
    "infinite": {
        "target": ((altered, "target", spoilt(np.inf)), r"plain\.h5: a target is not finite")
    },
    "duplicate": {
        "id": ((altered, "id", lambda v: np.repeat(v[:4], 2)), r"plain\.h5: an id occurs twice")
    },
    "truncated": {"file": ((truncated,), NO_HDF5)},
    "empty": {"file": ((overwritten, b""), NO_HDF5)},
    "damaged": {
        "lost block of samples": ((zeroed, b"TREE"), *LOST),
        "lost names": ((zeroed, b"SNOD"), *LOST),
        "lost texts": ((zeroed, b"GCOL"), "plain.h5", "complete"),
        "parameters not JSON": ((attribute, "/", "parameters", "{scale"), *NO_PARAMETERS),
        "parameters no text": ((attribute, "/", "parameters", np.float64(3)), *NO_PARAMETERS),
    },
}


@all_of(refused, "semantic", DATASET, "make (or fetch )?it again")
def dataset_with(folder, spoil):
    change, *given = spoil
    path = change(dataset(folder), *given)
    datasets.check(path)
    galaxies.training_of(path)


@refused("semantic", "missing file", r"plain\.h5 does not exist", "build the file first")
def no_dataset(folder):
    datasets.check(folder / "plain.h5")


@refused("semantic", "unreadable", r"plain\.h5 does not exist", "check the path")
def folder_for_a_dataset(folder):
    datasets.check(broken.folder_in_place(dataset(folder)))


UNITS = r"plain\.h5", "units of its columns"
GALAXIES = {
    "missing field": {
        "width": ((attribute, "/", "width_kpc", None), r"plain\.h5", "how wide", "width_kpc"),
        "inclination": ((replaced, "inclination", None), r"plain\.h5 lacks inclination"),
    },
    "damaged": {
        "units not JSON": ((attribute, "/", "column_units", "{scale"), *UNITS),
        "units a list": ((attribute, "/", "column_units", "[1, 2]"), *UNITS),
    },
}


@all_of(refused, "semantic", GALAXIES, "again")
def galaxies_with(folder, spoil):
    change, *given = spoil
    galaxies.read_galaxies(change(seen(folder), *given))


NEGATIVE = "negative or infinite values", r"semantic\.galaxies"


@for_each(refused, "semantic", "NaN", {"image": (np.nan, *NEGATIVE), "negative": (-1.0, *NEGATIVE)})
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


NO_TABLE, NO_JSON = r"found\.ecsv is not a readable ECSV table", r"metrics\.json is not JSON"


TEXTS = {
    "table": (("found.ecsv", read_table, b"404 Not Found"), NO_TABLE, "make it again"),
    "bytes of a table": (("found.ecsv", read_table, b"\xff\xfe\x00"), NO_TABLE, "again"),
    "text": (("metrics.json", read_json, b"no numbers"), NO_JSON, "make it again"),
    "bytes": (("metrics.json", read_json, b"\xff\xfe{}"), NO_JSON, "make it again"),
    "nested": (("metrics.json", read_json, b"[" * 100_000), NO_JSON, "make it again"),
    "empty": (("metrics.json", read_json, b""), NO_JSON, "make it again"),
}


@for_each(refused, "semantic", "damaged", TEXTS)
def text_file_of(folder, given):
    name, read, content = given
    read(overwritten(folder / name, content))


@refused("semantic", "missing field", r"found\.ecsv lacks the column part", "it has id")
def table_without_a_column(folder):
    write_table(Table({"id": ["a"]}), folder / "found.ecsv")
    read_table(folder / "found.ecsv", need=("id", "part"))


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
    path = attribute(dataset(folder), "/", "parameters", text)
    return galaxies.training_of(path), json.loads(text)
