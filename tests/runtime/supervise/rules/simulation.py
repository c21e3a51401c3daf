"""A system for the rules, in memory: a clock, processes that obey or do not, hooks and loaders.

    shop = Simulation({"web": {"instances": 2}, "worker": {}})
    shop.run(5.0)                   # five seconds, in no time
    shop.crash("web.1")
    assert "running" == shop.world.state

What the rules ask for is done at once, and what a real system would answer is
answered, at the time that ``habits`` say.
"""

from __future__ import annotations

import heapq
import itertools
import signal
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any

from relforge.runtime.paths import Paths
from relforge.runtime.supervise.generation import Generation
from relforge.runtime.supervise.rules import effects, events
from relforge.runtime.supervise.rules.decide import step
from relforge.runtime.supervise.rules.order import in_order
from relforge.runtime.supervise.rules.values import Value
from relforge.runtime.supervise.rules.world import Process, World
from relforge.runtime.supervise.specs import Spec
from tests.runtime.conftest import MANIFEST, SERVICE

HABITS: dict[str, Any] = {
    "ready": 0.1,  # seconds after its start; None: never
    "stop": 0.1,  # seconds after its stop signal; None: it does not obey
    "start": True,  # it can be started
    "dies": None,  # seconds after its start, with status 1
    "keeps": -1,  # a descriptor, what it leaves to its successor
}


class Program:
    """A process of the simulated system."""

    def __init__(self, row: Process, pid: int, habits: Mapping[str, Any]) -> None:
        self.key, self.name, self.pid = row.key, str(row), pid
        self.version = row.generation.version
        self.service = row.spec
        self.habits = habits
        self.asked = False


class Simulation:
    """``habits`` are by the name of a service, or by name and version: ``("web", "2.0.0")``."""

    def __init__(
        self,
        services: dict[str, dict[str, Any]],
        *,
        habits: dict[Any, dict[str, Any]] | None = None,
        hooks: dict[str, Any] | None = None,
        wait: float | None = None,
        begin: bool = True,
        **manifest: Any,
    ) -> None:
        self.now = 100.0
        self.habits = habits or {}
        self.problems: dict[str, str] = {}  # of hooks
        self.hook_seconds = 0.1
        self.jobs: dict[str, tuple[float, str]] = {}  # seconds of a run, and its problem
        self.began: list[tuple[str, float]] = []  # runs of jobs, with the clock on the wall
        self.refused = ""  # why the next generation cannot be loaded
        self.answers: dict[str, str] = {}  # of processes to a new configuration
        self.health = True
        self.alive: dict[int, Program] = {}
        self.log: list[str] = []
        self.sent: list[tuple[int, dict[str, Any], int]] = []
        self.done: list[Value] = []
        self.called: list[tuple[str, dict[str, str]]] = []  # hooks
        self.peak: Counter[str] = Counter()  # the most that lived at a time, by process
        self.announced = 0
        self._pids = itertools.count(1000)
        self._order = itertools.count()
        self._agenda: list[tuple[float, int, Callable[[], Value | None]]] = []
        self.manifest = {"hooks": hooks or {}, **manifest}
        self.following = self.generation("1.0.0", services)  # what the next load finds
        limit = None if wait is None else self.now + wait
        self.world = World(self.following, self.now, limit)
        self.world.fill()
        if begin:
            self.send(events.Begun())

    def generation(self, version: str, services: dict[str, dict[str, Any]]) -> Generation:
        """A release with that configuration."""
        paths = Paths(root=f"/srv/shop/releases/{version}", state="/s", run="/r", log="/l")
        manifest = {**MANIFEST, **self.manifest, "version": version}
        born = Generation(paths, manifest, {}, -1)
        rows = [
            Spec.of({**SERVICE, **row}, name=name, standing={}) for name, row in services.items()
        ]
        born.specs = in_order(rows)
        born.takes = (1,)
        born.changes = []
        born.exports = False
        born.health = manifest["upgrade"]["health"]
        return born

    def send(self, event: Value) -> None:
        """Something happens now; and all that follows from it at once."""
        queue = deque([event])
        while queue:
            before = self.world
            image = repr([vars_of(row) for row in before.all])
            self.world, wanted = step(before, queue.popleft(), self.now)
            assert image == repr([vars_of(row) for row in before.all])
            answers = [answer for effect in wanted for answer in self._do(effect)]
            queue.extendleft(reversed(answers))

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while True:
            due = self.world.due()
            soonest = self._agenda[0][0] if self._agenda else None
            moment = min((at for at in (due, soonest) if at is not None), default=end)
            if moment > end:
                break
            self.now = max(self.now, moment)
            if soonest is not None and soonest <= self.now:
                _, _, happens = heapq.heappop(self._agenda)
                event = happens()
                if event is not None:
                    self.send(event)
            elif due is not None and due <= self.now:
                self.send(events.Due())
            else:
                break
            assert len(self.done) < 1_000_000, "the rules never rest"
        self.now = end

    def row(self, name: str) -> Process:
        """The instance that has its place."""
        return next(row for row in self.world.rows if str(row) == name)

    def program(self, name: str) -> Program:
        return self.alive[self.row(name).key]

    def crash(self, name: str, code: int = 1) -> None:
        """It ends by itself."""
        self._end(self.program(name), code)

    def states(self) -> dict[str, str]:
        return {str(row): row.state for row in self.world.rows}

    def versions(self) -> dict[str, str]:
        """Of those that live, by name."""
        return {program.name: program.version for program in self.alive.values()}

    def ask(self, op: str, client: int = 7, **facts: Any) -> None:
        self.send(events.Asked(client, op, **facts))

    def last(self, client: int = 7) -> dict[str, Any]:
        """The last message to a client."""
        return [message for number, message, _ in self.sent if number == client][-1]

    def wanted(self, kind: type[Value]) -> list[Any]:
        """All effects of a kind, so far."""
        return [effect for effect in self.done if isinstance(effect, kind)]

    def _later(self, seconds: float, happens: Callable[[], Value | None]) -> None:
        heapq.heappush(self._agenda, (self.now + seconds, next(self._order), happens))

    def _end(self, program: Program, code: int) -> None:
        if self.alive.pop(program.key, None) is not None:
            how = f"exited with status {code}" if code >= 0 else f"killed by {-code}"
            self.send(events.Ended(program.key, code, how))

    def _when_alive(self, program: Program, event: Value) -> Callable[[], Value | None]:
        return lambda: event if self.alive.get(program.key) is program else None

    def _ends(self, program: Program, code: int) -> Callable[[], None]:
        def happens() -> None:
            if self.alive.get(program.key) is program:
                self._end(program, code)

        return happens

    def _do(self, effect: Value) -> list[Value]:
        self.done.append(effect)
        match effect:
            case effects.Spawn():
                return [self._spawn(effect)]
            case effects.Signal() if effect.key in self.alive:
                self._signal(self.alive[effect.key], effect.number)
            case effects.Kill() if effect.key in self.alive:
                self._later(0.0, self._ends(self.alive[effect.key], -signal.SIGKILL))
            case effects.Probe():
                ok = self._habits(self.world.process(effect.key))["ready"] is not None
                self._later(0.05, lambda: events.Probed(effect.key, ok))
            case effects.RunJob():
                seconds, problem = self.jobs.get(effect.name, (0.1, ""))
                self.began.append((effect.name, self.now + self.world.offset))
                over = events.JobEnded(effect.name, problem)
                self._later(seconds, lambda: over)
            case effects.RunHook():
                self.called.append((effect.name, effect.facts))
                ended = events.HookEnded(effect.name, self.problems.get(effect.name, ""), [])
                self._later(self.hook_seconds, lambda: ended)
            case effects.Adopt():
                return [events.Adopted()]
            case _:
                self._note(effect)
        return []

    def _note(self, effect: Value) -> None:
        match effect:
            case effects.Say():
                self.log.append(effect.text)
            case effects.Announce():
                self.announced += 1
            case effects.Send():
                self.sent.append((effect.client, effect.message, effect.key))
            case effects.Load():
                found, refused = self.following, self.refused
                self._later(0.2, lambda: _loaded(effect, found, refused))
            case effects.Push():
                rows = [self.world.process(key) for key in effect.keys]
                reported = {str(row): self.answers.get(str(row), "") for row in rows}
                self._later(0.1, lambda: events.Pushed(reported))
            case effects.AskState():
                name = self.alive[effect.key].name
                fd = self.alive[effect.key].habits["keeps"]
                self._later(0.05, lambda: events.StateKept(name, fd))
            case effects.AskHealth():
                self._later(0.05, lambda: events.HealthAnswered(self.health))

    def _habits(self, row: Process | None) -> dict[str, Any]:
        assert row is not None
        name, version = row.spec.name, row.generation.version
        return {**HABITS, **self.habits.get(name, {}), **self.habits.get((name, version), {})}

    def _spawn(self, effect: effects.Spawn) -> Value:
        row = self.world.process(effect.key)
        assert row is not None
        assert effect.key not in self.alive, f"{row} is started while it lives"
        habits = self._habits(row)
        if not habits["start"]:
            return events.NotSpawned(effect.key, "No such file or directory")
        program = Program(row, next(self._pids), habits)
        self.alive[effect.key] = program
        alive = Counter(other.service.name for other in self.alive.values())
        for name, count in alive.items():
            self.peak[name] = max(self.peak[name], count)
        if habits["ready"] is not None and row.spec.ready == "notify":
            self._later(habits["ready"], self._when_alive(program, events.Ready(effect.key)))
        if row.spec.kind == "exec":
            self._later(0.0, self._when_alive(program, events.Executed(effect.key)))
        if habits["dies"] is not None:
            self._later(habits["dies"], self._ends(program, 1))
        return events.Spawned(effect.key, program.pid)

    def _signal(self, program: Program, number: int) -> None:
        if number == program.service.signal and not program.asked:
            program.asked = True
            if program.habits["stop"] is not None:
                self._later(program.habits["stop"], self._ends(program, 0))


def _loaded(effect: effects.Load, found: Generation, refused: str) -> Value:
    if refused:
        return events.NotLoaded(effect.key, refused, 78, "")
    return events.Loaded(effect.key, found)


def vars_of(row: Process) -> list[Any]:
    """All that is known of a process."""
    return [*vars(row).values()]
