"""What follows where a process is ready, late, or gone: for it, and for the others."""

from __future__ import annotations

from . import levels, lifecycle, replace, restart
from .draft import Draft
from .events import Hopeless
from .world import (
    ENDED,
    FAILED,
    KILLED,
    RUNNING,
    STARTING,
    STOPPED,
    STOPPING,
    WAITING,
    Process,
)


def ready(draft: Draft, process: Process) -> None:
    """It serves: who waited for that goes on."""
    if not lifecycle.is_ready(draft, process):
        return
    if draft.world.state == RUNNING:
        draft.say(f"{process} is ready")
    if process.changing:
        replace.go_on(draft)
    restart.unblock(draft)


def notified(draft: Draft, process: Process) -> None:
    """It says that it is ready; of a program that counts where `ready` says so."""
    if process.spec.kind != "exec" or process.spec.ready == "notify":
        ready(draft, process)


def executed(draft: Draft, process: Process) -> None:
    """Its program runs: that is enough, or it is asked from now on."""
    if process.spec.ready == "started":
        ready(draft, process)
    elif isinstance(process.spec.ready, dict) and process.state == STARTING:
        process.due = draft.now


def probed(draft: Draft, process: Process, *, ok: bool) -> None:
    lifecycle.probed(draft, process)
    if ok:
        ready(draft, process)


def not_spawned(draft: Draft, process: Process, reason: str) -> None:
    process.spawning = False
    if process.state == STOPPING:  # nobody wants it any more
        ended(draft, process, 0, f"cannot be started: {reason}")
        return
    process.due = None
    process.state = FAILED
    _over(draft, process, f"{process} cannot be started: {reason}", failed=True)


def ended(draft: Draft, process: Process, code: int, how: str) -> None:
    """A process is gone, and with it its group."""
    world, was = draft.world, process.state
    process.pid = 0
    process.ready = process.probing = process.spawning = False
    process.due = None
    clean = lifecycle.is_clean(code, process.spec.signal if was == STOPPING else 0)
    process.state = STOPPED if clean else FAILED
    reason, process.note = process.note or f"{process} {how}", ""
    if world.state == STOPPING:
        if not clean and process.stage != KILLED:
            draft.say(reason)
        if world.ending:
            stop_all(draft)
    elif process.follows and not process.changing:
        process.state = WAITING
        restart.unblock(draft)
    elif was == STARTING:
        early = world.state == STARTING or process.changing or not clean
        _over(draft, process, f"{reason} before it was ready", failed=early)
    else:
        # One that we stopped by ourselves was not ready in time.
        planned = was == RUNNING and clean
        _over(draft, process, reason, failed=was == STOPPING or not clean, planned=planned)


def stop_all(draft: Draft) -> None:
    """End all, those first that depend on others; within the time that a stop has, if any.

    What is left is ended as those go who depend on it.
    """
    world = draft.world
    for process in world.all:
        if process.state not in (STOPPING, *ENDED) and not world.needed(process):
            lifecycle.end(draft, process)
        if world.patience is not None:
            lifecycle.within(draft, process, max(0.0, world.patience - draft.now))


def outlived(draft: Draft, process: Process) -> None:
    """Have another process take its place; until that one is ready, this one serves.

    It asks again from time to time, so nothing is lost where an operation is under way.
    """
    world = draft.world
    place = frozenset({(process.spec.name, process.instance)})
    rows = [world.change, *world.queued]
    comes = any(row is not None and row.asker == process.key for row in rows)
    serves = process.state == RUNNING and process in world.rows and not process.changing
    if world.state == RUNNING and world.operation is None and serves and not comes:
        draft.say(f"{process} has served as long as it may: another process takes its place")
        replace.begin(draft, world.generation, place, asker=process.key)


def due(draft: Draft) -> None:
    """Do with each process what its moment has come for."""
    for process in draft.world.all:
        if process.due is not None and process.due <= draft.now:
            _due(draft, process)


def _due(draft: Draft, process: Process) -> None:
    if process.state == WAITING:
        lifecycle.start(draft, process)
    elif process.state == STARTING and draft.now >= process.deadline:
        _late(draft, process)
    elif process.state == STARTING:
        lifecycle.probe(draft, process)
    elif process.state == RUNNING:
        lifecycle.silent(draft, process)
    else:
        lifecycle.slow(draft, process)
    if process.state == FAILED and process.changing:
        replace.ended(draft, process, f"{process} survives SIGKILL", failed=True)


def _late(draft: Draft, process: Process) -> None:
    reason = f"{process} was not ready within {process.spec.ready_timeout:g}s"
    hint = lifecycle.missing(process)
    draft.say(hint, levels.WARNING)
    if process.changing:
        replace.late(draft, process, reason)
    elif draft.world.state == STARTING and process.spec.awaited:
        draft.follow(Hopeless(reason, process.key, hint))
    else:
        draft.say(f"{reason}: stopped")
        lifecycle.end(draft, process)


def _over(
    draft: Draft, process: Process, reason: str, *, failed: bool, planned: bool = False
) -> None:
    if process.changing:
        replace.ended(draft, process, reason, failed=failed)
    else:
        restart.again(draft, process, reason, failed=failed, planned=planned)
