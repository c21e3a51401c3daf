"""The rest of an upgrade, in the supervisor of the new version."""

from __future__ import annotations

import time

from ..protocol import supervisor as messages
from .control import Client
from .generation import Generation
from .hooks import Hooks
from .operation import Operation
from .plan import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

PATIENCE = 60.0  # seconds for the client, to make the new version the current one


class Switched(Operation):
    """Tells the client, lets it switch `current`, then runs post_upgrade, in any case."""

    name = "upgrade"

    def __init__(
        self,
        plan: Plan,
        hooks: Hooks,
        client: Client | None,
        ended: Callable[[], None],
        old: Generation,
    ) -> None:
        super().__init__(plan, client, ended)
        self._hooks = hooks
        self._facts = {"old": old.version, "version": plan.generation.version}
        self._waits = True
        self._due = time.monotonic() + PATIENCE
        old.forget()

    def begin(self) -> None:
        new, old = self._facts["version"], self._facts["old"]
        self.say(f"{new} has taken over from {old}")
        if self.client is None:
            self.go_on()
        else:
            self.client.send(messages.taken(new))

    def tick(self, now: float) -> float | None:
        if self._waits and now >= self._due:
            self.go_on()
        return self._due if self._waits else None

    def left(self) -> None:
        super().left()
        self.go_on()

    def go_on(self) -> None:
        """The client has done its part, or never will."""
        if self._waits:
            self._waits = False
            self._hooks.begin(self.plan, "post_upgrade", self._told, None, **self._facts)

    def report(self, now: float) -> dict[str, Any]:
        facts = {"stage": "post_upgrade", "from": self._facts["old"], "to": self._facts["version"]}
        return {**super().report(now), **facts}

    def _told(self, problem: str, lines: list[str]) -> None:
        if problem:
            self.plan.journal.say(problem)
        if not self.over:
            self.done(
                version=self._facts["version"], old=self._facts["old"], warning=problem, tail=lines
            )
