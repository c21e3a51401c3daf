"""Long work of the supervisor's: one at a time, with somebody who may be waiting for it."""

from __future__ import annotations

from ...errors import FAILED
from ...protocol import supervisor as messages
from . import levels
from .bake import Bake
from .draft import Draft
from .effects import KeepSockets, RecordOperation, Send, Show, Steady
from .replacement import FailureReason
from .values import Row
from .world import Process, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self

    from ...errors import Refusal
    from ..generation import Generation


class Operation(Row):
    """What a client asked for, or nobody but a signal (``client`` is None).

    The client is sent `progress` any number of times, and `done` or `failed` at
    the end (`protocol.supervisor`).  It may go away before: then the operation
    decides whether it goes on (`left`).
    """

    name = "operation"
    stage = ""

    def __init__(self, client: int | None) -> None:
        self.client = client
        self.bake: Bake | None = None  # under way, in which nothing may fail

    def copy(self) -> Self:
        twin = super().copy()
        twin.bake = self.bake and self.bake.copy()
        return twin

    def due(self) -> float | None:
        """When `tick` is needed, on the monotonic clock."""
        return None if self.bake is None else self.bake.due

    def tick(self, draft: Draft) -> None:
        """Do what is due."""
        if self.bake is not None:
            self.bake.tick(draft)

    def loaded(self, draft: Draft, found: Generation) -> None:
        """The generation that it asked for."""

    def not_loaded(self, draft: Draft, message: str, code: int, hint: str) -> None:
        """Why there is none."""
        self.fail(draft, message, code=code, hint=hint)

    def hook_ended(self, draft: Draft, name: str, problem: str, lines: list[str]) -> None:
        """A hook that it asked for is over."""

    def replaced(self, draft: Draft, failure: FailureReason | None) -> None:
        """The new processes have the places, or not."""

    def pushed(self, draft: Draft, answers: dict[str, str]) -> None:
        """What the processes say to their new configuration."""

    def adopted(self, draft: Draft, problem: str) -> None:
        """Sockets of an earlier generation are open again, or not."""

    def not_switched(self, draft: Draft, reason: str) -> None:
        """This process could not become the other version's supervisor."""

    def baked(self, draft: Draft, failure: FailureReason | None) -> None:
        """Nothing has failed for a while, or something has."""

    def crashed(self, draft: Draft, process: Process, reason: str) -> None:
        """A process has ended as it should not have."""

    def switched(self, draft: Draft) -> None:
        """The client has made the new version the current one."""

    def left(self, _draft: Draft) -> None:
        """The client is gone."""
        self.client = None

    def stop(self, draft: Draft, reason: str) -> None:
        """The supervisor stops: give up, at once."""
        if self.bake is not None:
            self.bake.stop(draft)
        self.fail(draft, reason)

    def report(self, world: World) -> dict[str, Any]:
        """What ``status`` shows of it."""
        return {"name": self.name}

    def say(self, draft: Draft, text: str) -> None:
        """To the log, the client, and the service manager."""
        draft.say(text)
        draft.do(Show(text))
        if self.client is not None:
            draft.do(Send(self.client, messages.progress(text)))

    def done(self, draft: Draft, **result: Any) -> None:
        """It has come to pass."""
        self._end(draft, messages.done(**result))

    def fail(
        self,
        draft: Draft,
        message: str,
        *,
        code: int = FAILED,
        hint: str = "",
        why: FailureReason | None = None,
    ) -> None:
        """It has not; the last lines of ``why`` explain it."""
        draft.say(message, levels.ERROR)
        answer = messages.failed(message, code=code, hint=hint, tail=why.lines if why else ())
        self._end(draft, answer, why.key if why else 0)
        draft.do(Show(f"{self.name} failed: {message}"))

    def _end(self, draft: Draft, answer: dict[str, Any], key: int = 0) -> None:
        draft.world.operation = None
        draft.do(RecordOperation(None))
        draft.do(KeepSockets())
        draft.do(Steady())
        if self.client is not None:
            draft.do(Send(self.client, answer, key))


def under_way(draft: Draft) -> Operation | None:
    """The world's, if there is one."""
    found = draft.world.operation
    assert found is None or isinstance(found, Operation)
    return found


def refused(error: Refusal) -> dict[str, Any]:
    """The last message for work that did not even begin."""
    return messages.failed(error.message, code=error.code, hint=error.hint)
