"""What a supervisor knows: plain data, which `decide.step` turns into the next.

Nothing here waits, asks the clock or touches a process: times are seconds on the
monotonic clock that came with an event, process ids are numbers.
"""

from __future__ import annotations

from ...errors import DONE
from .values import Row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol, Self

    from ...schedule.job import JobSpec
    from ..generation import Generation
    from ..specs import Spec
    from .effects import Switch
    from .replacement import Replacement
    from .restarts import Restarts

    class Work(Protocol):
        """What a world has to know of its `operation.Operation`."""

        name: str
        client: int | None

        def copy(self) -> Self: ...

        def due(self) -> float | None: ...

        def report(self, world: World) -> dict[str, Any]: ...


# States of a process, and some of them of the whole.
STARTING = "starting"
RUNNING = "running"
STOPPING = "stopping"
WAITING = "restarting"  # until its back-off is over, or its dependencies are ready
STOPPED = "stopped"
FAILED = "failed"
ENDED = (STOPPED, FAILED)
# How far the stopping of a process has come.
ASKED, HURRIED, DUMPED, KILLED = range(4)


class Process(Row):
    """One instance of a service; ``key`` is its own for as long as the supervisor lives.

    ``due`` is when the next thing has to be done about it, None for never;
    ``changing``: the replacement under way decides what becomes of it.
    """

    def __init__(self, key: int, generation: Generation, spec: Spec, instance: int) -> None:
        self.key = key
        self.generation = generation
        self.spec = spec
        self.instance = instance
        self.changing = False
        self.state = WAITING
        self.due: float | None = None
        self.deadline = 0.0  # for being ready; then, for being gone
        self.pid = 0
        self.spawning = False  # it is being started, and has no pid yet
        self.ready = False
        self.probing = False  # a probe is under way
        self.restarts = 0
        self.started = 0.0
        self.stage = ASKED
        self.follows = False  # it is stopped because one that it depends on is started again
        self.kept = -1  # a descriptor: the state of the process whose place it takes
        self.gave_up = ""  # why it is not started again, though its settings ask for it
        self.note = ""  # why it is killed, where its end alone would not say

    def __str__(self) -> str:
        return f"{self.spec.name}.{self.instance}"

    @property
    def settled(self) -> bool:
        """Nobody has to wait for it any longer."""
        return self.ready or self.state == STOPPED or not self.spec.awaited


class ScheduledJob(Row):
    """What is known of a job; ``last`` is how its last run went, {} before the first.

    ``due`` is its next time, None where there is none.
    """

    def __init__(self, spec: JobSpec) -> None:
        self.spec = spec
        self.due: float | None = None
        self.running = False
        self.queued = False
        self.paused = False
        self.began = 0.0
        self.failures = 0  # in a row
        self.last: dict[str, Any] = {}


class Outcome(Row):
    """How it ended: an exit status, and the reason where there is one.

    ``key`` is the process whose last lines explain it; 0 for none, and then
    ``tail`` are lines that are known already.
    """

    def __init__(self) -> None:
        self.code = DONE
        self.message = ""
        self.hint = ""
        self.key = 0
        self.tail: list[str] = []


class World(Row):
    """``rows`` are all instances; ``coming`` are to take places, ``leaving`` have lost theirs.

    ``forced`` names those that a stop had to kill.
    """

    def __init__(self, generation: Generation, began: float, limit: float | None = None) -> None:
        self.generation = generation
        self.state = STARTING
        self.began = began
        self.limit = limit  # until when everything has to be ready
        self.outcome = Outcome()
        self.rows: list[Process] = []
        self.coming: list[Process] = []
        self.leaving: list[Process] = []
        self.last_key = 0
        self.loading = 0  # the key of the load whose answer is waited for
        self.restarts: dict[tuple[Spec, int], Restarts] = {}
        self.change: Replacement | None = None
        self.queued: tuple[Replacement, ...] = ()  # those that wait for its end
        self.operation: Work | None = None
        self.hooks: tuple[str, ...] = ()  # those that are under way
        self.jobs: list[ScheduledJob] = []  # of the schedule
        self.offset = 0.0  # how far the clock on the wall is ahead of the monotonic one
        self.waiting: tuple[int, ...] = ()  # clients who asked for the stop
        self.forced: tuple[str, ...] = ()
        self.started = False  # pre_start is over, and all went well
        self.ending = False  # pre_stop is over, and every process is asked to stop
        # Becoming the other version's supervisor, once nothing is left to decide on.
        self.switch: Switch | None = None
        self.swept = False  # post_stop has begun
        self.ended = False  # there is nothing left to do
        self.patience: float | None = None  # until when everything has to be gone

    def copy(self) -> Self:
        twin = super().copy()
        for name in ("rows", "coming", "leaving", "jobs"):
            setattr(twin, name, [row.copy() for row in getattr(self, name)])
        twin.restarts = {key: row.copy() for key, row in self.restarts.items()}
        twin.outcome = self.outcome.copy()
        twin.change = self.change and self.change.copy()
        twin.operation = self.operation and self.operation.copy()
        return twin

    @property
    def all(self) -> list[Process]:
        return [*self.rows, *self.coming, *self.leaving]

    def process(self, key: int) -> Process | None:
        """The one with that key; None for one that is forgotten."""
        return next((row for row in self.all if row.key == key), None)

    def new(self, generation: Generation, spec: Spec, instance: int) -> Process:
        """One that is not started yet, and in no list."""
        self.last_key += 1
        return Process(self.last_key, generation, spec, instance)

    def fill(self) -> None:
        """A process for each instance of each service; none is started."""
        self.rows = [
            self.new(self.generation, spec, number + 1)
            for spec in self.generation.specs
            for number in range(spec.instances)
        ]

    def lacks(self, process: Process) -> bool:
        """Does it depend on one that is on its way, and not ready yet?"""
        return any(
            row.spec.name in process.spec.depends and not row.ready and row.state not in ENDED
            for row in self.rows
        )

    def needed(self, process: Process) -> bool:
        """Is there one alive that depends on it?"""
        return any(
            process.spec.name in row.spec.depends and (row.pid or row.spawning) for row in self.rows
        )

    def unready(self) -> Process | None:
        """One that everybody waits for; one that was ready, and is done, is not waited for."""
        for row in self.rows:
            if row.spec.awaited and not row.ready and row.state != STOPPED:
                return row
        return None

    def due(self) -> float | None:
        """When `events.Due` has to come, if nothing happens before."""
        times: list[Any] = [row.due for row in self.all]
        times.append(self.limit if self.state == STARTING else None)
        if self.state == RUNNING:
            coming = (row.due for row in self.jobs if not row.paused)
            times += [moment - self.offset for moment in coming if moment is not None]
        times.append(None if self.operation is None else self.operation.due())
        return min((moment for moment in times if moment is not None), default=None)
