"""``%tasks``: the tasks of the event loop, and an end to one of them."""

from __future__ import annotations

from ...errors import Refusal
from .. import loops, stacks
from . import ConsoleState, usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from typing import Any


def tasks(console: ConsoleState, words: list[str]) -> None:
    """All, those with a name, or ``cancel NAME``."""
    loop = loops.of(console.host)
    if loop is None:
        raise Refusal(f"{console.host.service} has no event loop")
    if words[:1] == ["cancel"]:
        if len(words) != 2:
            raise usage("tasks")
        cancel(loop, words[1])
        print(f"{words[1]} is being canceled")
        return
    rows = stacks.tasks(loop)
    if words:
        rows = [row for row in rows if row["name"] == words[0]]
        if not rows:
            raise _none(loop, words[0])
    print(stacks.text(rows))


def cancel(loop: asyncio.AbstractEventLoop, name: str) -> None:
    """Cancel the one task of that name, from another thread; raises Refusal."""
    found = [task for task in stacks.unfinished(loop) if task.get_name() == name]
    if not found:
        raise _none(loop, name)
    if len(found) > 1:
        raise Refusal(
            f"{len(found)} tasks are named {name!r}",
            hint="cancel one yourself: asyncio.all_tasks(), then task.cancel() under %loop",
        )
    loop.call_soon_threadsafe(found[0].cancel)


def _none(loop: asyncio.AbstractEventLoop, name: str) -> Refusal:
    names: list[Any] = sorted(task.get_name() for task in stacks.unfinished(loop))
    return Refusal(f"no task {name!r}", hint=f"tasks: {', '.join(names[:20])}")
