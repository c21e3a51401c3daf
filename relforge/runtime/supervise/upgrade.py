"""``upgrade``: another version takes over, the supervisor included, and no request is lost.

    loading    the new version's launcher and loader answer: its interpreter runs, its
               configuration is right, its runtime can take over from this one
    preparing  its hook pre_upgrade
    starting   its processes beside ours, then ours drain (`change`)
    baking     nothing of it may fail for a while
    switching  this process becomes its supervisor (`handover`)

Whatever fails before the last step, ours serve again, or still.
"""

from __future__ import annotations

import os

from ..errors import CONFIG, FAILED, INTERRUPTED, Refusal
from . import handover, sockets
from .bake import Bake
from .change import Change, Failure
from .control import Client
from .generation import Generation
from .generation_loader import GenerationLoader
from .operation import Operation
from .process import Process
from .tools import Tools

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

PREVIOUS = "RELEASE_PREVIOUS_ROOT"


class Upgrade(Operation):
    """Belongs to its client: where that goes away before the switch, it is taken back.

    ``switch(old)`` is called when all is well; it does not return unless it failed.
    """

    name = "upgrade"

    def __init__(
        self,
        tools: Tools,
        client: Client | None,
        ended: Callable[[], None],
        switch: Callable[[Generation], None],
        *,
        dry: bool = False,
    ) -> None:
        super().__init__(tools.plan, client, ended)
        self._tools = tools
        self._switch = switch
        self._dry = dry
        self._stage = "loading"
        self._old = tools.plan.generation
        self._new: Generation | None = None
        self._change: Change | None = None
        self._failure: Failure | None = None  # why it is taken back
        self._code = FAILED
        self._bake: Bake | None = None
        self._loader: GenerationLoader | None = None

    def begin(self, root: str) -> None:
        """Find out what the version at ``root`` is worth; raises Refusal."""
        tools = self._tools
        version = os.path.basename(root)
        self.say(
            f"looking at an upgrade to {version}: nothing is changed"
            if self._dry
            else f"the upgrade to {version} begins"
        )
        self._loader = GenerationLoader(tools.plan, tools.poller, tools.children, root, self._found)

    def take_back(self, old: Generation, error: str) -> None:
        """The new version's supervisor has run, and has become this one again."""
        self._old, self._new = old, self.plan.generation
        self._stage = "switching"
        self.not_switched(error)

    def tick(self, now: float) -> float | None:
        if self._loader is not None and self._stage == "loading":
            if now >= self._loader.due:
                self._loader.late()
            return self._loader.due
        return self._bake.tick(now) if self._bake is not None else None

    def left(self) -> None:
        super().left()
        self._give_up(Failure("the command that asked for the upgrade has ended"), INTERRUPTED)

    def stop(self, reason: str) -> None:
        super().stop(reason)
        if self._bake is not None:
            self._bake.stop()
        if self._stage == "loading" and self._loader is not None:
            self._loader.kill()
        if self._new is not None and self.plan.generation is not self._new:
            self._new.leave(self.plan.generation)

    def report(self, now: float) -> dict[str, Any]:
        stage = self._stage
        if self._change is not None and stage in ("starting", "going back"):
            stage = self._change.stage
        to = None if self._new is None else self._new.version
        return {**super().report(now), "stage": stage, "from": self._old.version, "to": to}

    def crashed(self, process: Process, reason: str) -> None:
        """A process has ended as it should not have."""
        if self._bake is not None:
            self._bake.crashed(process, reason)
        elif process.generation is self._new and process.spec.awaited:
            # It has its place, and others still drain: that goes on, and then it is taken back.
            self._give_up(Failure(reason, process), FAILED)

    def _found(self, found: Generation | Refusal) -> None:
        if self.over:
            return
        if isinstance(found, Refusal):
            self.fail(found.message, code=found.code, hint=found.hint)
            return
        self._new = found
        if self._failure is None:
            self._failure = _unfit(self._old, found)
            self._code = CONFIG if self._failure else FAILED
        if self._failure is not None:
            self._over_before()
        elif self._dry:
            result = {"version": found.version, "services": _plan(self._old, found)}
            self._drop(found)
            self.done(**result)
        else:
            self._stage = "preparing"
            # Pages that the old version has sent name files of the old version.
            found.environ[PREVIOUS] = self._old.paths.root
            self.say(f"{found.version} passed its checks; starting its processes")
            self._tools.hooks.begin(
                self.plan, "pre_upgrade", self._prepared, found, **self._facts()
            )

    def _facts(self) -> dict[str, str]:
        assert self._new is not None
        return {"old": self._old.version, "version": self._new.version}

    def _prepared(self, problem: str, lines: list[str]) -> None:
        if self.over:
            return
        if problem and self._failure is None:
            self._failure = Failure(problem)
            self._failure.tail = lines
        if self._failure is not None:
            self._over_before()
            return
        assert self._new is not None
        self._stage = "starting"
        self._begin(self._new, self._changed)

    def _begin(
        self, born: Generation, done: Callable[[Failure | None], None], *, at_once: bool = False
    ) -> None:
        names = {spec.name for spec in born.specs}
        children = self._tools.children
        self._change = Change(self.plan, children, born, names, done, at_once=at_once)
        self._change.begin()

    def _changed(self, failure: Failure | None) -> None:
        if self.over:
            return
        if failure is not None:
            self._failure = self._failure or failure
            self._over_before()
        elif self._failure is not None:
            self._back()
        else:
            assert self._new is not None
            self._stage = "baking"
            bake = self._new.bake
            self._bake = Bake(self._tools, self._new, self._new.version, self._baked)
            if bake:
                self.say(f"{self._new.version} is serving; watching it for {bake:g}s")

    def _baked(self, failure: Failure | None) -> None:
        """Nothing of it has failed for a while: switch."""
        if failure is not None:
            self._give_up(failure, FAILED)
            return
        self._stage = "switching"
        self._switch(self._old)

    def not_switched(self, error: str) -> None:
        """This process could not become the other supervisor."""
        self._give_up(Failure(error), FAILED)

    def _give_up(self, failure: Failure, code: int) -> None:
        """Undo what has been done, whatever that is; the first reason counts."""
        if self.over or self._failure is not None:
            return
        self._failure, self._code = failure, code
        if self._bake is not None:
            self._bake.stop()
        if self._stage == "loading":
            assert self._loader is not None
            self._loader.kill()
            self.fail(failure.message, code=code)
        elif self._stage == "preparing":
            self._tools.hooks.kill()
        elif self._stage == "starting" and self._change is not None:
            self._change.cancel(failure.message)  # while the old ones drain, that goes on first
        else:
            self._back()

    def _back(self) -> None:
        """The new version's processes make room for ours again."""
        assert self._new is not None
        assert self._failure is not None
        self._stage = "going back"
        self.say(f"{self._failure.message}: going back to {self._old.version}")
        try:
            self._old.listeners = sockets.adopt(
                self._old.specs, self.plan.paths.run, self._new.listeners
            )
        except Refusal as error:
            self._stuck(error.message)
            return
        self._begin(self._old, self._went_back, at_once=True)  # what serves now has failed

    def _went_back(self, failure: Failure | None) -> None:
        if self.over:
            return
        if failure is not None:
            self._stuck(failure.message)
        else:
            self._over_before()

    def _stuck(self, reason: str) -> None:
        """The one has failed and the other does not come back: what lives goes on."""
        assert self._failure is not None
        self._old.forget()
        self.fail(
            f"{self._failure.message}; {self._old.version} cannot be put back: {reason}",
            tail=self._failure.tail,
            hint="`status` shows what is serving; `restart` stops and starts it",
        )

    def _over_before(self) -> None:
        """All is as it was."""
        assert self._failure is not None
        if self._new is not None:
            self._drop(self._new)
        self.fail(
            self._failure.message,
            code=self._code,
            tail=self._failure.tail,
            hint=f"{self._old.version} serves as before",
        )

    def _drop(self, new: Generation) -> None:
        new.leave(self.plan.generation)
        new.forget()


def _unfit(old: Generation, new: Generation) -> Failure | None:
    """Why that version cannot take over from this one."""
    if new.manifest["name"] != old.manifest["name"]:
        return Failure(f"{new.paths.root} is a release of {new.manifest['name']}")
    if handover.FORMAT not in new.takes:
        return Failure(
            f"the runtime of {new.version} (relforge {new.manifest['relforge']}) cannot take over "
            f"from this one (relforge {old.manifest['relforge']})"
        )
    return None


def _plan(old: Generation, new: Generation) -> list[dict[str, Any]]:
    """What would become of each service."""
    rows = []
    for name in sorted({spec.name for spec in (*old.specs, *new.specs)}):
        had, gets = old.spec(name), new.spec(name)
        what = "added" if had is None else "removed" if gets is None else "replaced"
        listen = [row.address for row in new.listeners.get(name, ())]
        rows.append({"name": name, "change": what, "listen": listen})
    return rows
