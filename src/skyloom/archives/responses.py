"""What a server says of the bytes that it sends: the whole file, or which part of it.

RFC 9110 (https://www.rfc-editor.org/rfc/rfc9110): status 206 and Content-Range are in 15.3.7 and
14.4, Content-Length is in 8.6.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

# Eighteen digits are an exabyte; Python converts no more than some thousands.
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII | re.IGNORECASE)
_LENGTH = re.compile(r"\d{1,18}", re.ASCII)


class Coming(NamedTuple):
    """Which bytes of a file an answer brings: from `start` up to `end`, of `total`."""

    start: int
    end: int | None  # where the answer does not say how long it is
    total: int | None  # of the whole file, where the answer says it


def coming(status: int, headers: Mapping, start: int) -> Coming:
    """Which bytes come with a successful answer.

    Parameters
    ----------
    status : int
        200 or 206.
    headers : mapping
        Of the answer; names in any case.
    start : int
        Where the part that was asked for begins; 0 where the whole file was asked for.

    Returns
    -------
    Coming

    Raises
    ------
    ValueError
        If that is not what was asked for, or the answer contradicts itself; the words of the error
        say how.
    """
    length, content_range = _length(headers), headers.get("Content-Range", "").strip()
    if status == 200:
        # Means nothing here, but who says that a part comes will not have sent the whole.
        match = _RANGE.fullmatch(content_range)
        if match and (int(match[1]) or match[3] not in ("*", str(int(match[2]) + 1))):
            raise ValueError(f"the server called {content_range} the whole file")
        return Coming(0, length, length)
    if not start:
        raise ValueError("the server sent a part where the whole file was asked for")
    if headers.get("Content-Type", "").strip().lower().startswith("multipart/"):
        raise ValueError("the server sent several parts at once")
    match = _RANGE.fullmatch(content_range)
    if not match:
        raise ValueError("the server sent a part and does not say which one")
    first, end = int(match[1]), int(match[2]) + 1
    total = None if match[3] == "*" else int(match[3])
    if first != start:
        raise ValueError(
            f"the server sent {content_range} where the part from {start} on was asked for"
        )
    if end <= first or (total is not None and end > total):
        raise ValueError(f"the server sent {content_range}, which is no part of a file")
    if length not in (None, end - first):
        raise ValueError(f"the server announced {content_range} and {length} bytes")
    return Coming(first, end, total)


def _length(headers):
    """Content-Length; None where it is not given. Equal ones that were put together are one."""
    lengths = {part.strip() for part in headers.get("Content-Length", "").split(",")} - {""}
    if not lengths:
        return None
    if len(lengths) > 1 or not _LENGTH.fullmatch(min(lengths)):
        raise ValueError("the server does not say how long the file is in one number")
    return int(min(lengths))
