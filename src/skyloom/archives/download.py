"""Fetching files from archives: resumed, checked, and only then given their names.

Beside a file ``name`` that is being fetched lie ``.part.name`` with what has arrived and
``.part.name.json`` with what a resumed transfer must agree with; beside a finished one lies
``.name.json`` with its size and checksum. A file counts as fetched only while it agrees with that.
"""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import requests
from astropy.table import Table

from skyloom.archives.session import Session, shown
from skyloom.archives.transfer import AttemptError, Fetched, Transfer
from skyloom.errors import InputError
from skyloom.io.files import write_table
from skyloom.progress import track

__all__ = ["DownloadError", "Fetched", "Outcome", "Policy", "Session", "Wanted"]
__all__ += ["failure_table", "fetch", "fetch_all"]

_FULL = (errno.ENOSPC, errno.EDQUOT)
# Files in a row that may fail before the archive is taken to be out of order.
_IN_A_ROW = 20


class Policy(NamedTuple):
    """How patient a download is."""

    retries: int = 5  # further attempts after a failure that may pass
    timeout: float = 60.0  # longest silence of the server, s
    slowest: float = 1.0  # least kB/s over `timeout`
    largest: float = 50.0  # most GB of one file
    backoff: float = 2.0  # wait before the first retry, s; doubled at each further one
    longest_wait: float = 300.0  # where the server asks for more, the attempt is the last, s


class Wanted(NamedTuple):
    """A file to fetch, as `fetch` takes it."""

    url: str
    path: Path
    checksum: str | None = None
    size: int | None = None
    verify: object = None


class DownloadError(InputError):
    """A file could not be had.

    Attributes
    ----------
    kind : str
        ``absent`` (400, 404, 410), ``refused`` (401, 403), ``unreachable`` (no connection) or
        ``failed`` (anything else: it might go better another time).
    reason : str
    attempts : int
    status : int or None
        What the server answered, if it did.
    """

    def __init__(self, message, *, kind, reason, attempts, status=None) -> None:
        super().__init__(message)
        self.kind, self.reason, self.attempts, self.status = kind, reason, attempts, status


def fetch(
    session: Session,
    url: str,
    path: str | Path,
    *,
    checksum: str | None = None,
    size: int | None = None,
    verify: Callable | None = None,
    policy: Policy = Policy(),  # noqa: B008
    remedy: str = "",
    progress: bool = True,
):
    """Fetch one file, check it, and only then give it its name.

    Parameters
    ----------
    session : Session
    url : str
    path : str or Path
        Final name. A file that is there and whole is kept as it is.
    checksum : str, optional
        ``md5:…``, ``sha1:…`` or ``sha256:…`` as published.
    size : int, optional
        Its bytes, where they are known.
    verify : callable, optional
        Given the path of the complete file; raises an exception, an InputError as a rule, if its
        contents are not those wanted.
    policy : Policy
    remedy : str
        What a person can do instead, the end of the sentence.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    Fetched

    Raises
    ------
    DownloadError
        If the file cannot be had or is not the one wanted.
    InputError
        If it cannot be written.
    """
    path, url = Path(path), str(url)
    transfer = Transfer(session, url, path, checksum, size, verify, policy, progress)
    with _writable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # A cache that others keep may be read only: what is known to be whole needs no lock.
        if transfer.manifest.is_file() and (kept := transfer.kept()):
            return kept
        with transfer.locked():
            if kept := transfer.kept():
                return kept
            for attempt in range(policy.retries + 1):
                try:
                    return transfer.attempt()
                except AttemptError as failure:
                    # To come back sooner than told would be answered by a longer wait.
                    late = failure.wait is not None and failure.wait > policy.longest_wait
                    if not failure.again or late or attempt == policy.retries:
                        transfer.forget_if_empty()
                        raise DownloadError(
                            f"{shown(url)} could not be fetched to {path} ({failure.reason}): "
                            f"{_remedy(session, failure, remedy)}.",
                            kind=failure.kind,
                            reason=failure.reason,
                            attempts=attempt + 1,
                            status=failure.status,
                        ) from None
                    wait = failure.wait
                    if wait is None:
                        wait = policy.backoff * 2**attempt
                    time.sleep(min(wait, policy.longest_wait))


@contextlib.contextmanager
def _writable(path):
    try:
        yield
    except (requests.RequestException, InputError):
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise InputError(
                f"{path} cannot be written, the disk is full: free some space, then run again; "
                "what has arrived is kept."
            ) from error
        raise InputError(
            f"{path} cannot be written ({error.strerror}): make its folder writable, or set "
            "downloads.folder to another one."
        ) from error


def _remedy(session, failure, remedy):
    if failure.kind == "refused" and session.has_key:
        return f"check {session.key_name}, and that the archive lets its owner see this"
    if failure.kind == "absent":
        return remedy or "check the name in the configuration and the file of addresses"
    check = "check the network, then run again" if failure.again else "run again later"
    return f"{check}, or {remedy}" if remedy else check


class Outcome(NamedTuple):
    """What became of a list of files."""

    fetched: list  # of Fetched
    failures: list  # of (Wanted, DownloadError)
    stopped: str | None  # why the rest was not tried

    def require(self, table: str | Path, *, allow: Sequence[str] = (), remedy: str = "") -> None:
        """Raise an InputError that names the table of failures, if there are any.

        Parameters
        ----------
        table : str or Path
            Where `fetch_all` wrote them.
        allow : sequence of str
            Kinds of `DownloadError` that are no reason to fail, such as ``absent``.
        remedy : str
            What a person can do instead, the end of the sentence.
        """
        bad = [error for _, error in self.failures if error.kind not in allow]
        if self.stopped or bad:
            count = len(self.fetched) + len(self.failures)
            why = self.stopped or bad[0].reason
            raise InputError(
                f"{len(self.failures)} of {count} files could not be fetched ({why}), see {table}: "
                f"run again to fetch just those{', or ' if remedy else ''}{remedy}."
            )


def failure_table(failures):
    """The files that could not be had: file, address, reason, attempts."""
    rows = [
        (str(wanted.path), shown(wanted.url), error.reason, error.attempts, error.kind)
        for wanted, error in failures
    ]
    return Table(
        rows=rows or None,
        names=("file", "address", "reason", "attempts", "kind"),
        dtype=(str, str, str, int, str),
    )


def fetch_all(
    session,
    wanted,
    *,
    table,
    policy=Policy(),  # noqa: B008
    label="files",
    remedy="",
    total=None,
    unlisted=(),
    stop_at=(),
):
    """Fetch many files one after the other; one that cannot be had does not stop the others.

    Stops early where the server cannot be reached, refuses the key, or fails many times in a row.

    Parameters
    ----------
    session : Session
    wanted : iterable of Wanted
        Taken as they are needed, so that one may depend on what came before.
    table : str or Path
        ECSV table of what failed; removed where nothing did.
    policy : Policy
    label, remedy : str
    total : int, optional
        How many files `wanted` has, where it has no length.
    unlisted : sequence of str
        Kinds of `DownloadError` that the table leaves out, being no failures but answers.
    stop_at : sequence of int
        Answers of the server after which the others would be the same.

    Returns
    -------
    Outcome
        Its `require` turns failures into an error.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    fetched, failures, in_a_row, stopped = [], [], 0, None
    for item in track(wanted, label=label, total=total, unit="file"):
        if stopped:
            error = DownloadError(
                stopped, kind="failed", reason=f"not tried: {stopped}", attempts=0
            )
            failures.append((item, error))
            continue
        try:
            options = {"policy": policy, "remedy": remedy, "progress": False}
            fetched.append(fetch(session, **item._asdict(), **options))
            in_a_row = 0
        except DownloadError as error:
            failures.append((item, error))
            # Where there is no key, refusals of all that follows are an archive that shut its door.
            in_a_row += error.kind in ("failed", "refused")
            refused = error.kind == "refused" and session.has_key
            same = error.kind == "unreachable" or error.status in stop_at
            if same or refused or in_a_row >= _IN_A_ROW:
                stopped = error.reason
                if refused:
                    stopped += f"; check {session.key_name}"
    listed = [pair for pair in failures if pair[1].kind not in unlisted]
    if listed:
        write_table(failure_table(listed), table)
    else:
        Path(table).unlink(missing_ok=True)
    return Outcome(fetched, failures, stopped)
