"""Role ``_load``: what a running supervisor asks a release, by `supervise.generation_loader`."""

from __future__ import annotations

import json
import os
import socket

from .. import paths
from ..contract import manifest
from ..errors import DONE, Refusal
from ..protocol import roles, startup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def answer() -> int:
    """Load the configuration and send it, with this process's variables, to the supervisor."""
    from ..wire import parent_death

    parent_death.tie(os.getppid())  # nobody else wants the answer
    with socket.socket(fileno=roles.descriptor(roles.REPLY)) as sock:
        try:
            environ = {
                name: value
                for name, value in os.environ.items()
                if not name.startswith("RELFORGE_")
            }
            config = _load(environ)
            takes = _takes()
        except Refusal as error:
            sock.sendall(json.dumps(startup.refused(error, error.code)).encode())
            return error.code
        data = json.dumps(startup.generation(environ, takes, _changes(config))).encode()
        sent = socket.send_fds(sock, [data], [config])
        sock.sendall(data[sent:])
    return DONE


def _load(environ: dict[str, str]) -> int:
    from ..config import loading

    root = manifest.root()
    return loading.load(
        root, manifest.load(root), {**environ, **paths.of(root, environ).variables()}
    )


def _changes(config: int) -> dict[str, Any]:
    """What differs from the configuration that runs, which the supervisor has handed on."""
    running = roles.descriptor(roles.OLD)
    if running < 0:
        return {}
    from ..config import changes, loading

    old, new = loading.read(running), loading.read(config)
    schema = manifest.load(manifest.root())["config"]["schema"]
    rows = changes.between(old, new, schema)
    return {"changes": rows, "exports": old["environ"] != new["environ"]}


def _takes() -> list[int]:
    """Which handovers the supervisor of this release understands; it is imported for that."""
    from ..supervise.resume import TAKES

    return list(TAKES)
