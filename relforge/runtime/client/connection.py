"""A connection to one agent; every way in which it can fail has its message and exit code."""

from __future__ import annotations

import _socket
import os
import time

from .. import protocol as messages
from ..errors import FAILED, NO_ANSWER, Refusal
from ..instance import Running, required
from ..nodes import identity
from ..protocol import PROTO
from ..wire import frames
from ..wire.unix import Absent, credentials, dial, silent
from .addresses import AgentAddress, agent, usual

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ANSWER_WITHIN = 5.0  # seconds, for all that evaluates nothing
_AGAIN = 0.05  # seconds between two looks for a process that is about to come
_LEAST = 0.1
_EVALUATE = ("console", "rpc")
_ENDED = ("stopped", "broken", "failed")  # states of a process that does not come back by itself


class Gone(Exception):
    """The process at the other end has closed the connection."""


class Closed(Gone):
    """It has said why, and would not have us back: nobody used the connection."""


class AgentClient:
    """Speaks `protocol`; ``welcome`` is what the agent said first.

    ``sock`` is connected already, to a process of our own.
    """

    def __init__(
        self,
        address: AgentAddress,
        kind: str,
        seconds: float,
        shown: float | None = None,
        sock: _socket.socket | None = None,
    ) -> None:
        self.address = address
        # Who has named the node wants to see which one this is.
        node = os.environ.get(identity.VARIABLE, "")
        self.prompt = f"{node} {address}> " if node else f"{address}> "
        self._ids = 0
        self.pid = 0
        if sock is None:
            sock = dial(address.path, str(address), seconds, address.owner)
            self.pid = credentials(sock)[0]
        self._socket = sock
        welcome = self._within(seconds, shown)
        if welcome.get("op") != messages.WELCOME:
            raise Refusal(f"{address}: {welcome.get('error', 'no agent')}", code=FAILED)
        if welcome.get("proto") != PROTO:
            version = welcome.get("version")
            raise Refusal(
                f"{address} runs version {version}, whose console uses another protocol",
                hint=f"use the commands of version {version}",
            )
        if kind in _EVALUATE and not welcome.get("evaluates", True):
            raise Refusal(
                f"{address} does not evaluate code: the release was built with `console = false`",
                hint="status, stacks and tasks still work",
            )
        self.welcome = welcome
        self.post(**messages.hello(kind, whence()))

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

    def fileno(self) -> int:
        """For a caller that waits for several things."""
        return self._socket.fileno()

    def close(self) -> None:
        """Leave; what still runs for this client is interrupted."""
        self._socket.close()

    def readable(self, seconds: float | None) -> bool:
        """Wait for the agent to say something."""
        self._socket.settimeout(seconds)
        try:
            self._socket.recv(1, _socket.MSG_PEEK)
        except (TimeoutError, BlockingIOError):
            return False
        except OSError:
            return True  # the next `receive` says so
        finally:
            self._socket.settimeout(None)
        return True

    def receive(self) -> dict[str, Any]:
        """The next message; raises Gone."""
        try:
            message = frames.receive(self._socket)
        except (OSError, frames.FrameError):
            raise Gone from None
        if message is None:
            raise Gone
        if message.get("op") == messages.BYE:
            raise Closed(str(message.get("reason", "")))
        return message

    def ended(self) -> bool:
        """Whether the other end has closed, without reading what it said before."""
        flags = _socket.MSG_PEEK | _socket.MSG_DONTWAIT
        try:
            return not self._socket.recv(1, flags)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def request(self, op: str, seconds: float = ANSWER_WITHIN, **fields: Any) -> dict[str, Any]:
        """Ask, and return the answer; other messages that come meanwhile are dropped.

        Raises Gone, and Refusal with exit code 5 where no answer comes in time.
        """
        wanted = self.post(op, **fields)
        deadline = time.monotonic() + seconds
        while True:
            message = self._within(deadline - time.monotonic(), seconds)
            if message.get("id") == wanted:
                if message.get("op") == messages.ERROR:
                    raise Refusal(f"{self.address}: {message.get('error')}")
                return message

    def _within(self, seconds: float, shown: float | None = None) -> dict[str, Any]:
        if not self.readable(max(seconds, 0)):
            raise silent(str(self.address), shown if shown is not None else seconds)
        return self.receive()


def connect(
    wanted: str | None, kind: str, seconds: float = ANSWER_WITHIN, come: float | None = None
) -> AgentClient:
    """The agent of ``wanted`` (see ``addresses.agent``) of this release; raises Refusal.

    It has ``seconds`` to answer.  Where the process is about to come, as at a
    start, it is waited for so long as well, or for ``come`` seconds.
    """
    from .. import paths
    from ..contract import manifest

    root = manifest.root()
    places = paths.of(root)
    deadline = time.monotonic() + (seconds if come is None else come)
    while True:
        found: Running = required(places)
        try:
            address = agent(found, wanted, lambda: manifest.load(root)["services"])
            left = max(deadline - time.monotonic(), _LEAST)
            return AgentClient(address, kind, min(left, seconds), seconds)
        except Gone:
            problem = Absent(f"{address} closed the connection")
        except Absent as error:
            problem = error
        rows = _rows(found, wanted or usual(manifest.load(root)["services"], {}))
        if rows and all(row["state"] in _ENDED for row in rows):
            raise problem
        if time.monotonic() > deadline:
            raise _out_of_reach(found, rows) if _serves(rows) else _late(problem)
        time.sleep(_AGAIN)


def _late(problem: Absent) -> Absent:
    name = os.environ.get("RELEASE_NAME", "app")
    return Absent(
        f"{problem.message}, or may be starting",
        hint=problem.hint or f"`{name} status` shows its state",
    )


def _rows(found: Running, wanted: str) -> list[dict[str, Any]]:
    """What the supervisor says of the processes that are meant; nothing if it does not answer."""
    from ..protocol.supervisor import status
    from . import supervisor

    try:
        answer = supervisor.ask(found, status(), 1.0)
    except Refusal:
        return []
    service, _, rest = wanted.partition(".")
    instance = rest.partition(".")[0]
    rows = [row for row in answer.get("services", ()) if row["name"] == service]
    return [row for row in rows if instance in ("", str(row["instance"]))]


def _serves(rows: list[dict[str, Any]]) -> bool:
    return bool(rows) and all(row["state"] == "running" and row["ready"] for row in rows)


def _out_of_reach(found: Running, rows: list[dict[str, Any]]) -> Refusal:
    """They serve, and nobody can ask them: a process of another user makes no socket again."""
    names = [f"{row['name']}.{row['instance']}" for row in rows]
    name = os.environ.get("RELEASE_NAME", "app")
    return Refusal(
        f"{' and '.join(names)} runs, but its socket is gone from {found.run}",
        hint=f"`{name} reload {names[0]}` replaces the process without losing a request",
        code=NO_ANSWER,
    )


def whence() -> str:
    """The terminal and the host that this command is typed at, for the audit."""
    try:
        terminal = os.ttyname(0).removeprefix("/dev/")
    except OSError:
        terminal = ""
    return f"{terminal} {os.environ.get('SSH_CONNECTION', '').split(' ')[0]}".strip()
