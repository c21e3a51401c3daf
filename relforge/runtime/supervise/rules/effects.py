"""What a supervisor does: `decide.step` asks for it, `loop` has it done, in this order."""

from __future__ import annotations

from .values import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..generation import Generation


class Spawn(Value):
    """Start a process; `Spawned` or `NotSpawned` follows.

    ``kept`` is what it takes over from the one before, a descriptor or -1;
    ``beside``: the process that it replaces still has its name.
    """

    key: int
    kept: int = -1
    beside: bool = False


class Signal(Value):
    """Send a signal to a process, not to its children."""

    key: int
    number: int


class Kill(Value):
    """SIGKILL for a process and its group."""

    key: int


class Unwatch(Value):
    """Whether this process is ready is no longer asked."""

    key: int


class Probe(Value):
    """Ask a program whether it is ready; `Probed` follows."""

    key: int


class Abandon(Value):
    """This process survives SIGKILL: it is nobody's any more."""

    key: int


class Say(Value):
    """A line of the log, at a level of syslog(3)."""

    text: str
    level: int


class Show(Value):
    """The line that the service manager shows; "": what runs."""

    text: str = ""


class Extend(Value):
    """Starting or stopping may take so many seconds from now."""

    seconds: float


class Steady(Value):
    """Started, or done with a reload: say so to the service manager."""


class Reloading(Value):
    """A reload begins: say so to the service manager."""


class Stopping(Value):
    """The end begins: say so to the service manager."""

    text: str


class Announce(Value):
    """Everything is ready: say so to the log, the service manager, and the command that waits."""


class RunHook(Value):
    """Run a hook that a generation has; `HookEnded` follows."""

    name: str
    generation: Generation
    facts: dict[str, str]


class RunJob(Value):
    """Run a job of the schedule; `JobEnded` follows."""

    name: str
    generation: Generation


class EndJobs(Value):
    """Ask the runs of jobs to end; after a while they are killed."""


class KillJobs(Value):
    """End the runs of jobs now."""


class KeepSchedule(Value):
    """Write down what is known of each job, for the next start."""

    jobs: dict[str, Any]


class HurryHooks(Value):
    """The hooks under way have so many seconds, and no more."""

    seconds: float


class KillHooks(Value):
    """End the hooks under way."""


class Load(Value):
    """Load the configuration of the release at ``root``; `Loaded` or `NotLoaded` follows.

    Without ``listen`` no socket is opened for it; ``key`` is for the answer.
    """

    key: int
    root: str
    listen: bool


class KillLoad(Value):
    """End the loader; its answer, if it comes, concerns nobody."""


class Push(Value):
    """Take a generation's configuration to processes; `Pushed` follows."""

    generation: Generation
    keys: list[int]
    changed: list[str]


class KillPush(Value):
    """End what takes it to them; no answer follows."""


class AskState(Value):
    """Have a process leave its state to one of that generation; `StateKept` follows."""

    key: int
    generation: Generation


class CloseState(Value):
    """Nobody wants a state any more."""

    fd: int


class AskHealth(Value):
    """Run the health check of a generation; `HealthAnswered` follows."""

    generation: Generation


class KillHealth(Value):
    """End the health check."""


class Rename(Value):
    """Give the sockets of a process's agents the names under which people look for them."""

    name: str


class Clear(Value):
    """Remove the sockets that a process that had no place yet has left."""

    name: str


class Adopt(Value):
    """Open the sockets of ``generation``, and share those of ``source``; `Adopted` follows."""

    generation: Generation
    source: Generation


class Retire(Value):
    """Close the sockets of ``generation`` that ``heir`` does not share."""

    generation: Generation
    heir: Generation


class CloseSockets(Value):
    """Let nobody else in."""


class KeepSockets(Value):
    """Leave a copy of each socket with the service manager."""


class Forget(Value):
    """Let go of a generation's configuration."""

    generation: Generation


class RecordOperation(Value):
    """Write into the lock which operation is under way."""

    operation: str | None


class Send(Value):
    """Answer a client; the last lines of process ``key`` go along as `tail`, where it is not 0."""

    client: int
    message: dict[str, Any]
    key: int = 0


class Switch(Value):
    """Become the supervisor of the current generation; `NotSwitched` where that fails.

    It waits in `world.World.switch` until nothing is left to decide on.
    """

    old: Generation
    client: int | None
