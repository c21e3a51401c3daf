"""A connection to one agent; every way in which it can fail has its message and exit code."""

from __future__ import annotations

import os
import select
import socket
import time

from .. import frames
from ..errors import FAILED, NO_ANSWER, NOT_RUNNING, Refusal
from .find import Address, Running, agent, not_allowed, required

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PROTO = 1
ANSWER_WITHIN = 5.0  # seconds, for all that evaluates nothing


class Gone(Exception):
    """The process at the other end has closed the connection."""


class Client:
    """Speaks the protocol of ``agent.connection``; ``welcome`` is what the agent said first."""

    def __init__(self, address: Address, kind: str, seconds: float) -> None:
        self.address = address
        self._ids = 0
        self._socket = dial(address.path, str(address), seconds)
        welcome = self._within(seconds)
        if welcome.get("op") != "welcome":
            raise Refusal(f"{address}: {welcome.get('error', 'no agent')}", code=FAILED)
        if welcome.get("proto") != PROTO:
            version = welcome.get("version")
            raise Refusal(
                f"{address} runs version {version}, whose console speaks another protocol",
                hint=f"use the commands of version {version}",
            )
        self.welcome = welcome
        self.post("hello", proto=PROTO, client=kind)

    def post(self, op: str, **fields: Any) -> int:
        """Send a message and return its id; raises Gone."""
        self._ids += 1
        self.send({"op": op, "id": self._ids, **fields})
        return self._ids

    def send(self, message: dict[str, Any]) -> None:
        """Send a message as it is; raises Gone."""
        try:
            frames.send(self._socket, message)
        except OSError:
            raise Gone from None

    def readable(self, seconds: float | None) -> bool:
        """Wait for the agent to say something."""
        return bool(select.select([self._socket], [], [], seconds)[0])

    def receive(self) -> dict[str, Any]:
        """The next message; raises Gone."""
        try:
            message = frames.receive(self._socket)
        except (OSError, frames.FrameError):
            raise Gone from None
        if message is None:
            raise Gone
        return message

    def request(self, op: str, seconds: float = ANSWER_WITHIN, **fields: Any) -> dict[str, Any]:
        """Ask, and return the answer; other messages that come meanwhile are dropped.

        Raises Gone, and Refusal with exit code 5 where no answer comes in time.
        """
        wanted = self.post(op, **fields)
        deadline = time.monotonic() + seconds
        while True:
            message = self._within(deadline - time.monotonic(), seconds)
            if message.get("id") == wanted:
                if message.get("op") == "error":
                    raise Refusal(f"{self.address}: {message.get('error')}")
                return message

    def _within(self, seconds: float, told: float | None = None) -> dict[str, Any]:
        if not self.readable(max(seconds, 0)):
            raise silent(str(self.address), told if told is not None else seconds)
        return self.receive()


def connect(wanted: str | None, kind: str, seconds: float = ANSWER_WITHIN) -> Client:
    """The agent of ``wanted`` (see ``find.agent``) of this release; raises Refusal."""
    from .. import manifest, paths

    root = manifest.root()
    found: Running = required(paths.of(root))
    address = agent(found, wanted, manifest.load(root)["services"])
    try:
        return Client(address, kind, seconds)
    except Gone:
        raise Refusal(f"{address} closed the connection", code=NOT_RUNNING) from None


def dial(path: str, who: str, seconds: float) -> socket.socket:
    """Connect to a Unix socket; raises Refusal for each reason with its own exit code.

    A process that hangs is not one that is down: TimeoutError is an OSError too.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(seconds)
    try:
        sock.connect(path)
    except (TimeoutError, BlockingIOError):
        sock.close()
        raise silent(who, seconds) from None
    except PermissionError:
        sock.close()
        raise not_allowed(path if os.access(path, os.F_OK) else os.path.dirname(path)) from None
    except (FileNotFoundError, ConnectionRefusedError):
        sock.close()
        raise Refusal(f"{who} is not running at the moment", code=NOT_RUNNING) from None
    sock.settimeout(None)
    return sock


def silent(who: str, seconds: float) -> Refusal:
    """The error for a process that is there and says nothing."""
    return Refusal(
        f"{who} is running, but does not answer within {seconds:g}s",
        hint="the process is stopped, or code in C holds the interpreter",
        code=NO_ANSWER,
    )
