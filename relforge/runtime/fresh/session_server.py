"""The fresh process of a `console` at a terminal: the other end of ``client.private``.

It answers as the agent of a service does, to one client.  The evaluations have
its main thread: an application may be imported there as it is in a service, and
may set handlers of signals.
"""

from __future__ import annotations

import os

from ..agent import output
from ..agent.native import SimpleQueue, Worker, sleep, socket
from ..agent.server import Agent
from ..errors import DONE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_GRACE = 5.0  # seconds for threads, exit handlers, and a call that is stuck in C


def serve(fd: int) -> int:
    """Until the client leaves."""
    os.set_inheritable(fd, False)
    output.refusal = "input() does not work here: the terminal is the client's; `console --plain`"
    work: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
    agent = Agent("", {"service": "console", "instance": 1}, {})
    agent.audited = False
    agent.lend = work.put
    sock = socket(fileno=fd)

    def answer() -> None:
        try:
            agent.serve(sock)
        finally:
            work.put(None)
            sleep(_GRACE)
            os._exit(DONE)

    Worker(answer, "relforge-client-1").start()
    while (one := work.get()) is not None:
        one()
    return DONE
