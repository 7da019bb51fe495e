"""One file on its way from an archive: what has arrived, and how an attempt at it goes.

`skyloom.archives.download` is what others use.
"""

from __future__ import annotations

import contextlib
import email.utils
import errno
import fcntl
import hashlib
import json
import os
import stat
import time
from pathlib import Path
from typing import NamedTuple

import requests
import urllib3

from skyloom.archives import responses
from skyloom.archives.session import shown
from skyloom.errors import InputError
from skyloom.io.files import write_json
from skyloom.progress import track

_BLOCK = 1 << 18


class Fetched(NamedTuple):
    """A file that is there, whole and checked."""

    path: Path
    bytes: int
    sha256: str
    cached: bool


class AttemptError(Exception):
    """Why one attempt failed."""

    def __init__(self, reason, *, kind="failed", again=True, wait=None, status=None) -> None:
        super().__init__(reason)
        self.reason, self.kind, self.again = reason, kind, again
        self.wait, self.status = wait, status


class Transfer:
    """One file, what has arrived of it, and how an attempt at it goes."""

    def __init__(self, session, url, path, checksum, size, verify, policy, progress) -> None:
        self.session, self.url, self.path, self.policy = session, url, path, policy
        self.checksum, self.size, self.verify = checksum, size, verify
        self.progress = progress
        self.part = path.with_name(f".part.{path.name}")
        self.notes = path.with_name(f".part.{path.name}.json")
        self.lock = path.with_name(f".part.{path.name}.lock")
        self.manifest = path.with_name(f".{path.name}.json")

    @contextlib.contextmanager
    def locked(self):
        """Keep other processes away; they wait, then find the file there."""
        while True:
            # Not the part file itself: HDF5 refuses a file that is locked.
            with self._opened(self.lock) as file:
                with contextlib.suppress(OSError):  # a file system without locks
                    fcntl.flock(file, fcntl.LOCK_EX)
                try:
                    same = os.stat(self.lock).st_ino == os.fstat(file.fileno()).st_ino
                except FileNotFoundError:
                    same = False
                if not same:
                    continue  # whoever held the lock has finished and removed it
                try:
                    yield
                finally:
                    self.forget_if_empty()
                    self.lock.unlink(missing_ok=True)
                return

    @staticmethod
    def _opened(path):
        """A file of ours to append to: in a shared cache, no link that somebody laid there."""
        try:
            number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o666)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            raise InputError(
                f"{path} is a link, which none of ours is: remove it, then run again."
            ) from error
        if not stat.S_ISREG(os.fstat(number).st_mode):
            os.close(number)
            raise InputError(f"{path} is no regular file: remove it, then run again.")
        return os.fdopen(number, "ab")

    def forget_if_empty(self) -> None:
        """Leave no part file in which there is nothing to go on from."""
        if self.part.exists() and not self.part.stat().st_size:
            self._forget()

    def _forget(self):
        self.part.unlink(missing_ok=True)
        self.notes.unlink(missing_ok=True)

    def kept(self):
        """The file, if it is there and agrees with its manifest and what is asked of it."""
        if not self.path.is_file():
            return None
        if not self.manifest.is_file() and not self.checksum and not self.verify:
            return None
        try:
            sha256 = self._check(self.path)
            bytes_ = self.path.stat().st_size
            if self.manifest.is_file():
                manifest = json.loads(self.manifest.read_text(encoding="utf-8"))
                if (manifest["bytes"], manifest["sha256"]) != (bytes_, sha256):
                    return None
            else:
                self._note(bytes_, sha256)
        except (AttemptError, ValueError, KeyError, TypeError):
            return None
        return Fetched(self.path, bytes_, sha256, True)

    def attempt(self):
        """Ask once, from where the last attempt broke off if that is sound."""
        with self._answer() as (response, coming):
            self._receive(response, coming)
        arrived = self.part.stat().st_size
        if coming.end is not None and arrived > coming.end:
            self._restart()
            raise AttemptError(f"more than the announced {coming.end} bytes came")
        if coming.total is not None and arrived != coming.total:
            raise AttemptError(f"the transfer broke off after {arrived} of {coming.total} bytes")
        try:
            sha256 = self._check(self.part)
        except AttemptError:
            # What is wrong cannot be gone on from.
            self._restart()
            raise
        self._note(arrived, sha256)
        self.part.replace(self.path)
        self.notes.unlink(missing_ok=True)
        return Fetched(self.path, arrived, sha256, False)

    @contextlib.contextmanager
    def _answer(self):
        """The server's answer to a request for what is not there yet, and which bytes come."""
        start, headers, notes = self._resumption()
        try:
            response = self._ask(headers)
            with response:
                self._refuse(response, start)
                yield response, self._coming(response, start, notes)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _explained(error) from error

    def _coming(self, response, start, notes):
        """Which bytes come; an AttemptError where they cannot be put behind what is there."""
        try:
            coming = responses.coming(response.status_code, response.headers, start)
            if coming.start:
                coming = self._of_the_same_file(coming, response, notes)
        except ValueError as error:
            self._restart()
            # The whole file, which is asked for next, may come as it should.
            raise AttemptError(str(error), wait=0 if start else None) from error
        if coming.total is not None:
            self._check_length(coming.total)
        if self.size is not None and coming.total not in (None, self.size):
            self._restart()
            raise AttemptError(f"it has {coming.total} bytes where {self.size} are expected")
        return coming

    def _of_the_same_file(self, coming, response, notes):
        """A part with the size of its whole; a ValueError where that is not the file begun."""
        validator = notes.get("validator") or ""
        name = "ETag" if validator.startswith('"') else "Last-Modified"
        now = response.headers.get(name, validator)
        sizes = {coming.total, notes.get("total")} - {None}
        # A server may not know If-Range, by which it was asked to send no part of another file.
        if (validator and now != validator) or len(sizes) > 1:
            raise ValueError("the file has changed at the server")
        total = next(iter(sizes), self.size)
        if total is None and not self.checksum:
            raise ValueError("the server sent a part without saying of how much")
        return coming._replace(total=total)

    def _ask(self, headers):
        try:
            return self.session.ask(self.url, headers=headers, timeout=self.policy.timeout)
        except (requests.RequestException, InputError):
            # Some of these are ValueErrors too.
            raise
        except ValueError as error:
            raise AttemptError("it is, or leads to, no usable address", again=False) from error

    def _resumption(self):
        """Where to go on, the headers that ask for it, and what is known of the file."""
        with self._opened(self.part) as file:
            start = os.fstat(file.fileno()).st_size
        try:
            notes = json.loads(self.notes.read_text(encoding="utf-8"))
            if notes["address"] != shown(self.url):
                raise ValueError("another file")
            validator = notes["validator"]
            if not isinstance(validator, str | None):
                raise TypeError("no validator")
        except (OSError, ValueError, KeyError, TypeError):
            validator, notes, start = None, {}, start if self.checksum else 0
        if not start or not (validator or self.checksum):
            self._restart()
            return 0, {}, {}
        condition = {"If-Range": validator} if validator else {}
        return start, {"Range": f"bytes={start}-", **condition}, notes

    def _restart(self):
        os.truncate(self.part, 0)
        self.notes.unlink(missing_ok=True)

    def _refuse(self, response, start):
        """Raise an AttemptError for every answer that is not the file."""
        code = response.status_code
        if code in (200, 206):
            return
        # What has arrived is longer than the file: it is another one.
        if code == 416 and start:
            self._restart()
            raise AttemptError("the file has changed at the server", wait=0)
        answer = f"the server answered {code}"
        if code in (408, 429) or code >= 500:
            raise AttemptError(answer, wait=_wait_asked_for(response), status=code)
        kind = {401: "refused", 403: "refused", 400: "absent", 404: "absent", 410: "absent"}
        raise AttemptError(
            answer + _detail(self.session, response),
            kind=kind.get(code, "failed"),
            again=False,
            status=code,
        )

    def _receive(self, response, coming):
        """Write the body behind what is there."""
        start, total = coming.start, coming.total
        if not start:
            self._restart()
            notes = {"address": shown(self.url), "validator": _validator(response), "total": total}
            write_json(notes, self.notes)
        bar = track(None, label=self.path.name, total=total, unit="B") if self.progress else None
        # Whether a bar without a total is true cannot be asked.
        with self._opened(self.part) as file, contextlib.nullcontext() if bar is None else bar:
            if bar is not None:
                bar.update(start)
            since, before, arrived = time.monotonic(), 0, 0
            while block := response.raw.read1(_BLOCK, decode_content=False):
                file.write(block)
                file.flush()  # a kill must not take what has arrived
                arrived += len(block)
                if bar is not None:
                    bar.update(len(block))
                if self.size is not None and start + arrived > self.size:
                    break
                self._check_length(start + arrived)
                passed = time.monotonic() - since
                if passed >= self.policy.timeout:
                    if arrived - before < 1000 * self.policy.slowest * passed:
                        raise AttemptError(
                            f"it came more slowly than {self.policy.slowest:g} kB/s over "
                            f"{self.policy.timeout:g} s"
                        )
                    since, before = time.monotonic(), arrived
            # The disk holds the contents before the name: a power cut must not part them.
            os.fsync(file.fileno())

    def _check_length(self, length):
        """Give up a file that is longer than any may be: a body need not end."""
        if length > 1e9 * self.policy.largest:
            self._restart()
            raise AttemptError(
                f"it is longer than {self.policy.largest:g} GB: raise downloads.largest to have it",
                again=False,
            )

    def _check(self, path):
        """SHA-256 of a complete file that has the size, checksum and contents asked for."""
        if self.size is not None and path.stat().st_size != self.size:
            raise AttemptError(f"it has {path.stat().st_size} bytes where {self.size} are expected")
        sha256 = _digest(path, "sha256")
        if self.checksum:
            name, _, published = self.checksum.partition(":")
            digest = sha256 if name == "sha256" else _digest(path, name)
            if digest != published.lower():
                raise AttemptError("its checksum is not the published one")
        if self.verify is not None:
            try:
                self.verify(path)
            except MemoryError:
                raise
            except Exception as error:  # readers of damaged files raise anything
                if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
                    raise  # of files that the check itself writes
                reason = str(error).replace(str(path), self.path.name).rstrip(".")
                raise AttemptError(f"wrong content: {reason}") from error
        return sha256

    def _note(self, bytes_, sha256):
        # Before the file takes its name: a file with an older manifest is fetched again.
        content = {"address": shown(self.url), "bytes": bytes_, "sha256": sha256}
        write_json(content, self.manifest)


def _digest(path, name):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, name).hexdigest()


def _explained(error):
    """A failure in words; the errors' own texts may hold addresses with secrets."""
    if isinstance(error, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
        return AttemptError("its certificate cannot be trusted", kind="unreachable", again=False)
    if isinstance(error, requests.exceptions.Timeout | urllib3.exceptions.TimeoutError):
        return AttemptError("the server did not answer in time")
    if isinstance(error, requests.exceptions.TooManyRedirects):
        return AttemptError("the server redirects without end", again=False)
    if isinstance(error, urllib3.exceptions.InvalidHeader):
        return AttemptError("the server's headers contradict each other")
    broken = (requests.exceptions.ChunkedEncodingError, urllib3.exceptions.ProtocolError)
    cause = error.args[0] if error.args else None
    if isinstance(error, broken) or isinstance(cause, urllib3.exceptions.ProtocolError):
        return AttemptError("the transfer broke off before the end")
    if isinstance(error, requests.ConnectionError):
        return AttemptError("the server cannot be reached", kind="unreachable")
    return AttemptError(f"it is no address that can be asked ({type(error).__name__})", again=False)


def _wait_asked_for(response):
    """Seconds that the header Retry-After names, as a number or as a date; None without either."""
    try:
        return urllib3.Retry().get_retry_after(response)
    # The latter two of numbers and years of thousands of digits.
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return None


def _validator(response):
    """What tells this version of a file from another, bit for bit (RFC 9110, 8.8); or None."""
    tag = response.headers.get("ETag", "")
    if tag.startswith('"') and tag.isascii() and tag.isprintable():
        return tag
    dates = [response.headers.get(name, "") for name in ("Last-Modified", "Date")]
    try:
        changed, now = (email.utils.parsedate_to_datetime(date).timestamp() for date in dates)
    except (TypeError, ValueError):
        return None
    # A file that changed within the same second would have the same date.
    return dates[0] if now - changed >= 60 else None


def _detail(session, response):
    """What the server says about a refusal, if it says it in JSON."""
    try:
        body = response.raw.read(4096, decode_content=False)
        answer = json.loads(body)
        words = answer.get("detail") or answer.get("error") or answer.get("message")
    except (ValueError, AttributeError, urllib3.exceptions.HTTPError):
        return ""
    return f": {session.scrubbed(str(words))}" if words else ""
