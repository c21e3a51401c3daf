"""What the short-lived processes of a supervisor are asked to do: one JSON object each.

They belong to the release that they act for, which may be another version.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ..contract.hook import Hook

    Message = dict[str, Any]


def config_push(
    run: str, processes: Sequence[str], changed: Sequence[str], seconds: float
) -> Message:
    """Role ``tell``: take a new configuration to these processes, by their sockets in ``run``.

    ``changed`` are the keys that differ; all of it has to be done in so many seconds.
    """
    return {"run": run, "processes": processes, "changed": changed, "seconds": seconds}


def probe(settings: Mapping[str, Any], cwd: str | None, seconds: float) -> Message:
    """Role ``probe``: one of ``http``, ``tcp`` and ``exec``, as `ready` and `health` have it."""
    return {**settings, "cwd": cwd, "timeout": seconds}


def hook(hook: Hook, facts: Mapping[str, str], cwd: str, supervisor: int) -> Message:
    """Role ``hook``: call a function, or run a program, that may want to know these facts."""
    return {
        "name": hook.name,
        "call": hook.call,
        "exec": hook.exec,
        "facts": {"hook": hook.name, **facts},
        "cwd": cwd,
        "supervisor": supervisor,
    }
