"""Fingerprinted files of the version before are answered for after an upgrade."""

from __future__ import annotations

import http.client
import json
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from tests.runtime.conftest import MiniRelease
from tests.runtime.service.contract import port, web
from tests.runtime.supervise.test_upgrade import version

pytestmark = [pytest.mark.process, pytest.mark.network]

Make = Callable[..., MiniRelease]

# Serve one file that both versions have, and nothing else.
ASGI = """
async def app(scope, receive, send):
    found = scope["path"] == "/static/both-11111111.css"
    body = b"of the application" if found else b"nothing here"
    head = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200 if found else 404, "headers": head})
    await send({"type": "http.response.body", "body": body})
"""
WSGI = """
def app(environ, start_response):
    found = environ["PATH_INFO"] == "/static/both-11111111.css"
    body = b"of the application" if found else b"nothing here"
    head = [("Content-Length", str(len(body)))]
    start_response("200 OK" if found else "404 Not Found", head)
    return [body]
"""
BOTH = {"both.css": "both-11111111.css"}
LARGE = "x" * 200_000


def assets(names: dict[str, str], content: str) -> dict[str, str]:
    files = {f"static/{name}": content for name in names.values()}
    return {**files, "static/cache_manifest.json": json.dumps(names)}


def ask(where: int, path: str, method: str = "GET") -> tuple[int, str, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", where, timeout=10)
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body, {name.lower(): value for name, value in answer.getheaders()}


@pytest.mark.parametrize(
    ("server", "text", "options"),
    [
        ("uvicorn", ASGI, {}),
        ("gunicorn", WSGI, {}),
        ("hypercorn", ASGI, {}),
    ],
)
def test_they_are_found_below_any_url_while_that_version_is_there(
    mini_release: Make, server: str, text: str, options: dict[str, Any]
) -> None:
    row = web(server, options=options, drain=1.0)
    parts = {"services": {"web": row}, "assets": ["app/static"]}
    names = {**BOTH, "css/site.css": "css/site-3f2a91bc.css", "secret.txt": "secret.txt"}
    files = {"shop/web.py": text, **assets(names, LARGE)}
    one = version(mini_release, "1.0.0", files=files, **parts)
    files = {"shop/web.py": text, **assets(BOTH, "new")}
    two = version(mini_release, "2.0.0", files=files, **parts)
    for words in (("upgrade", "1.0.0"), ("start",)):
        done = one.run(*words)
        assert 0 == done.returncode, done.stderr
    where = port(one)
    assert 404 == ask(where, "/static/css/site-3f2a91bc.css")[0]

    done = one.run("upgrade", "2.0.0")

    assert 0 == done.returncode, done.stderr
    status, body, headers = ask(where, "/static/css/site-3f2a91bc.css?v=1")
    assert (200, LARGE) == (status, body)
    assert ("text/css", "200000") == (headers["content-type"], headers["content-length"])
    assert "immutable" in headers["cache-control"]
    head = ask(where, "/css/site-3f2a91bc.css", "HEAD")
    assert (200, "", "200000") == (head[0], head[1], head[2]["content-length"])
    assert (404, "nothing here") == ask(where, "/css/site-3f2a91bc.css", "POST")[:2]
    assert (200, "of the application") == ask(where, "/static/both-11111111.css")[:2]
    for path in ("/static/secret.txt", "/static/css/other-3f2a91bc.css", "/"):
        assert (404, "nothing here") == ask(where, path)[:2]
    asked = two.run("rpc", "type(app).__name__")
    assert "'function'\n" == asked.stdout, asked.stderr

    shutil.rmtree(one.root / "app")
    assert (404, "nothing here") == ask(where, "/static/css/site-3f2a91bc.css")[:2]
