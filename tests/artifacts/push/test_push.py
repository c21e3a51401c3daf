"""Pushes to a real registry, and to one that asks for a token."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from relforge.artifacts.push import image, name, send
from relforge.artifacts.push.registry import Registry
from relforge.artifacts.push.send import Sent
from relforge.support.errors import UserError
from tests.artifacts.push import archive

pytestmark = [pytest.mark.process, pytest.mark.network]

LAYERS = (b"first" * 1000, b"second" * 100_000)


@contextlib.contextmanager
def started(directory: Path, password: str = "") -> Iterator[str]:
    """A registry of this host's own, empty; its address.  With a password for `me`."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("docker-registry is not installed here; CI installs it")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    settings: dict[str, object] = {
        "version": 0.1,
        "storage": {"filesystem": {"rootdirectory": str(directory / "data")}},
        "http": {"addr": address},
    }
    if password:
        words = ["perl", "-e", 'print crypt($ARGV[0], q($2b$05$) . "a" x 22)', password]
        hashed = subprocess.check_output(words, text=True)
        (directory / "htpasswd").write_text(f"me:{hashed}\n")
        settings["auth"] = {"htpasswd": {"realm": "here", "path": str(directory / "htpasswd")}}
    (directory / "registry.yml").write_text(json.dumps(settings))
    process = subprocess.Popen(
        [program, "serve", directory / "registry.yml"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(address.split(":")):  # type: ignore[arg-type]  # a port may be text
                break
            time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The logins of this machine's user are not the tests'."""
    for variable in ("REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "DOCKER_CONFIG", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("RELFORGE_OFFLINE", raising=False)


def push(file: Path, where: str) -> Sent:
    target = name.read(where, "1.0")
    return send.send(image.read(file), Registry(name=target, plain=True))


def test_only_what_is_missing_is_sent(tmp_path: Path) -> None:
    first = archive.make(tmp_path / "first.tar", *LAYERS)
    second = archive.make(tmp_path / "second.tar", LAYERS[1], b"third")
    with started(tmp_path) as address:
        done = push(first, f"{address}/team/shop:1.0")
        assert done.sent == done.size > 600_000
        assert 0 == push(first, f"{address}/team/shop:1.0").sent
        assert 5 == push(second, f"{address}/team/shop:1.1").sent
        headers = {"Accept": archive.MANIFEST}
        url = f"http://{address}/v2/team/shop/manifests/1.0"
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            text = answer.read()
        assert image.read(first).digest == f"sha256:{hashlib.sha256(text).hexdigest()}"
        for layer, data in zip(json.loads(text)["layers"], LAYERS, strict=True):
            blob = f"http://{address}/v2/team/shop/blobs/{layer['digest']}"
            with urllib.request.urlopen(blob) as answer:
                assert data == answer.read()


def test_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = archive.make(tmp_path / "image.tar", *LAYERS)
    with started(tmp_path, password="right-one") as address:
        with pytest.raises(UserError) as raised:
            push(file, f"{address}/shop:1.0")
        assert "401" in raised.value.message
        assert f"podman login {address}" in raised.value.hint
        monkeypatch.setenv("RELFORGE_REGISTRY_USERNAME", "me")
        monkeypatch.setenv("RELFORGE_REGISTRY_PASSWORD", "wrong-one")
        with pytest.raises(UserError, match="401"):
            push(file, f"{address}/shop:1.0")
        monkeypatch.setenv("RELFORGE_REGISTRY_PASSWORD", "right-one")
        assert push(file, f"{address}/shop:1.0").sent


def test_a_damaged_archive_names_nothing(tmp_path: Path) -> None:
    file = archive.make(tmp_path / "image.tar", *LAYERS)
    file.write_bytes(file.read_bytes().replace(LAYERS[0], b"other" * 1000))
    with started(tmp_path) as address:
        with pytest.raises(UserError, match="400"):
            push(file, f"{address}/shop:1.0")
        with pytest.raises(urllib.request.HTTPError, match="404"):
            urllib.request.urlopen(f"http://{address}/v2/shop/manifests/1.0")


def test_nobody_is_there(tmp_path: Path) -> None:
    file = archive.make(tmp_path / "image.tar", *LAYERS)
    with pytest.raises(UserError) as raised:
        push(file, "127.0.0.1:1/shop:1.0")
    assert "127.0.0.1:1: Connection refused" == raised.value.message


def test_what_is_not_an_image(tmp_path: Path) -> None:
    file = tmp_path / "shop.tar.gz"
    for content in (b"", b"text", b"\0" * 10240):
        file.write_bytes(content)
        with pytest.raises(UserError) as raised:
            image.read(file)
        assert "relforge release --format oci" in raised.value.hint


class Tokens(http.server.BaseHTTPRequestHandler):
    """A registry that wants a token of its authority, and loses a connection now and then."""

    asked: ClassVar[list[tuple[str, str, str]]] = []
    lose: ClassVar[int] = 0
    storage: ClassVar[str] = ""  # where uploads go, where that is elsewhere

    def _act(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        login = self.headers.get("Authorization", "")
        self.asked.append((self.command, self.path.partition("?")[0], login))
        if self.path.startswith("/token"):
            self._answer(200, {"token": "a-token"} if "scope=repository" in self.path else {})
        elif login != "Bearer a-token" and "/uploads/1" not in self.path:
            realm = f"http://{self.headers['Host']}/token"
            scope = "repository:shop:pull,push"
            challenge = f'Bearer realm="{realm}",service="here",scope="{scope}"'
            self._answer(401, {}, {"WWW-Authenticate": challenge})
        elif Tokens.lose and self.command == "PUT":
            Tokens.lose -= 1
            self.close_connection = True
        elif self.command == "HEAD":
            self._answer(404, {})
        elif self.command == "POST":
            self._answer(202, {}, {"Location": f"{Tokens.storage}/v2/shop/blobs/uploads/1?state=x"})
        else:
            assert body
            self._answer(201, {})

    def _answer(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        for key, value in {"Content-Length": str(len(text)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_GET = do_HEAD = do_POST = do_PUT = _act  # noqa: N815 - http.server's names

    def log_message(self, *_arguments: object) -> None:
        """Nothing: what was asked is kept."""


@pytest.fixture
def authority() -> Iterator[str]:
    Tokens.asked.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tokens)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_token(tmp_path: Path, authority: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELFORGE_REGISTRY_USERNAME", "me")
    monkeypatch.setenv("RELFORGE_REGISTRY_PASSWORD", "pw")
    file = archive.make(tmp_path / "image.tar", b"layer")
    Tokens.lose = 2
    push(file, f"{authority}/shop:1.0")
    tokens = [login for _, path, login in Tokens.asked if path == "/token"]
    assert ["Basic bWU6cHc="] == tokens  # asked for once
    assert ("PUT", "/v2/shop/manifests/1.0", "Bearer a-token") == Tokens.asked[-1]


def test_a_registry_that_never_answers_ends(tmp_path: Path, authority: str) -> None:
    file = archive.make(tmp_path / "image.tar", b"layer")
    Tokens.lose = 100
    try:
        with pytest.raises(UserError) as raised:
            push(file, f"{authority}/shop:1.0")
    finally:
        Tokens.lose = 0
    assert "what has arrived is not sent twice" in raised.value.hint


def test_a_login_stays_with_its_registry(
    tmp_path: Path, authority: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large registries take blobs on another host, whose address is signed."""
    monkeypatch.setattr(Tokens, "storage", f"http://localhost:{authority.rpartition(':')[2]}")
    push(archive.make(tmp_path / "image.tar", b"layer"), f"{authority}/shop:1.0")
    uploads = [login for _, path, login in Tokens.asked if path.endswith("/uploads/1")]
    assert ["", ""] == uploads  # the layer and the configuration
