"""``upgrade``: another version takes over, the supervisor included, and no request is lost.

| stage | what happens | next, where it fails |
|---|---|---|
| loading | the new version's launcher and loader answer: its interpreter runs, its configuration is right, its runtime can take over from this one | over |
| preparing | its hook pre_upgrade | over |
| starting | its processes beside ours, then ours drain (`replace` has the stages) | going back |
| baking | nothing of it may fail for a while (`bake`) | going back |
| switching | this process becomes its supervisor (`handover`), which goes on in `switched` | going back |
| going back | our processes take their places again, at once | over |

Whatever fails before the last step, ours serve again, or still.
"""  # noqa: E501 - a table

from __future__ import annotations

from ...errors import CONFIG, FAILED, INTERRUPTED
from . import handed_over, replace
from .bake import Bake
from .draft import Draft
from .effects import Adopt, Forget, KillHooks, Retire, Switch
from .operation import Operation
from .replacement import FailureReason, everywhere
from .world import Process, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..generation import Generation

PREVIOUS = "RELEASE_PREVIOUS_ROOT"


class UpgradeOperation(Operation):
    """Belongs to its client: where that goes away before the switch, it is taken back."""

    name = "upgrade"

    def __init__(self, world: World, client: int | None, *, dry: bool = False) -> None:
        super().__init__(client)
        self.stage = "loading"
        self._dry = dry
        self._old = world.generation
        self._new: Generation | None = None
        self._failure: FailureReason | None = None  # why it is taken back
        self._code = FAILED

    def begin(self, draft: Draft, root: str) -> None:
        """Find out what the version at ``root`` is worth."""
        version = root.rstrip("/").rpartition("/")[2]
        self.say(
            draft,
            f"looking at an upgrade to {version}: nothing is changed"
            if self._dry
            else f"the upgrade to {version} begins",
        )
        draft.load(root)

    def take_back(self, draft: Draft, old: Generation, error: str) -> None:
        """The new version's supervisor has run, and has become this one again."""
        self._old, self._new = old, draft.world.generation
        self.stage = "switching"
        self._give_up(draft, FailureReason(error), FAILED)

    def left(self, draft: Draft) -> None:
        super().left(draft)
        gone = FailureReason("the command that asked for the upgrade has ended")
        self._give_up(draft, gone, INTERRUPTED)

    def stop(self, draft: Draft, reason: str) -> None:
        draft.world.switch = None
        if self.stage == "loading":
            draft.kill_load()
        if self._new is not None and draft.world.generation is not self._new:
            draft.do(Retire(self._new, draft.world.generation))
        super().stop(draft, reason)

    def report(self, world: World) -> dict[str, Any]:
        stage = self.stage
        if world.change is not None and stage in ("starting", "going back"):
            stage = world.change.stage
        to = None if self._new is None else self._new.version
        return {**super().report(world), "stage": stage, "from": self._old.version, "to": to}

    def crashed(self, draft: Draft, process: Process, reason: str) -> None:
        if self.stage == "baking" and self.bake is not None:
            self.bake.crashed(draft, process, reason)
        elif process.generation is self._new and process.spec.awaited:
            # It has its place, and others still drain: that goes on, and then it is taken back.
            self._give_up(draft, FailureReason(reason, process.key), FAILED)

    def loaded(self, draft: Draft, found: Generation) -> None:
        self._new = found
        if self._failure is None:
            self._failure = _unfit(self._old, found)
            self._code = CONFIG if self._failure else FAILED
        if self._failure is not None:
            self._over_before(draft)
        elif self._dry:
            self._drop(draft, found)
            self.done(draft, version=found.version, services=_outlook(self._old, found))
        else:
            self.stage = "preparing"
            # Pages that the old version has sent name files of the old version.
            found.environ[PREVIOUS] = self._old.paths.root
            self.say(draft, f"{found.version} passed its checks; starting its processes")
            facts = {"old": self._old.version, "version": found.version}
            draft.run_hook("pre_upgrade", found, facts)

    def hook_ended(self, draft: Draft, name: str, problem: str, lines: list[str]) -> None:
        if name != "pre_upgrade" or self.stage != "preparing":
            return
        if problem and self._failure is None:
            self._failure = FailureReason(problem, lines=lines)
        if self._failure is not None:
            self._over_before(draft)
            return
        assert self._new is not None
        self.stage = "starting"
        replace.begin(draft, self._new, everywhere(spec.name for spec in self._new.specs))

    def replaced(self, draft: Draft, failure: FailureReason | None) -> None:
        if self.stage == "going back":
            if failure is not None:
                self._stuck(draft, failure.message)
            else:
                self._over_before(draft)
        elif failure is not None:
            self._failure = self._failure or failure
            self._over_before(draft)
        elif self._failure is not None:
            self._back(draft)
        else:
            assert self._new is not None
            self.stage = "baking"
            self.bake = Bake(draft, self._new, self._new.version)
            if self._new.bake:
                version, seconds = self._new.version, self._new.bake
                self.say(draft, f"{version} is serving; watching it for {seconds:g}s")

    def baked(self, draft: Draft, failure: FailureReason | None) -> None:
        """Nothing of it has failed for a while: switch."""
        if failure is not None:
            self._give_up(draft, failure, FAILED)
        elif self._failure is None:
            self.stage = "switching"
            draft.world.switch = Switch(self._old, self.client)

    def not_switched(self, draft: Draft, reason: str) -> None:
        self._give_up(draft, FailureReason(reason), FAILED)

    def adopted(self, draft: Draft, problem: str) -> None:
        if problem:
            self._stuck(draft, problem)
        else:  # at once: what serves now has failed
            places = everywhere(spec.name for spec in self._old.specs)
            replace.begin(draft, self._old, places, at_once=True)

    def _give_up(self, draft: Draft, failure: FailureReason, code: int) -> None:
        """Undo what has been done, whatever that is; the first reason counts."""
        if self._failure is not None:
            return
        self._failure, self._code = failure, code
        draft.world.switch = None
        if self.bake is not None:
            self.bake.stop(draft)
        if self.stage == "loading":
            draft.kill_load()
            self.fail(draft, failure.message, code=code)
        elif self.stage == "preparing":
            draft.do(KillHooks())
        elif self.stage == "starting":
            replace.cancel(draft, failure)  # while the old ones drain, that goes on first
        else:
            self._back(draft)

    def _back(self, draft: Draft) -> None:
        """The new version's processes make room for ours again."""
        assert self._new is not None
        assert self._failure is not None
        self.stage = "going back"
        self.say(draft, f"{self._failure.message}: going back to {self._old.version}")
        draft.do(Adopt(self._old, self._new))

    def _stuck(self, draft: Draft, reason: str) -> None:
        """The one has failed and the other does not come back: what lives goes on."""
        assert self._failure is not None
        draft.do(Forget(self._old))
        self.fail(
            draft,
            f"{self._failure.message}; {self._old.version} cannot be put back: {reason}",
            why=self._failure,
            hint="`status` shows what is serving; `restart` stops and starts it",
        )

    def _over_before(self, draft: Draft) -> None:
        """All is as it was."""
        assert self._failure is not None
        if self._new is not None:
            self._drop(draft, self._new)
        self.fail(
            draft,
            self._failure.message,
            code=self._code,
            why=self._failure,
            hint=f"{self._old.version} serves as before",
        )

    def _drop(self, draft: Draft, new: Generation) -> None:
        draft.do(Retire(new, draft.world.generation))
        draft.do(Forget(new))


def _unfit(old: Generation, new: Generation) -> FailureReason | None:
    """Why that version cannot take over from this one."""
    if new.manifest["name"] != old.manifest["name"]:
        return FailureReason(f"{new.paths.root} is a release of {new.manifest['name']}")
    if handed_over.FORMAT not in new.takes:
        return FailureReason(
            f"the runtime of {new.version} (relforge {new.manifest['relforge']}) cannot take over "
            f"from this one (relforge {old.manifest['relforge']})"
        )
    return None


def _outlook(old: Generation, new: Generation) -> list[dict[str, Any]]:
    """What would become of each service."""
    rows = []
    for name in sorted({spec.name for spec in (*old.specs, *new.specs)}):
        had, gets = old.spec(name), new.spec(name)
        what = "added" if had is None else "removed" if gets is None else "replaced"
        listen = [row.address for row in new.listeners.get(name, ())]
        rows.append({"name": name, "change": what, "listen": listen})
    return rows
