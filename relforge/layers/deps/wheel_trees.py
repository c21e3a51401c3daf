"""Wheels as trees: each unpacked and compiled once for a Python, then laid out by hard link.

    $XDG_CACHE_HOME/relforge/
      trees/wheel/<key>/        what one wheel brings, byte code and RECORD included
      layers/deps-<key>.json    of which trees a layer consists, by their keys

A release whose lock changed by one wheel unpacks and compiles that one, and
takes the trees of all others as they are.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from relforge import cache
from relforge.elf import symbols
from relforge.layers.deps import scripts
from relforge.layers.deps.unpack import clash, unpack
from relforge.layers.deps.wheels import Wheel
from relforge.model.release import Entry, Interpreter
from relforge.model.spec import AS_IT_IS, StripSettings
from relforge.support import progress, thread_pool

FORMAT = "2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """A layer made of trees, in the order of the wheels' names; ``cached``: it was known."""

    trees: tuple[cache.Tree, ...]
    cached: bool

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What lies there, sorted by path; of what several trees bring, the last one's."""
        there = {entry.path: entry for tree in self.trees for entry in tree.entries}
        return tuple(there[path] for path in sorted(there))

    def place(self, into: Path) -> None:
        """Lay it out below ``into``."""
        for tree in self.trees:
            cache.place(tree, into)


def find(key: str) -> Laid | None:
    """The layer with that key; None where a tree of it is not there as it was made."""
    try:
        keys = [str(row) for row in json.loads(_note(key).read_bytes())]
    except (OSError, ValueError, TypeError):
        return None
    found = [tree for row in keys if (tree := cache.find("wheel", row))]
    return Laid(trees=tuple(found), cached=True) if len(found) == len(keys) else None


def keep(key: str, laid: Laid) -> None:
    """Remember of which trees the layer with that key consists."""
    cache.keep(_note(key), json.dumps([tree.key for tree in laid.trees]).encode())


def lay(
    wheels: Sequence[Wheel],
    interpreter: Interpreter,
    python: Path | None,
    strip: StripSettings = AS_IT_IS,
) -> Laid:
    """The wheels' trees, as `unpack` would make one of all; raises UserError as it does.

    As many are unpacked and compiled at once as there are processors, the
    largest first.
    """

    def one(wheel: Wheel) -> cache.Tree:
        return cache.tree(
            "wheel",
            _key(wheel, interpreter, python, strip),
            lambda draft: unpack([wheel], interpreter, python, draft, strip),
        )

    ordered = sorted(wheels, key=lambda wheel: (-wheel.path.stat().st_size, wheel.name))
    trees = {}
    for wheel, tree in thread_pool.each(one, ordered, os.cpu_count() or 1):
        trees[wheel.name] = tree
        progress.tell(f"{len(trees)} of {len(wheels)} wheels laid out")
    _refuse_clash(trees)
    return Laid(trees=tuple(trees[name] for name in sorted(trees)), cached=False)


def _refuse_clash(trees: Mapping[str, cache.Tree]) -> None:
    """Refuse two wheels that bring different files of one name."""
    taken: dict[str, tuple[str, Entry]] = {}
    for name, tree in sorted(trees.items()):
        for row in tree.entries:
            if "/__pycache__/" in row.path:
                continue  # it differs where its source does
            other, there = taken.setdefault(row.path, (name, row))
            if (there.sha256, there.link) != (row.sha256, row.link):
                raise clash(other, name, row.path)


def _note(key: str) -> Path:
    return cache.home() / "layers" / f"deps-{key}.json"


def _key(wheel: Wheel, interpreter: Interpreter, python: Path | None, strip: StripSettings) -> str:
    """What decides the tree: the wheel, and how this Python installs and compiles it."""
    compiled = "compiled" if python else "no byte code"
    facts = (interpreter.version, interpreter.tag, interpreter.site_packages, compiled)
    lean = (repr(strip), symbols.FORMAT)
    half, launcher = scripts.HALF, cache.digest(scripts.launcher())
    return cache.key("wheel", FORMAT, *facts, *lean, half, launcher, wheel.digest)
