"""When a process that has ended is started again, and what becomes of it where that has to stop.

| it ended | the rule | then |
|---|---|---|
| before everything was ready, and `start` needs it | - | everything stops |
| cleanly, `restart` is "on-failure"; or "never" | - | it stays as it is |
| by itself, well, after it had been ready | - | started again at once, and not counted |
| else | at most `intensity` restarts of an instance | after `backoff`, with all who depend on it |
| once more than `intensity` allows | `required = true` | everything stops |
| | else | it is `failed`, the others serve on |
"""

from __future__ import annotations

from . import levels, lifecycle
from .draft import Draft
from .events import Crashed, GaveUp, Hopeless
from .restarts import Restarts
from .world import FAILED, RUNNING, STARTING, WAITING, Process


def again(
    draft: Draft, process: Process, reason: str, *, failed: bool, planned: bool = False
) -> None:
    """Start it again, where and when its settings say so.

    An end that was ``planned`` is not a crash: a server has served as many requests as it
    may, a function has done its work.
    """
    spec = process.spec
    needed = failed and draft.world.state == STARTING and spec.awaited
    place = (spec, process.instance)
    restarts = draft.world.restarts.setdefault(place, Restarts(spec))
    wanted = restarts.wanted(failed=failed) and not needed
    if wanted and planned:
        # Not more often than the first wait after a crash: it may have nothing to do.
        draft.say(reason)
        _later(draft, process, max(0.0, process.started + spec.backoff[0] - draft.now))
        return
    seconds = restarts.wait(draft.now) if wanted else None
    too_many = wanted and seconds is None
    if too_many:
        most, within = spec.intensity
        reason += f"; more than {most:g} restarts within {within:g}s, giving up"
    if failed or too_many:
        draft.follow(Crashed(process.key, reason))
    if needed:
        draft.follow(Hopeless(reason, process.key))
    elif too_many:
        _give_up(draft, process, reason)
    else:
        draft.say(reason, levels.WARNING if failed else levels.INFO)
        if seconds is None:
            unblock(draft)
        else:
            process.restarts += 1
            _later(draft, process, seconds)


def unblock(draft: Draft) -> None:
    """Start those whose dependencies are there now."""
    for row in draft.world.rows:
        if row.state == WAITING and row.due is None and not row.changing:
            lifecycle.start(draft, row)


def _later(draft: Draft, process: Process, seconds: float) -> None:
    process.state = WAITING
    process.due = draft.now + seconds
    _follow(draft, process)
    draft.say(f"{process} starts again in {seconds:g}s")


def _follow(draft: Draft, process: Process) -> None:
    """OTP's rest_for_one: who depends on one that is started again is so, too, after it."""
    for row in draft.world.rows:
        if process.spec.name in row.spec.depends and not row.changing:
            if row.pid and row.state in (STARTING, RUNNING):
                draft.say(f"{row} depends on {process}: it is started again, too")
                row.follows = True
                lifecycle.end(draft, row)
            _follow(draft, row)


def _give_up(draft: Draft, process: Process, reason: str) -> None:
    """It has failed for good; the others serve on, unless the release cannot do without it."""
    process.state = FAILED
    process.gave_up = reason
    if process.spec.required:
        draft.follow(Hopeless(reason, process.key))
        return
    draft.say(f"{reason}: it has failed, the others serve on", levels.ERROR)
    unblock(draft)
    draft.follow(GaveUp())
