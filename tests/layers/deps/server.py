"""A package index on this host: a directory of files by PEP 503 or PEP 691, as faulty as asked."""

from __future__ import annotations

import hashlib
import json
import ssl
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name


@dataclass
class Index:
    """What it serves, what it demands, and what it was asked for."""

    directory: Path
    login: str = ""  # user:password
    html: bool = False
    digests: bool = True
    cut: int = 0  # break off so many answers in the middle
    busy: int = 0  # answer 503 so many times
    asked: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    redirect: str = ""  # the server that all answers point to
    certificate: Path | None = None  # and its key, in one file: it speaks TLS
    moved: bool = False  # all is below another path of this one
    logins: list[tuple[str | None, str | None]] = field(default_factory=list)  # of it, of a proxy
    port: int = 0

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}/simple"

    def at(self, name: str) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}/files/{name}"

    @property
    def _scheme(self) -> str:
        return "https" if self.certificate else "http"


@contextmanager
def serve(directory: Path, **how: Any) -> Iterator[Index]:
    """An index of the directory's files, for as long as the block runs."""
    index = Index(directory, **how)

    class Handler(_Handler):
        served = index

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        index.port = server.server_address[1]
        if index.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(index.certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield index
        finally:
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    served: Index

    def do_GET(self) -> None:
        index = self.served
        index.asked.append(self.path)
        headers = self.headers
        index.logins.append((headers.get("Authorization"), headers.get("Proxy-Authorization")))
        if index.login and self.headers.get("Authorization") != basic(index.login):
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic")
            self.end_headers()
        elif index.redirect or (index.moved and not self.path.startswith("/moved/")):
            self.send_response(302)
            self.send_header("Location", (index.redirect or "/moved") + self.path)
            self.end_headers()
        elif index.busy:
            index.busy -= 1
            self.send_error(503)
        elif self.path.removeprefix("/moved").startswith("/simple/"):
            self._list(self.path.removeprefix("/moved").removeprefix("/simple/").strip("/"))
        else:
            self._send(index.directory / self.path.rpartition("/")[2])

    do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

    def _list(self, name: str) -> None:
        rows = [
            (path.name, hashlib.sha256(path.read_bytes()).hexdigest())
            for path in sorted(self.served.directory.iterdir())
            if canonicalize_name(path.name.split("-")[0]) == name
        ]
        if not rows:
            self.send_error(404)
            return
        if self.served.html:
            kind = "text/html"
            mark = "#sha256=" if self.served.digests else "#"
            body = "\n".join(f'<a href="../../files/{n}{mark}{d}">x</a>' for n, d in rows)
        else:
            kind = "application/vnd.pypi.simple.v1+json"
            files = [
                {"filename": n, "url": f"../../files/{n}", "hashes": {"sha256": digest}}
                for n, digest in rows
            ]
            body = json.dumps({"meta": {"api-version": "1.0"}, "name": name, "files": files})
        self._answer(body.encode(), kind)

    def _send(self, path: Path) -> None:
        if not path.is_file():
            self.send_error(404)
            return
        data, status, extra = path.read_bytes(), 200, {}
        wanted = self.headers.get("Range", "")
        if wanted:
            self.served.ranges.append(wanted)
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            extra = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
            data, status = data[start:], 206
        self._answer(data, "application/octet-stream", status, extra)

    def _answer(
        self, body: bytes, kind: str, status: int = 200, extra: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (extra or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.served.cut and kind == "application/octet-stream":
            self.served.cut -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


def basic(login: str) -> str:
    return "Basic " + b64encode(login.encode()).decode()
