"""Children that run to their end: hooks and jobs, their output and their time.

runs = Runs(edge, lambda run, problem, lines: ...)
runs.begin(run, spawn)        # returns at once
"""

from __future__ import annotations

import os
import signal
import time

from ..wire.spawn import INHERITED
from .edge import Edge
from .output import Output
from .poller import READ
from .process import ending, kill_group, signal_group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

GRACE = 2.0  # seconds between SIGTERM and SIGKILL of a hook that takes too long


class Run:
    """One that is under way; ``due`` is when it must be gone, or is asked to go, None for never.

    ``who`` is how messages call it: `the hook pre_start`.
    """

    def __init__(self, name: str, who: str, limit: float | None, grace: float = GRACE) -> None:
        self.name = name
        self.who = who
        self.limit = limit
        self.grace = grace
        self.due = None if limit is None else time.monotonic() + limit
        self.asked = False
        self.stopped = False  # by us, and not because it took too long
        self.pid = 0
        self.output: Output | None = None


class Runs:
    """Follows them; calls ``ended(run, problem, lines)`` for each, "" where all went well."""

    def __init__(self, edge: Edge, ended: Callable[[Run, str, list[str]], None]) -> None:
        self._edge = edge
        self._ended = ended
        self._runs: dict[int, Run] = {}

    def begin(self, run: Run, spawn: Callable[[int], int]) -> None:
        """Start it: ``spawn(output)`` returns its pid, and raises OSError or Refusal."""
        read, theirs = -1, INHERITED
        if self._edge.plan.journal.path is not None:
            read, theirs = os.pipe()
        try:
            run.pid = spawn(theirs)
        except BaseException:
            if read >= 0:
                os.close(read)
            raise
        finally:
            if theirs >= 0:
                os.close(theirs)
        self.follow(run, Output(read, run.name, self._edge.plan.journal) if read >= 0 else None)

    def follow(self, run: Run, output: Output | None) -> None:
        """Go on with one that was started."""
        self._runs[run.pid] = run
        run.output = output
        if output is not None:
            self._edge.poller.add(output.fd, READ, lambda _events: self._printed(run))
        self._edge.watch(run.pid, lambda status: self._gone(run, status))

    def within(self, seconds: float) -> None:
        """Those that are under way have so much time and no more."""
        moment = time.monotonic() + seconds
        for run in self._runs.values():
            if not run.asked and (run.due is None or moment < run.due):
                run.limit, run.due = seconds, moment

    def end(self) -> None:
        """Ask all of them to go."""
        for run in self._runs.values():
            if not run.asked:
                run.stopped = True
                run.due = time.monotonic()

    def kill(self) -> None:
        """End all of them now."""
        for pid, run in self._runs.items():
            run.asked = run.stopped = True
            kill_group(pid)

    def tick(self) -> float | None:
        """Do what is due; when the next thing is, on the monotonic clock."""
        now = time.monotonic()
        for pid, run in self._runs.items():
            if run.due is None or run.due > now:
                continue
            signal_group(pid, signal.SIGKILL if run.asked else signal.SIGTERM)
            run.asked = True
            run.due = now + run.grace
        times = [run.due for run in self._runs.values() if run.due is not None]
        return min(times, default=None)

    @property
    def under_way(self) -> list[Run]:
        """Those that have not ended."""
        return list(self._runs.values())

    def _gone(self, run: Run, status: int) -> None:
        del self._runs[run.pid]
        lines: list[str] = []
        if run.output is not None:
            if run.output.fd >= 0:
                self._edge.poller.remove(run.output.fd)
                run.output.finish()
            lines = list(run.output.tail)
        problem = ""
        if run.stopped:
            problem = f"{run.who} was stopped"
        elif run.asked and run.limit is not None:
            problem = f"{run.who} did not end within {run.limit:g}s and was stopped"
        elif status:
            problem = f"{run.who} {ending(status)}"
        self._ended(run, problem, lines)

    def _printed(self, run: Run) -> None:
        if run.output is not None and run.output.read() == 0:
            self._edge.poller.remove(run.output.fd)
