"""Dataset files: what is packed on several threads is what HDF5 itself would have packed."""

import threading
import time

import h5py
import numpy as np
import pytest
from astropy.table import Table
from h5py._objects import phil
from refusal import refused
from small_files import dataset

from skyloom import datasets, prefetch
from skyloom.arms.tng import map_files
from skyloom.io.files import atomic_hdf5

MAXIMA = {"entropy": 10.0, "mass": 2.0, "temperature": 1e6}
PARAMETERS = {"kind": "unsharp", "sigma": 3, "difference": "signed", "beta": 0.001}
PARAMETERS["overflow"] = "clip"


def in_threes(samples):
    return (samples[i : i + 3] for i in range(0, len(samples), 3))


@pytest.mark.parametrize(
    ("kind", "shape", "dtype"),
    [("images", (16, 16, 3), np.uint8), ("spectra", (4600,), np.float32)],
)
def test_packed_samples_come_back_through_the_filters_of_hdf5(tmp_path, kind, shape, dtype):
    samples = (np.random.default_rng(0).random((7, *shape)) * 200).astype(dtype)
    samples[2] = 0
    with prefetch.Pool(2) as pool:
        dataset(tmp_path / "d.h5", samples, kind, blocks=in_threes(samples), pool=pool)
    with h5py.File(tmp_path / "d.h5") as file:
        stored = file[kind]
        assert stored.compression == "gzip" and stored.chunks == (1, *shape)
        np.testing.assert_array_equal(stored[:], samples)
        np.testing.assert_array_equal(stored[5], samples[5])
    assert datasets.check(tmp_path / "d.h5")["samples"] == 7


def test_samples_of_another_type_are_converted_as_announced(tmp_path):
    dataset(tmp_path / "d.h5", np.arange(12.0).reshape(3, 4), "spectra", dtype=np.float32)
    with h5py.File(tmp_path / "d.h5") as file:
        assert file["spectra"].dtype == np.float32
        np.testing.assert_array_equal(file["spectra"][:], np.arange(12.0).reshape(3, 4))


def test_sample_of_another_shape_is_refused(tmp_path):
    said, small = r"shape \(4, 4, 3\) came, \(8, 8, 3\) was announced", np.zeros((2, 4, 4, 3), "u1")
    refused(said, dataset, tmp_path / "d.h5", small, shape=(8, 8, 3), error=ValueError)
    assert not list(tmp_path.iterdir())


def test_writing_waits_while_another_thread_is_in_hdf5(tmp_path):
    held, released, waited = threading.Event(), threading.Event(), []

    def other_thread():
        with phil:
            held.set()
            time.sleep(0.2)
            released.set()

    def blocks():
        threading.Thread(target=other_thread).start()
        held.wait()
        yield np.zeros((1, 4, 4, 3), np.uint8)
        # The sample has been written by now.
        waited.append(released.is_set())

    dataset(tmp_path / "d.h5", np.zeros((1, 4, 4, 3), np.uint8), blocks=blocks())
    assert waited == [True]


def map_file(path, snapshot, subhalo_id, side=64):
    random = np.random.default_rng(snapshot)
    maps = random.random((len(subhalo_id), 3, side, side)) * [[[10]], [[2]], [[1e6]]]
    maps *= random.random((len(subhalo_id), 1, side, side)) < 0.2
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "maps", data=maps.astype(np.float32), chunks=(1, 3, side, side), compression="lzf"
        )
        file["subhalo_id"], file["totals"] = subhalo_id, maps.sum(axis=(2, 3))
        attributes = {"snapshot": snapshot, "width": 60.0, "scale_factor": 1.0, "hubble": 0.6774}
        file.attrs.update(
            {**attributes, "inclination": 0.0, "synthetic": True, "channels": list(MAXIMA)}
        )
    return path


@pytest.fixture
def universe(tmp_path):
    """Map files of two snapshots, and galaxies of which every fourth forms no stars."""
    paths, tables = [], []
    for snapshot in (99, 98):
        numbers = np.arange(40) * 3
        for part in (0, 1):
            path = tmp_path / f"snap_{snapshot:03d}.part_{part}.h5"
            paths.append(map_file(path, snapshot, numbers[part * 20 :][:20]))
        ssfr = np.where(np.arange(40) % 4, 1e-11 * (1 + np.arange(40)), 0.0)
        table = Table({"snapshot": np.full(40, snapshot), "subhalo_id": numbers, "ssfr": ssfr})
        table.meta.update({"snapshot": snapshot, "ssfr_mass": "stellar"})
        tables.append(table)
    return paths, map_files.labelled(tables)


def render_and_write(path, universe, threads):
    paths, sample = universe
    pool = prefetch.Pool(threads) if threads else None
    described = map_files.description(sample, paths, "unsharp_3", PARAMETERS, 1)
    with atomic_hdf5(path) as file:
        images = map_files.render_all(paths, sample, MAXIMA, PARAMETERS, pool=pool)
        datasets.write(file, images, **described, pool=pool)
    return path.read_bytes()


def test_dataset_file_is_the_same_for_any_number_of_threads(tmp_path, universe):
    first = render_and_write(tmp_path / "first.h5", universe, None)
    # Reading maps and writing images meet in HDF5, which bears only one thread at a time: often.
    for threads in (1, 2, 4, 2, 4, 2, 4):
        assert render_and_write(tmp_path / "again.h5", universe, threads) == first
    assert datasets.check(tmp_path / "again.h5")["samples"] == 60


def test_only_maps_of_the_sample_are_read(universe, monkeypatch):
    paths, sample = universe
    read, original = [], h5py.Dataset.read_direct

    def counted(self, *selection):
        read.append(threading.get_ident())
        original(self, *selection)

    monkeypatch.setattr(h5py.Dataset, "read_direct", counted)
    list(map_files.render_all(paths, sample, MAXIMA, PARAMETERS))
    assert len(read) == len(sample) == 60


@pytest.mark.parametrize("threads", [None, 2])
def test_missing_map_and_map_that_is_not_finite_are_named_on_threads_too(universe, threads):
    paths, sample = universe
    pool = prefetch.Pool(threads) if threads else None

    def render(paths):
        list(map_files.render_all(paths, sample, MAXIMA, PARAMETERS, pool=pool))

    refused("hold 45 of the sample's 60 galaxies", render, paths[:-1])
    with h5py.File(paths[1], "a") as file:
        file["maps"][3, 0, 0, 0] = np.nan
    refused(r"part_1.h5: a map is not finite", render, paths)


@pytest.mark.parametrize("value", [np.dtype("f8"), 1.0], ids=["a data type", "a single value"])
def test_what_is_no_column_is_named(tmp_path, value):
    path = dataset(tmp_path / "d.h5", np.zeros((3, 8, 8, 3), np.uint8))
    with h5py.File(path, "a") as file:
        file["z"] = value
    refused(r"d\.h5: z is no column of values", datasets.check, path)


def test_map_files_without_a_channel_or_with_other_channels_are_named(universe):
    paths, sample = universe
    assert map_files.channels_of(paths) == tuple(MAXIMA)
    with h5py.File(paths[1], "a") as file:
        file.attrs["channels"] = ["entropy", "mass", "tempera"]
    refused("part_1.h5 has maps of other channels", map_files.channels_of, paths)
    about = ("unsharp_3", PARAMETERS, 1)
    refused("no map of the channel temp", map_files.description, sample, paths[1:2], *about)
    images = map_files.render_all(paths[1:2], sample, MAXIMA, PARAMETERS)
    refused("no map of the channel temp", list, images)
