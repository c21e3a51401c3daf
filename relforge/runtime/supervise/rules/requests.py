"""What operators ask for, by a signal or by a client of the control socket.

One operation at a time, and on a release that runs; whatever else is asked for is refused.
"""

from __future__ import annotations

from ...errors import LOCKED, USAGE, Refusal
from ...protocol import supervisor as messages
from . import events, jobs, shutdown
from .draft import Draft
from .effects import RecordOperation, Reloading, Send, Steady
from .operation import Operation, refused, under_way
from .reload import DiffOperation, ReloadOperation
from .replacement import Places
from .replacement import named as places
from .switched import Switched
from .upgrade import UpgradeOperation
from .world import RUNNING, STOPPING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def signaled(draft: Draft, event: events.Signaled) -> None:
    if event.name == "SIGHUP":
        # Before it runs, the word that ends a reload would be taken for that of the start.
        running = draft.world.state == RUNNING
        if running:
            draft.do(Reloading())
        _reload(draft, None)
        if running and draft.world.operation is None:
            draft.do(Steady())  # `systemctl reload` waits for the word, whatever comes
    elif draft.world.state == STOPPING:
        draft.say(f"{event.name} once more: everything is killed")
        shutdown.kill(draft)
    else:
        draft.say(f"{event.name} received")
        shutdown.stop(draft)


def asked(draft: Draft, event: events.Asked) -> None:
    world, client = draft.world, event.client
    match event.op:
        case messages.STOP:
            draft.do(Send(client, messages.stopping()))
            world.waiting = (*world.waiting, client)
            shutdown.stop(draft, timeout=event.timeout)
        case messages.RELOAD:
            _asked_to_reload(draft, event)
        case messages.DIFF:
            diff = DiffOperation(client)
            _begin(draft, diff, lambda: diff.begin(draft))
        case messages.UPGRADE:
            upgrade = UpgradeOperation(world, client, dry=event.dry)
            _begin(draft, upgrade, lambda: upgrade.begin(draft, event.root))
        case messages.RUN_JOB | messages.PAUSE_JOB | messages.RESUME_JOB:
            jobs.asked(draft, event)
        case messages.SWITCHED if isinstance(world.operation, Switched):
            world.operation.switched(draft)
        case _:
            draft.do(Send(client, messages.error(f"unknown operation {event.op!r}")))


def _asked_to_reload(draft: Draft, event: events.Asked) -> None:
    rows = draft.world.rows
    known = {(row.spec.name, number) for row in rows for number in (0, row.instance)}
    only = None if event.every else places(event.only)
    if only is not None and only - known:
        hint = f"there are {', '.join(map(str, rows))}" if rows else "the release has none"
        error = Refusal(f"the release has no service {event.only!r}", hint=hint, code=USAGE)
        draft.do(Send(event.client, refused(error)))
    else:
        _reload(draft, event.client, only)


def _reload(draft: Draft, client: int | None, only: Places | None = frozenset()) -> None:
    reload = ReloadOperation(draft.world, client, only)
    _begin(draft, reload, lambda: reload.begin(draft))


def _begin(draft: Draft, operation: Operation, begin: Callable[[], None]) -> None:
    """Begin long work: one at a time, and on what runs."""
    world = draft.world
    if world.operation is not None:
        error = Refusal(f"its {world.operation.name} is under way", code=LOCKED)
    elif world.state != RUNNING:
        hint = "wait until it is running"
        error = Refusal(f"it is {world.state}", hint=hint, code=LOCKED)
    else:
        world.operation = operation
        draft.do(RecordOperation(operation.name))
        begin()
        return
    draft.say(error.message)
    if operation.client is not None:
        draft.do(Send(operation.client, refused(error)))


def left(draft: Draft, event: events.Left) -> None:
    world = draft.world
    world.waiting = tuple(client for client in world.waiting if client != event.client)
    operation = under_way(draft)
    if operation is not None and operation.client == event.client:
        operation.left(draft)
