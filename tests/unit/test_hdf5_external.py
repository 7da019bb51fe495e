"""Values that HDF5 would make up are refused, and what is there is read, wherever it lies."""

import os

import h5py
import numpy as np
import pytest
from refusal import refused

from skyloom.io import hdf5_external
from skyloom.io.files import open_hdf5

VALUES = np.arange(1.0, 13.0)
END = h5py.h5s.UNLIMITED


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Sources of 12 values: whole, and in three files of four each; the work is done elsewhere."""
    monkeypatch.chdir(tmp_path)
    here = tmp_path / "data"
    here.mkdir()
    store(here / "source.hdf5", VALUES)
    for block in range(3):
        store(here / f"block{block}.hdf5", VALUES[4 * block : 4 * block + 4])
    return here


def store(path, values):
    with h5py.File(path, "w") as file:
        file.create_dataset("values", data=values, maxshape=(None,))


def virtual(here, *sources, name="asked.hdf5"):
    """A dataset ``values`` of sources, each (first, last, file, dataset, rows of the source)."""
    layout = h5py.VirtualLayout((12,), "f8")
    for first, last, source, dataset, rows in sources:
        source = h5py.VirtualSource(source, dataset, shape=(rows.stop,))
        layout[first:last] = source[rows.start : rows.stop]
    with h5py.File(here / name, "a") as file:
        file.create_virtual_dataset("values", layout, fillvalue=-1)


def whole(name, dataset="values"):
    return 0, 12, name, dataset, slice(0, 12)


def piece(number, place=None):
    """Four values of a numbered file, in their place or in another's."""
    first = 4 * (number if place is None else place)
    return first, first + 4, f"block{number}.hdf5", "values", slice(0, 4)


def mapped(path, shape, *sources):
    """A dataset of this shape without a last row, of (selection, file, rows of the source)."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    least = tuple(4 if size == END else size for size in shape)
    for selection, name, rows in sources:
        space, source = h5py.h5s.create_simple(least, shape), h5py.h5s.create_simple((4,), (END,))
        space.select_hyperslab(*selection)
        source.select_hyperslab((0,), (rows,), (1,), (1,))
        properties.set_virtual(space, name.encode(), b"values", source)
    with h5py.File(path, "w") as file:
        space = h5py.h5s.create_simple(least, shape)
        h5py.h5d.create(file.id, b"values", h5py.h5t.IEEE_F64LE, space, properties)


def numbered(here):
    """Its sources are numbered, without a last one."""
    selection = (0,), (END,), (4,), (4,)
    mapped(here / "asked.hdf5", (END,), (selection, "block%b.hdf5", 4))


def of_unequal_rows(here):
    """A row a source, each as long as the longest source."""
    sources = [
        (((row, 0), (1, END), (1, 1), (1, 1)), name, END)
        for row, name in enumerate(("source.hdf5", "block0.hdf5"))
    ]
    mapped(here / "asked.hdf5", (2, END), *sources)


def raw(path, name, size=96):
    with h5py.File(path, "w") as file:
        file.create_dataset("values", data=VALUES, external=[(str(name), 0, size)])


def read(path):
    with open_hdf5(path, need=["values"]) as file:
        return file["values"][()]


def same_file(here):
    with h5py.File(here / "asked.hdf5", "w") as file:
        file["own"] = VALUES
    virtual(here, whole(".", "own"))


def percent(here):
    os.rename(here / "source.hdf5", here / "100%.hdf5")
    virtual(here, whole("100%%.hdf5"))


def of_virtual(here):
    virtual(here, whole("source.hdf5"), name="between.hdf5")
    virtual(here, whole("between.hdf5"))


def linked_source(here):
    with h5py.File(here / "link.hdf5", "w") as file:
        file["values"] = h5py.ExternalLink("source.hdf5", "values")
    virtual(here, whole("link.hdf5"))


def through_a_symbolic_link(here):
    BESIDE(here)
    (here / "disk").mkdir()
    for name in ("asked.hdf5", "source.hdf5"):
        os.rename(here / name, here / "disk" / name)
    (here / "asked.hdf5").symlink_to(here / "disk" / "asked.hdf5")


def raw_file(here):
    raw(here / "asked.hdf5", here / "values.raw")


def links(here):
    with h5py.File(here / "asked.hdf5", "w") as file:
        file["group"] = h5py.ExternalLink("source.hdf5", "/")
        file["values"] = h5py.SoftLink("/group/values")


def of(*sources):
    return lambda here: virtual(here, *sources)


BESIDE, PIECES = of(whole("source.hdf5")), of(*map(piece, range(3)))
THERE = {
    "beside": BESIDE,
    "absolute": lambda here: virtual(here, whole(str(here / "source.hdf5"))),
    # HDF5 tries the last part of an absolute name beside the file.
    "moved together": of(whole("/no/such/folder/source.hdf5")),
    "overlapping": of(whole("source.hdf5"), piece(1)),
    "in pieces": PIECES,
} | {
    make.__name__: make
    for make in (
        *(same_file, numbered, percent, of_virtual, linked_source, through_a_symbolic_link),
        *(raw_file, links),
    )
}


@pytest.mark.parametrize("make", THERE)
def test_values_in_other_files_are_read_where_all_of_them_are_there(folder, make):
    THERE[make](folder)
    np.testing.assert_array_equal(read(folder / "asked.hdf5"), VALUES)


def lost(make, name):
    """Sources of which one is not there any more."""

    def work(here):
        make(here)
        (here / name).unlink()

    return work


def shorter(make, name, count):
    """Sources of which one has become shorter."""

    def work(here):
        make(here)
        store(here / name, VALUES[:count])

    return work


def no_hdf5(here):
    BESIDE(here)
    (here / "source.hdf5").write_bytes(b"moved to tape")


def raw_shorter(here):
    raw_file(here)
    os.truncate(here / "values.raw", 40)


MADE_UP = {
    "missing": (lost(BESIDE, "source.hdf5"), r"source\.hdf5 is not there"),
    "dataset": (of(whole("source.hdf5", "other")), r"source\.hdf5 has no dataset other"),
    "shorter": (shorter(BESIDE, "source.hdf5", 7), r"values in .*source\.hdf5 has 7 of the 12"),
    "slab": (
        of((0, 12, "source.hdf5", "values", slice(3, 15))),
        r"values in .*source\.hdf5 has 9 of the 12",
    ),
    "piece": (lost(PIECES, "block1.hdf5"), r"block1\.hdf5 is not there"),
    "piece not mapped": (of(piece(0), piece(2)), "hold 8 of its 12 values"),
    "piece twice": (of(piece(0), piece(2), piece(2)), "hold 8 of its 12 values"),
    "numbered": (shorter(numbered, "block1.hdf5", 2), r"in .*block1\.hdf5 has 2 of the 4"),
    "rows": (of_unequal_rows, r"values in .*block0\.hdf5 has 4 of the 12"),
    "behind another": (lost(of_virtual, "source.hdf5"), r"source\.hdf5 is not there"),
    "no HDF5": (no_hdf5, r"source\.hdf5 is not there or cannot be opened"),
    "same file": (of(whole(".", "own")), r"asked\.hdf5 has no dataset own"),
    "raw": (lost(raw_file, "values.raw"), r"values\.raw is not there"),
    "raw shorter": (raw_shorter, r"values\.raw has 40 of 96 bytes"),
}


@pytest.mark.parametrize("case", MADE_UP)
def test_values_that_hdf5_would_make_up_are_refused_with_their_source(folder, case):
    make, words = MADE_UP[case]
    make(folder)
    said = rf"asked\.hdf5: values takes .*{words}.*put what is"
    refused(said, read, folder / "asked.hdf5")


def test_sources_are_looked_for_where_the_environment_says(folder, monkeypatch):
    BESIDE(folder)
    (folder / "elsewhere").mkdir()
    os.rename(folder / "source.hdf5", folder / "elsewhere" / "source.hdf5")
    monkeypatch.setenv("HDF5_VDS_PREFIX", f"/nowhere:{folder / 'elsewhere'}")
    with h5py.File(folder / "asked.hdf5") as file:
        assert hdf5_external.lacking(file["values"].id) is None
        np.testing.assert_array_equal(file["values"][()], VALUES)


def test_raw_files_are_looked_for_where_hdf5_does(folder, monkeypatch):
    raw(folder / "asked.hdf5", "values.raw")
    # Relative names are those of the working folder, not of the file's.
    assert (folder.parent / "values.raw").is_file()
    np.testing.assert_array_equal(read(folder / "asked.hdf5"), VALUES)
    monkeypatch.chdir(folder)
    refused(r"values\.raw is not there", read, folder / "asked.hdf5")


@pytest.mark.parametrize(
    ("link", "words"),
    [
        (h5py.ExternalLink("gone.hdf5", "/values"), r"/values in gone\.hdf5"),
        (h5py.ExternalLink("source.hdf5", "/gone"), r"/gone in source\.hdf5"),
        (h5py.SoftLink("/gone"), "/gone"),
    ],
)
def test_a_link_to_nowhere_is_named_and_not_called_damaged(folder, link, words):
    with h5py.File(folder / "asked.hdf5", "w") as file:
        file["values"] = link
    refused(rf"values is a link to {words}, which is not there", read, folder / "asked.hdf5")


def test_an_empty_virtual_dataset_needs_no_source(folder):
    with h5py.File(folder / "asked.hdf5", "w") as file:
        file.create_virtual_dataset("values", h5py.VirtualLayout((0,), "f8"))
    assert len(read(folder / "asked.hdf5")) == 0
