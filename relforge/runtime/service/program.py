"""Role ``program``: becomes the command of an ``exec`` service."""

from __future__ import annotations

import json
import os
import sys

from ..config import loading
from ..errors import Refusal
from . import standing, tether

PIPE_BEFORE = 1  # the pipe of the exec comes after the configuration


def main(_argv: list[str]) -> int:
    """Never returns when the command is there; 127 when it is not."""
    service = json.loads(os.environ.pop("RELFORGE_SERVICE"))
    config = int(os.environ["RELFORGE_CONFIG_FD"])
    pipe = config + PIPE_BEFORE
    os.set_inheritable(pipe, False)
    tether.tie(service["supervisor"])
    os.environ.update(loading.read(config)["environ"])
    # A Python program of the release finds the configuration by either.
    os.environ["RELFORGE_CONFIG"] = f"/proc/{os.getpid()}/fd/{config}"
    if service["ready"] != "notify" and not service["watchdog"]:
        os.environ.pop("NOTIFY_SOCKET", None)
    offer(len(service["listen"]))
    words = service["target"]
    try:
        standing.limit(service)
        standing.become(service["standing"])
        tether.tie(service["supervisor"])
        os.chdir(service["cwd"])
        os.execvp(words[0], words)
    except OSError as error:
        place = service["cwd"] if error.filename == service["cwd"] else words[0]
        print(f"{place}: {error.strerror}", file=sys.stderr)
        os.write(pipe, b"1")
    except Refusal as error:
        print(error.message, file=sys.stderr)
        os.write(pipe, b"1")
    return 127


def offer(count: int) -> None:
    """Offer the sockets from descriptor 3 on by sd_listen_fds(3), to this very process."""
    if count:
        os.environ["LISTEN_FDS"] = str(count)
        os.environ["LISTEN_PID"] = str(os.getpid())
