"""One generation takes the places of another, without a moment in which nobody serves.

STARTING   the new processes start, one after the other, beside the old ones, on the same sockets
HANDING    of what may run once only, the old one is stopped
TAKING     and the new one started, and then who depends on it
DRAINING   all are ready: the new ones have the places, the old ones drain
BACK       one has failed: the new ones drain, what was stopped is started again
"""

from __future__ import annotations

import os
from contextlib import suppress

from . import state_export
from .children import Children
from .generation import Generation
from .plan import Plan
from .process import ENDED, NEXT, STOPPED, Process
from .specs import Spec, in_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

STARTING, HANDING, TAKING, DRAINING, BACK, DONE = (
    "starting",
    "handing over",
    "taking over",
    "draining",
    "going back",
    "done",
)
FORWARD = (STARTING, HANDING, TAKING)


class Failure:
    """Why it did not come to pass, and the last lines of the process that failed."""

    __slots__ = ("message", "tail")

    def __init__(self, message: str, process: Process | None = None) -> None:
        self.message = message
        self.tail: list[str] = []
        if process is not None and process.output is not None:
            self.tail = list(process.output.tail)


class Change:
    """Replaces ``services`` (names) by those of ``new``; what ``new`` lacks goes, in any case.

    ``done(failure)`` is called once: with None when the last old process is
    gone, or with the failure when the new ones are, and the old ones serve as
    before.  From DRAINING on ``plan.generation`` is the new one, and sockets
    that only the old one had are closed; neither configuration is.

    A new process starts when the one before it is ready, those first that
    others depend on.  ``at_once`` is for who has no time for that.
    """

    __slots__ = (
        "_at_once",
        "_children",
        "_done",
        "_failure",
        "_handed",
        "_kept",
        "_last",
        "_once",
        "_plan",
        "_queue",
        "new",
        "old",
        "stage",
    )

    def __init__(
        self,
        plan: Plan,
        children: Children,
        new: Generation,
        services: Collection[str],
        done: Callable[[Failure | None], None],
        *,
        at_once: bool = False,
    ) -> None:
        self.stage = STARTING
        self.new = new
        self.old = plan.generation
        self._plan = plan
        self._children = children
        self._done = done
        self._failure: Failure | None = None
        self._handed: list[Process] = []  # old ones that make room for a new one
        self._kept: dict[str, int] = {}  # states of old ones, by the names of processes; -1: none
        self._once = {
            spec.name
            for spec in (*self.old.specs, *new.specs)
            if spec.name in services and _runs_once(spec)
        }
        self._at_once = at_once
        self._last: Process | None = None  # that has been started
        self._queue = [
            Process(new, spec, number + 1)
            for spec in _sequence(new.specs, self._once)
            if spec.name in services
            for number in range(spec.instances)
        ]
        for process in self._queue:
            process.change = self
        children.coming += self._queue

    def begin(self) -> None:
        """Start the first; the rest follows from what becomes of it."""
        self._go_on()

    def cancel(self, message: str, process: Process | None = None) -> None:
        """Go back, where that still can be: before the old ones drain."""
        if self.stage not in FORWARD:
            return
        self.stage = BACK
        self._queue.clear()
        self._failure = Failure(message, process)
        self.new.leave(self.old)
        for row in list(self._children.coming):
            # They may have accepted requests already.
            self._children.end(row)
            if not row.pid:
                self._drop(row)
        self._go_on()

    def ready(self, _process: Process) -> None:
        """One of the new processes is."""
        self._go_on()

    def ended(self, process: Process, reason: str, *, failed: bool) -> None:
        """A process that this change decides on is gone."""
        children = self._children
        if process in children.leaving:
            children.leaving.remove(process)
        elif process in children.coming and self.stage == BACK:
            self._drop(process)
        elif process in children.coming and failed and process.spec.awaited:
            self._drop(process)
            self.cancel(reason, process)
        elif process in children.coming:
            children.again(process, reason, failed=failed)
        self._go_on()

    def late(self, process: Process, reason: str) -> None:
        """A new process is not ready in time."""
        if process.spec.awaited:
            self.cancel(reason, process)
        else:
            self._children.end(process)

    def _go_on(self) -> None:
        """Take every step whose time has come."""
        while self.stage in FORWARD and self._queue:
            if not self._at_once and self._last is not None and not _is_settled(self._last):
                return
            if self._queue[0].state in ENDED or not self._makes_room(self._queue[0]):
                return  # all stop, or its time has not come
            self._last = self._queue.pop(0)
            self._children.start(self._last)
        if self.stage in FORWARD and all(map(_is_settled, self._children.coming)):
            self._promote()
        if self.stage == DRAINING and not self._children.leaving:
            self._end()
        elif self.stage == BACK and not self._children.coming and _are_gone(self._handed):
            for process in self._handed:
                process.change = None
                process.kept = self._kept[str(process)]
                self._children.start(process)
            self._end()

    def _makes_room(self, process: Process) -> bool:
        """Of what may run once only the old one has to be gone."""
        if process.spec.name not in self._once:
            return True
        old = [
            row
            for row in self._children.rows
            if row.spec.name == process.spec.name
            and (row.instance == process.instance or row.spec.singleton or process.spec.singleton)
        ]
        self.stage = HANDING
        for row in old:
            if str(row) not in self._kept:
                self._keep(row, process)
        if self.stage == HANDING and _are_gone(old):
            self.stage = TAKING
            process.kept = self._kept.get(str(process), -1)
        return self.stage == TAKING

    def _keep(self, old: Process, process: Process) -> None:
        """Ask for its state, where it can be asked, and then stop it."""
        self._kept[str(old)] = -1

        def said(fd: int) -> None:
            if self.stage == DONE:
                os.close(fd)
                return
            self._kept[str(old)] = fd
            if self.stage == HANDING and process.state not in ENDED:
                self._hand(old)
                self._go_on()

        if state_export.keeps(old):
            with suppress(OSError):
                state_export.keep(self._plan, self._children, old, self.new, said)
                return
        self._hand(old)

    def _hand(self, old: Process) -> None:
        self._handed.append(old)
        old.change = self
        self._children.end(old)

    def _promote(self) -> None:
        """The new processes take the places, and the names, of the old ones."""
        children, new = self._children, self.new
        self.stage = DRAINING
        coming, children.coming = children.coming, []
        names = {spec.name for spec in new.specs} - {row.spec.name for row in coming}
        kept = [row for row in children.rows if row.spec.name in names]
        leaving = [row for row in children.rows if row not in kept]
        for row in kept:
            # Started again, it is one of the new generation.
            row.generation = new
            row.spec = new.spec(row.spec.name) or row.spec
        for row in coming:
            row.change = None
            _rename(self._plan, row)
        order = [spec.name for spec in new.specs]
        children.rows = sorted(
            [*kept, *coming], key=lambda row: (order.index(row.spec.name), row.instance)
        )
        self._plan.generation = new
        self.old.leave(new)
        for row in leaving:
            row.change = self
            children.end(row)
        children.leaving = [row for row in leaving if row.pid]

    def _drop(self, process: Process) -> None:
        """Forget a new process that is gone, and what it could not clear away itself."""
        self._children.coming.remove(process)
        for path, _ in _sockets(self._plan, process):
            with suppress(FileNotFoundError):
                os.unlink(path)

    def _end(self) -> None:
        self.stage = DONE
        for row in self._children.all:
            row.kept = -1
        for fd in self._kept.values():
            if fd >= 0:
                os.close(fd)
        self._done(self._failure)


def _runs_once(spec: Spec) -> bool:
    """May there be only one at a time?

    A program that is asked whether it is ready owns its socket: beside the old
    one it could not listen, and the old one would answer for it.
    """
    return spec.singleton or isinstance(spec.ready, dict)


def _sequence(specs: list[Spec], once: set[str]) -> list[Spec]:
    """Those first that others depend on; at the end what may run once, and who depends on that."""
    late = set(once)
    rows = in_order(specs)
    for spec in rows:
        if late & {*spec.depends}:
            late.add(spec.name)
    return sorted(rows, key=lambda spec: spec.name in late)


def _is_settled(process: Process) -> bool:
    """Nobody has to wait for it any longer."""
    return process.ready or process.state == STOPPED or not process.spec.awaited


def _are_gone(rows: list[Process]) -> bool:
    return all(row.state in ENDED for row in rows)


def _rename(plan: Plan, process: Process) -> None:
    """Give the sockets of its agents the names under which people look for them."""
    for path, name in _sockets(plan, process):
        with suppress(FileNotFoundError):
            os.rename(path, name)


def _sockets(plan: Plan, process: Process) -> list[tuple[str, str]]:
    """Those of a process, and of its workers, and what they are to be; a program has none."""
    head = f"{process}.{NEXT}."
    run = plan.paths.run
    names = [name for name in os.listdir(run) if name.startswith(head)]
    return [
        (os.path.join(run, name), os.path.join(run, f"{process}.{name.removeprefix(head)}"))
        for name in names
    ]
