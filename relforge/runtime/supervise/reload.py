"""``reload``: the configuration read anew, and taken to the processes that it concerns.

Where all that has changed is ``reload = "hot"``, the processes are told of it;
else, and where a service's own settings come out differently, they are replaced.
"""

from __future__ import annotations

from ..errors import FAILED, Refusal
from . import launch, sockets
from .bake import Bake
from .change import Change, Failure
from .config_push import ConfigPush
from .control import Client
from .generation import Generation
from .generation_loader import GenerationLoader
from .operation import Operation
from .plan import Plan
from .process import Process
from .specs import Spec
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
        self._loader = GenerationLoader(
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
        self._push: ConfigPush | None = None
        self._told: list[Process] = []
        self._replaced: set[str] = set()  # names of services
        self._failure = Failure("")
        self._early: Failure | None = None  # of a new process, before anybody watches
        self._tools = tools
        self._bake: Bake | None = None

    def tick(self, now: float) -> float | None:
        if self._bake is not None:
            return self._bake.tick(now)
        waiting = self._push or (None if self._new else self._loader)
        if waiting is None:
            return None
        if now >= waiting.due:
            waiting.late()
        return waiting.due

    def stop(self, reason: str) -> None:
        super().stop(reason)
        if self._bake is not None:
            self._bake.stop()
        if self._new is None:
            self._loader.kill()
        elif self._push is not None:
            self._push.kill()
        if self._new is not None and self.plan.generation is not self._new:
            self._new.leave(self.plan.generation)

    def report(self, now: float) -> dict[str, Any]:
        stage = "loading" if self._new is None else "telling"
        if self._change is not None:
            stage = self._change.stage
        if self._bake is not None:
            stage = "baking"
        return {**super().report(now), "stage": stage}

    def crashed(self, process: Process, reason: str) -> None:
        """A process has ended as it should not have."""
        if self._bake is not None:
            self._bake.crashed(process, reason)
        elif process.generation is self._new and process.spec.awaited:
            # It has its place, and others still drain: when they are gone, it is taken back.
            self._early = self._early or Failure(reason, process)

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
            self.say("the new configuration is loaded; sending it to the processes")
            self._tell(found, told, self._heard)
        else:
            self._replace()

    def _tell(
        self, born: Generation, rows: list[Process], heard: Callable[[dict[str, str]], None]
    ) -> None:
        changed = [row["key"] for row in (self._new and self._new.changes) or ()]
        try:
            self._push = ConfigPush(self.plan, self._children, born, rows, changed, heard)
        except OSError as error:
            reason = f"the new configuration could not be delivered: {error.strerror}"
            heard({str(row): reason for row in rows})
        else:
            self._told = rows

    def _heard(self, answers: dict[str, str]) -> None:
        """Who could not take it up is replaced; it would be as if it had been restart."""
        self._push = None
        if self.over:
            return
        for row in self._told:
            problem = answers.get(str(row), "the new configuration could not be delivered")
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
        if failure is None and not self.over:
            if self._early is None:
                self._watch()
            else:
                self._baked(self._early)
            return
        if failure is None:
            self._change.old.forget()
            return
        self._failure = failure
        again = [row for row in self._told if row.pid and row in self._children.rows]
        if again and not self.over:
            self._tell(self._change.old, again, self._restored)
        else:
            self._restored({})

    def _watch(self) -> None:
        """Nothing may fail for a while: what the new configuration breaks may take its time."""
        assert self._new is not None
        bake = self._new.bake if self._told or self._replaced else 0.0
        if not bake:
            self._good()
            return
        self._bake = Bake(self._tools, self._new, "the release", self._baked)
        self.say(f"the configuration is in force; watching it for {bake:g}s")

    def _baked(self, failure: Failure | None) -> None:
        self._bake = None
        if failure is None:
            self._good()
        else:
            self._failure = failure
            self._back()

    def _good(self) -> None:
        assert self._change is not None
        self._change.old.forget()
        rows = self._children.rows
        self.done(
            changed=[row["key"] for row in self._change.new.changes or ()],
            told=[str(row) for row in self._told if row.spec.name not in self._replaced],
            replaced=[str(row) for row in rows if row.spec.name in self._replaced],
        )

    def _back(self) -> None:
        """The old configuration, with processes that start with it; what was told is told again.

        What serves now has failed: nothing waits for it.
        """
        assert self._change is not None
        old, new = self._change.old, self._change.new
        self.say(f"{self._failure.message}: going back to the configuration before")
        failed = {
            row.spec.name for row in self._children.rows if row.spec.awaited and not row.ready
        }
        again = (self._replaced | failed) & {spec.name for spec in old.specs}
        try:
            old.listeners = sockets.adopt(old.specs, self.plan.paths.run, new.listeners)
        except Refusal as error:
            self._stuck(error.message)
            return
        self._change = Change(self.plan, self._children, old, again, self._went_back, at_once=True)
        self._change.begin()

    def _went_back(self, failure: Failure | None) -> None:
        assert self._change is not None
        if failure is not None:
            self._stuck(failure.message)
            return
        rows = self._children.rows
        told = [row for row in self._told if row.pid and row in rows]
        if told and not self.over:
            self._tell(self._change.new, told, self._as_before)
        else:
            self._as_before({})

    def _as_before(self, answers: dict[str, str]) -> None:
        """Everybody has the configuration before again."""
        assert self._change is not None
        self._push = None
        for name, problem in answers.items():
            if problem:
                self.plan.journal.say(f"{name} could not be given the old configuration: {problem}")
        self._change.old.forget()
        if not self.over:
            self.fail(
                self._failure.message,
                tail=self._failure.tail,
                hint="the configuration before is in force again",
            )

    def _stuck(self, reason: str) -> None:
        """The new configuration has failed, and the old one does not come back."""
        assert self._new is not None
        if self.over:
            return
        self.fail(
            f"{self._failure.message}; the configuration before cannot be put back: {reason}",
            tail=self._failure.tail,
            hint="`status` says what serves; `restart` starts everything again",
        )

    def _restored(self, answers: dict[str, str]) -> None:
        """Everybody has the old configuration again."""
        assert self._change is not None
        self._push = None
        for name, problem in answers.items():
            if problem:
                self.plan.journal.say(f"{name} did not get the old configuration back: {problem}")
        self._change.new.forget()
        if not self.over:
            self.fail(self._failure.message, code=FAILED, tail=self._failure.tail)


class Diff(Reading):
    """``config diff``: what a reload would find, and nothing is done about it."""

    name = "config diff"
    listen = False

    def tick(self, now: float) -> float | None:
        if now >= self._loader.due:
            self._loader.late()
        return self._loader.due

    def left(self) -> None:
        """Nobody wants to know any more."""
        super().left()
        self._loader.kill()

    def stop(self, reason: str) -> None:
        super().stop(reason)
        self._loader.kill()

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
    unsettled |= {row.spec.name for row in rows if row.gave_up}
    found = set()
    for spec in new.specs:
        was = old.spec(spec.name)
        told = spec.kind != "exec" or not new.exports
        if was is None or not _same(was, spec) or not told or spec.name in unsettled:
            found.add(spec.name)
    return found


def _same(one: Spec, other: Spec) -> bool:
    return vars(one) == vars(other)
