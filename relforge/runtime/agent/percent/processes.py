"""``%ps`` and ``%stacks``."""

from __future__ import annotations

import os

from ... import procfs
from .. import loops
from .. import stacks as stack
from . import ConsoleState, size, table, usage


def ps(console: ConsoleState, words: list[str]) -> None:
    """This process and its descendants: what each has used."""
    if words:
        raise usage("ps")
    rows: list[tuple[str, ...]] = [
        ("PID", "PARENT", "STATE", "CPU", "MEMORY", "THREADS", "FILES", "COMMAND")
    ]
    for pid, row in _family():
        cpu, threads = f"{row.cpu:.1f}s", str(row.threads)
        used = cpu, size(row.rss), threads, _files(pid)
        rows.append((str(pid), str(row.parent), row.state, *used, _command(pid, row.name)))
    table(rows)


def stacks(console: ConsoleState, words: list[str]) -> None:
    """As the command `stacks` prints them."""
    if words:
        raise usage("stacks")
    print(stack.threads(), end="")
    rows = stack.tasks(loops.of(console.host))
    if rows:
        print(f"\n{stack.text(rows)}")


def _family() -> list[tuple[int, procfs.Stat]]:
    """This process first, then the processes below it."""
    everyone = {int(name): procfs.stat(name) for name in os.listdir("/proc") if name.isdigit()}
    children: dict[int, list[int]] = {}
    for pid, row in everyone.items():
        if row is not None:
            children.setdefault(row.parent, []).append(pid)
    todo, found = [os.getpid()], []
    while todo:
        pid = todo.pop(0)
        row = everyone.get(pid)
        if row is not None:
            found.append((pid, row))
            todo += children.get(pid, [])
    return found


def _files(pid: int) -> str:
    try:
        return str(len(os.listdir(f"/proc/{pid}/fd")))
    except OSError:
        return "-"


def _command(pid: int, name: str) -> str:
    words = procfs.read(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace")
    return words.strip()[:60] or f"[{name}]"
