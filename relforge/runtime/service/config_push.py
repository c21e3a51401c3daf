"""Role ``push``: hand a new configuration to running processes, through their agents.

``argv`` is one JSON object: ``{"run": DIRECTORY, "processes": {NAME: [KEY] or null},
"changed": [KEY], "seconds": S}``.  Descriptor 3 is the configuration, descriptor 4 gets the answer:
``{NAME: "" or what went wrong}``.
"""

from __future__ import annotations

import json
import os
import select
import socket
import time

from .. import protocol as messages
from ..config import loading, portion
from ..wire import frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CONFIG, ANSWER = 3, 4


def main(argv: list[str]) -> int:
    """Send it to all at once, then wait for all; the status is always 0."""
    question: dict[str, Any] = json.loads(argv[0])
    result = loading.read(CONFIG)
    found = dict.fromkeys(question["processes"], "")
    deadline = time.monotonic() + question["seconds"]
    waiting: dict[socket.socket, str] = {}
    for name, wanted in question["processes"].items():
        message = _message(result, question["changed"], wanted)
        if message is None:
            continue
        for path in _sockets(question["run"], name):
            try:
                waiting[_send(path, message, question["seconds"])] = name
            except (ConnectionRefusedError, FileNotFoundError) as error:
                if path == _own(question["run"], name):  # else of a worker that is gone
                    found[name] = f"its agent does not answer: {error.strerror}"
            except (OSError, frames.FrameError) as error:
                found[name] = f"its agent does not answer: {error}"
    while waiting:
        ready, _, _ = select.select(list(waiting), [], [], max(deadline - time.monotonic(), 0))
        if not ready:
            for name in waiting.values():
                found[name] = f"not done within {question['seconds']:g} s"
            break
        for sock in ready:
            answer = _answer(sock)
            if answer is not None:
                found[waiting.pop(sock)] += answer
    os.write(ANSWER, json.dumps(found).encode())
    return 0


def _message(
    result: dict[str, Any], changed: list[str], wanted: list[str] | None
) -> dict[str, Any] | None:
    """For a process that is handed these keys, None for all; nothing where none of them changed."""
    if wanted is None:
        return {"id": 1, **messages.config(result, changed)}
    own = [key for key in changed if portion.fits(key, wanted)]
    return {"id": 1, **messages.config(portion.of(result, wanted), own)} if own else None


def _sockets(run: str, name: str) -> list[str]:
    """The process's own agent, and those of the workers that it has forked."""
    found = [_own(run, name)]
    for entry in sorted(os.listdir(run)):
        middle = entry.removeprefix(f"{name}.").removesuffix(".sock")
        if entry == f"{name}.{middle}.sock" and middle.isdecimal():
            found.append(os.path.join(run, entry))
    return found


def _own(run: str, name: str) -> str:
    return os.path.join(run, f"{name}.sock")


def _send(path: str, message: dict[str, Any], seconds: float) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(seconds)
    sock.connect(path)
    frames.send(sock, messages.hello("reload"))
    frames.send(sock, message)
    return sock


def _answer(sock: socket.socket) -> str | None:
    """The problem of a process, "" where there is none; None for any message but the answer."""
    try:
        message = frames.receive(sock)
    except (OSError, frames.FrameError) as error:
        return f"its agent does not answer: {error}"
    if message is None:
        return "its agent has closed the connection"
    if message.get("op") == messages.CONFIGURED:
        return "; ".join(message["errors"])
    return str(message["error"]) if message.get("op") == messages.ERROR else None
