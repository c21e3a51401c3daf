"""What a running supervisor asks a release, by starting its launcher: see `supervise.scout`."""

from __future__ import annotations

import json
import os
import socket

from .. import manifest, paths
from ..errors import DONE, Refusal


def answer(fd: int) -> int:
    """Load the configuration and send it, with this process's variables, on the socket ``fd``."""
    with socket.socket(fileno=fd) as sock:
        try:
            environ = {
                name: value
                for name, value in os.environ.items()
                if not name.startswith("RELFORGE_")
            }
            config = _load(environ)
        except Refusal as error:
            refusal = {"refusal": error.message, "hint": error.hint, "code": error.code}
            sock.sendall(json.dumps(refusal).encode())
            return error.code
        data = json.dumps({"environ": environ}).encode()
        sent = socket.send_fds(sock, [data], [config])
        sock.sendall(data[sent:])
    return DONE


def _load(environ: dict[str, str]) -> int:
    from ..config import loading

    root = manifest.root()
    return loading.load(
        root, manifest.load(root), {**environ, **paths.of(root, environ).variables()}
    )
