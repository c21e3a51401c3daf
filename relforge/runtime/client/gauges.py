"""One look at every process of the release: what the kernel, the supervisor and the agents know."""

from __future__ import annotations

import select
import time

from .. import columns, instance, procfs
from .. import protocol as messages
from ..errors import Refusal
from ..protocol import supervisor as requests
from . import addresses, supervisor
from .connection import AgentClient, Gone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

WITHIN = 0.5  # seconds for a loop to answer, and so for all the agents together


class Gauges:
    """Keeps connections open between two looks, and what each process had used at the last one."""

    def __init__(self, running: instance.Running) -> None:
        self._running = running
        self._clients: dict[str, AgentClient] = {}
        self._before: dict[int, tuple[float, float]] = {}  # by pid: when, CPU seconds

    def look(self) -> list[dict[str, Any]]:
        """Rows by process: state, pid, cpu (a share of one CPU, None at first), rss, threads,
        tasks, lag in seconds or "blocked", requests, uptime.  Raises Refusal.
        """
        answer = supervisor.ask(self._running, requests.status(), 3.0)
        answers = self._answers()
        rows = []
        for service in answer["services"]:
            name = f"{service['name']}.{service['instance']}"
            for process, said in _processes(name, answers):
                pid = said.get("pid") or service["pid"]
                rows.append(
                    {
                        "process": process,
                        "state": service["state"],
                        "pid": pid,
                        "cpu": self._share(pid),
                        "rss": said.get("rss", service["rss"]),
                        "threads": said.get("threads"),
                        "tasks": said.get("tasks"),
                        "lag": said.get("lag"),
                        "loop": said.get("loop"),
                        "requests": said.get("requests"),
                        "uptime": service["uptime"],
                        "restarts": service["restarts"],
                        "answers": bool(said) or process not in self._clients,
                    }
                )
        return rows

    def _answers(self) -> dict[str, dict[str, Any]]:
        """What the agents answer in time, all asked at once."""
        waiting: dict[int, tuple[str, AgentClient, int]] = {}
        for key, path in sorted(addresses.sockets(self._running.run).items()):
            name = addresses.shown(key)
            try:
                client = self._clients.get(name) or AgentClient(
                    addresses.AgentAddress(key[0], key[1], path, [], key[2], self._running.owner),
                    "top",
                    WITHIN,
                )
                self._clients[name] = client
                waiting[client.fileno()] = name, client, client.post(**messages.stats(WITHIN / 2))
            except (Refusal, Gone):
                self._clients.pop(name, None)  # of one before
        answers: dict[str, dict[str, Any]] = {}
        deadline = time.monotonic() + WITHIN
        while waiting and (left := deadline - time.monotonic()) > 0:
            for fd in select.select(list(waiting), [], [], left)[0]:
                name, client, request = waiting[fd]
                try:
                    message = client.receive()
                except Gone:
                    del waiting[fd], self._clients[name]
                    continue
                if message.get("id") == request:
                    answers[name] = {**message, "pid": client.pid}
                    del waiting[fd]
        return answers

    def _share(self, pid: int | None) -> float | None:
        found = procfs.stat(pid) if pid else None
        if pid is None or found is None:
            return None
        now, used = time.monotonic(), found.cpu
        when, before = self._before.get(pid, (now, used))
        self._before[pid] = now, used
        return (used - before) / (now - when) if now > when else None


def table(rows: list[dict[str, Any]]) -> list[str]:
    """The rows as lines, the head first."""
    lines = [
        ("PROCESS", "STATE", "PID", "CPU", "MEMORY", "THREADS", "TASKS", "LAG", "REQUESTS", "UP")
    ]
    for row in rows:
        cpu = row["cpu"]
        lines.append(
            (
                row["process"],
                row["state"] if row["answers"] else "no answer",
                _shown(row["pid"]),
                "-" if cpu is None else f"{cpu:.0%}",
                columns.memory(row["rss"]),
                *(_shown(row["threads"]), _shown(row["tasks"]), _lag(row)),
                *(_shown(row["requests"]), columns.duration(row["uptime"])),
            )
        )
    return columns.lines(lines)


def _processes(name: str, answers: dict[str, dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """The process itself, then the workers that it has forked."""
    workers = [item for item in sorted(answers.items()) if item[0].startswith(f"{name}.")]
    return [(name, answers.get(name, {})), *workers]


def _lag(row: dict[str, Any]) -> str:
    if row["loop"] is None:
        return "-"
    return "blocked" if row["lag"] is None else f"{row['lag'] * 1000:.1f} ms"


def _shown(value: object) -> str:
    return "-" if value is None else str(value)
