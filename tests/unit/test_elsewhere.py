"""Values that HDF5 would make up are refused, and what is there is read, wherever it lies."""

import os

import h5py
import numpy as np
import pytest
from refusal import refused

from skyloom import elsewhere
from skyloom.io import open_hdf5

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


def virtual(path, *sources, shape=(12,)):
    """A dataset ``values`` of sources, each (first, last, file, dataset, rows of the source)."""
    layout = h5py.VirtualLayout(shape, "f8")
    for first, last, name, dataset, rows in sources:
        source = h5py.VirtualSource(name, dataset, shape=(rows.stop,))
        layout[first:last] = source[rows.start : rows.stop]
    with h5py.File(path, "a") as file:
        file.create_virtual_dataset("values", layout, fillvalue=-1)


def whole(name, dataset="values"):
    return 0, 12, name, dataset, slice(0, 12)


def blocks(path, name="block%b.hdf5"):
    """A dataset whose sources are numbered, without a last one."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    space = h5py.h5s.create_simple((4,), (END,))
    space.select_hyperslab((0,), (END,), (4,), (4,))
    properties.set_virtual(space, name.encode(), b"values", h5py.h5s.create_simple((4,)))
    with h5py.File(path, "w") as file:
        whole_space = h5py.h5s.create_simple((4,), (END,))
        h5py.h5d.create(file.id, b"values", h5py.h5t.IEEE_F64LE, whole_space, properties)


def endless(path, *names):
    """A dataset of a row a source, each as long as the longest source."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    for row, name in enumerate(names):
        space = h5py.h5s.create_simple((len(names), 4), (len(names), END))
        space.select_hyperslab((row, 0), (1, END), (1, 1), (1, 1))
        source = h5py.h5s.create_simple((4,), (END,))
        source.select_hyperslab((0,), (END,), (1,), (1,))
        properties.set_virtual(space, name.encode(), b"values", source)
    with h5py.File(path, "w") as file:
        space = h5py.h5s.create_simple((len(names), 4), (len(names), END))
        h5py.h5d.create(file.id, b"values", h5py.h5t.IEEE_F64LE, space, properties)


def raw(path, name, size=96):
    with h5py.File(path, "w") as file:
        file.create_dataset("values", data=VALUES, external=[(str(name), 0, size)])


def read(path):
    with open_hdf5(path, need=["values"]) as file:
        return file["values"][()]


def beside(here):
    virtual(here / "asked.hdf5", whole("source.hdf5"))


def absolute(here):
    virtual(here / "asked.hdf5", whole(str(here / "source.hdf5")))


def moved_together(here):
    """HDF5 tries the last part of an absolute name beside the file."""
    virtual(here / "asked.hdf5", whole("/no/such/folder/source.hdf5"))


def same_file(here):
    with h5py.File(here / "asked.hdf5", "w") as file:
        file["own"] = VALUES
    virtual(here / "asked.hdf5", whole(".", "own"))


def of_pieces(here):
    pieces = [(4 * b, 4 * b + 4, f"block{b}.hdf5", "values", slice(0, 4)) for b in range(3)]
    virtual(here / "asked.hdf5", *pieces)


def numbered(here):
    blocks(here / "asked.hdf5")


def percent(here):
    os.rename(here / "source.hdf5", here / "100%.hdf5")
    virtual(here / "asked.hdf5", whole("100%%.hdf5"))


def of_virtual(here):
    virtual(here / "between.hdf5", whole("source.hdf5"))
    virtual(here / "asked.hdf5", whole("between.hdf5"))


def linked_source(here):
    with h5py.File(here / "link.hdf5", "w") as file:
        file["values"] = h5py.ExternalLink("source.hdf5", "values")
    virtual(here / "asked.hdf5", whole("link.hdf5"))


def through_a_symbolic_link(here):
    beside(here)
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


def overlapping(here):
    virtual(
        here / "asked.hdf5",
        whole("source.hdf5"),
        (4, 8, "block1.hdf5", "values", slice(0, 4)),
    )


@pytest.mark.parametrize(
    "make",
    [
        *(beside, absolute, moved_together, same_file, of_pieces, numbered, percent, of_virtual),
        *(linked_source, through_a_symbolic_link, raw_file, links, overlapping),
    ],
)
def test_values_in_other_files_are_read_where_all_of_them_are_there(folder, make):
    make(folder)
    np.testing.assert_array_equal(read(folder / "asked.hdf5"), VALUES)


def missing(here):
    beside(here)
    (here / "source.hdf5").unlink()


def without_the_dataset(here):
    virtual(here / "asked.hdf5", whole("source.hdf5", "other"))


def shorter(here):
    beside(here)
    store(here / "source.hdf5", VALUES[:7])


def shorter_slab(here):
    virtual(here / "asked.hdf5", (0, 12, "source.hdf5", "values", slice(3, 15)))


def one_piece_missing(here):
    of_pieces(here)
    (here / "block1.hdf5").unlink()


def one_piece_twice(here):
    pieces = [(4 * b, 4 * b + 4, f"block{b}.hdf5", "values", slice(0, 4)) for b in (0, 2, 2)]
    virtual(here / "asked.hdf5", *pieces)


def one_piece_unmapped(here):
    pieces = [(4 * b, 4 * b + 4, f"block{b}.hdf5", "values", slice(0, 4)) for b in (0, 2)]
    virtual(here / "asked.hdf5", *pieces)


def numbered_and_one_shorter(here):
    blocks(here / "asked.hdf5")
    store(here / "block1.hdf5", VALUES[:2])


def rows_of_unequal_length(here):
    endless(here / "asked.hdf5", "source.hdf5", "block0.hdf5")


def missing_behind_another(here):
    of_virtual(here)
    (here / "source.hdf5").unlink()


def no_hdf5(here):
    beside(here)
    (here / "source.hdf5").write_bytes(b"moved to tape")


def same_file_without(here):
    virtual(here / "asked.hdf5", whole(".", "own"))


def raw_missing(here):
    raw_file(here)
    (here / "values.raw").unlink()


def raw_shorter(here):
    raw_file(here)
    os.truncate(here / "values.raw", 40)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (missing, r"source\.hdf5 is not there"),
        (without_the_dataset, r"source\.hdf5 has no dataset other"),
        (shorter, r"values in .*source\.hdf5 has 7 of the 12"),
        (shorter_slab, r"values in .*source\.hdf5 has 9 of the 12"),
        (one_piece_missing, r"block1\.hdf5 is not there"),
        (one_piece_unmapped, "hold 8 of its 12 values"),
        (one_piece_twice, "hold 8 of its 12 values"),
        (numbered_and_one_shorter, r"values in .*block1\.hdf5 has 2 of the 4"),
        (rows_of_unequal_length, r"values in .*block0\.hdf5 has 4 of the 12"),
        (missing_behind_another, r"source\.hdf5 is not there"),
        (no_hdf5, r"source\.hdf5 is not there or cannot be opened"),
        (same_file_without, r"asked\.hdf5 has no dataset own"),
        (raw_missing, r"values\.raw is not there"),
        (raw_shorter, r"values\.raw has 40 of 96 bytes"),
    ],
)
def test_values_that_hdf5_would_make_up_are_refused_with_their_source(folder, make, words):
    make(folder)
    refused(rf"asked\.hdf5: values takes .*{words}.*put what is", read, folder / "asked.hdf5")


def test_sources_are_looked_for_where_the_environment_says(folder, monkeypatch):
    beside(folder)
    (folder / "elsewhere").mkdir()
    os.rename(folder / "source.hdf5", folder / "elsewhere" / "source.hdf5")
    monkeypatch.setenv("HDF5_VDS_PREFIX", f"/nowhere:{folder / 'elsewhere'}")
    with h5py.File(folder / "asked.hdf5") as file:
        assert elsewhere.lacking(file["values"].id) is None
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
