"""The addresses behind a Service, asked of a server with a certificate of its own."""

from __future__ import annotations

import http.server
import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from relforge.runtime.nodes import kubernetes

pytestmark = [pytest.mark.process, pytest.mark.network]


class Api(http.server.BaseHTTPRequestHandler):
    asked: ClassVar[list[tuple[str, str]]] = []
    answer: ClassVar[tuple[int, object]] = (200, {})

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Authorization"]))
        status, body = self.answer
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_arguments: object) -> None:
        """Nothing: what was asked is kept."""


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory that a pod has, and the server's key."""
    directory = tmp_path_factory.mktemp("account")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=api", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", directory / "key.pem", "-out", directory / "ca.crt"),
        ],
        check=True,
        capture_output=True,
    )
    (directory / "token").write_text("a-token\n")
    (directory / "namespace").write_text("shops")
    return directory


@pytest.fixture
def api(account: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    Api.asked.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(account / "ca.crt", account / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.server_address[1]))
    yield account
    server.shutdown()
    server.server_close()


def test_pods_that_are_ready(api: Path) -> None:
    ready = [{"addresses": [{"ip": "10.0.0.2"}, {"ip": "10.0.0.1"}], "notReadyAddresses": [{}]}]
    Api.answer = (200, {"subsets": [*ready, {"notReadyAddresses": [{"ip": "10.0.0.9"}]}]})
    assert ["10.0.0.1", "10.0.0.2"] == kubernetes.addresses("shop", account=str(api))
    path = "/api/v1/namespaces/shops/endpoints/shop"
    assert [(path, "Bearer a-token")] == Api.asked
    assert kubernetes.addresses("a/b", "other", str(api))
    assert "/api/v1/namespaces/other/endpoints/a/b" != Api.asked[-1][0]


@pytest.mark.parametrize("answer", [(403, {}), (404, {}), (200, []), (200, {"subsets": [1]})])
def test_what_is_no_answer(api: Path, answer: tuple[int, object]) -> None:
    Api.answer = answer
    with pytest.raises(OSError, match="API server"):
        kubernetes.addresses("shop", account=str(api))


def test_a_certificate_of_another(api: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a-token")
    (tmp_path / "ca.crt").write_text((api / "ca.crt").read_text()[:100])
    with pytest.raises(OSError, match=r"PEM|SSL|X509"):
        kubernetes.addresses("shop", "shops", str(tmp_path))
    assert not Api.asked


def test_not_a_pod(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(OSError, match="not a pod"):
        kubernetes.addresses("shop")
