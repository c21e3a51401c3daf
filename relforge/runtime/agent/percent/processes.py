"""``%ps``, ``%threads``, ``%stacks``."""

from __future__ import annotations

import os
import sys
import threading

from .. import loops, native, stats
from .. import stacks as stack
from . import ConsoleState, size, table, usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any


def ps(console: ConsoleState, words: list[str]) -> None:
    """This process and its descendants: what each has used."""
    if words:
        raise usage("ps")
    rows: list[tuple[str, ...]] = [
        ("PID", "PARENT", "STATE", "CPU", "MEMORY", "THREADS", "FILES", "COMMAND")
    ]
    for row in _family():
        rows.append(
            (
                *(str(row["pid"]), str(row["parent"]), row["state"], f"{row['cpu']:.1f}s"),
                *(size(row["rss"]), str(row["threads"]), _files(row["pid"]), _command(row)),
            )
        )
    table(rows)


def threads(console: ConsoleState, words: list[str]) -> None:
    """One line a thread; the console's own are left out."""
    if words:
        raise usage("threads")
    known = {thread.ident: thread for thread in threading.enumerate()}
    rows: list[tuple[str, ...]] = [("ID", "NAME", "CPU", "IN")]
    for ident, frame in sys._current_frames().items():
        thread = known.get(ident)
        if ident in native.names:
            continue
        number = getattr(thread, "native_id", None)
        name = thread.name if thread is not None else "unknown"
        rows.append((str(number or ident), name, _thread_cpu(number), _place(frame)))
    table(rows)


def stacks(console: ConsoleState, words: list[str]) -> None:
    """As the command `stacks` prints them."""
    if words:
        raise usage("stacks")
    print(stack.threads(), end="")
    rows = stack.tasks(loops.of(console.host))
    if rows:
        print(f"\n{stack.text(rows)}")


def _family() -> list[dict[str, Any]]:
    """This process first, then the processes below it."""
    everyone = [stats.process(int(name)) for name in os.listdir("/proc") if name.isdigit()]
    children: dict[object, list[dict[str, Any]]] = {}
    for row in everyone:
        if row is not None:
            children.setdefault(row["parent"], []).append(row)
    own = stats.process(os.getpid())
    todo, found = [own] if own is not None else [], []
    while todo:
        row = todo.pop(0)
        found.append(row)
        todo += children.get(row["pid"], [])
    return found


def _files(pid: object) -> str:
    try:
        return str(len(os.listdir(f"/proc/{pid}/fd")))
    except OSError:
        return "-"


def _command(row: dict[str, Any]) -> str:
    try:
        with open(f"/proc/{row['pid']}/cmdline", encoding="utf-8", errors="replace") as file:
            words = file.read().split("\0")
    except OSError:
        words = []
    return " ".join(words).strip()[:60] or f"[{row['name']}]"


def _thread_cpu(number: int | None) -> str:
    row = stats.process_of(f"self/task/{number}") if number is not None else None
    return "-" if row is None else f"{row['cpu']:.1f}s"


def _place(frame: FrameType) -> str:
    code = frame.f_code
    return f"{code.co_qualname} ({code.co_filename}:{frame.f_lineno})"
