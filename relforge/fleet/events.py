"""What the collection's callback `events` prints, and what a run has come to."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from relforge.support.errors import Exit

FAILED = ("failed", "unreachable")
_CODES = {int(code): code for code in (Exit.LOCKED, Exit.CONFIG)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line: ``kind`` is play, start, task or end; a task has a host and a status."""

    kind: str
    host: str = ""
    task: str = ""
    status: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def step(self) -> str:
        """The name of the task, without that of its role."""
        return self.task.rpartition(" : ")[2]


def parse(line: str) -> Event | None:
    """The event of a line; None for one that is something else."""
    if not line.startswith('{"event": '):
        return None
    try:
        row = json.loads(line)
    except ValueError:
        return None
    texts = {name: str(row.pop(name, "")) for name in ("host", "task", "status")}
    return Event(kind=row.pop("event"), **texts, facts=row)


@dataclass(slots=True)
class Outcome:
    """What a run has come to so far."""

    hosts: dict[str, dict[str, int]] = field(default_factory=dict)  # Ansible's own counts
    states: dict[str, dict[str, Any]] = field(default_factory=dict)  # of the action `state`
    changes: list[tuple[str, str]] = field(default_factory=list)  # host and step
    output: dict[str, str] = field(default_factory=dict)  # of the last task `Run`, by host
    culprit: str = ""  # the host that failed first; others fail because it did
    problem: str = ""  # its last failure, which sums up those before it
    code: int = Exit.DONE

    @property
    def changed(self) -> int:
        """How many tasks changed something."""
        return sum(row.get("changed", 0) for row in self.hosts.values())

    def add(self, event: Event) -> None:
        """Take an event in; the first failure has the exit status, the last one the words."""
        if event.kind == "end":
            self.hosts = event.facts["hosts"]
        if event.kind != "task":
            return
        if event.status == "changed":
            self.changes.append((event.host, event.step))
        if "state" in event.facts:
            self.states[event.host] = event.facts["state"]
        if event.step == "Run":
            self.output[event.host] = event.facts.get("stdout", "") + event.facts.get("stderr", "")
        if event.status in FAILED:
            if not self.culprit:
                self.culprit = event.host
                self.code = _CODES.get(event.facts.get("rc", 1), Exit.FAILED)
            if event.host == self.culprit:
                said = str(event.facts.get("msg", "it failed"))
                self.problem = said if event.status == "failed" else f"{event.host}: {said}"
