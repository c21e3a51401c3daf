"""What of a world goes along to another version's supervisor, as JSON.

A version reads what the one before it writes, and the other way round: a key may
come, and one that is missing keeps its default.
"""

from __future__ import annotations

from .world import Process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

FORMAT = 1
# As they are; `due` and its like are on the monotonic clock, which goes on.
FIELDS = (
    "deadline",
    "due",
    "follows",
    "gave_up",
    "instance",
    "note",
    "pid",
    "ready",
    "restarts",
    "stage",
    "started",
    "state",
)


def dump(process: Process) -> dict[str, Any]:
    """A process, as JSON."""
    content = {name: getattr(process, name) for name in FIELDS}
    content["service"] = process.spec.name
    return content


def load(process: Process, content: Mapping[str, Any]) -> None:
    """Give a process what another supervisor knew of it."""
    for name in FIELDS:
        if name in content:
            setattr(process, name, content[name])
