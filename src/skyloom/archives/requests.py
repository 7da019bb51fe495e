"""What fetching from any archive shares: addresses as data, plain names, folders of what came.

What comes is kept in a cache that runs share; each run has a folder of its own with just the files
that it asked for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from skyloom.archives import download
from skyloom.archives.session import shown
from skyloom.errors import InputError, nearest
from skyloom.io import inventory
from skyloom.io.folders import complete
from skyloom.progress import track

if TYPE_CHECKING:
    from astropy.table import Table

    from skyloom.archives.download import Policy

# One part of a path: it neither climbs (..), nor hides (.name), nor means anything to a shell.
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_SLOT = re.compile(r"\{[^{}]*\}")
#: Kinds of failure by which an archive says that it has no such file for us; all others may pass.
ABSENT = ("absent", "refused")
_COLUMNS = {"file": str, "bytes": "i8", "sha256": str}
_MISSING = {"file": str, "address": str, "reason": str}


def addresses(path: str | Path, archive: str) -> dict:
    """The part of the file of addresses that one archive is described by.

    Parameters
    ----------
    path : str or Path
        YAML, as ``resources/archives.yaml``.
    archive : str
        ``tng``, ``xmm`` or ``sdss``.

    Returns
    -------
    dict

    Raises
    ------
    InputError
        If the file is missing, is not YAML, or does not describe the archive.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): set downloads.archives to a file of "
            "addresses, or to null."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path} is not YAML ({reason}): correct downloads.archives.") from error
    if not isinstance(content, dict) or not isinstance(content.get(archive), dict):
        raise InputError(
            f"{path} has no addresses of {archive}: write them as resources/archives.yaml does, or "
            "set downloads.archives to null."
        )
    return content[archive]


def patience(downloads: dict) -> Policy:
    """How patient the configuration's downloads are.

    Parameters
    ----------
    downloads : dict
        ``retries``, ``timeout``, ``slowest``, ``largest``, and keys that are none of its matter.

    Returns
    -------
    `skyloom.archives.download.Policy`
    """
    names = ("retries", "timeout", "slowest", "largest")
    return download.Policy(**{key: downloads[key] for key in names})


def entry(addresses: dict, name: str, *, key: str):
    """``addresses[name]``; an InputError names the key of the configuration and what there is.

    Parameters
    ----------
    addresses : dict
        Part of the file of addresses.
    name : str
    key : str
        Of the configuration, which `name` came from.
    """
    if not isinstance(addresses, dict) or name not in addresses:
        there = sorted(map(str, addresses)) if isinstance(addresses, dict) else []
        near = nearest(name, there)
        hint = f"; did you mean {near!r}?" if near else "."
        raise InputError(
            f"{key} is {name!r}, which the file of addresses (downloads.archives) does not have: "
            f"it has {', '.join(there)}{hint}"
        )
    return addresses[name]


def fill(pattern: str, **values: str):
    """An address or a name, from a pattern with ``{slots}``.

    Parameters
    ----------
    pattern : str
    **values : str
        Letters, digits, ``.``, ``_`` and ``-`` alone, and no dot at the beginning, whoever they
        come from.

    Raises
    ------
    InputError
        If a value is none, or the pattern has a slot that has no value.
    """
    text = str(pattern)
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", plain(value, name))
    if left := _SLOT.search(text):
        raise InputError(
            f"The file of addresses (downloads.archives) has {left[0]} in {pattern}, which stands "
            f"for nothing there: use {', '.join(f'{{{name}}}' for name in values)}."
        )
    return text


def plain(value, what):
    """`value` if it can be one part of a path and of an address; an InputError otherwise."""
    if not _PLAIN.fullmatch(str(value)):
        raise InputError(
            f"{what} is {str(value)[:80]!r}, which is no plain name (letters, digits, '.', '_' and "
            "'-'): correct it."
        )
    return str(value)


def fetch(wanted, cache, *, table, policy, label, remedy):
    """Fetch files into a cache.

    Parameters
    ----------
    wanted : dict
        Name below the cache -> (address, callable that verifies the complete file, or None).
    cache : str or Path
    table : str or Path
        Where failures are listed, ECSV; see `skyloom.archives.download.fetch_all`.
    policy : `skyloom.archives.download.Policy`
    label, remedy : str

    Returns
    -------
    fetched : Table
        file (below the cache), bytes, sha256: in the order of `wanted`.
    missing : Table
        file, address, reason: what the archive says that it does not have, or not for everybody.

    Raises
    ------
    InputError
        If the archive cannot be reached, or a file failed in a way that may pass.
    """
    cache = Path(cache)
    asked = [
        download.Wanted(url, cache.joinpath(*(plain(part, name) for part in name.split("/"))))
        for name, (url, _) in wanted.items()
    ]
    checks = [check for _, check in wanted.values()]
    asked = [item._replace(verify=check) for item, check in zip(asked, checks, strict=True)]
    with download.Session() as session:
        outcome = download.fetch_all(
            session,
            asked,
            table=table,
            policy=policy,
            label=label,
            remedy=remedy,
        )
    outcome.require(table, allow=ABSENT)
    rows = [(_below(f.path, cache), f.bytes, f.sha256) for f in outcome.fetched]
    lost = [(_below(w.path, cache), shown(w.url), e.reason) for w, e in outcome.failures]
    return inventory.table(rows, _COLUMNS), inventory.table(lost, _MISSING)


def _below(path, folder):
    return Path(path).relative_to(folder).as_posix()


def link(source, target) -> None:
    """Give a file of the cache a second name; a symbolic link where a hard one cannot be had."""
    try:
        os.link(source, target)
    except OSError:
        os.symlink(os.path.abspath(source), target)


def gather(
    tables: Sequence[Table], cache: str | Path, folder: str | Path, *, place: Callable = link
) -> int:
    """Make the folder of one run's files, which appears only when it is complete.

    Parameters
    ----------
    tables : sequence of Table
        As `fetch` gives them first.
    cache, folder : str or Path
    place : callable, optional
        Given a file of the cache and its path in the folder; links it unless told.

    Returns
    -------
    int
        How many files there are.

    Raises
    ------
    InputError
        If one has gone from the cache.
    """
    names = sorted({str(name) for table in tables for name in table["file"]})
    with complete(folder) as temporary:
        for name in track(names, label="the run's own folder", unit="file"):
            parts = [plain(part, name) for part in name.split("/")]
            source, target = Path(cache).joinpath(*parts), temporary.joinpath(*parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            if not source.is_file():
                raise InputError(
                    f"{source} has gone since it was fetched: run with --forcerun and the rule "
                    "that fetches it."
                )
            place(source, target)
    return len(names)


def absent(tables, fetched, *, what):
    """All files that an archive does not have, in one table.

    Parameters
    ----------
    tables : sequence of Table
        As `fetch` gives them second.
    fetched : int
        How many files there are, of all blocks.
    what : str
        What they are, for the message.

    Returns
    -------
    Table

    Raises
    ------
    InputError
        If there is nothing but these: the addresses are wrong, more likely.
    """
    rows = sorted(tuple(map(str, row)) for table in tables for row in table)
    if not fetched:
        reason = f"; the first, {rows[0][1]}: {rows[0][2]}" if rows else ""
        raise InputError(
            f"The archive has none of the {len(rows)} {what} that are asked for{reason}: check "
            "downloads.archives, and what is asked for."
        )
    return inventory.table(rows, _MISSING)
