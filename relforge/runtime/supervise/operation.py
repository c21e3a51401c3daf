"""Long work of the supervisor's: one at a time, with somebody who may be waiting for it."""

from __future__ import annotations

from ..errors import Refusal
from ..protocol import supervisor as messages
from . import journald
from .control import Client
from .plan import Plan
from .process import Process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Operation:
    """What a client asked for, or nobody but a signal (``client`` is None).

    The client is sent `progress` any number of times, and `done` or `failed` at
    the end (`protocol.supervisor`).  It may go away before: then the operation
    decides whether it goes on (`left`).
    """

    name = "operation"

    def __init__(self, plan: Plan, client: Client | None, ended: Callable[[], None]) -> None:
        self.plan = plan
        self.client = client
        self.over = False
        self._ended = ended

    def tick(self, _now: float) -> float | None:
        """Do what is due; when the next thing is, on the monotonic clock."""
        return None

    def crashed(self, process: Process, reason: str) -> None:
        """A process has ended as it should not have."""

    def left(self) -> None:
        """The client is gone."""
        self.client = None

    def stop(self, reason: str) -> None:
        """The supervisor stops: give up, at once."""
        self.fail(reason)

    def report(self, _now: float) -> dict[str, Any]:
        """What ``status`` shows of it."""
        return {"name": self.name}

    def say(self, text: str) -> None:
        """Tell the log, the client, and the service manager."""
        self.plan.journal.say(text)
        self.plan.manager.status(text)
        if self.client is not None:
            self.client.send(messages.progress(text))

    def done(self, **result: Any) -> None:
        """It has come to pass."""
        self._end(messages.done(**result))

    def fail(self, message: str, *, code: int = 1, hint: str = "", tail: Any = ()) -> None:
        """It has not."""
        self.plan.journal.say(message, journald.ERROR)
        self._end(messages.failed(message, code=code, hint=hint, tail=tail))
        self.plan.manager.status(f"{self.name} failed: {message}")

    def _end(self, answer: dict[str, Any]) -> None:
        self.over = True
        self._ended()
        if self.client is not None:
            self.client.send(answer)


def refused(error: Refusal) -> dict[str, Any]:
    """The last message for work that did not even begin."""
    return messages.failed(error.message, code=error.code, hint=error.hint)
