"""What an agent says, and what comes of an evaluation: the answers of `protocol`."""

from __future__ import annotations

from . import BYE, CONFIGURED, DONE, ERROR, HANDOFF, OUT, PROTO, STACKS, STATS, TASKS, WELCOME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    Message = dict[str, Any]


def welcome(
    info: Mapping[str, Any], *, uptime: float, loop: str | None, evaluates: bool
) -> Message:
    """``info`` is name, version, service, instance, pid, python."""
    state = {"uptime": round(uptime, 3), "loop": loop, "evaluates": evaluates}
    return {"op": WELCOME, "proto": PROTO, **info, **state}


def out(stream: str, data: str) -> Message:
    """Output of an evaluation, for ``stdout`` or ``stderr``."""
    return {"op": OUT, "stream": stream, "data": data}


def done(request: Any, ms: float, outcome: Mapping[str, Any]) -> Message:
    """The end of an evaluation: ``ok`` with ``repr`` or ``json``, or a `failure`."""
    return {"op": DONE, "id": request, "ms": round(ms, 3), **outcome}


def failure(name: str, text: str, **more: str) -> Message:
    """The outcome of an evaluation that failed; ``name`` is the exception's."""
    return {"ok": False, "type": name, **more, "error": text}


def handoff(schema: int | None, **state: str) -> Message:
    """The state of a process, as ``json`` or ``bytes``; without a schema there is none."""
    return {"op": HANDOFF, "schema": schema, **state}


def pong() -> Message:
    return {"op": "pong"}


def interrupted(level: str) -> Message:
    """``level`` is how far it came: raised, cancelled, abandoned, or idle."""
    return {"op": "interrupted", "level": level}


def checked(complete: bool) -> Message:
    return {"op": "checked", "complete": complete}


def completions(items: Sequence[str]) -> Message:
    return {"op": "completions", "items": items}


def cancelled() -> Message:
    return {"op": "cancelled"}


def configured(errors: Sequence[str]) -> Message:
    """What could not take the new configuration up; empty where all is well."""
    return {"op": CONFIGURED, "errors": errors}


def stacks(text: str) -> Message:
    return {"op": STACKS, "text": text}


def tasks(rows: Sequence[Mapping[str, Any]], *, has_loop: bool) -> Message:
    return {"op": TASKS, "loop": has_loop, "rows": rows}


def numbers(fields: Mapping[str, Any]) -> Message:
    """The answer to `stats`."""
    return {"op": STATS, **fields}


def error(text: str) -> Message:
    return {"op": ERROR, "error": text}


def refused(text: str) -> Message:
    """To somebody who may not connect."""
    return {"op": ERROR, "proto": PROTO, "error": text}


def bye(reason: str) -> Message:
    return {"op": BYE, "reason": reason}
