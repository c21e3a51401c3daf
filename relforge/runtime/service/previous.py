"""Fingerprinted files of the version before, answered for by the one that has taken over.

A page that the version before has sent asks for `site-3f2a91bc.css`, which the
new version has not.  Where the application answers such a request with 404, the
file is sent from the other release.  A name with a digest never means two
different files, and only names that the builder has listed count, so it does not
matter below which URL the application has its files: ``/static/css/site-3f2a91bc.css``
is found as ``css/site-3f2a91bc.css``.

Without `RELEASE_PREVIOUS_ROOT`, and without such files, nothing is wrapped.
"""

from __future__ import annotations

import asyncio
import json
import mimetypes
import os
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import IO, Any

from ..contract import manifest as manifests
from ..errors import Refusal
from .interface import is_wsgi

VARIABLE = "RELEASE_PREVIOUS_ROOT"
LISTED = "cache_manifest.json"  # beside the files: plain names to fingerprinted ones
CACHE = "public, max-age=31536000, immutable"
CHUNK = 1 << 16
_DIGEST = re.compile(r"[-.][\w-]{8,}\.\w+$")

Message = MutableMapping[str, Any]
Files = Mapping[str, str]  # paths by the ends of their URLs


def wrap(app: Any, environ: Mapping[str, str]) -> Any:
    """The application, with the files that only the version before has; as it is without any."""
    before = environ.get(VARIABLE)
    if not before:
        return app
    ours = _files(manifests.root())
    files = {name: path for name, path in _files(before).items() if name not in ours}
    if not files:
        return app
    return Wsgi(app, files) if is_wsgi(app) else Asgi(app, files)


def within(app: Any) -> Any:
    """The application itself."""
    return app.app if isinstance(app, Asgi | Wsgi) else app


class Asgi:
    """The application of ASGI."""

    def __init__(self, app: Callable[..., Awaitable[None]], files: Files) -> None:
        self.app = app
        self._files = files

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        path = _asked(self._files, scope["method"], scope["path"]) if _is_http(scope) else None
        if path is None:
            await self.app(scope, receive, send)
            return
        file: IO[bytes] | None = None

        async def instead(message: Message) -> None:
            nonlocal file
            if message["type"] == "http.response.start" and message["status"] == 404:
                file = _open(path)
            if file is None:
                await send(message)

        try:
            await self.app(scope, receive, instead)
            if file is not None:
                await self._answer(scope, file, send)
        finally:
            if file is not None:
                file.close()

    async def _answer(self, scope: Message, file: IO[bytes], send: Any) -> None:
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in _headers(file)
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        while scope["method"] == "GET" and (chunk := await asyncio.to_thread(file.read, CHUNK)):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


class Wsgi:
    """The application of WSGI (PEP 3333)."""

    def __init__(self, app: Callable[[Any, Any], Iterable[bytes]], files: Files) -> None:
        self.app = app
        self._files = files

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # WSGI's strings are bytes in the guise of latin-1.
        text = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
        path = _asked(self._files, environ["REQUEST_METHOD"], text)
        if path is None:
            return self.app(environ, start_response)
        return self._instead(path, environ, start_response)

    def _instead(self, path: str, environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        file: IO[bytes] | None = None

        def instead(status: str, headers: Any, *error: Any) -> Any:
            nonlocal file
            if status.startswith("404"):
                file = file or _open(path)
            if file is None:
                return start_response(status, headers, *error)
            return lambda _data: None

        answer = self.app(environ, instead)
        try:
            for chunk in answer:
                if file is not None:
                    break
                yield chunk
            if file is not None:
                start_response("200 OK", list(_headers(file)))
                while environ["REQUEST_METHOD"] == "GET" and (chunk := file.read(CHUNK)):
                    yield chunk
        finally:
            if file is not None:
                file.close()
            if hasattr(answer, "close"):
                answer.close()


def _files(root: str) -> dict[str, str]:
    """What the builder has fingerprinted in that release; nothing where it is gone or damaged."""
    found: dict[str, str] = {}
    try:
        for directory in manifests.load(root).get("assets", ()):
            with open(os.path.join(root, directory, LISTED), encoding="utf-8") as file:
                names = json.load(file).values()
            found |= {
                name: os.path.join(root, directory, name) for name in names if _has_digest(name)
            }
    except (OSError, ValueError, Refusal):
        return found
    return found


def _has_digest(name: str) -> bool:
    """What vite's manifest lists need not have one."""
    return _DIGEST.search(name) is not None and ".." not in name.split("/")


def _is_http(scope: Message) -> bool:
    return bool(scope["type"] == "http")


def _asked(files: Files, method: str, url: str) -> str | None:
    """The file that is asked for, by any end of the URL's path."""
    if method not in ("GET", "HEAD"):
        return None
    rest = url
    while rest:
        rest = rest.partition("/")[2]
        if rest in files:
            return files[rest]
    return None


def _open(path: str) -> IO[bytes] | None:
    """None where that version has been removed meanwhile."""
    try:
        return open(path, "rb")
    except OSError:
        return None


def _headers(file: IO[bytes]) -> Iterator[tuple[str, str]]:
    kind, coding = mimetypes.guess_type(file.name)
    if coding:
        kind = None  # a file that is compressed, for a client that asks for that one
    yield "Content-Type", kind or "application/octet-stream"
    yield "Content-Length", str(os.fstat(file.fileno()).st_size)
    yield "Cache-Control", CACHE
