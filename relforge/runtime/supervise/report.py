"""What `status`, the log and the service manager show of a world."""

from __future__ import annotations

import os

from ..nodes import identity
from ..procfs import resident
from .rules import jobs
from .rules.world import Process, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def status(world: World, now: float) -> dict[str, Any]:
    """The answer of ``status --json``."""
    manifest = world.generation.manifest
    return {
        "name": manifest["name"],
        "version": manifest["version"],
        "node": identity.node(),
        "state": world.state,
        "pid": os.getpid(),
        "uptime": round(now - world.began, 1),
        "services": [{**_process(row, now), "listen": _places(row)} for row in world.rows],
        "schedule": {row.spec.name: jobs.dump(row) for row in world.jobs},
        "operation": None if world.operation is None else world.operation.report(world),
        "coming": [_process(row, now) for row in world.coming],
        "leaving": [_process(row, now) for row in world.leaving],
    }


def line(world: World) -> str:
    """``shop 1.0.0 is running (pid 7): web.1 on 127.0.0.1:8000, worker.1``."""
    rows = []
    for process in world.rows:
        places = " and ".join(_places(process))
        if process.gave_up:
            rows.append(f"{process} has failed")
        else:
            rows.append(f"{process} on {places}" if places else str(process))
    manifest = world.generation.manifest
    head = f"{manifest['name']} {manifest['version']} is running (pid {os.getpid()})"
    return f"{head}: {', '.join(rows)}" if rows else head


def _process(process: Process, now: float) -> dict[str, Any]:
    return {
        "name": process.spec.name,
        "instance": process.instance,
        "version": process.generation.version,
        "pid": process.pid or None,
        "state": process.state,
        "ready": process.ready,
        "restarts": process.restarts,
        "reason": process.gave_up or None,
        "uptime": round(now - process.started, 1) if process.pid else None,
        "rss": resident(process.pid),
    }


def _places(process: Process) -> list[str]:
    return [row.address for row in process.generation.listeners[process.spec.name]]
