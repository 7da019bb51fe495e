"""Datasets as folders of Parquet files that Hugging Face `datasets`, pandas and DuckDB open.

::

    datasets.load_dataset("results/demo/tng/export/mass")

One folder a dataset: ``data/<side>-<k>-of-<n>.parquet`` and ``README.md``, the dataset's card
(`skyloom.export_card`). Images of 8 bits are stored as PNG, without loss; images of float32 as
arrays, spectra as lists of fixed length. Every column's unit is in the Parquet schema. Samples are
read and written in groups, so memory does not follow the size of the dataset. Equal datasets give
equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from skyloom import export_card
from skyloom.errors import InputError
from skyloom.extras import extra
from skyloom.io.files import atomic, open_hdf5
from skyloom.io.folders import complete
from skyloom.loaders.samples import Samples, column_names, side_of, texts
from skyloom.prefetch import in_order
from skyloom.split_tables import PARTS

if TYPE_CHECKING:
    from astropy.table import Table

    from skyloom.prefetch import Pool

with extra("workflow"):
    import pyarrow as pa
    import pyarrow.parquet as pq

# Bytes of samples, before compression: of a group that is read back whole, and of a file. Hubs and
# readers ask for files of some hundred megabytes.
GROUP = 16_000_000
FILE = 400_000_000


class Plan:
    """How a dataset becomes columns: their names, kinds and units.

    Parameters
    ----------
    samples : Samples
    """

    def __init__(self, samples: Samples) -> None:
        self.samples = samples
        self.sample = "image" if samples.kind == "images" else "spectrum"
        self.labels = column_names(samples)
        with open_hdf5(samples.path) as file:
            self.extra = {
                name: (texts(file[name][()]), samples.column_units.get(name, ""))
                for name in samples.columns
            }
        self.is_png = (
            samples.kind == "images" and samples.dtype == np.uint8 and samples.shape[-1] in (1, 3)
        )

    def features(self):
        """The columns as Hugging Face `datasets` describes them: a dict of JSON types."""
        found = {"id": _value("string"), self.sample: self._sample_feature()}
        for name in self.labels:
            if self.samples.classes:
                found[name] = {"names": self.samples.classes, "_type": "ClassLabel"}
            else:
                found[name] = _value(str(self.samples.target.dtype))
        for name, (values, _) in self.extra.items():
            kind = "string" if values.dtype.kind == "U" else str(values.dtype)
            feature = _value(kind)
            for length in reversed(values.shape[1:]):
                feature = _list(feature, length)
            found[name] = feature
        return found

    def _sample_feature(self):
        shape, dtype = self.samples.shape, str(self.samples.dtype)
        if self.is_png:
            return {"_type": "Image"}
        if self.samples.kind == "spectra":
            return _list(_value(dtype), shape[0])
        # A channel by itself needs no axis.
        shape = shape[:2] if shape[-1] == 1 else shape
        return {"shape": list(shape), "dtype": dtype, "_type": f"Array{len(shape)}D"}

    def units(self):
        """The unit of every column that has one."""
        found = dict(zip(self.labels, self.samples.units, strict=True))
        found |= {name: unit for name, (_, unit) in self.extra.items()}
        found[self.sample] = self.samples.attributes.get("image_units", "")
        return {name: unit for name, unit in found.items() if unit}

    def schema(self):
        """The Parquet schema: each column's unit is its metadata ``unit``."""
        units, fields = self.units(), []
        for name, feature in self.features().items():
            about = {"unit": units[name]} if name in units else None
            fields.append(pa.field(name, _arrow(feature), metadata=about))
        # `datasets` finds images and classes by this key; units are for everyone else.
        about = {"info": {"features": self.features()}}
        return pa.schema(fields, metadata={"huggingface": json.dumps(about)})

    def group(self, rows, block, pool):
        """Some rows as an Arrow table."""
        samples, arrays = self.samples, [pa.array(self.samples.ids[rows])]
        if self.is_png:
            pictures = list(in_order(pool, _png, block))
            names = [f"{name}.png" for name in samples.ids[rows]]
            arrays.append(pa.StructArray.from_arrays([pictures, names], ["bytes", "path"]))
        else:
            shape = self.features()[self.sample].get("shape", samples.shape)
            arrays.append(_nested(block.reshape(len(rows), *shape)))
        target = samples.target[rows].reshape(len(rows), -1)
        # Classes are numbered from 0, as in the file.
        arrays += [pa.array(target[:, k]) for k in range(target.shape[1])]
        arrays += [_nested(values[rows]) for values, _ in self.extra.values()]
        schema = self.schema()
        arrays = [made.cast(kind) for made, kind in zip(arrays, schema.types, strict=True)]
        return pa.Table.from_arrays(arrays, schema=schema)


def _value(dtype):
    return {"dtype": dtype, "_type": "Value"}


def _list(feature, length):
    """A list of fixed length, in the words that every version of `datasets` knows."""
    return {"feature": feature, "length": int(length), "_type": "Sequence"}


def _arrow(feature):
    """The Arrow type of a feature."""
    kind = feature["_type"]
    if kind == "Image":
        return pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    if kind == "ClassLabel":
        return pa.int64()
    if kind == "Sequence":
        return pa.list_(_arrow(feature["feature"]), feature["length"])
    # `datasets` calls a truth value bool, and other types as Arrow does.
    made = pa.type_for_alias(feature["dtype"])
    for _ in feature.get("shape", ()):
        made = pa.list_(made)
    return made


def _nested(values):
    """An array of any number of axes as lists of lists."""
    made = pa.array(np.ascontiguousarray(values).reshape(-1))
    for length in reversed(values.shape[1:]):
        made = pa.FixedSizeListArray.from_arrays(made, length)
    return made


def _png(image):
    """One image (H, W, 1 or 3) as the bytes of a PNG file."""
    ordered = image[..., ::-1] if image.shape[-1] == 3 else image[..., 0]
    return cv2.imencode(".png", np.ascontiguousarray(ordered))[1].tobytes()


def write(
    dataset: str | Path,
    folder: str | Path,
    *,
    about: dict,
    split: str | Path | Table | None = None,
    pool: Pool | None = None,
    track: Callable = iter,
) -> None:
    """Write a dataset as a folder of Parquet files with its card.

    Parameters
    ----------
    dataset : str or Path
        An HDF5 dataset of this project.
    folder : str or Path
        Appears when it is complete; one that was there is replaced.
    about : dict
        ``arm`` and ``name`` of the dataset, for its card.
    split : str, Path or Table, optional
        A table of sides, each of which becomes one split; all is ``train`` without.
    pool : `skyloom.prefetch.Pool`, optional
        Images are packed on its threads. The files are the same without.
    track : callable
        Wraps the list of groups, to report progress.

    Raises
    ------
    InputError
        If the dataset is incomplete or damaged, the split lacks samples, or the folder cannot be
        written.
    """
    samples = Samples(dataset, normalise=False)
    plan = Plan(samples)
    parts = np.full(len(samples), "train")
    if split is not None:
        parts = side_of(samples.ids, split, dataset)
    if unknown := sorted(set(parts.tolist()) - set(PARTS)):
        raise InputError(f"{split}: part {unknown[0]!r} must be one of {', '.join(PARTS)}.")
    weight = max(1, int(np.prod(samples.shape)) * samples.dtype.itemsize)
    files = _files(parts, max(1, FILE // weight))
    step = max(1, GROUP // weight)
    groups = [
        (name, rows[start : start + step])
        for name, rows in files
        for start in range(0, len(rows), step)
    ]
    with complete(folder) as temporary:
        _write_files(plan, temporary, track(groups), pool)
        counts = {part: int((parts == part).sum()) for part in PARTS if (parts == part).any()}
        text = export_card.render(plan, counts, {name for name, _ in files}, about)
        with atomic(temporary / "README.md") as file:
            file.write_text(text, encoding="utf-8")


def _files(parts, limit):
    """Names of the files, with the rows of each."""
    found = []
    for part in PARTS:
        rows = np.flatnonzero(parts == part)
        pieces = -(-len(rows) // limit)
        for number, piece in enumerate(np.array_split(rows, pieces) if pieces else ()):
            found.append((f"data/{part}-{number:05d}-of-{pieces:05d}.parquet", piece))
    return found


def _write_files(plan, folder, groups, pool):
    """One Parquet file after another, a group at a time."""
    schema = plan.schema()
    # Least and greatest value of what can be looked for, not of images.
    searched = [name for name in schema.names if name != plan.sample]
    options = {"compression": "zstd", "use_dictionary": False, "write_statistics": searched}
    if plan.samples.kind == "spectra":
        # Bytes of numbers that vary smoothly pack better parted; those of sparse images do not.
        options["use_byte_stream_split"] = [f"{plan.sample}.list.element"]
    (folder / "data").mkdir()
    name, writer = None, None
    try:
        for own, rows in groups:
            if own != name:
                if writer:
                    writer.close()
                name, writer = own, pq.ParquetWriter(folder / own, schema, **options)
            writer.write_table(plan.group(rows, plan.samples.read(rows), pool))
    finally:
        if writer:
            writer.close()
