"""An archive on this machine, with all the ways in which a real one misbehaves.

Bound to the loopback address alone. What it serves is a function of the path; how it fails is a
list of faults a path, used up one a request.
"""

import contextlib
import email.utils
import hashlib
import http.server
import re
import threading
import time
from urllib.parse import parse_qs, urlsplit


class Archive:
    """A server of files on 127.0.0.1, as a context manager.

    Parameters
    ----------
    serve : callable
        ``serve(path, query)`` gives the bytes of a file, an int (a status such as 404), or a tuple
        of status and bytes; `query` is a dict of lists.
    key : str, optional
        Where given, requests without this ``api-key`` are answered 403, except below ``/data/``,
        which is what redirections lead to.

    Attributes
    ----------
    url : str
        ``http://127.0.0.1:<port>``.
    asked : list of (host, path with query, headers)
        Every request, in order.
    most : int
        Requests that were being answered at once, at most.
    faults : dict
        Path -> list of faults. Each is ``404`` or another status, ``("wait", status, value)`` with
        a Retry-After, ``"truncated"``, ``"page"`` (a login page with status 200), ``"slow"`` (a
        trickle), ``"silent"``, ``"closed"``, ``"redirect"`` (to the host name localhost, where the
        key must not be sent), ``("location", address)``, ``"part"`` (half of the part that was
        asked for), ``"no-length"``, ``"weak"`` (no ETag), or ``("as", status, headers, first,
        last)``: that status and those bytes of the file, with just these headers.
    """

    def __init__(self, serve, key=None):
        self.serve, self.key, self.asked, self.faults = serve, key, [], {}
        self.most, self._now, self._lock = 0, 0, threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.archive = self
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    @contextlib.contextmanager
    def answering(self):
        """Count a request among those being answered."""
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            yield
        finally:
            with self._lock:
                self._now -= 1

    def paths(self):
        """Paths asked for, in order, without queries."""
        return [urlsplit(path).path for _, path, _ in self.asked]


class _Handler(http.server.BaseHTTPRequestHandler):
    timeout = 20

    def do_GET(self):
        with self.server.archive.answering():
            self._answer()

    def _answer(self):
        archive, parts = self.server.archive, urlsplit(self.path)
        archive.asked.append((self.headers.get("Host", ""), self.path, dict(self.headers)))
        faults = archive.faults.get(parts.path, [])
        fault = faults.pop(0) if faults else None
        redirected = parts.path.startswith("/data/")
        if archive.key and not redirected and self.headers.get("api-key") != archive.key:
            return self._send(403, b'{"detail": "Authentication credentials were not provided."}')
        if fault == "redirect":
            return self._send(302, b"", Location=f"http://localhost:{archive.port}/data{self.path}")
        if isinstance(fault, int):
            return self._send(fault, b"no")
        if isinstance(fault, tuple) and fault[0] == "location":
            return self._send(302, b"", Location=fault[1])
        if isinstance(fault, tuple) and fault[0] == "wait":
            return self._send(fault[1], b"no", **{"Retry-After": fault[2]})
        if fault == "silent":
            time.sleep(3)
        if fault in ("silent", "closed"):
            self.close_connection = True
            return None
        answer = archive.serve(parts.path.removeprefix("/data"), parse_qs(parts.query))
        if fault == "page":
            answer = b"<html>Please log in.</html>"
        status, body = 200, answer
        if isinstance(answer, int):
            status, body = answer, b'{"detail": "Not found."}'
        elif isinstance(answer, tuple):
            status, body = answer
        if isinstance(fault, tuple):
            _, status, headers, first, last = fault
            return self._send_as(status, headers, body[first:last])
        return self._send_file(status, body, fault)

    def _send_as(self, status, headers, body):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def _send(self, status, body, **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _send_file(self, status, body, fault):
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = {} if fault == "weak" else {"ETag": tag}
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range", tag) == tag
        if status == 200 and wanted and same:
            first = int(wanted[1])
            if first >= len(body):
                return self._send(416, b"", **{"Content-Range": f"bytes */{len(body)}"})
            last = (first + len(body)) // 2 if fault == "part" else len(body)
            headers["Content-Range"] = f"bytes {first}-{last - 1}/{len(body)}"
            status, body = 206, body[first:last]
        self.send_response(status)
        if fault != "no-length":
            headers["Content-Length"] = str(len(body))
        headers["Last-Modified"] = email.utils.formatdate(usegmt=True)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            if fault == "slow":
                for start in range(0, min(len(body), 2000), 10):
                    self.wfile.write(body[start : start + 10])
                    time.sleep(0.02)
            else:
                self.wfile.write(body[: len(body) // 2] if fault == "truncated" else body)
        except OSError:
            pass  # the client has had enough
        self.close_connection = True
        return None

    def log_message(self, *_):
        pass
