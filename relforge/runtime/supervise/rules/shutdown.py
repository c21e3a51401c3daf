"""The end: everything stops, in the order of what depends on what, and within its time.

| stage | what happens | next |
|---|---|---|
| running, starting | a signal, a client, or a failure that nothing survives | pre_stop |
| pre_stop | the hook, if everything had been running | draining |
| draining | the sockets close, the processes drain; a second signal kills | post_stop |
| post_stop | all processes are gone; the hook, if everything had been running | over |
"""

from __future__ import annotations

from ...errors import DONE, FORCED
from ...errors import FAILED as FAILURE
from . import ends, jobs, levels, lifecycle, replace
from .draft import Draft
from .effects import CloseSockets, HurryHooks, KillHooks, KillJobs, Stopping
from .operation import under_way
from .world import ENDED, FAILED, RUNNING, STARTING, STOPPING


def stop(draft: Draft, *, timeout: float | None = None) -> None:
    """Ask every process to stop; idempotent, but for a shorter time-out."""
    world, was = draft.world, draft.world.state
    if was != STOPPING:
        world.state = STOPPING
        draft.say("stopping")
        draft.do(Stopping(world.outcome.message or "stopping"))
        operation = under_way(draft)
        if operation is not None:
            operation.stop(draft, f"the {operation.name} ends: everything is stopped")
        jobs.stop(draft)
        replace.drop_states(draft)
        world.change = None
        for process in world.all:
            process.changing = False
        for process in (*world.coming, *world.leaving):
            lifecycle.end(draft, process)
    if timeout is not None:
        limit = draft.now + timeout
        world.patience = limit if world.patience is None else min(world.patience, limit)
    if was == RUNNING:
        draft.run_hook("pre_stop", world.generation)
    elif was == STARTING:
        draft.do(KillHooks())
        end(draft)
    elif world.ending:
        ends.stop_all(draft)
    if timeout is not None:
        draft.do(HurryHooks(timeout / 2))  # the other half is the services'


def fail(draft: Draft, message: str, key: int = 0, hint: str = "") -> None:
    """Stop everything; the supervisor's exit status is 1, for this reason."""
    world = draft.world
    if world.state == STOPPING:
        return
    world.outcome.code = FAILURE
    world.outcome.message = message
    world.outcome.hint = hint
    world.outcome.key = key
    draft.say(message, levels.ERROR)
    stop(draft)


def kill(draft: Draft) -> None:
    """No more patience."""
    stop(draft)
    draft.do(KillHooks())
    draft.do(KillJobs())
    end(draft)
    for process in draft.world.all:
        lifecycle.force(draft, process)


def end(draft: Draft) -> None:
    """Every process is asked to stop; idempotent."""
    world = draft.world
    if world.ending:
        return
    world.ending = True
    # First, so that nobody is let in between us and the last process.
    draft.do(CloseSockets())
    ends.stop_all(draft)


def settle(draft: Draft) -> None:
    """Has everything ended, post_stop included?"""
    world = draft.world
    rows = world.all
    if world.ended or any(process.state not in ENDED for process in rows):
        return
    if world.state == STOPPING and not world.ending:
        return
    if world.state != STOPPING:
        # Without services a release runs until it is stopped.
        if not rows:
            return
        world.state = STOPPING
        jobs.stop(draft)
        if any(process.state == FAILED for process in rows):
            world.outcome.code = FAILURE
            reasons = [process.gave_up for process in rows if process.gave_up]
            ended = "every service has ended, not all of them well"
            world.outcome.message = reasons[0] if len(rows) == 1 and reasons else ended
        end(draft)
    if not world.swept:
        world.swept = True
        if world.forced and world.outcome.code == DONE:
            world.outcome.code = FORCED
        if world.started:
            facts = {"reason": world.outcome.message}
            draft.run_hook("post_stop", world.generation, facts)
    world.ended = not world.hooks and not any(row.running for row in world.jobs)
