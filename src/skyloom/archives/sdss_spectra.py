"""Spectra from SDSS's Science Archive Server, those that a catalogue lists.

Addresses are data: ``resources/archives.yaml``. What a catalogue says takes part in them only as a
number (plate, MJD, fibre) or to choose among the reductions that the addresses name (RUN2D).
"""

from __future__ import annotations

import functools
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy.table import Table, vstack

from skyloom.archives import requests
from skyloom.arms.sdss import catalogue, spectrum
from skyloom.errors import InputError
from skyloom.io import fits_tables
from skyloom.io.folders import block_of

if TYPE_CHECKING:
    from skyloom.archives.download import Policy

# Beyond what five digits of a plate or MJD and four of a fibre can say, a row is damaged.
_MOST = {"PLATE": 99_999, "MJD": 99_999, "FIBERID": 9_999}
_REMEDY = "leave the spectrum out of sdss.catalogue"


def _numbers(part):
    """Plate, MJD and fibre of a chunk of a catalogue, and which rows can be those of a spectrum."""
    columns = [np.asarray(part(name)) for name in _MOST]
    if any(values.dtype.kind not in "iu" or values.ndim != 1 for values in columns):
        raise InputError(
            "sdss.catalogue has PLATE, MJD or FIBERID that are no whole numbers: correct it."
        )
    good = np.ones(len(columns[0]), bool)
    for values, most in zip(columns, _MOST.values(), strict=True):
        good &= (values >= 0) & (values <= most)
    return np.stack([values.astype(np.int64) for values in columns], axis=1), good


def rows(path: str | Path, *, chunk: int = catalogue.CHUNK) -> tuple[np.ndarray, np.ndarray]:
    """The spectra that a catalogue lists.

    Parameters
    ----------
    path : str or Path
        See `skyloom.arms.sdss.catalogue.chunks`.
    chunk : int, optional

    Returns
    -------
    numbers : (N, 3) int64 array
        Plate, MJD, fibre: sorted, each spectrum once (of one reduced twice, the first row counts).
    runs : (N,) array of str
        RUN2D, ``""`` where the catalogue has no such column.

    Raises
    ------
    InputError
        If the catalogue cannot be read or lists none.
    """
    numbers, runs = [], []
    for part in catalogue.chunks(path, chunk=chunk):
        identities, good = _numbers(part)
        run = part("RUN2D")
        run = (
            np.full(len(identities), "")
            if run is None
            else np.char.strip(np.asarray(run).astype(str))
        )
        numbers.append(identities[good])
        runs.append(run[good])
    if not sum(map(len, numbers)):
        raise InputError(f"{path} lists no spectrum: sdss.source archive fetches those it lists.")
    numbers, runs = np.concatenate(numbers), np.concatenate(runs)
    _, first = np.unique(catalogue.key(*numbers.T), return_index=True)
    return numbers[first], runs[first]


def _run(stated, mjd, release):
    """The reduction that a spectrum is in, or None where the release has no such one."""
    if not stated:
        return str(release["boss" if mjd >= int(release["boss_since"]) else "legacy"])
    return stated if stated in map(str, release["runs"]) else None


def plan(numbers: np.ndarray, runs: np.ndarray, release: dict) -> tuple[dict, Table]:
    """Names and addresses of spectra.

    Parameters
    ----------
    numbers, runs : arrays
        As `rows` gives them.
    release : dict
        Addresses of one data release.

    Returns
    -------
    wanted : dict
        File below the cache -> (address, callable that verifies it).
    missing : Table
        file, address, reason: rows whose RUN2D the release does not have.
    """
    wanted, lost = {}, []
    for (plate, mjd, fiber), stated in zip(numbers.tolist(), runs.tolist(), strict=True):
        name = spectrum.identity(plate, mjd, fiber)
        file, folder = f"spec-{name}.fits", name.partition("-")[0]
        run = _run(stated, mjd, release)
        if run is None:
            reason = f"RUN2D is {stated[:20]!r}, not one of {', '.join(map(str, release['runs']))}"
            lost.append((f"{folder}/{file}", "-", reason))
            continue
        values = {"plate": folder, "mjd": str(mjd), "file": file, "run2d": run}
        url = requests.fill(release["address"], **values)
        wanted[f"{folder}/{file}"] = url, functools.partial(check_spectrum, name=name)
    return wanted, lost


def check_spectrum(path, *, name):
    """Raise an InputError unless a file is the whole spectrum of a name.

    Parameters
    ----------
    path : str or Path
    name : str
        Such as "0266-51602-0013".
    """
    content = path.read_bytes()
    units = list(fits_tables.units(io.BytesIO(content), path, length=len(content)))
    if not any({"FLUX", "LOGLAM"} <= set(unit.columns) for unit in units):
        raise InputError(f"{path} has no table with FLUX and LOGLAM: it is no spectrum.")
    header = units[0].header
    stated = [header.get("PLATEID", header.get("PLATE")), header.get("MJD"), header.get("FIBERID")]
    if all(isinstance(value, int) and value >= 0 for value in stated):
        identity = spectrum.identity(*stated)
        if identity != name:
            raise InputError(f"{path} is spectrum {identity}, not {name}.")


def fetch(
    addresses: dict,
    catalogue_path: str | Path,
    cache: str | Path,
    *,
    release: str,
    block: int,
    blocks: int,
    table: str | Path,
    policy: Policy,
) -> tuple[Table, Table]:
    """Fetch one block of the spectra that a catalogue lists.

    Parameters
    ----------
    addresses : dict
        The archive's addresses.
    catalogue_path, cache : str or Path
    release : str
        Such as ``DR17``.
    block, blocks : int
        Which of how many.
    table : str or Path
        Where failures are listed.
    policy : `skyloom.archives.download.Policy`

    Returns
    -------
    fetched, missing : Table
        See `skyloom.archives.requests.fetch`.
    """
    chosen = requests.entry(addresses, release, key="sdss.archive.release")
    numbers, runs = (block_of(part, block, blocks) for part in rows(catalogue_path))
    wanted, lost = plan(numbers, runs, chosen)
    fetched, missing = requests.fetch(
        wanted,
        cache,
        table=table,
        policy=policy,
        label=f"spectra of block {block}",
        remedy=_REMEDY,
    )
    if lost:
        unknown = Table(rows=lost, names=("file", "address", "reason"))
        missing = vstack([missing, unknown]) if len(missing) else unknown
    return fetched, missing
