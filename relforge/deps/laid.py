"""Wheels as trees: each unpacked and compiled once for a Python, then laid out by hard link.

    <cache>/trees/wheel/<key>/   what one wheel brings, byte code and RECORD included

A release whose lock changed by one wheel unpacks and compiles that one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from relforge import cache, progress, symbols
from relforge.deps import crowd, scripts
from relforge.deps.unpack import clash, unpack
from relforge.deps.wheels import Wheel
from relforge.release import AS_IT_IS, Entry, Interpreter, StripSettings

FORMAT = "2"


def lay(
    wheels: Sequence[Wheel],
    interpreter: Interpreter,
    python: Path | None,
    into: Path,
    strip: StripSettings = AS_IT_IS,
) -> tuple[Entry, ...]:
    """Lay the wheels out below ``into``, as `unpack` would; raises UserError as it does.

    As many are unpacked and compiled at once as there are processors, the
    largest first.  Returns what lies there now, as the wheels' own trees know it.
    """

    def one(wheel: Wheel) -> cache.Tree:
        return cache.tree(
            "wheel",
            _key(wheel, interpreter, python, strip),
            lambda draft: unpack([wheel], interpreter, python, draft, strip),
        )

    ordered = sorted(wheels, key=lambda wheel: (-wheel.path.stat().st_size, wheel.name))
    trees = {}
    for wheel, tree in crowd.each(one, ordered, os.cpu_count() or 1):
        trees[wheel.name] = tree
        progress.tell(f"{len(trees)} of {len(wheels)} wheels laid out")
    taken: dict[str, tuple[str, Entry]] = {}
    for name, tree in sorted(trees.items()):
        for row in tree.entries:
            if "/__pycache__/" in row.path:
                continue  # it differs where its source does
            other, there = taken.setdefault(row.path, (name, row))
            if (there.sha256, there.link) != (row.sha256, row.link):
                raise clash(other, name, row.path)
    (into / interpreter.site_packages).mkdir(parents=True, exist_ok=True)
    for tree in trees.values():
        cache.place(tree, into)
    return tuple(entry for tree in trees.values() for entry in tree.entries)


def _key(wheel: Wheel, interpreter: Interpreter, python: Path | None, strip: StripSettings) -> str:
    """What decides the tree: the wheel, and how this Python installs and compiles it."""
    compiled = "compiled" if python else "no byte code"
    facts = (interpreter.version, interpreter.tag, interpreter.site_packages, compiled)
    lean = (repr(strip), symbols.FORMAT)
    half, launcher = scripts.HALF, cache.digest(scripts.launcher())
    return cache.key("wheel", FORMAT, *facts, *lean, half, launcher, cache.sha256(wheel.path))
