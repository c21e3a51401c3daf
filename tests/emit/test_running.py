"""Proxies run with the file that was written for them: a page comes through, and a WebSocket."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import http.server
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.emit.project import emitted, settings
from tests.emit.test_programs import program

pytestmark = [pytest.mark.process, pytest.mark.network]

LISTEN = 'listen = ["${http.host}:${http.port}"]'
MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
KEY = base64.b64encode(b"0123456789abcdef").decode()


@dataclass(kw_only=True)
class Behind:
    """What a proxy passes requests to, and the headers of each that came."""

    port: int
    asked: list[dict[str, str]] = field(default_factory=list)


@contextlib.contextmanager
def behind() -> Iterator[Behind]:
    class Page(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            found.asked.append({**self.headers, "path": self.path})
            if self.headers.get("Upgrade") == "websocket":
                self.send_response(101)
                self.send_header("Upgrade", "websocket")
                self.send_header("Connection", "Upgrade")
                key = f"{self.headers['Sec-WebSocket-Key']}{MAGIC}".encode()
                digest = hashlib.sha1(key, usedforsecurity=False).digest()
                self.send_header("Sec-WebSocket-Accept", base64.b64encode(digest).decode())
                self.end_headers()
                self.wfile.write(self.rfile.read1(100).upper())
                self.close_connection = True
                return
            self.send_response(200)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"page\n")

        def log_message(self, *_arguments: object) -> None:
            """Nothing: what was asked is kept."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    found = Behind(port=server.server_address[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def nginx(directory: Path, text: str, port: int) -> list[str]:
    text = text.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("listen [::]:80;", "")
    (directory / "site.conf").write_text(text)
    temporary = "".join(
        f"{name}_temp_path {directory}/{name}; "
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (directory / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {directory}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; {temporary} include {directory}/site.conf; }}\n"
    )
    return [program("nginx"), "-p", str(directory), "-c", str(directory / "nginx.conf")]


def haproxy(directory: Path, text: str, port: int) -> list[str]:
    text = text.replace("bind :80\n", f"bind 127.0.0.1:{port}\n")
    file = directory / "haproxy.cfg"
    file.write_text(text.replace("/run/haproxy/", f"{directory}/"))
    return [program("haproxy"), "-db", "-f", str(file)]


def caddy(directory: Path, text: str, port: int) -> list[str]:
    file = directory / "Caddyfile"
    file.write_text(
        f"{{\n\tadmin off\n}}\n{text.replace('example.com', f'http://127.0.0.1:{port}')}"
    )
    return [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(file)]


PROXIES = {"nginx": nginx, "haproxy": haproxy, "caddy": caddy}
Proxy = Callable[[Path, str, int], list[str]]


@pytest.fixture(params=PROXIES)
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, int, Behind]]:
    """A proxy that serves: its name, its port, and what is behind it."""
    name = request.param
    with behind() as pages:
        found = settings(tmp_path, (LISTEN, f'listen = ["127.0.0.1:{pages.port}"]'))
        port = free_port()
        words = PROXIES[name](tmp_path, emitted(name, found).files[0].text, port)
        log = (tmp_path / "log").open("w")
        process = subprocess.Popen(
            words,
            stdout=log,
            stderr=log,
            env={**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)},
        )
        try:
            wait(port, tmp_path / "log")
            yield name, port, pages
        finally:
            process.terminate()
            process.wait(timeout=20)
            log.close()


def wait(port: int, log: Path) -> None:
    """Until a page comes: health checks go before it."""
    for _ in range(200):
        with contextlib.suppress(OSError, http.client.HTTPException):
            if 200 == ask(port)[0]:
                return
        time.sleep(0.05)
    pytest.fail(f"no page came: {log.read_text()}")


def ask(port: int) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/a?b=c")
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_page(running: tuple[str, int, Behind]) -> None:
    name, port, pages = running
    assert (200, b"page\n") == ask(port)
    asked = [row for row in pages.asked if row["path"] == "/a?b=c"][-1]
    headers = {key.lower(): value for key, value in asked.items()}
    assert "127.0.0.1" == headers["x-forwarded-for"]
    if name == "nginx":
        assert "http" == headers["x-forwarded-proto"]
    else:  # their health checks ask for the page of `upgrade.health`
        assert "/readyz" in [row["path"] for row in pages.asked]


def test_a_websocket(running: tuple[str, int, Behind]) -> None:
    _, port, _ = running
    lines = (
        *("GET /ws HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: Upgrade"),
        *("Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {KEY}"),
    )
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall("\r\n".join([*lines, "", ""]).encode())
        head = client.recv(4096)
        assert head.startswith(b"HTTP/1.1 101"), head
        client.sendall(b"ping")
        assert b"PING" == client.recv(4096)
