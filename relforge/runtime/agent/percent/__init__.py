"""The ``%`` commands of the console: a table, and who does what is in it.

Most of them run in the live process, as evaluations do: with their own output, a
Ctrl-C and a line in the audit.  Those of the client have no module here.
"""

from __future__ import annotations

from ... import columns
from ...errors import USAGE, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..host import Host

    Command = Callable[["ConsoleState", list[str]], Any]

# name: (module, usage, one line of help); in the order of `help`
TABLE: dict[str, tuple[str, str, str]] = {
    "ps": ("processes", "", "this process and its child processes"),
    "tasks": ("tasks", "[NAME] | cancel NAME", "asyncio tasks and where they wait; cancel one"),
    "stacks": ("processes", "", "the stacks of all threads and tasks"),
    "mem": ("memory", "[start | stop]", "memory by type; after `start` by line (tracemalloc)"),
    "profile": ("profile", "[5s] [THREAD]", "where the time goes, as a tree of samples"),
    "loop": ("", "CODE", "run synchronous code in the thread of the event loop"),
    "log": ("logs", "[LEVEL [LOGGER]]", "show the logging levels, or set one"),
    "logs": ("logs", "[LEVEL] [LOGGER]", "log records from now on, until Ctrl-C"),
    "config": ("settings", "[KEY]", "the configuration of this process, secrets masked"),
    "services": ("", "", "the processes of the release"),
    "switch": ("", "SERVICE[.N]", "switch to another process"),
    "more": ("settings", "", "the rest of a truncated value"),
    "help": ("", "", "this list"),
}


class ConsoleState:
    """What a command works with; ``rest`` is what was cut off the last value."""

    def __init__(self, host: Host, namespace: dict[str, Any]) -> None:
        self.host = host
        self.namespace = namespace
        self.columns = 80
        self.rest = ""


def find(line: str) -> tuple[Command, list[str]]:
    """The function of ``ps -x`` and its words; raises Refusal."""
    name, _, rest = line.strip().partition(" ")
    row = TABLE.get(name)
    if row is None or not row[0]:
        raise Refusal(f"unknown command %{name}", hint=suggest(name), code=USAGE)
    from importlib import import_module

    function: Command = getattr(import_module(f".{row[0]}", __name__), name)
    return function, rest.split()


def suggest(name: str) -> str:
    """What to type instead."""
    from difflib import get_close_matches

    near = get_close_matches(name, TABLE, 1)
    return f"did you mean %{near[0]}?" if near else "`help` lists the commands"


def usage(name: str) -> Refusal:
    """The error for words that a command does not understand."""
    return Refusal(f"usage: %{name} {TABLE[name][1]}".rstrip(), code=USAGE)


def helped(without: frozenset[str] = frozenset()) -> str:
    """The list for `help`."""
    rows = [
        (f"%{name} {row[1]}".rstrip(), row[2]) for name, row in TABLE.items() if name not in without
    ]
    width = max(len(left) for left, _ in rows)
    return "\n".join(f"  {left:<{width}}  {right}" for left, right in rows)


def table(rows: list[tuple[str, ...]]) -> None:
    """Print rows in columns, the first row as the head."""
    print("\n".join(columns.lines(rows)))


def size(count: float) -> str:
    """Bytes for people: ``12.3 MiB``."""
    if abs(count) < 1024:
        return f"{count:.0f} B"
    for unit in ("KiB", "MiB"):
        count /= 1024
        if abs(count) < 1024:
            return f"{count:.1f} {unit}"
    return f"{count / 1024:.1f} GiB"
