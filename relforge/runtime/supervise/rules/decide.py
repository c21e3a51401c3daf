"""``step``: what an event means.  Each rule is in the module of its own name.

    world, effects = step(world, event, now)

The world that went in is as it was; ``effects`` are to be done in their order,
and what they answer comes before whatever else has happened.
"""

from __future__ import annotations

from . import ends, events, jobs, levels, lifecycle, replace, requests, shutdown
from .draft import Draft
from .effects import Announce, Forget, Kill, Retire, Show
from .operation import Operation, under_way
from .switched import Switched
from .upgrade import UpgradeOperation
from .values import Value
from .world import RUNNING, STARTING, Process, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def step(world: World, event: Value, now: float) -> tuple[World, list[Value]]:
    """The next world, and what has to be done; ``now`` is the monotonic clock, in seconds."""
    draft = Draft(world, now)
    draft.inbox.append(event)
    while True:
        while draft.inbox:
            found = draft.inbox.pop(0)
            _RULES[type(found)](draft, found)
        _settle(draft)
        if not draft.inbox:
            return draft.world, draft.effects


def _settle(draft: Draft) -> None:
    """From starting to running, once every process that is waited for is ready; and to the end."""
    world = draft.world
    if world.state == STARTING and world.started and world.unready() is None:
        world.state = RUNNING
        draft.do(Announce())
        draft.run_hook("post_start", world.generation)
    shutdown.settle(draft)


def _begun(draft: Draft, _event: events.Begun) -> None:
    draft.run_hook("pre_start", draft.world.generation)


def _resumed(draft: Draft, event: events.Resumed) -> None:
    world = draft.world
    for row in world.rows:
        if row.state == STARTING and isinstance(row.spec.ready, dict):
            row.due = draft.now  # the probe that was under way has nobody to answer to
    if event.error:
        upgrade = UpgradeOperation(world, event.client)
        world.operation = upgrade
        upgrade.take_back(draft, event.old, event.error)
    else:
        switched = Switched(event.client, event.old, world.generation)
        world.operation = switched
        switched.begin(draft, event.old)


def _due(draft: Draft, _event: events.Due) -> None:
    world = draft.world
    ends.due(draft)
    jobs.tick(draft)
    operation = under_way(draft)
    if operation is not None:
        operation.tick(draft)
    if world.state == STARTING and world.limit is not None and draft.now >= world.limit:
        process = world.unready() if world.started else None
        who = process or "the hook pre_start"
        reason = f"{who} was not ready within {draft.now - world.began:.0f}s"
        hint = lifecycle.missing(process) if process else ""
        shutdown.fail(draft, reason, process.key if process else 0, hint)


def _interrupted(draft: Draft, _event: events.StartInterrupted) -> None:
    shutdown.fail(draft, "`start` was interrupted")


def _spawned(draft: Draft, event: events.Spawned) -> None:
    process = draft.world.process(event.key)
    if process is None:
        draft.do(Kill(event.key))
    else:
        lifecycle.spawned(draft, process, event.pid)


def _of_operation(rule: Callable[[Any, Draft, Any], None]) -> Callable[[Draft, Any], None]:
    """A rule of the operation under way; what comes after its end concerns nobody."""

    def found(draft: Draft, event: Any) -> None:
        operation = under_way(draft)
        if operation is not None:
            rule(operation, draft, event)

    return found


def _of_process(rule: Callable[[Draft, Process, Any], None]) -> Callable[[Draft, Any], None]:
    """A rule about a process; what is said of one that is forgotten concerns nobody."""

    def found(draft: Draft, event: Any) -> None:
        process = draft.world.process(event.key)
        if process is not None:
            rule(draft, process, event)

    return found


def _crashed(draft: Draft, process: Process, event: events.Crashed) -> None:
    """The hook on_crash, one crash at a time."""
    world = draft.world
    operation = under_way(draft)
    if operation is not None:
        operation.crashed(draft, process, event.reason)
    if "on_crash" in world.hooks:
        draft.say(f"on_crash is still running: not called for {process}")
    else:
        facts = {"service": str(process), "reason": event.reason}
        draft.run_hook("on_crash", world.generation, facts)


def _gave_up(draft: Draft, _event: events.GaveUp) -> None:
    if draft.world.state == RUNNING and draft.world.operation is None:
        draft.do(Show())


def _hopeless(draft: Draft, event: events.Hopeless) -> None:
    shutdown.fail(draft, event.message, event.key, event.hint)


def _hook_ended(draft: Draft, event: events.HookEnded) -> None:
    world = draft.world
    rows = list(world.hooks)
    if event.name in rows:
        rows.remove(event.name)
    world.hooks = tuple(rows)
    if event.name == "pre_start":
        _may_start(draft, event)
    elif event.name in ("pre_upgrade", "post_upgrade"):
        operation = under_way(draft)
        if operation is not None:
            operation.hook_ended(draft, event.name, event.problem, event.lines)
    elif event.problem:
        draft.say(event.problem)
    if event.name == "pre_stop":
        shutdown.end(draft)


def _may_start(draft: Draft, event: events.HookEnded) -> None:
    world = draft.world
    if event.problem:
        shutdown.fail(draft, event.problem)
        world.outcome.tail = event.lines
    elif world.state == STARTING:
        world.started = True
        for process in world.rows:
            lifecycle.start(draft, process)


def _loaded(draft: Draft, event: events.Loaded) -> None:
    world = draft.world
    operation = under_way(draft)
    if event.key == world.loading and operation is not None:
        world.loading = 0
        operation.loaded(draft, event.generation)
    else:
        draft.do(Retire(event.generation, world.generation))
        draft.do(Forget(event.generation))


def _not_loaded(draft: Draft, event: events.NotLoaded) -> None:
    world = draft.world
    operation = under_way(draft)
    if event.key == world.loading and operation is not None:
        world.loading = 0
        operation.not_loaded(draft, event.message, event.code, event.hint)


def _state_kept(draft: Draft, event: events.StateKept) -> None:
    replace.state_kept(draft, event.name, event.fd)


def _health_answered(work: Operation, draft: Draft, event: events.HealthAnswered) -> None:
    if work.bake is not None and work.bake.asking:
        work.bake.answered(draft, ok=event.ok)


def _replaced(draft: Draft, event: events.Replaced) -> None:
    world = draft.world
    places = {(row.spec, row.instance) for row in world.all}
    world.restarts = {place: row for place, row in world.restarts.items() if place in places}
    if event.planned:
        if event.failure is not None:
            draft.say(f"{event.failure.message}: the process before it stays", levels.WARNING)
        return
    operation = under_way(draft)
    if operation is not None:
        operation.replaced(draft, event.failure)


_RULES: dict[type, Callable[[Draft, Any], None]] = {
    events.Begun: _begun,
    events.Resumed: _resumed,
    events.Due: _due,
    events.Signaled: requests.signaled,
    events.StartInterrupted: _interrupted,
    events.Asked: requests.asked,
    events.Left: requests.left,
    events.Spawned: _spawned,
    events.NotSpawned: _of_process(
        lambda draft, row, event: ends.not_spawned(draft, row, event.reason)
    ),
    events.Ended: _of_process(
        lambda draft, row, event: ends.ended(draft, row, event.code, event.how)
    ),
    events.Executed: _of_process(lambda draft, row, _event: ends.executed(draft, row)),
    events.Ready: _of_process(lambda draft, row, _event: ends.notified(draft, row)),
    events.Alive: _of_process(lambda draft, row, _event: lifecycle.feed(draft, row)),
    events.Outlived: _of_process(lambda draft, row, _event: ends.outlived(draft, row)),
    events.Probed: _of_process(lambda draft, row, event: ends.probed(draft, row, ok=event.ok)),
    events.Crashed: _of_process(_crashed),
    events.GaveUp: _gave_up,
    events.Hopeless: _hopeless,
    events.HookEnded: _hook_ended,
    events.ScheduleRead: jobs.read,
    events.ClockSet: jobs.clock,
    events.JobEnded: jobs.ended,
    events.Loaded: _loaded,
    events.NotLoaded: _not_loaded,
    events.Pushed: _of_operation(lambda work, draft, event: work.pushed(draft, event.answers)),
    events.StateKept: _state_kept,
    events.Adopted: _of_operation(lambda work, draft, event: work.adopted(draft, event.problem)),
    events.HealthAnswered: _of_operation(_health_answered),
    events.NotSwitched: _of_operation(
        lambda work, draft, event: work.not_switched(draft, event.reason)
    ),
    events.Replaced: _replaced,
    events.Baked: _of_operation(lambda work, draft, event: work.baked(draft, event.failure)),
}
