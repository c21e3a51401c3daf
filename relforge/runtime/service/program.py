"""Role ``program``: becomes the command of an ``exec`` service."""

from __future__ import annotations

import os
import sys

from .. import running
from ..config import loading
from ..errors import Refusal
from ..protocol import questions
from ..wire import parent_death
from . import standing

PIPE_BEFORE = 1  # the pipe of the exec comes after the configuration


def main(_argv: list[str]) -> int:
    """Never returns when the command is there; 127 when it is not."""
    service = questions.taken(questions.SERVICE)
    config = questions.configuration()
    pipe = config + PIPE_BEFORE
    os.set_inheritable(pipe, False)
    parent_death.tie(service["supervisor"])
    running.export(config, loading.read(config))
    if service["ready"] != "notify" and not service["watchdog"]:
        os.environ.pop("NOTIFY_SOCKET", None)
    offer(len(service["listen"]))
    words = tuple(service["target"])
    try:
        standing.limit(service)
        standing.become(service["standing"])
        parent_death.tie(service["supervisor"])
        running.enter(service["cwd"], f"services.{service['name']}")
        running.become(words)
    except OSError as error:
        print(running.not_begun(words, error).message, file=sys.stderr)
    except Refusal as error:
        print(error.message, file=sys.stderr)
    os.write(pipe, b"1")
    return running.NOT_FOUND


def offer(count: int) -> None:
    """Offer the sockets from descriptor 3 on by sd_listen_fds(3), to this very process."""
    if count:
        os.environ["LISTEN_FDS"] = str(count)
        os.environ["LISTEN_PID"] = str(os.getpid())
