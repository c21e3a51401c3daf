"""`console` at a terminal: a fresh process of the application, and the remote console to it."""

from __future__ import annotations

import _socket
import os
import sys

from ..errors import FAILED, Refusal
from . import launch
from .addresses import AgentAddress
from .connection import AgentClient, Gone
from .repl import Repl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .remote_session import Front

PROMPT = ">>> "
_WITHIN = 60.0  # seconds for an interpreter to start on a busy host


def console(front: Callable[[], Front]) -> int:
    """Until Ctrl-D; ``front`` is made while the other process starts."""
    ours, theirs = _socket.socketpair()
    child = launch.spawn(["console"], theirs.fileno())
    theirs.close()
    try:
        reads = front()
        client = AgentClient(AgentAddress("console", 1, "", []), "console", _WITHIN, sock=ours)
        client.prompt = PROMPT
        try:
            return Private(client, reads, child).run()
        finally:
            client.close()
    except Gone:
        raise _ended(child) from None
    finally:
        ours.close()
        child.wait()


class Private(Repl):
    """A console whose process nobody else has."""

    without = frozenset(("services", "switch"))
    farewell = ""
    head = """\
Type Python: expressions, statements, `await` on a loop of the console's.
`_` is the last value; modules need no import; `help(x)` documents an object.
Ctrl-C interrupts, a second one abandons the evaluation.
Ctrl-D or `exit()` leaves, Ctrl-Z suspends; Ctrl-R searches the history."""

    def __init__(self, client: AgentClient, front: Front, child: launch.FreshProcess) -> None:
        super().__init__(client, None, front)
        self._child = child

    def banner(self) -> str:
        return banner(int(self.client.welcome["pid"]))

    def follow(self, gone: Gone) -> None:
        """There is none that takes its place."""
        raise _ended(self._child)


def banner(pid: int) -> str:
    """Two lines: what it is, and how to leave."""
    name, version = (os.environ.get(f"RELEASE_{word}", "") for word in ("NAME", "VERSION"))
    python = sys.version.split()[0]
    return (
        f"{name} {version}: a fresh process, pid {pid}, Python {python}\n"
        "Ctrl-C interrupts an evaluation, Ctrl-D leaves, `help` lists the commands."
    )


def _ended(child: launch.FreshProcess) -> Refusal:
    status = child.wait()
    said = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
    return Refusal(f"the process of the console {said}", code=FAILED)
