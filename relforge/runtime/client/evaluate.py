"""Send an evaluation, show its output while it runs, and turn Ctrl-C into its interrupt."""

from __future__ import annotations

import signal
import sys
import time

from .. import protocol as messages
from .connection import AgentClient, Gone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

AGAIN = "[interrupting; Ctrl-C again abandons the evaluation]"
LEAVE = frozenset(("exit", "exit()", "quit", "quit()"))  # end the console, not the application
MOST = 8_000  # characters of a value in a console; the rest is there for %more
_SLICE = 0.25  # seconds


class Interrupts:
    """Ctrl-C as messages to the agent, while a ``with`` block lasts.

    Nothing is raised in the block, so no frame is read or written half; the
    third Ctrl-C is one too many and raises KeyboardInterrupt.
    """

    def __init__(self, client: AgentClient) -> None:
        self._client = client
        self._id: int | None = None
        self._old: Any = None
        self.count = 0
        self.since = 0.0

    def __enter__(self) -> Interrupts:
        self._old = signal.signal(signal.SIGINT, self._pressed)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._old)

    def sent(self, request: int) -> None:
        """From now on there is something to interrupt."""
        self._id = request
        if self.count:
            self.interrupt()

    def interrupt(self) -> None:
        try:
            self._client.send(messages.interrupt(self._id))
        except Gone:
            return  # The next receive says so.

    def _pressed(self, signum: int, frame: FrameType | None) -> None:
        self.count += 1
        self.since = self.since or time.monotonic()
        if self.count > 2:
            raise KeyboardInterrupt
        if self._id is not None:
            self.interrupt()


def evaluate(
    client: AgentClient,
    message: dict[str, Any],
    *,
    seconds: float | None = None,
    patience: float | None = None,
    notice: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """The ``done`` message of an ``eval`` or ``call``.

    Raises TimeoutError after ``seconds``, having interrupted it; Gone; and
    KeyboardInterrupt where it does not end within ``patience`` after Ctrl-C.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    with Interrupts(client) as interrupts:
        request = client.post(**message)
        interrupts.sent(request)
        noticed = False
        while True:
            now = time.monotonic()
            if deadline is not None and now > deadline:
                interrupts.interrupt()
                raise TimeoutError
            if interrupts.count and not noticed and now > interrupts.since + 1:
                noticed = True
                notice(AGAIN)
            if interrupts.count and patience is not None and now > interrupts.since + patience:
                raise KeyboardInterrupt
            if not client.readable(_SLICE if deadline is None else min(_SLICE, deadline - now)):
                continue
            answer = client.receive()
            if answer.get("op") == messages.OUT:
                show(answer)
            elif messages.is_end(answer, request):
                return answer


def show(message: dict[str, Any]) -> None:
    """Write output of an evaluation to the same stream of ours."""
    stream = sys.stderr if message.get("stream") == "stderr" else sys.stdout
    stream.write(str(message.get("data", "")))
    stream.flush()
