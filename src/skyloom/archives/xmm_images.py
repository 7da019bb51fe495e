"""EPIC images and the table of observations, from the archives that hold them.

The images are those of the XMM-Newton Science Archive: of each observation the sum of the EPIC
exposures between 0.2 and 12 keV, 648x648 pixels, which the pipeline calls OIMAGE8000. Addresses
are data: ``resources/archives.yaml``.
"""

from __future__ import annotations

import functools
import gzip
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from astropy.io import fits
from astropy.table import Table

from skyloom.archives import download, requests
from skyloom.arms.xmm import images, observations
from skyloom.errors import InputError
from skyloom.io import fits_stream
from skyloom.io.files import atomic

if TYPE_CHECKING:
    from skyloom.archives.download import Policy

_OBSERVATION = re.compile(r"[0-9]{10}")
_TAR_ERRORS = (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError, OverflowError)
# More members, or a larger one, than any answer about one image has.
_MOST_MEMBERS, _MOST_BYTES = 1000, 1 << 28
_REMEDY = "leave the observation out by xmm.archive.observations"


def configured_observations(given):
    """The identifiers that the configuration names.

    Parameters
    ----------
    given : None, list of str, or path
        Ten digits each, or a text file with one a line (``#`` begins a comment).

    Returns
    -------
    list of str or None
        Sorted, each once; None for the whole table.

    Raises
    ------
    InputError
        If the file cannot be read, or a line is no identifier.
    """
    if given is None:
        return None
    lines = given
    if isinstance(given, str | Path):
        try:
            lines = Path(given).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"{given} is not a readable text file: set xmm.archive.observations to a file with "
                "one ten-digit identifier a line."
            ) from error
        lines = [line.partition("#")[0].strip() for line in lines]
    identifiers = sorted({line for line in lines if line})
    wrong = [line for line in identifiers if not _OBSERVATION.fullmatch(line)]
    if wrong or not identifiers:
        what = f"has {wrong[0][:40]!r}" if wrong else "names no observation"
        raise InputError(
            f"xmm.archive.observations {what}: an observation is ten digits, such as 0098010101."
        )
    return identifiers


def fetch_table(addresses, release, cache, *, columns, policy):
    """Fetch a release's table of observations.

    Parameters
    ----------
    addresses : dict
        The archive's addresses.
    release : str
        Such as ``4XMM-DR9``.
    cache : str or Path
    columns : dict
        Aliases, see `skyloom.arms.xmm.observations.read_observations`.
    policy : `skyloom.archives.download.Policy`

    Returns
    -------
    Path
    """
    url = requests.entry(addresses.get("tables"), release, key="xmm.archive.release")
    name = f"{requests.plain(release, 'xmm.archive.release')}.fits"
    with download.Session() as session:
        return download.fetch(
            session,
            url,
            Path(cache) / name,
            verify=lambda there: observations.read_observations(there, columns),
            policy=policy,
            remedy="download it by hand and use it with xmm.source local",
        ).path


def cut(table: Path, wanted: list[str | None], columns: dict, output: str | Path) -> None:
    """Write the rows of a table that belong to the wanted observations, all their columns.

    Parameters
    ----------
    table : Path
        FITS.
    wanted : list of str or None
        As `configured_observations` gives it.
    columns : dict
    output : str or Path

    Raises
    ------
    InputError
        If a wanted observation is not in the table.
    """
    if wanted is None:
        with atomic(output) as temporary:
            shutil.copyfile(table, temporary)
        return
    listed = observations.read_observations(table, columns).rows
    unknown = [name for name in wanted if name not in listed]
    if unknown:
        raise InputError(
            f"xmm.archive.observations names {unknown[0]}"
            f"{f' and {len(unknown) - 1} others' if unknown[1:] else ''}, which {Path(table).name} "
            "does not list: leave it out, or choose another xmm.archive.release."
        )
    rows = Table.read(table, format="fits", hdu=1)
    upper = {name.upper(): name for name in reversed(rows.colnames)}
    aliases = {**observations.COLUMNS, **columns}["observation"]
    column = rows[next(upper[name.upper()] for name in aliases if name.upper() in upper)]
    kept = [images.observation_id(value) in set(wanted) for value in column]
    with atomic(output) as temporary:
        fits.table_to_hdu(rows[kept]).writeto(temporary, overwrite=True)


def names(table, block, blocks):
    """Observations of one block of a table; those whose identifier is none are never asked for."""
    rows = sorted(name for name in table.rows if _OBSERVATION.fullmatch(name))
    return rows[block::blocks]


def fetch_images(
    addresses: dict,
    wanted: Sequence[str],
    cache: str | Path,
    *,
    table: str | Path,
    policy: Policy,
    label: str = "images",
) -> tuple[Table, Table]:
    """Fetch one image an observation.

    Parameters
    ----------
    addresses : dict
        The archive's addresses.
    wanted : sequence of str
        Observations.
    cache : str or Path
    table : str or Path
        Where failures are listed.
    policy : `skyloom.archives.download.Policy`
    label : str

    Returns
    -------
    fetched, missing : Table
        See `skyloom.archives.requests.fetch`.
    """
    product = requests.entry(addresses, "images", key="the product")
    files = {}
    for name in wanted:
        file = requests.fill(product["file"], observation=name)
        url = requests.fill(product["address"], observation=name)
        files[file] = url, functools.partial(check_image, observation=name, file=file)
    return requests.fetch(files, cache, table=table, policy=policy, label=label, remedy=_REMEDY)


def check_image(path, *, observation, file):
    """Raise an InputError unless an answer is, or holds, an image of the observation.

    Parameters
    ----------
    path : str or Path
    observation : str
    file : str
        Name of the image, as it has it inside a tar.
    """
    with tempfile.TemporaryDirectory() as folder:
        inner = Path(folder) / file
        place(path, inner, link=True)
        primary, header, _ = fits_stream.read_image(inner)
        stated = header.get("OBS_ID", primary.get("OBS_ID"))
    if stated is not None and images.observation_id(str(stated)) != observation:
        raise InputError(f"{path} is of observation {stated}, not {observation}.")


def place(source: Path, target: Path, *, link: bool = False) -> None:
    """Put the image of an answer at `target`.

    An answer is the FITS file itself or, where the archive found several, a tar: of its members
    only the bytes of the one that is asked for are taken, never a path.

    Parameters
    ----------
    source, target : Path
        The target's name is that of the member.
    link : bool
        Whether the target may be a symbolic link, for a moment.

    Raises
    ------
    InputError
        If a tar is damaged or does not hold the image.
    """
    tar = _opened_tar(source)
    if tar is None:
        if link:
            Path(target).symlink_to(Path(source).resolve())
        else:
            requests.link(source, target)
        return
    try:
        with tar, open(target, "wb") as file:
            _copy_member(tar, Path(target).name, file, source)
    except InputError:
        raise
    except _TAR_ERRORS as error:
        raise InputError(f"{source} is a damaged tar ({error}): download it again.") from error


def _opened_tar(source):
    """A tar, plain or compressed by gzip, or None where it is none."""
    for mode in ("r:", "r:gz"):
        try:
            return tarfile.open(source, mode)
        except _TAR_ERRORS:
            continue
    return None


def _copy_member(tar, name, file, source):
    for number, member in enumerate(tar):
        if number >= _MOST_MEMBERS or member.size > _MOST_BYTES:
            break
        if member.isreg() and PurePosixPath(member.name).name.upper() == name.upper():
            shutil.copyfileobj(tar.extractfile(member), file)
            return
    raise InputError(f"{source} is a tar without {name}.")
