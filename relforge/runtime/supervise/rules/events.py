"""What happens to a supervisor, from outside; the clock comes along in `decide.step`."""

from __future__ import annotations

from .values import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...schedule.job import JobSpec
    from ..generation import Generation


class Begun(Value):
    """The loop runs; the first hook may."""


class Resumed(Value):
    """Another version's supervisor has handed over; ``error``: it is handed back, for this reason.

    ``client`` waits for the end of the upgrade; ``old`` is the generation before.
    """

    client: int | None
    old: Generation
    error: str = ""


class Due(Value):
    """Time has passed: the moment of `world.World.due`, or later."""


class Signaled(Value):
    """SIGHUP, or a signal that asks to stop, by name."""

    name: str


class StartInterrupted(Value):
    """The command that starts the release is gone."""


class Spawned(Value):
    """A process runs."""

    key: int
    pid: int


class NotSpawned(Value):
    """It could not be started."""

    key: int
    reason: str


class Ended(Value):
    """A process is gone, with its group; ``code`` as of a shell, negative for a signal."""

    key: int
    code: int
    how: str  # in words: `exited with status 1`, `killed by SIGSEGV`


class Executed(Value):
    """The program of an `exec` service has replaced ours."""

    key: int


class Ready(Value):
    """A process says that it is."""

    key: int


class Alive(Value):
    """A process has fed its watchdog."""

    key: int


class Outlived(Value):
    """A process has served as long as its settings let it: another one is to have its place."""

    key: int


class Probed(Value):
    """A probe is over; ``ok``: what it asked is ready."""

    key: int
    ok: bool


class HookEnded(Value):
    """A hook is over, or the release has none of that name; ``problem`` is "" where all is well."""

    name: str
    problem: str = ""
    lines: list[str] = []  # noqa: RUF012 - never changed


class ScheduleRead(Value):
    """The jobs of the release, and what was kept of each by its name.

    ``offset`` is how far the clock on the wall is ahead of the monotonic one; ``running`` are
    those that the supervisor before has left running.
    """

    specs: list[JobSpec]
    kept: dict[str, Any]
    offset: float
    running: tuple[str, ...] = ()


class ClockSet(Value):
    """The clock on the wall is so far ahead of the monotonic one."""

    offset: float


class JobEnded(Value):
    """The run of a job is over; ``problem`` is "" where all is well."""

    name: str
    problem: str = ""


class Asked(Value):
    """A client wants ``op``, one of `protocol.supervisor`'s words."""

    client: int
    op: str
    timeout: float | None = None
    root: str = ""
    dry: bool = False
    every: bool = False
    only: str = ""


class Left(Value):
    """A client has closed its connection."""

    client: int


class Loaded(Value):
    """The generation that `effects.Load` with that key asked for."""

    key: int
    generation: Generation


class NotLoaded(Value):
    """Why there is none."""

    key: int
    message: str
    code: int
    hint: str


class Pushed(Value):
    """The processes' answers to a new configuration: by name, "" or what went wrong."""

    answers: dict[str, str]


class StateKept(Value):
    """What process ``name`` leaves to its successor: a descriptor, -1 for nothing."""

    name: str
    fd: int


class Adopted(Value):
    """The sockets of a generation are open again; ``problem``: one could not be opened."""

    problem: str = ""


class HealthAnswered(Value):
    """The health check of a release is over."""

    ok: bool


class NotSwitched(Value):
    """This process could not become the other version's supervisor."""

    reason: str


# From one rule to another, within a step.


class Crashed(Value):
    """A process has ended as it should not have."""

    key: int
    reason: str


class GaveUp(Value):
    """A process is not started again, though its settings ask for it."""


class Hopeless(Value):
    """Everything has to stop, for this reason; ``key`` is the process that explains it, or 0."""

    message: str
    key: int = 0
    hint: str = ""


class Replaced(Value):
    """A replacement is over; no ``failure`` (None) where the new processes have the places.

    One that was ``planned`` belongs to no operation.
    """

    failure: Any
    planned: bool


class Baked(Value):
    """Nothing is watched any more; None where nothing has failed."""

    failure: Any
