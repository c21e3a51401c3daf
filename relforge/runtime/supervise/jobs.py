"""The runs of scheduled jobs: fresh processes, with the configuration of `start`."""

from __future__ import annotations

import json
import time

from ..errors import Refusal
from ..protocol import questions
from ..schedule import kept
from ..wire.spawn import FIRST, application, spawn
from . import handover
from .edge import Edge
from .generation import Generation
from .rules.events import JobEnded, ScheduleRead
from .runs import Run, Runs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

GRACE = 10.0  # seconds between SIGTERM and SIGKILL
IN_JOB = "RELEASE_JOB"  # the name of the job, to its process and all that it starts


class Jobs:
    """Runs them; posts a `JobEnded` for each."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._runs = Runs(edge, self._ended)
        self.end, self.kill, self.tick = self._runs.end, self._runs.kill, self._runs.tick
        self._unkept = ""  # why the last writing failed

    def read(self, born: Generation) -> None:
        """Post what is known of the release's jobs; nothing where it has none."""
        if not born.jobs:
            return
        plan = self._edge.plan
        try:
            known = kept.read(plan.paths.state)
        except (OSError, Refusal) as error:
            plan.journal.say(f"what was kept of the schedule is left out: {error}")
            known = {}
        running = tuple(run.name for run in self._runs.under_way)
        self._edge.post(ScheduleRead(born.jobs, known, offset(), running))

    def begin(self, name: str, born: Generation) -> None:
        """Run a job of a release."""
        row = born.manifest["schedule"][name]
        self._edge.plan.journal.say(f"{name} begins")
        run = Run(name, f"the job {name}", row["timeout"] or None, GRACE)
        try:
            self._runs.begin(run, lambda output: _spawn(name, row, born, output))
        except OSError as error:
            problem = f"the job {name} cannot be started: {error.strerror}"
            self._edge.post(JobEnded(name, problem))

    def keep(self, rows: dict[str, Any]) -> None:
        """Write down what is known; where that fails, say so once."""
        problem = ""
        try:
            kept.write(self._edge.plan.paths.state, rows)
        except OSError as error:
            problem = f"{error.filename or kept.NAME}: {error.strerror}"
        if problem and problem != self._unkept:
            self._edge.plan.journal.say(f"the schedule is not kept: {problem}")
        self._unkept = problem

    def handed_over(self) -> list[dict[str, Any]]:
        """The runs under way, as JSON, for another version's supervisor."""
        rows = []
        for run in self._runs.under_way:
            facts = {name: getattr(run, name) for name in ("name", "limit", "due", "pid", "asked")}
            rows.append({**facts, **handover.output(run.output)})
        return rows

    def adopt(self, row: dict[str, Any]) -> None:
        """Go on with a run that another supervisor has begun."""
        run = Run(row["name"], f"the job {row['name']}", row["limit"], GRACE)
        run.due, run.pid, run.asked = row["due"], row["pid"], row["asked"]
        self._runs.follow(run, handover.taken_output(row, run.name, self._edge.plan.journal))

    def _ended(self, run: Run, problem: str, _lines: list[str]) -> None:
        if not problem:
            self._edge.plan.journal.say(f"{run.name} ends")
        self._edge.post(JobEnded(run.name, problem))


def offset() -> float:
    """How far the clock on the wall is ahead of the monotonic one, in seconds."""
    return time.time() - time.monotonic()


def _spawn(name: str, row: dict[str, Any], born: Generation, output: int) -> int:
    """Its pid; raises OSError."""
    words = (
        ("command", row["command"], json.dumps(row["args"]))
        if row["command"]
        else ("run", row["call"], *row["args"])
    )
    environ = born.handed_variables(None)
    environ["RELEASE_COMMAND"] = row["command"] or "run"
    environ[IN_JOB] = name
    environ[questions.CONFIG_FD] = str(FIRST)
    argv = application(born.python, born.paths.root, "fresh", *words)
    return spawn(argv, environ, descriptors=(born.config,), output=output, alone=True)
