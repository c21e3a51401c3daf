"""One generation takes the places of another, without a moment in which nobody serves.

| stage | what happens | next |
|---|---|---|
| starting | the new processes start, one after the other, beside the old ones, on the same sockets | handing over; draining; going back |
| handing over | of what may run once only, the old one leaves its state and stops | taking over; going back |
| taking over | and the new one starts, and then who depends on it | draining; going back |
| draining | all are ready: the new ones have the places, the old ones drain | over |
| going back | one has failed: the new ones drain, what was stopped is started again | over |

An end is followed by `events.Replaced`.
"""  # noqa: E501 - a table

from __future__ import annotations

from . import lifecycle, restart
from .draft import Draft
from .effects import AskState, Clear, CloseState, Rename, Retire
from .events import Replaced
from .order import runs_once, sequence
from .replacement import (
    BACK,
    DRAINING,
    FORWARD,
    HANDING,
    TAKING,
    FailureReason,
    Places,
    Replacement,
    covers,
)
from .world import ENDED, Process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..generation import Generation


def begin(
    draft: Draft,
    new: Generation,
    places: Places,
    *,
    at_once: bool = False,
    asker: int = 0,
) -> None:
    """Start the first; the rest follows from what becomes of it.

    One at a time: what comes while another one is under way waits for its end.  ``asker`` is
    the process that has asked for its successor, 0 where an operation replaces processes.
    """
    world = draft.world
    once = _once(world.generation, new, places)
    change = Replacement(world.generation, new, places, once, at_once=at_once, asker=asker)
    if world.change is not None:
        world.queued = (*world.queued, change)
        return
    world.change = change
    queue = [
        world.new(new, spec, number)
        for spec in sequence(new.specs, change.once)
        for number in range(1, spec.instances + 1)
        if covers(places, spec.name, number)
    ]
    for process in queue:
        process.changing = True
    change.queue = tuple(process.key for process in queue)
    world.coming += queue
    go_on(draft)


def cancel(draft: Draft, failure: FailureReason) -> None:
    """Go back, where that still can be: before the old ones drain."""
    world, change = draft.world, draft.world.change
    waits = [row for row in world.queued if not row.asker]
    if waits:
        world.queued = tuple(row for row in world.queued if row.asker)
        draft.follow(Replaced(failure, False))
        return
    if change is None or change.asker or change.stage not in FORWARD:
        return
    _back(draft, change, failure)


def _back(draft: Draft, change: Replacement, failure: FailureReason) -> None:
    change.stage = BACK
    change.queue = ()
    change.failure = failure
    draft.do(Retire(change.new, change.old))
    for row in list(draft.world.coming):
        # They may have accepted requests already.
        lifecycle.end(draft, row)
        if row.state in ENDED:
            _drop(draft, row)
    go_on(draft)


def ended(draft: Draft, process: Process, reason: str, *, failed: bool) -> None:
    """A process that the replacement decides on is gone."""
    world, change = draft.world, draft.world.change
    if change is None:
        return
    if process in world.leaving:
        world.leaving.remove(process)
    elif process in world.coming and change.stage == BACK:
        _drop(draft, process)
    elif process in world.coming and failed and process.spec.awaited:
        _drop(draft, process)
        if change.stage in FORWARD:
            _back(draft, change, FailureReason(reason, process.key))
    elif process in world.coming:
        restart.again(draft, process, reason, failed=failed)
    go_on(draft)


def late(draft: Draft, process: Process, reason: str) -> None:
    """A new process is not ready in time."""
    change = draft.world.change
    if process.spec.awaited and change is not None and change.stage in FORWARD:
        _back(draft, change, FailureReason(reason, process.key))
    else:
        lifecycle.end(draft, process)


def state_kept(draft: Draft, name: str, fd: int) -> None:
    """What an old process leaves to its successor; now it can go."""
    change = draft.world.change
    old = next((row for row in draft.world.rows if str(row) == name), None)
    if change is None or name not in change.kept or old is None:
        if fd >= 0:
            draft.do(CloseState(fd))
        return
    change.kept = {**change.kept, name: fd}
    if change.stage == HANDING:
        _hand(draft, change, old)
        go_on(draft)


def drop_states(draft: Draft) -> None:
    """Nobody takes over any more: close what old processes have left."""
    change = draft.world.change
    for row in draft.world.all:
        row.kept = -1
    for fd in change.kept.values() if change else ():
        if fd >= 0:
            draft.do(CloseState(fd))


def go_on(draft: Draft) -> None:
    """Take every step whose time has come."""
    world, change = draft.world, draft.world.change
    if change is None:
        return
    while change.stage in FORWARD and change.queue:
        last, first = world.process(change.last), world.process(change.queue[0])
        if not change.at_once and last is not None and not last.settled:
            return
        if first is None or first.state in ENDED or not _makes_room(draft, change, first):
            return  # all stop, or its time has not come
        change.last, *rest = change.queue
        change.queue = tuple(rest)
        lifecycle.start(draft, first)
    if change.stage in FORWARD and all(row.settled for row in world.coming):
        _promote(draft, change)
    if change.stage == DRAINING and not world.leaving:
        _over(draft, change)
    elif change.stage == BACK and not world.coming:
        handed = [row for row in world.rows if row.key in change.handed]
        if all(row.state in ENDED for row in handed):
            for process in handed:
                process.changing = False
                process.kept = change.kept[str(process)]
                lifecycle.start(draft, process)
            _over(draft, change)


def _makes_room(draft: Draft, change: Replacement, process: Process) -> bool:
    """Of what may run once only, the old one has to be gone."""
    if process.spec.name not in change.once:
        return True
    old = [
        row
        for row in draft.world.rows
        if row.spec.name == process.spec.name
        and (row.instance == process.instance or row.spec.singleton or process.spec.singleton)
    ]
    change.stage = HANDING
    for row in old:
        if str(row) not in change.kept:
            change.kept = {**change.kept, str(row): -1}
            if keeps(row):
                draft.do(AskState(row.key, change.new))
            else:
                _hand(draft, change, row)
    if all(row.state in ENDED for row in old):
        change.stage = TAKING
        process.kept = change.kept.get(str(process), -1)
    return change.stage == TAKING


def _hand(draft: Draft, change: Replacement, old: Process) -> None:
    change.handed = (*change.handed, old.key)
    old.changing = True
    lifecycle.end(draft, old)


def _promote(draft: Draft, change: Replacement) -> None:
    """The new processes take the places, and the names, of the old ones."""
    world, new = draft.world, change.new
    change.stage = DRAINING
    coming, world.coming = world.coming, []
    names = {spec.name for spec in new.specs}
    kept = [
        row
        for row in world.rows
        if row.spec.name in names and not covers(change.places, row.spec.name, row.instance)
    ]
    leaving = [row for row in world.rows if row not in kept]
    for row in kept:
        # Started again, it is one of the new generation.
        row.generation = new
        row.spec = new.spec(row.spec.name) or row.spec
    for row in coming:
        row.changing = False
        draft.do(Rename(str(row)))
    order = [spec.name for spec in new.specs]
    world.rows = sorted(
        [*kept, *coming], key=lambda row: (order.index(row.spec.name), row.instance)
    )
    world.generation = new
    draft.do(Retire(change.old, new))
    world.leaving = [row for row in leaving if row.pid or row.spawning]
    for row in leaving:
        row.changing = True
        lifecycle.end(draft, row)


def _drop(draft: Draft, process: Process) -> None:
    """Forget a new process that is gone, and what it could not clear away itself."""
    draft.world.coming.remove(process)
    draft.do(Clear(str(process)))


def _over(draft: Draft, change: Replacement) -> None:
    drop_states(draft)
    world = draft.world
    world.change = None
    draft.follow(Replaced(change.failure, bool(change.asker)))
    while world.queued and world.change is None:
        following, *rest = world.queued
        world.queued = tuple(rest)
        if not following.asker:
            begin(draft, following.new, following.places, at_once=following.at_once)
        elif world.operation is None and following.asker in {row.key for row in world.rows}:
            # Nobody has replaced it yet; while an operation is under way it has to ask again.
            begin(draft, world.generation, following.places, asker=following.asker)


def keeps(process: Process) -> bool:
    """Can it be asked for its state?  A program, and gunicorn's master, have no application."""
    return bool(process.ready and process.spec.kind != "exec" and process.spec.server != "gunicorn")


def _once(old: Generation, new: Generation, places: Places) -> frozenset[str]:
    names = {name for name, _ in places}
    specs = (*old.specs, *new.specs)
    return frozenset(spec.name for spec in specs if spec.name in names and runs_once(spec))
