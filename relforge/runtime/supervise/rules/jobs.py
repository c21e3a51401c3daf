"""Scheduled jobs: when one begins, and what becomes of a run that is late or comes too soon.

| what happens | while it runs | then |
|---|---|---|
| its time comes | `skip` says so, `queue` keeps one | a run begins; the next time is known |
| its time was missed | `catch_up = "last"` begins one run | else it is said, and left out |
| a run ends | - | one that was queued begins |
| the release stops | the run is asked to end | nothing begins any more |

Times are seconds since 1970: the clock on the wall is `World.offset` ahead of the monotonic one.
"""

from __future__ import annotations

from ...contract.job import LAST, QUEUE
from ...errors import LOCKED, USAGE, Refusal
from ...protocol import supervisor as messages
from . import events, levels
from .draft import Draft
from .effects import EndJobs, KeepSchedule, RunJob, Send
from .operation import refused
from .world import RUNNING, ScheduledJob, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LATE = 60.0  # seconds after which a time counts as missed: nobody was there, or the clock jumped
_JUMP = 5.0  # seconds; less is a clock that is kept right, and no time is looked up again


def read(draft: Draft, event: events.ScheduleRead) -> None:
    """Begin, or go on, with what was kept of each job by its name."""
    world = draft.world
    world.offset = event.offset
    rows = []
    for spec in event.specs:
        row, kept = ScheduledJob(spec), event.kept.get(spec.name, {})
        row.paused = kept.get("paused") is True
        row.failures = _number(kept.get("failures"))
        last = kept.get("last")
        row.last = last if isinstance(last, dict) else {}
        row.running = spec.name in event.running
        row.began = _number(kept.get("began")) if row.running else 0.0
        moment = kept.get("next")
        same = kept.get("when") == spec.when and isinstance(moment, int | float)
        row.due = float(moment) if same else _next(draft, row)
        rows.append(row)
    world.jobs = rows
    _keep(draft)


def clock(draft: Draft, event: events.ClockSet) -> None:
    """The clock on the wall was put to another time; what is far ahead is looked up again."""
    world, was = draft.world, draft.world.offset
    world.offset = event.offset
    if abs(event.offset - was) < _JUMP:
        return
    for row in world.jobs:
        if row.due is not None and row.due > _wall(draft):
            row.due = _next(draft, row)
    _keep(draft)


def tick(draft: Draft) -> None:
    """Begin what is due."""
    world = draft.world
    if world.state != RUNNING:
        return
    wall = _wall(draft)
    due = [row for row in world.jobs if row.due is not None and not row.paused and row.due <= wall]
    for row in due:
        _arrived(draft, row, wall)
    if due:
        _keep(draft)


def ended(draft: Draft, event: events.JobEnded) -> None:
    """A run is over; ``problem`` is "" where all went well."""
    world = draft.world
    row = find(world, event.name)
    if row is None:
        return
    row.running = False
    row.last = {"began": row.began, "ended": _wall(draft), "problem": event.problem}
    row.failures = row.failures + 1 if event.problem else 0
    if event.problem:
        draft.say(event.problem, levels.WARNING)
        if world.state == RUNNING and "on_crash" not in world.hooks:
            facts = {"service": f"schedule.{event.name}", "reason": event.problem}
            draft.run_hook("on_crash", world.generation, facts)
    if row.queued and world.state == RUNNING:
        row.queued = False
        _begin(draft, row)
    _keep(draft)


def asked(draft: Draft, event: events.Asked) -> None:
    """`schedule run`, `pause` and `resume`."""
    row = find(draft.world, event.only)
    if row is None:
        names = ", ".join(job.spec.name for job in draft.world.jobs) or "none"
        error = Refusal(
            f"the release has no job {event.only!r}", hint=f"its jobs: {names}", code=USAGE
        )
        draft.do(Send(event.client, refused(error)))
        return
    if event.op == messages.RUN_JOB:
        if row.running or draft.world.state != RUNNING:
            why = "is running" if row.running else f"cannot begin: it is {draft.world.state}"
            error = Refusal(f"the job {event.only} {why}", code=LOCKED)
            draft.do(Send(event.client, refused(error)))
            return
        _begin(draft, row)
    else:
        row.paused = event.op == messages.PAUSE_JOB
        if not row.paused:
            row.due = _next(draft, row)  # what came meanwhile was meant to be left out
    _keep(draft)
    draft.do(Send(event.client, messages.done(began=row.began if row.running else None)))


def stop(draft: Draft) -> None:
    """The release stops: so do the runs."""
    if any(row.running for row in draft.world.jobs):
        draft.do(EndJobs())
    for row in draft.world.jobs:
        row.queued = False


def find(world: World, name: str) -> ScheduledJob | None:
    return next((row for row in world.jobs if row.spec.name == name), None)


def dump(row: ScheduledJob) -> dict[str, Any]:
    """What is kept of a job, and what `schedule --json` shows."""
    return {
        "when": row.spec.when,
        "next": row.due,
        "paused": row.paused,
        "running": row.running,
        "queued": row.queued,
        "began": row.began if row.running else None,
        "failures": row.failures,
        "last": row.last or None,
    }


def _arrived(draft: Draft, row: ScheduledJob, wall: float) -> None:
    name, moment = row.spec.name, row.due or wall
    late = wall - moment
    row.due = row.spec.after(moment)
    if row.due is not None and row.due <= wall:
        row.due = row.spec.after(wall)
    if late > LATE and row.spec.catch_up != LAST:
        draft.say(f"{name} was missed {late:.0f}s ago", levels.WARNING)
    elif not row.running:
        _begin(draft, row)
    elif row.spec.overlap == QUEUE:
        row.queued = True
        draft.say(f"{name} waits: the run before has not ended")
    else:
        draft.say(f"{name} is left out: the run before has not ended", levels.WARNING)


def _begin(draft: Draft, row: ScheduledJob) -> None:
    row.running = True
    row.began = _wall(draft)
    draft.do(RunJob(row.spec.name, draft.world.generation))


def _next(draft: Draft, row: ScheduledJob) -> float | None:
    return row.spec.after(_wall(draft)) if row.spec.row["enabled"] else None


def _keep(draft: Draft) -> None:
    draft.do(KeepSchedule({row.spec.name: dump(row) for row in draft.world.jobs}))


def _wall(draft: Draft) -> float:
    return draft.now + draft.world.offset


def _number(value: Any) -> Any:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else 0
