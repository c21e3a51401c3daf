"""``reload``: the configuration read anew, and the processes replaced that it concerns."""

from __future__ import annotations

from ..errors import FAILED, Refusal
from .change import Change, Failure
from .children import Children
from .control import Client
from .generation import Generation
from .operation import Operation
from .plan import Plan
from .poller import Poller
from .scout import Scout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Reload(Operation):
    """On any error nothing has changed."""

    name = "reload"

    def __init__(
        self,
        plan: Plan,
        poller: Poller,
        children: Children,
        client: Client | None,
        ended: Callable[[], None],
    ) -> None:
        super().__init__(plan, client, ended)
        self._children = children
        self._change: Change | None = None
        self._scout = Scout(plan, poller, children, plan.generation.paths.root, self._found)

    def tick(self, now: float) -> float | None:
        if self._change is None and now >= self._scout.due:
            self._scout.late()
        return self._scout.due if self._change is None else None

    def stop(self, reason: str) -> None:
        super().stop(reason)
        if self._change is None:
            self._scout.kill()
        elif self.plan.generation is not self._change.new:
            self._change.new.leave(self.plan.generation)

    def report(self, now: float) -> dict[str, Any]:
        stage = "loading" if self._change is None else self._change.stage
        return {**super().report(now), "stage": stage}

    def _found(self, found: Generation | Refusal) -> None:
        if self.over:
            return
        if isinstance(found, Refusal):
            self.fail(found.message, code=found.code, hint=found.hint)
            return
        self.say("the configuration is read; the processes are replaced")
        names = {spec.name for spec in found.specs}
        self._change = Change(self.plan, self._children, found, names, self._changed)
        self._change.begin()

    def _changed(self, failure: Failure | None) -> None:
        assert self._change is not None
        if failure is None:
            self._change.old.forget()
            self.done(replaced=[str(row) for row in self._children.rows])
            return
        self._change.new.forget()
        self.fail(failure.message, code=FAILED, tail=failure.tail)
