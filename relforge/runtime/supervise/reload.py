"""``reload``: the configuration read anew, and taken to the processes that it concerns.

Where all that has changed is ``reload = "hot"``, the processes are told of it;
else, and where a service's own settings come out differently, they are replaced.
"""

from __future__ import annotations

from ..errors import FAILED, Refusal
from . import launch
from .change import Change, Failure
from .control import Client
from .generation import Generation
from .operation import Operation
from .plan import Plan
from .process import Process
from .scout import Scout
from .specs import Spec
from .telling import Telling
from .tools import Tools

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Of a shell's variables those that say nothing of the environment.
_VOLATILE = frozenset({"_", "OLDPWD", "PWD", "SHLVL"})


class Reading(Operation):
    """Has the configuration read anew; ``_found`` is given it, or why there is none."""

    listen: bool  # whether sockets are opened for it

    def __init__(self, tools: Tools, client: Client | None, ended: Callable[[], None]) -> None:
        plan, self._children = tools.plan, tools.children
        super().__init__(plan, client, ended)
        root = plan.generation.paths.root
        self._scout = Scout(
            plan, tools.poller, tools.children, root, self._found, listen=self.listen
        )

    def _found(self, found: Generation | Refusal) -> None:
        raise NotImplementedError


class Reload(Reading):
    """On any error nothing has changed."""

    name = "reload"
    listen = True

    def __init__(self, tools: Tools, client: Client | None, ended: Callable[[], None]) -> None:
        super().__init__(tools, client, ended)
        self._new: Generation | None = None
        self._change: Change | None = None
        self._telling: Telling | None = None
        self._told: list[Process] = []
        self._replaced: set[str] = set()  # names of services
        self._failure = Failure("")

    def tick(self, now: float) -> float | None:
        waiting = self._telling or (None if self._new else self._scout)
        if waiting is None:
            return None
        if now >= waiting.due:
            waiting.late()
        return waiting.due

    def stop(self, reason: str) -> None:
        super().stop(reason)
        if self._new is None:
            self._scout.kill()
        elif self._telling is not None:
            self._telling.kill()
        if self._new is not None and self.plan.generation is not self._new:
            self._new.leave(self.plan.generation)

    def report(self, now: float) -> dict[str, Any]:
        stage = "loading" if self._new is None else "telling"
        if self._change is not None:
            stage = self._change.stage
        return {**super().report(now), "stage": stage}

    def _found(self, found: Generation | Refusal) -> None:
        if self.over:
            if isinstance(found, Generation):
                found.leave(self.plan.generation)
                found.forget()
            return
        if isinstance(found, Refusal):
            self.fail(found.message, code=found.code, hint=found.hint)
            return
        self._new = found
        for row in found.changes or ():
            values = f"{row['old'] or 'not set'} -> {row['new'] or 'not set'}"
            self.plan.journal.say(f"{row['key']}: {values} ({row['origin'] or 'no provider'})")
        self._replaced = _affected(self.plan, found, self._children.rows)
        told = [
            row
            for row in self._children.rows
            if row.spec.name not in self._replaced and row.spec.kind != "exec" and row.pid
        ]
        if found.changes and told:
            self.say("the configuration is read; the processes are told")
            self._tell(found, told, self._heard)
        else:
            self._replace()

    def _tell(
        self, born: Generation, rows: list[Process], heard: Callable[[dict[str, str]], None]
    ) -> None:
        changed = [row["key"] for row in (self._new and self._new.changes) or ()]
        try:
            self._telling = Telling(self.plan, self._children, born, rows, changed, heard)
        except OSError as error:
            reason = f"it could not be told: {error.strerror}"
            heard({str(row): reason for row in rows})
        else:
            self._told = rows

    def _heard(self, answers: dict[str, str]) -> None:
        """Who could not take it up is replaced; it would be as if it had been restart."""
        self._telling = None
        if self.over:
            return
        for row in self._told:
            problem = answers.get(str(row), "it could not be told")
            if problem:
                self.plan.journal.say(f"{row} is replaced: {problem}")
                self._replaced.add(row.spec.name)
        self._replace()

    def _replace(self) -> None:
        assert self._new is not None
        if self._replaced:
            self.say("the configuration is read; the processes are replaced")
        self._change = Change(self.plan, self._children, self._new, self._replaced, self._changed)
        self._change.begin()

    def _changed(self, failure: Failure | None) -> None:
        assert self._change is not None
        if failure is None:
            self._change.old.forget()
            rows = self._children.rows
            self.done(
                changed=[row["key"] for row in self._change.new.changes or ()],
                told=[str(row) for row in self._told if row.spec.name not in self._replaced],
                replaced=[str(row) for row in rows if row.spec.name in self._replaced],
            )
            return
        self._failure = failure
        again = [row for row in self._told if row.pid and row in self._children.rows]
        if again and not self.over:
            self._tell(self._change.old, again, self._restored)
        else:
            self._restored({})

    def _restored(self, answers: dict[str, str]) -> None:
        """Everybody has the old configuration again."""
        assert self._change is not None
        self._telling = None
        for name, problem in answers.items():
            if problem:
                self.plan.journal.say(f"{name} could not be told the old configuration: {problem}")
        self._change.new.forget()
        if not self.over:
            self.fail(self._failure.message, code=FAILED, tail=self._failure.tail)


class Diff(Reading):
    """``config diff``: what a reload would find, and nothing is done about it."""

    name = "config diff"
    listen = False

    def tick(self, now: float) -> float | None:
        if now >= self._scout.due:
            self._scout.late()
        return self._scout.due

    def left(self) -> None:
        """Nobody wants to know any more."""
        super().left()
        self._scout.kill()

    def stop(self, reason: str) -> None:
        super().stop(reason)
        self._scout.kill()

    def _found(self, found: Generation | Refusal) -> None:
        if isinstance(found, Refusal):
            if not self.over:
                self.fail(found.message, code=found.code, hint=found.hint)
            return
        rows = self._children.rows
        replaced = _affected(self.plan, found, rows)
        found.forget()
        if not self.over:
            self.done(
                changes=found.changes or [],
                replaced=sorted({str(row) for row in rows if row.spec.name in replaced}),
            )


def _affected(plan: Plan, new: Generation, rows: list[Process]) -> set[str]:
    """The names of the services whose processes cannot take up the change as they are."""
    old = plan.generation
    before, after = launch.variables(plan, old), launch.variables(plan, new)
    variables = {*before, *after} - _VOLATILE
    cold = new.changes is None or any(not row["hot"] for row in new.changes)
    if cold or any(before.get(name) != after.get(name) for name in variables):
        return {spec.name for spec in new.specs}
    unsettled = {row.spec.name for row in rows if row.pid and not row.ready}
    found = set()
    for spec in new.specs:
        was = old.spec(spec.name)
        told = spec.kind != "exec" or not new.exports
        if was is None or not _same(was, spec) or not told or spec.name in unsettled:
            found.add(spec.name)
    return found


def _same(one: Spec, other: Spec) -> bool:
    return vars(one) == vars(other)
