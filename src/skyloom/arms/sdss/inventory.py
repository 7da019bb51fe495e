"""Which spectra of a folder can be used, and why the others cannot.

Blocks of files are inspected one by one (`inspect`), each into two tables; `merge` then sees what
no block can: spectra that occur twice, repeat spectra of one object, rows of the catalogue that no
file belongs to. Every file of the folder ends up in the inventory or in the rejects.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy import units

from skyloom.arms.sdss import catalogue as catalogues
from skyloom.arms.sdss import objects, spectrum
from skyloom.errors import InputError
from skyloom.io import folders
from skyloom.io import inventory as inventories
from skyloom.io.columns import numbers

if TYPE_CHECKING:
    from astropy.table import Table

    from skyloom.prefetch import Pool

#: What `quality.zwarning` can be.
ZWARNING = ("keep", "reject")
_COLUMNS = {"file": str, "id": str, "class": str, "z": "f8", "zwarning": "i8", "sn": "f8"}
_COLUMNS |= {"good": "f8", "object": str, "ra": "f8", "dec": "f8", "synthetic": "?"}


def listing(
    folder: str | Path, *, catalogue: str | Path | None = None, key: str = "sdss.spectra"
) -> list[str]:
    """The files of a folder, at any depth, sorted; without the catalogue if it lies there.

    Parameters
    ----------
    folder : str or Path
    catalogue : str or Path, optional
    key : str, optional
        The config's key that names the folder, for the message.

    Returns
    -------
    list of str
        Paths below the folder, with ``/``.

    Raises
    ------
    InputError
        If the folder does not exist.
    """
    files = folders.listing(folder, key=key)
    if catalogue is None:
        return files
    own = os.path.realpath(catalogue)
    # Only a file of the same name can be the same file: 300,000 paths need not be resolved.
    name = Path(own).name
    return [
        file
        for file in files
        if Path(file).name != name or os.path.realpath(Path(folder) / file) != own
    ]


def _check_quality(quality):
    if quality["zwarning"] not in ZWARNING:
        raise InputError(
            f"sdss.quality.zwarning is {quality['zwarning']!r}: set it to {' or '.join(ZWARNING)}."
        )


def _row(file, folder, quality, rows, labelled):
    found = spectrum.read_spectrum(Path(folder) / file, catalogue=rows, labelled=labelled)
    share = float(found.good.mean())
    if share < quality["min_good"]:
        raise InputError(
            f"{file} has {share:.0%} good pixels, fewer than sdss.quality.min_good "
            f"({quality['min_good']:.0%}): lower that to use it."
        )
    if labelled and quality["zwarning"] == "reject" and found.zwarning:
        raise InputError(
            f"{file} has the warning {found.zwarning} on its class and redshift (ZWARNING): set "
            "sdss.quality.zwarning to keep to use it."
        )
    values = (file, found.id, found.label, found.z, found.zwarning, found.sn, share)
    return *values, found.object, found.ra, found.dec, found.synthetic


def inspect(
    folder: str | Path,
    files: Iterable[str],
    *,
    quality: dict,
    catalogue: dict | None = None,
    labelled: bool = True,
    pool: Pool | None = None,
):
    """Look at files one by one.

    Parameters
    ----------
    folder : str or Path
    files : iterable of str
        Paths below the folder; see `listing`.
    quality : dict
        ``zwarning`` ('keep' or 'reject': what is done with a ZWARNING other than 0) and
        ``min_good`` (the least share of good pixels).
    catalogue : dict, optional
        Rows by the spectra's names, from `skyloom.arms.sdss.catalogue.rows`; a spectrum in it has
        class, redshift, warning and object from there, any other from its file.
    labelled : bool, optional
        See `skyloom.arms.sdss.spectrum.read_spectrum`.
    pool : `skyloom.prefetch.Pool`, optional

    Yields
    ------
    tuple
        A good file's row (file, id, class, z, zwarning, sn, good, object, ra, dec, synthetic), or
        a `skyloom.io.inventory.Reject`, in the order of the files.
    """
    _check_quality(quality)
    return inventories.inspect(
        lambda file: _row(file, folder, quality, catalogue, labelled),
        files,
        folder=folder,
        pool=pool,
    )


def tables(rows):
    """The good rows and the rejects of `inspect` as two tables."""
    good, lost = inventories.parted(rows)
    table = inventories.table(good, _COLUMNS)
    table.meta = {"synthetic": bool(table["synthetic"].any())}
    table.remove_column("synthetic")
    table["ra"].unit = table["dec"].unit = units.deg
    return table, inventories.rejects(sorted(lost), **table.meta)


def merge(
    tables: Sequence[Table], rejects: Sequence[Table], *, catalogue: str | Path | None = None
) -> tuple[Table, Table]:
    """One inventory and one list of rejects from those of all blocks.

    Parameters
    ----------
    tables, rejects : sequence of Table
        Of the blocks, as `tables` makes them.
    catalogue : str or Path, optional
        Its rows without a file become one line of the rejects, under its name.

    Returns
    -------
    inventory : Table
        Sorted by id, each spectrum once: of two files of one spectrum, the first by name. `object`
        is equal for all spectra of an object, see `skyloom.arms.sdss.objects.group`.
    rejects : Table
        file, reason, sorted by file.

    Raises
    ------
    InputError
        If no spectrum is left.
    """
    keys = {"folder": "sdss.spectra", "keys": "sdss.spectra and sdss.quality"}
    table, lost = inventories.merge(
        tables, rejects, again=_again, nothing={"of": "spectra", **keys}
    )
    table = table[np.argsort(np.asarray(table["id"], str), kind="stable")]
    ra, dec = (numbers(table[key]) for key in ("ra", "dec"))
    table["object"] = objects.group(table["object"], ra, dec)
    if catalogue is not None:
        seen = {spectrum.identity_of_name(file) for file, _ in lost} - {None}
        if line := catalogues.reject_of(catalogue, seen | set(table["id"].tolist())):
            lost.append(line)
    return table, inventories.rejects(sorted(lost), **table.meta)


def _again(file, earlier, name):
    return f"{file} is spectrum {name} again, after {earlier}: keep one of them."


def summary(inventory, rejects):
    """One line for a log: how many spectra, of which classes, of how many objects."""
    labels, counts = np.unique(np.asarray(inventory["class"], str), return_counts=True)
    shares = ", ".join(f"{n:,} {label}" for label, n in zip(labels, counts, strict=True))
    number = len(np.unique(np.asarray(inventory["object"], str)))
    return (
        f"{len(inventory):,} spectra of {number:,} objects can be used ({shares}), "
        f"{len(rejects):,} lines of rejects"
    )
