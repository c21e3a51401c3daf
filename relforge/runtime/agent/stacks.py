"""What every thread and every asyncio task of this process is doing."""

from __future__ import annotations

import os
import sys
import threading
import traceback

from ..untrusted_text import line
from . import native

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator
    from types import FrameType
    from typing import Any

_OURS = os.path.dirname(os.path.abspath(__file__))
_DEEPEST = 200
_AGENT = ("relforge-agent", "relforge-client")


def threads() -> str:
    """The stacks of all threads, the main one first; the agent's own are left out."""
    known = {thread.ident: thread for thread in threading.enumerate()}
    main = native.main()
    blocks = []
    for ident, frame in sorted(sys._current_frames().items(), key=lambda row: row[0] != main):
        thread = known.get(ident)
        name = native.names.get(ident) or _name(thread, ident)
        lines = _stack(frame)
        if name.startswith(_AGENT) or (name.startswith("relforge-") and not lines):
            continue
        notes = ["main"] if ident == main else []
        if thread is not None and thread.daemon and ident not in native.names:
            notes.append("daemon")
        number = getattr(thread, "native_id", None)
        head = f"thread {line(name)} ({', '.join([*notes, f'id {number or ident}'])})"
        blocks.append("\n".join([head, *lines]))
    return "\n\n".join(blocks) + "\n"


def _name(thread: threading.Thread | None, ident: int) -> str:
    if thread is not None:
        return thread.name
    return "MainThread" if ident == native.main() else "unknown"


def tasks(loop: asyncio.AbstractEventLoop | None) -> list[dict[str, Any]]:
    """Name, coroutine, state and stack of each unfinished task of the application's loop."""
    if loop is None:
        return []
    rows = []
    for task in unfinished(loop):
        coro = _users(task.get_coro())
        rows.append(
            {
                "name": task.get_name(),
                "coro": getattr(coro, "__qualname__", None) or repr(coro),
                "state": _state(task),
                "stack": [
                    text for frame in _awaits(coro) for text in _lines(frame, frame.f_lineno)
                ],
            }
        )
    return sorted(rows, key=lambda row: str(row["name"]))


def unfinished(loop: asyncio.AbstractEventLoop) -> set[asyncio.Task[Any]]:
    """The tasks of a loop, asked from another thread."""
    import asyncio

    return asyncio.all_tasks(loop)


def text(rows: list[dict[str, Any]]) -> str:
    """Tasks, laid out like threads."""
    return "\n\n".join("\n".join([title(row), *row["stack"]]) for row in rows)


def title(row: dict[str, Any]) -> str:
    """The line of one task."""
    return line(f"task {row['name']} ({row['coro']}, {row['state']})")


def _users(coro: Any) -> Any:
    """The coroutine that was given to us, below the one that drives it."""
    while getattr(coro, "cr_code", None) and coro.cr_code.co_filename.startswith(_OURS):
        if coro.cr_await is None:
            break
        coro = coro.cr_await
    return coro


def _state(task: asyncio.Task[Any]) -> str:
    waits_for = getattr(task, "_fut_waiter", None)
    if waits_for is not None:
        return f"waits for {type(waits_for).__name__}"
    return "cancelling" if task.cancelling() else "runs or is about to"


def _awaits(coro: Any) -> Iterator[FrameType]:
    """The frames from the task's coroutine down to the innermost that it awaits."""
    for _ in range(_DEEPEST):
        for kind in ("cr", "gi", "ag"):
            frame = getattr(coro, f"{kind}_frame", None)
            if frame is not None:
                if not frame.f_code.co_filename.startswith(_OURS):
                    yield frame
                break
        else:
            return
        coro = getattr(coro, "gi_yieldfrom" if kind == "gi" else f"{kind}_await", None)


def _stack(frame: FrameType) -> list[str]:
    pairs = list(traceback.walk_stack(frame))[:_DEEPEST]
    while pairs and pairs[-1][0].f_code.co_filename.startswith((_OURS, threading.__file__)):
        pairs.pop()
    return [text for inner, number in reversed(pairs) for text in _lines(inner, number)]


def _lines(frame: FrameType, number: int) -> list[str]:
    import linecache

    code = frame.f_code
    lines = [f'  File "{code.co_filename}", line {number}, in {code.co_qualname}']
    source = linecache.getline(code.co_filename, number, frame.f_globals).strip()
    return [*lines, f"    {source}"] if source else lines
