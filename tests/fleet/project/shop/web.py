"""Answers with its version and its host; `/readyz` is for the load balancer."""

import os
import socket

from relforge.runtime import config, draining
from shop.fault import FAULT

VERSION = os.environ.get("RELEASE_VERSION", "")

if FAULT == "crash" and VERSION and os.environ.get("RELEASE_COMMAND") == "foreground":
    raise SystemExit("no such table: orders")


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    status, text = 200, f"{VERSION} {socket.gethostname()} {config['greeting']}"
    if scope["path"] == "/readyz":
        status, text = (503, "draining") if draining() else (200, "ready")
    body = text.encode()
    head = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})
