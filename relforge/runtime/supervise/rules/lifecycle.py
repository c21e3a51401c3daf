"""A process from its start to its end, as far as no other process is concerned.

| state | what it waits for | then |
|---|---|---|
| restarting | its back-off; without a date, what it depends on | starting |
| starting | its word, a probe, or `ready_timeout` | running; or asked to stop |
| running | its end; with `watchdog`, a sign of life | killed without one, after its stacks |
| stopping | its end, at `stop_signal` | hurried, asked for its stacks, killed, left behind |
| stopped, failed | nothing | - |

`ends` has what an end means for the others.
"""

from __future__ import annotations

import signal

from ...stack_signals import TO_LOG
from . import levels
from .draft import Draft
from .effects import Abandon, Kill, Probe, Signal, Spawn, Unwatch
from .world import (
    ASKED,
    DUMPED,
    ENDED,
    FAILED,
    HURRIED,
    KILLED,
    RUNNING,
    STARTING,
    STOPPED,
    STOPPING,
    WAITING,
    Process,
)

DUMPING = 0.5  # seconds to print the stacks
PROBING = 0.5  # seconds between two probes
PROBE_LIMIT = 5.0  # seconds that one probe may take
HOPELESS = 5.0  # seconds after which a process that SIGKILL does not end is left behind


def start(draft: Draft, process: Process) -> None:
    """Start a process, as soon as what it depends on is ready."""
    if not process.changing and draft.world.lacks(process):
        process.state = WAITING
        process.due = None
        return
    process.state = STARTING
    process.stage = ASKED
    process.ready = process.follows = process.probing = False
    process.gave_up = ""
    process.spawning = True
    process.started = draft.now
    process.deadline = process.due = draft.now + process.spec.ready_timeout
    if draft.world.state == STARTING:
        draft.extend(process.spec.ready_timeout)
    draft.do(Spawn(process.key, process.kept, process.changing))


def spawned(draft: Draft, process: Process, pid: int) -> None:
    """It runs; it may have been asked to stop before."""
    process.pid = pid
    process.spawning = False
    if process.state != STARTING:
        end(draft, process)


def end(draft: Draft, process: Process) -> None:
    """Ask a process to stop, in the time that its drain gives it."""
    process.ready = False
    draft.do(Unwatch(process.key))
    if process.pid or process.spawning:
        process.state = STOPPING
        patience = process.spec.drain + process.spec.kill_after
        process.deadline = draft.now + patience
        if draft.world.state == STOPPING:
            draft.extend(patience)
        within(draft, process, patience)
        draft.do(Signal(process.key, process.spec.signal))
        draft.do(Signal(process.key, signal.SIGCONT))
    elif process.state not in ENDED:
        process.state = STOPPED
        process.due = None


def within(draft: Draft, process: Process, seconds: float) -> None:
    """Be gone in so many seconds; a server of ours is asked to hurry a while before."""
    if process.state != STOPPING or process.stage >= DUMPED:
        return
    process.deadline = min(process.deadline, draft.now + seconds)
    process.due = process.deadline
    if process.spec.kind == "app" and process.stage == ASKED:
        process.due -= min(process.spec.kill_after, (process.deadline - draft.now) / 2)


def is_ready(draft: Draft, process: Process) -> bool:
    """It says so; False where nobody waits for that."""
    if process.state != STARTING:
        return False
    process.state = RUNNING
    process.ready = True
    process.due = None
    feed(draft, process)
    return True


def feed(draft: Draft, process: Process) -> None:
    """A sign of life: the next one is due in the time of its watchdog."""
    if process.state == RUNNING and process.stage == ASKED and process.spec.watchdog:
        process.due = draft.now + process.spec.watchdog


def probed(draft: Draft, process: Process) -> None:
    """A probe has said no: ask again."""
    process.probing = False
    if process.state == STARTING:
        process.due = min(process.deadline, draft.now + PROBING)


def probe(draft: Draft, process: Process) -> None:
    """Ask a program whether it is ready, on a socket that is its own."""
    if process.probing:
        process.due = process.deadline
    elif isinstance(process.spec.ready, dict):
        process.probing = True
        process.due = min(process.deadline, draft.now + PROBE_LIMIT)
        draft.do(Probe(process.key))


def silent(draft: Draft, process: Process) -> None:
    """Its watchdog was not fed: its stacks, then its end."""
    if process.stage == ASKED:
        process.stage = DUMPED
        process.due = draft.now + DUMPING
        process.note = f"{process} gave no sign of life within {process.spec.watchdog:g}s"
        if process.spec.kind != "exec":
            draft.say(f"{process.note}; its stacks:", levels.WARNING)
            draft.do(Signal(process.key, TO_LOG))
    elif process.stage != KILLED:
        process.note += " and was killed"
        process.stage = KILLED
        process.due = draft.now + HOPELESS
        draft.do(Kill(process.key))
    else:
        abandon(draft, process)


def slow(draft: Draft, process: Process) -> None:
    """It takes too long to stop."""
    if process.stage == ASKED and draft.now < process.deadline:
        process.stage = HURRIED
        process.due = process.deadline
        draft.do(Signal(process.key, signal.SIGTERM))
    elif process.stage < DUMPED and process.spec.kind != "exec":
        process.stage = DUMPED
        process.due = draft.now + DUMPING
        draft.say(f"{process} does not stop; its stacks:")
        draft.do(Signal(process.key, TO_LOG))
    elif process.stage != KILLED:
        force(draft, process)
    else:
        abandon(draft, process)


def force(draft: Draft, process: Process) -> None:
    """SIGKILL for the whole group."""
    if not process.pid:
        return
    world = draft.world
    draft.say(f"{process} did not stop: killed (pid {process.pid})", levels.WARNING)
    if world.state == STOPPING and str(process) not in world.forced:
        world.forced = (*world.forced, str(process))
    process.stage = KILLED
    process.due = draft.now + HOPELESS
    draft.do(Kill(process.key))


def abandon(draft: Draft, process: Process) -> None:
    """Not even SIGKILL ends it: go on without it."""
    draft.say(f"{process} (pid {process.pid}) survives SIGKILL: left behind")
    draft.do(Abandon(process.key))
    process.pid, process.state, process.due = 0, FAILED, None


def is_clean(code: int, asked: int = 0) -> bool:
    """Did it end as it should?  For one that was ``asked`` by a signal, to die of it is clean."""
    return code == 0 or (asked > 0 and code in (-asked, 128 + asked, 128 + signal.SIGTERM))


def missing(process: Process) -> str:
    """What one that lives has not done to become ready."""
    spec = process.spec
    if process.state != STARTING or not process.pid:
        return f"{process} has not started"
    if isinstance(spec.ready, dict):
        return f"{process} runs, and its `ready` probe does not succeed"
    if spec.kind == "run":
        return (
            f"{process} runs, and never said that it is ready: call relforge.runtime.ready(), or "
            'set ready = "started"'
        )
    if spec.kind == "exec":
        return (
            f"{process} runs, and never sent READY=1 to $NOTIFY_SOCKET: set `ready` to "
            '"started", or to a probe'
        )
    return f"{process} runs, and its server has not begun to serve"
