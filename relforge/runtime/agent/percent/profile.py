"""``%profile``: a sampling profile of the other threads, printed as a tree."""

from __future__ import annotations

import sys
import threading
import time

from ... import options
from .. import native
from . import ConsoleState, usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

EVERY = 0.005  # seconds
_DEEPEST = 100
_LEAST = 0.01  # of all samples: less is not shown


class Node:
    """A function, called by the one above it."""

    def __init__(self) -> None:
        self.count = 0
        self.below: dict[str, Node] = {}

    def add(self, stack: list[str]) -> None:
        """Count one sample along the stack, the outermost first."""
        node = self
        node.count += 1
        for name in stack:
            node = node.below.setdefault(name, Node())
            node.count += 1


def profile(console: ConsoleState, words: list[str]) -> None:
    """Look at every thread 200 times a second."""
    if len(words) > 2:
        raise usage("profile")
    seconds = options.seconds(words[0], "%profile") if words else 5.0
    wanted = words[1] if len(words) == 2 else None
    root = sample(seconds, wanted)
    if not root.count:
        print("no samples")
        return
    print(f"{root.count} samples in {seconds:g}s; waiting counts as time")
    for line in lines(root, root.count):
        print(line)


def sample(seconds: float, wanted: str | None) -> Node:
    """The tree below threads, of all of them or the one of that name."""
    root = Node()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        known = {thread.ident: thread.name for thread in threading.enumerate()}
        for ident, frame in sys._current_frames().items():
            name = known.get(ident, "unknown")
            if ident not in native.names and wanted in (None, name):
                root.add([f"thread {name}", *_stack(frame)])
        native.sleep(EVERY)
    return root


def lines(root: Node, total: int, depth: int = 0) -> list[str]:
    """The tree as text, the largest first; a chain of single callers stays at one depth."""
    found = []
    for name, node in sorted(root.below.items(), key=lambda item: -item[1].count):
        share = node.count / total
        if share < _LEAST:
            continue
        found.append(f"{share:7.1%}  {'  ' * min(depth, 30)}{name}")
        found += lines(node, total, depth + 1)
    return found


def _stack(frame: FrameType | None) -> list[str]:
    names: list[str] = []
    while frame is not None and len(names) < _DEEPEST:
        code = frame.f_code
        file = "/".join(code.co_filename.rsplit("/", 2)[-2:])
        names.append(f"{code.co_qualname} ({file}:{frame.f_lineno})")
        frame = frame.f_back
    return names[::-1]
