"""What a provider needs of Vault's HTTP API: KV version 2, AppRole, Kubernetes; as ill as asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "hvs.pl4nted-token"
SECRET_ID = "pl4nted-secret-id"
JWT = "pl4nted-jwt"


@dataclass
class Vault:
    """``secrets`` by mount and path, a list of versions each; None is a deleted one."""

    secrets: dict[str, list[dict[str, Any] | None]] = field(default_factory=dict)
    fail: list[int] = field(default_factory=list)  # answer with these statuses first
    hang: bool = False  # take the request, and never answer
    drip: bool = False  # answer a byte at a time, for ever
    page: str = ""  # what a proxy would say instead
    asked: list[tuple[str, str | None]] = field(default_factory=list)  # path, namespace
    port: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving(vault: Vault) -> Iterator[Vault]:
    """The server, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(self, vault, {})

        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            _answer(self, vault, json.loads(self.rfile.read(size)))

        def log_request(self, code: object = "-", size: object = "-") -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        vault.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield vault
        finally:
            vault.over.set()
            server.shutdown()
            thread.join()


def _answer(request: BaseHTTPRequestHandler, vault: Vault, body: dict[str, Any]) -> None:
    path, _, query = request.path.removeprefix("/v1/").partition("?")
    vault.asked.append((path, request.headers.get("X-Vault-Namespace")))
    if vault.hang:
        vault.over.wait(60)
        return
    if vault.drip:
        _drip(request, vault)
        return
    if vault.page:
        _send(request, 200, vault.page.encode(), "text/html")
        return
    status, answer = _found(vault, request, path, query, body)
    if vault.fail:
        status, answer = vault.fail.pop(0), {"errors": ["Vault is sealed"]}
    _send(request, status, json.dumps(answer).encode(), "application/json")


def _found(
    vault: Vault, request: BaseHTTPRequestHandler, path: str, query: str, body: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    logins = {
        "auth/approle/login": {"role_id": "shop", "secret_id": SECRET_ID},
        "auth/kubernetes/login": {"role": "shop", "jwt": JWT},
    }
    if path in logins:
        if body != logins[path]:
            return 400, {"errors": ["invalid role or secret ID"]}
        return 200, {"auth": {"client_token": TOKEN}}
    if request.headers.get("X-Vault-Token") != TOKEN:
        return 403, {"errors": ["permission denied"]}
    versions = vault.secrets.get(path.replace("/data/", "/", 1), [])
    number = int(query.removeprefix("version=")) if query else len(versions)
    if not 0 < number <= len(versions):
        return 404, {"errors": []}
    data = versions[number - 1]
    metadata = {"version": number, "deletion_time": "" if data else "2026-01-01T00:00:00Z"}
    return (200 if data else 404), {"data": {"data": data, "metadata": metadata}}


def _send(request: BaseHTTPRequestHandler, status: int, data: bytes, kind: str) -> None:
    request.send_response(status)
    request.send_header("Content-Type", kind)
    request.send_header("Content-Length", str(len(data)))
    request.end_headers()
    request.wfile.write(data)


def _drip(request: BaseHTTPRequestHandler, vault: Vault) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "1000000")
    request.end_headers()
    deadline = time.monotonic() + 60
    while not vault.over.wait(0.05) and time.monotonic() < deadline:
        try:
            request.wfile.write(b" ")
        except OSError:
            return
