"""``reload``: the configuration read again, and taken to the processes that it concerns.

| stage | what happens | next | where it fails |
|---|---|---|---|
| loading | the configuration is read | updating; replacing | over |
| updating | processes apply what is `reload = "hot"` | replacing | who could not is replaced |
| replacing | processes whose settings differ (`replace`) | baking | restoring |
| baking | nothing may fail for a while (`bake`) | over | going back |
| going back | the old configuration, with processes that start with it | restoring | over |
| restoring | the processes that applied the new configuration get the old one back | over | over |

On any error nothing has changed.
"""

from __future__ import annotations

from ...config.portion import fits
from . import replace
from .bake import Bake
from .draft import Draft
from .effects import Adopt, Forget, KillPush, Push, Retire
from .operation import Operation
from .replacement import FailureReason, Places, covers, everywhere
from .world import Process, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..generation import Generation
    from ..specs import Spec

# Of a shell's variables those that say nothing of the environment.
_VOLATILE = frozenset({"_", "OLDPWD", "PWD", "SHLVL"})
_NOT_DELIVERED = "the new configuration could not be delivered"


class ReloadOperation(Operation):
    """Goes on without its client: what it began for everybody it ends.

    ``only`` are places whose processes are replaced in any case, or None for all.
    """

    name = "reload"

    def __init__(self, world: World, client: int | None, only: Places | None = frozenset()) -> None:
        super().__init__(client)
        self.stage = "loading"
        self._only = only
        self._old = world.generation
        self._new: Generation | None = None
        self._updated: tuple[int, ...] = ()  # keys of processes
        self._replaced: Places = frozenset()
        self._failure = FailureReason("")
        self._early: FailureReason | None = None  # of a new process, before anybody watches

    def begin(self, draft: Draft) -> None:
        draft.load(self._old.paths.root)

    def stop(self, draft: Draft, reason: str) -> None:
        if self.stage == "loading":
            draft.kill_load()
        elif self.stage in ("updating", "restoring"):
            draft.do(KillPush())
        if self._new is not None and draft.world.generation is not self._new:
            draft.do(Retire(self._new, draft.world.generation))
        super().stop(draft, reason)

    def report(self, world: World) -> dict[str, Any]:
        stage = self.stage if world.change is None else world.change.stage
        return {**super().report(world), "stage": stage}

    def crashed(self, draft: Draft, process: Process, reason: str) -> None:
        if self.stage == "baking" and self.bake is not None:
            self.bake.crashed(draft, process, reason)
        elif (
            self.stage == "replacing"
            and process.generation is self._new
            and process.spec.awaited
            and self._early is None
        ):
            # It has its place, and others still drain: when they are gone, it is taken back.
            self._early = FailureReason(reason, process.key)

    def loaded(self, draft: Draft, found: Generation) -> None:
        self._new = found
        for row in found.changes or ():
            values = f"{row['old'] or 'not set'} -> {row['new'] or 'not set'}"
            draft.say(f"{row['key']}: {values} ({row['origin'] or 'no provider'})")
        world = draft.world
        changed = [row["key"] for row in found.changes or ()]
        self._replaced = everywhere(affected(world, found)) | self._wanted(found)
        rows = [
            row
            for row in world.rows
            if not self._covers(row) and row.spec.kind != "exec" and row.pid
            if _concerns(row.spec, changed)
        ]
        if found.changes and rows:
            self.say(draft, "the new configuration is loaded; sending it to the processes")
            self.stage = "updating"
            self._updated = tuple(row.key for row in rows)
            self._push(draft, found)
        else:
            self._replace(draft)

    def pushed(self, draft: Draft, answers: dict[str, str]) -> None:
        if self.stage == "updating":
            self._heard(draft, answers)
        elif self.stage == "restoring":
            self._as_before(draft, answers)

    def replaced(self, draft: Draft, failure: FailureReason | None) -> None:
        if self.stage == "going back":
            if failure is not None:
                self._stuck(draft, failure.message)
            else:
                self._restore(draft)
        elif failure is not None:
            self._failure = failure
            self._restore(draft)
        elif self._early is not None:
            self.baked(draft, self._early)
        else:
            self._watch(draft)

    def baked(self, draft: Draft, failure: FailureReason | None) -> None:
        self.bake = None
        if failure is None:
            self._good(draft)
            return
        self._failure = failure
        self.stage = "going back"
        self.say(draft, f"{failure.message}: going back to the configuration before")
        assert self._new is not None
        draft.do(Adopt(self._old, self._new))

    def adopted(self, draft: Draft, problem: str) -> None:
        """The old configuration, with processes that start with it; nothing waits for the new."""
        if problem:
            self._stuck(draft, problem)
            return
        rows = draft.world.rows
        failed = {
            (row.spec.name, row.instance) for row in rows if row.spec.awaited and not row.ready
        }
        replace.begin(draft, self._old, self._replaced | failed, at_once=True)

    def _wanted(self, found: Generation) -> Places:
        names = {spec.name for spec in found.specs}
        return everywhere(names) if self._only is None else self._only

    def _covers(self, row: Process) -> bool:
        return covers(self._replaced, row.spec.name, row.instance)

    def _push(self, draft: Draft, born: Generation) -> None:
        changed = [row["key"] for row in (self._new and self._new.changes) or ()]
        draft.do(Push(born, list(self._updated), changed))

    def _heard(self, draft: Draft, answers: dict[str, str]) -> None:
        """Who could not take it up is replaced; it would be as if it had been a restart."""
        for key in self._updated:
            row = draft.world.process(key)
            problem = "" if row is None else answers.get(str(row), _NOT_DELIVERED)
            if row is not None and problem:
                draft.say(f"{row} is replaced: {problem}")
                self._replaced |= {(row.spec.name, row.instance)}
        self._replace(draft)

    def _replace(self, draft: Draft) -> None:
        assert self._new is not None
        self.stage = "replacing"
        if self._replaced:
            self.say(draft, "the configuration is read; the processes are replaced")
        replace.begin(draft, self._new, self._replaced)

    def _watch(self, draft: Draft) -> None:
        """Nothing may fail for a while: what the new configuration breaks may take its time."""
        assert self._new is not None
        seconds = self._new.bake if self._updated or self._replaced else 0.0
        if not seconds:
            self._good(draft)
            return
        self.stage = "baking"
        self.bake = Bake(draft, self._new, "the release")
        self.say(draft, f"the configuration is in force; watching it for {seconds:g}s")

    def _good(self, draft: Draft) -> None:
        assert self._new is not None
        draft.do(Forget(self._old))
        updated = [row for row in map(draft.world.process, self._updated) if row is not None]
        rows = draft.world.rows
        self.done(
            draft,
            changed=[row["key"] for row in self._new.changes or ()],
            told=[str(row) for row in updated if not self._covers(row)],
            replaced=[str(row) for row in rows if self._covers(row)],
        )

    def _restore(self, draft: Draft) -> None:
        """The old configuration for the living processes that applied the new one."""
        live = {row.key for row in draft.world.rows if row.pid}
        self._updated = tuple(key for key in self._updated if key in live)
        self.stage = "restoring"
        if self._updated:
            self._push(draft, self._old)
        else:
            self._as_before(draft, {})

    def _as_before(self, draft: Draft, answers: dict[str, str]) -> None:
        """Everybody has the old configuration again."""
        for name, problem in answers.items():
            if problem:
                draft.say(f"{name} did not get the old configuration back: {problem}")
        assert self._new is not None
        draft.do(Forget(self._new))
        self.fail(
            draft,
            self._failure.message,
            why=self._failure,
            hint="the configuration before is in force again",
        )

    def _stuck(self, draft: Draft, reason: str) -> None:
        """The new configuration has failed, and the old one does not come back."""
        self.fail(
            draft,
            f"{self._failure.message}; the configuration before cannot be put back: {reason}",
            why=self._failure,
            hint="`status` says what serves; `restart` starts everything again",
        )


class DiffOperation(Operation):
    """``config diff``: what a reload would find, and nothing is done about it."""

    name = "config diff"

    def begin(self, draft: Draft) -> None:
        draft.load(draft.world.generation.paths.root, listen=False)

    def left(self, draft: Draft) -> None:
        super().left(draft)
        self.stop(draft, "the command that asked for it has ended")

    def stop(self, draft: Draft, reason: str) -> None:
        draft.kill_load()
        super().stop(draft, reason)

    def loaded(self, draft: Draft, found: Generation) -> None:
        replaced = affected(draft.world, found)
        draft.do(Forget(found))
        rows = draft.world.rows
        self.done(
            draft,
            changes=found.changes or [],
            replaced=sorted({str(row) for row in rows if row.spec.name in replaced}),
        )


def affected(world: World, new: Generation) -> frozenset[str]:
    """The names of the services whose processes cannot take up the change as they are."""
    old = world.generation
    if new.changes is None:
        return frozenset(spec.name for spec in new.specs)
    before, after = old.variables(), new.variables()
    variables = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    variables -= _VOLATILE
    cold = [row["key"] for row in new.changes if not row["hot"]]
    unsettled = {row.spec.name for row in world.rows if row.pid and not row.ready}
    unsettled |= {row.spec.name for row in world.rows if row.gave_up}
    return frozenset(
        spec.name
        for spec in new.specs
        if _differs(old.spec(spec.name), spec)
        or _concerns(spec, cold)
        or variables - (old.withheld(spec.handed) & new.withheld(spec.handed))
        or (spec.kind == "exec" and new.exports)
        or spec.name in unsettled
    )


def _concerns(spec: Spec, changed: list[str]) -> bool:
    """Whether a service is handed one of these keys."""
    return any(spec.handed is None or fits(key, spec.handed) for key in changed)


def _differs(was: Spec | None, spec: Spec) -> bool:
    return was is None or vars(was) != vars(spec)
