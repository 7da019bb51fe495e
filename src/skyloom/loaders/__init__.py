"""Datasets in the tools people use, each in one line: tf.data, PyTorch, astropy tables.

::

    from skyloom import loaders

    folder = "results/demo/tng/"
    path, split = folder + "datasets/mass.h5", folder + "splits/lineage.ecsv"
    loaders.tensorflow(path, split=split, part="train", batch=32)  # tf.data.Dataset
    loaders.torch(path, split=split, part="train")                 # torch.utils.data.Dataset
    loaders.table(path, split="lineage")                           # astropy.table.Table
    loaders.physical(path)["mass"]                                 # astropy.units.Quantity
    loaders.maps(folder + "maps/snap_099.part_0.h5")["mass"]       # the maps before any scaling

Nothing of TensorFlow or PyTorch is imported before it is asked for. Samples are read from the file
when they are needed, so memory does not follow the size of the dataset.

Normalisation: images of 8 bits become float32 from 0 to 1 (divided by 255); images and spectra of
float32 are what they are in the file: counts per second, stretched X-ray images, profiles of
brightness, or flux over the continuum, as the dataset's own parameters say. ``normalise=False``
hands out the numbers of the file. Targets are in their own units, float32, or int64 where they are
classes; ``targets="standardised"`` makes each label one of mean 0 and standard deviation 1 over the
training side, and `scaling` says with which numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units
from astropy.table import Column, Table

from skyloom.io.files import open_hdf5
from skyloom.loaders.samples import Samples, beside, column_names, side_of, texts

if TYPE_CHECKING:
    from skyloom.arms.tng.galaxies import Maps

__all__ = ["Samples", "beside", "maps", "physical", "scaling", "table", "tensorflow", "torch"]


def table(path: str | Path, *, split: str | Path | Table | None = None) -> Table:
    """Everything of a dataset but its images or spectra, one row a sample.

    Parameters
    ----------
    path : str or Path
        A dataset file, ``results/<run>/<arm>/datasets/<name>.h5``.
    split : str, Path or Table, optional
        A table of sides (``id``, ``part``), or the name of one that lies beside the dataset, such
        as ``"lineage"`` (`beside` lists them): their column ``part`` is joined.

    Returns
    -------
    astropy.table.Table
        ``id`` first, then ``target``, or the labels by name where there are several, with units;
        further columns; ``part``. Its ``meta`` has the file's attributes. A unit that astropy does
        not know is carried by name.

    Raises
    ------
    InputError
        If the file is no dataset, or the split lacks some of its samples.
    """
    samples = Samples(path, split=split)
    made = Table({"id": samples.ids})
    target = samples.target.reshape(len(samples), -1)
    labels = column_names(samples)
    for name, said, unit, values in zip(
        labels, samples.names, samples.units, target.T, strict=True
    ):
        made[name] = Column(values, unit=_unit(unit), description=said)
    with open_hdf5(path) as file:
        for name in samples.columns:
            unit = _unit(samples.column_units.get(name))
            made[name] = Column(texts(file[name][()]), unit=unit)
        made.meta.update(samples.attributes)
    if split is not None:
        made["part"] = side_of(samples.ids, samples.split, path)
    return made


def physical(path: str | Path, rows: Sequence[int] | None = None) -> Any:
    """What the images of a dataset show, in its units: bytes are taken back.

    Parameters
    ----------
    path : str or Path
        A dataset file.
    rows : sequence of int, optional
        Which images; all unless told.

    Returns
    -------
    dict of (n, H, W) astropy.units.Quantity
        By channel, as `skyloom.encoding.decode` says; of images that are no bytes, and have a
        unit, as ``image``.

    Raises
    ------
    InputError
        If bytes cannot be taken back, or images have no unit: the sentence says why.
    """
    from skyloom.loaders import in_units

    return in_units.images(Samples(path, normalise=False), rows)


def maps(path: str | Path, rows: Sequence[int] | slice | None = None) -> Maps:
    """The maps of a file of maps, ``results/<run>/tng/maps/snap_<SSS>.part_<K>.h5``.

    They are sums and means of the gas in each pixel, not scaled and not stretched.

    Parameters
    ----------
    path : str or Path
    rows : slice or sequence of int, optional
        Which galaxies, by their place in the file; all unless told.

    Returns
    -------
    `skyloom.arms.tng.galaxies.Maps`
        ``maps["mass"]`` is a (n, H, W) Quantity, ``maps.galaxies`` names the galaxies.

    Raises
    ------
    InputError
        If the file is none of maps.
    """
    from skyloom.loaders import in_units

    return in_units.maps(path, rows)


def _unit(text):
    return units.Unit(text, parse_strict="silent") if text else None


def scaling(
    path: str | Path, *, split: str | Path | Table | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each label over the training side.

    Parameters
    ----------
    path, split : as for `torch`
        Without a split, over all samples.

    Returns
    -------
    (T,) array, (T,) array
        In the labels' units. A label that does not vary has the deviation 1.
    """
    samples = Samples(path, split=split, part=None if split is None else "train")
    target = samples.target.reshape(len(samples), -1).astype(np.float64)
    deviation = target.std(axis=0)
    return target.mean(axis=0), np.where(deviation > 0, deviation, 1.0)


def tensorflow(
    path: str | Path,
    *,
    split: str | Path | Table | None = None,
    part: str | None = None,
    batch: int = 32,
    shuffle: int | None = None,
    targets: str = "physical",
    normalise: bool = True,
) -> Any:
    """A dataset, or one side of it, as ``tf.data.Dataset`` of batches.

    Parameters
    ----------
    path : str or Path
        A dataset file.
    split : str, Path or Table, optional
        A table of sides, or the name of one that lies beside the dataset (`beside`); where only
        one lies there, or one of the dataset's own name, it is that.
    part : {'train', 'validation', 'test'}, optional
        The side wanted (``'training'`` is another name of the first); all samples unless told.
    batch : int
        Samples a batch; the last one may have fewer.
    shuffle : int, optional
        Seed of an order that is new in every epoch; the order of the file unless told.
    targets : {'physical', 'standardised'}
    normalise : bool
        See `skyloom.loaders`.

    Returns
    -------
    tf.data.Dataset
        Of pairs (n, H, W, C) or (n, L) and (n,) or (n, T); ``model.fit`` takes it as it is, and
        knows how many batches there are.

    Raises
    ------
    InputError
        If the file is no dataset, the part is none, is empty, or the split lacks samples.
    ImportError
        Where TensorFlow is not installed.
    """
    from skyloom.loaders import tfdata

    samples = Samples(path, split=split, part=part, normalise=normalise)
    return tfdata.batches(samples, _labels(samples, targets), batch=batch, shuffle=shuffle)


def torch(
    path: str | Path,
    *,
    split: str | Path | Table | None = None,
    part: str | None = None,
    targets: str = "physical",
    normalise: bool = True,
) -> Any:
    """A dataset, or one side of it, as a map-style ``torch.utils.data.Dataset``.

    Parameters
    ----------
    path, split, part, targets, normalise :
        As for `tensorflow`.

    Returns
    -------
    torch.utils.data.Dataset
        Of pairs: images (C, H, W), channels first as PyTorch has them, or spectra (L,); and a
        label, or (T,) labels. It goes into a DataLoader with any number of workers, each of which
        opens the file for itself.

    Raises
    ------
    InputError
        As for `tensorflow`.
    ImportError
        Where PyTorch is not installed.
    """
    from skyloom.loaders import pytorch

    samples = Samples(path, split=split, part=part, normalise=normalise)
    return pytorch.TorchDataset(samples, _labels(samples, targets))


def _labels(samples, targets):
    """What a network learns: float32, standardised if asked for; classes are int64."""
    if targets not in ("physical", "standardised"):
        raise ValueError(f"targets is {targets!r}: it must be 'physical' or 'standardised'")
    if samples.target.dtype.kind in "biu":
        if targets == "standardised":
            raise ValueError(f"the target of {samples.path} is a class: it has no mean")
        return samples.target.astype(np.int64)
    if targets == "physical":
        return samples.target.astype(np.float32)
    mean, deviation = scaling(samples.path, split=samples.split)
    if samples.target.ndim == 1:
        mean, deviation = mean[0], deviation[0]
    return ((samples.target - mean) / deviation).astype(np.float32)
