"""The rest of an upgrade, in the supervisor of the new version.

| stage | what happens | next |
|---|---|---|
| waiting | the client makes the new version the current one; a minute, and while it lives | post_upgrade |
| post_upgrade | the hook, whose failure is a warning | over |
"""  # noqa: E501 - a table

from __future__ import annotations

from ...protocol import supervisor as messages
from .draft import Draft
from .effects import Forget, Send
from .operation import Operation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..generation import Generation
    from .world import World

PATIENCE = 60.0  # seconds for the client, to make the new version the current one


class Switched(Operation):
    """Answers the client, lets it switch `current`, then runs post_upgrade, in any case."""

    name = "upgrade"
    stage = "post_upgrade"

    def __init__(self, client: int | None, old: Generation, new: Generation) -> None:
        super().__init__(client)
        self._old = old.version
        self._new = new.version
        self._due: float | None = None  # until when the client is waited for

    def begin(self, draft: Draft, old: Generation) -> None:
        draft.do(Forget(old))
        self.say(draft, f"{self._new} has taken over from {self._old}")
        self._due = draft.now + PATIENCE
        if self.client is None:
            self.switched(draft)
        else:
            draft.do(Send(self.client, messages.taken(self._new)))

    def due(self) -> float | None:
        return self._due

    def tick(self, draft: Draft) -> None:
        if self._due is not None and draft.now >= self._due:
            self.switched(draft)

    def left(self, draft: Draft) -> None:
        super().left(draft)
        self.switched(draft)

    def switched(self, draft: Draft) -> None:
        """The client has done its part, or never will."""
        if self._due is not None:
            self._due = None
            facts = {"old": self._old, "version": self._new}
            draft.run_hook("post_upgrade", draft.world.generation, facts)

    def report(self, world: World) -> dict[str, Any]:
        facts = {"stage": self.stage, "from": self._old, "to": self._new}
        return {**super().report(world), **facts}

    def hook_ended(self, draft: Draft, name: str, problem: str, lines: list[str]) -> None:
        if name != "post_upgrade":
            return
        if problem:
            draft.say(problem)
        self.done(draft, version=self._new, old=self._old, warning=problem, tail=lines)
