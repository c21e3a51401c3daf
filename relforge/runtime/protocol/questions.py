"""What the processes that a supervisor starts have to do: one JSON object each.

They belong to the release that they are started for, which may be another version
than the supervisor's.  What needs the application has its object in a variable and
finds descriptors from FIRST on; the short-lived helpers have it as an argument.
"""

from __future__ import annotations

import json
import os

from ..wire.spawn import FIRST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ..contract.hook import Hook

    Message = dict[str, Any]

SERVICE = "RELFORGE_SERVICE"  # for the roles ``service`` and ``program``
HOOK = "RELFORGE_HOOK"  # for the role ``hook``
CONFIG_FD = "RELFORGE_CONFIG_FD"  # the number of the descriptor with the configuration


def taken(variable: str) -> Message:
    """What this process has to do; what it starts itself does not find it."""
    message: Message = json.loads(os.environ.pop(variable))
    return message


def configuration() -> int:
    """The descriptor of this process's configuration."""
    return int(os.environ[CONFIG_FD])


def service(
    settings: Mapping[str, Any],
    *,
    instance: int,
    listeners: int,
    agents: tuple[str, str],
    console: Mapping[str, Any],
    kept: bool,
    supervisor: int,
) -> Message:
    """Role ``service``, and ``program`` for a service with `exec`.

    Its descriptors are so many listening sockets, then the configuration, then the
    pipe of a program's exec, or the state that was ``kept`` for it.  ``agents`` are
    the socket's path in the end, and at first: another process may still have that name.
    """
    path, first = agents
    message = {
        **settings,
        "instance": instance,
        "listen": [FIRST + at for at in range(listeners)],
        "agent": path,
        "agent_first": first,
        "console": console,
        "supervisor": supervisor,
        "audit": True,  # it takes the lines of the audit, at its socket for sd_notify
    }
    return {**message, "kept": FIRST + listeners + 1} if kept else message


def config_push(
    run: str,
    processes: Mapping[str, Sequence[str] | None],
    changed: Sequence[str],
    seconds: float,
) -> Message:
    """Role ``push``: take a new configuration to these processes, by their sockets in ``run``.

    A process is handed what its service names, None for all of it.  ``changed`` are the
    keys that differ; all of it has to be done in so many seconds.
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
