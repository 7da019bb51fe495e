"""Talking to an archive that wants a key, without ever giving the key to anybody else."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests

from skyloom.errors import InputError

_SECRET = re.compile(r"key|token|secret|sign|credential|pass|auth", re.IGNORECASE)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def shown(url):
    """An address as messages and tables show it: without user, password and secret parameters."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    query = [pair for pair in parse_qsl(parts.query) if not _SECRET.search(pair[0])]
    return urlunsplit((parts.scheme, host, parts.path, urlencode(query, safe=",/:"), ""))


def _origin(url):
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, port


class Session(requests.Session):
    """A connection that keeps its key to itself.

    The key goes with requests to the server it is meant for, over https (or to this machine
    itself), and with no redirection to another host, another port or plain http.

    Parameters
    ----------
    key_header : str, optional
        Name of the header that carries the key, such as ``api-key``.
    key : str, optional
    key_name : str
        What a message calls the key: the environment variable that holds it.

    Raises
    ------
    InputError
        If the key cannot be one.
    """

    def __init__(
        self, key_header: str | None = None, key: str | None = None, key_name: str = "the key"
    ) -> None:
        super().__init__()
        self.key_header, self.key_name = key_header, key_name
        self._key = (key or "").strip()
        # An invalid header's error would show its value.
        if not re.fullmatch(r"[!-~]*", self._key):
            raise InputError(
                f"{key_name} holds characters that no key has (a space or a line break, perhaps): "
                "set it to the key alone."
            )
        self.max_redirects = 10
        # The bytes as they are stored: a part of them can then be asked for by its place.
        self.headers["Accept-Encoding"] = "identity"

    @property
    def has_key(self):
        """Whether requests carry a key."""
        return bool(self.key_header and self._key)

    def ask(self, url, *, headers=None, timeout):
        """Send a GET request for `url`; the body is read later, by the caller.

        Raises
        ------
        InputError
            If the key would travel in the clear.

        Notes
        -----
        Where there is no answer, it raises what ``requests`` and ``urllib3`` do.
        """
        headers = dict(headers or {})
        if self.has_key:
            scheme, host, _ = _origin(url)
            if scheme != "https" and host not in _LOOPBACK:
                raise InputError(
                    f"{shown(url)} is not an https address: {self.key_name} would travel in the "
                    "clear, so nothing was sent; write https in the file of addresses."
                )
            headers[self.key_header] = self._key
        return self.get(url, headers=headers, timeout=timeout, stream=True)

    def rebuild_auth(self, prepared_request, response) -> None:
        """Called by requests at each redirection: the key stays with the server it is for."""
        super().rebuild_auth(prepared_request, response)
        if self.key_header and _origin(prepared_request.url) != _origin(response.request.url):
            prepared_request.headers.pop(self.key_header, None)

    def scrubbed(self, text):
        """Words of a server for a message: one short printable line that holds no key."""
        if self._key:
            text = text.replace(self._key, "***")
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return text[:200]
