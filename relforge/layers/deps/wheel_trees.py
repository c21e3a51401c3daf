"""Wheels as trees: each unpacked and compiled once for a Python, then laid out by hard link.

    $XDG_CACHE_HOME/relforge/
      trees/wheel/<key>/        what one wheel brings, bytecode and RECORD included
      layers/deps-<key>.json    of which trees a layer consists, and what they both bring

A release whose lock changed by one wheel unpacks and compiles that one, and
takes the trees of all others as they are.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from relforge import cache
from relforge.elf import run_paths, symbols
from relforge.layers import collisions
from relforge.layers.deps import scripts
from relforge.layers.deps.unpack import unpack
from relforge.layers.deps.wheels import Wheel
from relforge.model.release import Collision, Entry, Interpreter, Part
from relforge.model.spec import AS_IT_IS, StripSettings
from relforge.support import progress, thread_pool
from relforge.tree.compiler import Compiler

FORMAT = "3"
SEARCHED = "searched"  # of a tree's facts: see `relforge.model.release.Part`


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidWheel:
    """One wheel's tree; ``built`` is one that was made on this host."""

    name: str
    built: bool
    tree: cache.Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """A layer made of wheels, in the order in which they are laid over each other."""

    wheels: tuple[LaidWheel, ...]
    collisions: tuple[Collision, ...] = ()
    cached: bool  # it was known

    @property
    def trees(self) -> tuple[cache.Tree, ...]:
        """The wheels' trees."""
        return tuple(row.tree for row in self.wheels)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What the trees hold, sorted by path; of what several of them bring, the last one's."""
        there = {entry.path: entry for tree in self.trees for entry in tree.entries}
        return tuple(there[path] for path in sorted(there))

    @property
    def parts(self) -> tuple[Part, ...]:
        """Where each of the entries comes from."""
        return tuple(
            Part(
                origin="built" if row.built else "wheel",
                name=row.name,
                entries=row.tree.entries,
                searched=tuple(row.tree.facts.get(SEARCHED, ())) if row.built else (),
            )
            for row in self.wheels
        )

    def place(self, into: Path) -> None:
        """Lay it out below ``into``."""
        for tree in self.trees:
            cache.place(tree, into)


def find(key: str) -> Laid | None:
    """The layer with that key; None where a tree of it is not there as it was made."""
    try:
        known = json.loads(_note(key).read_bytes())
        clashes = tuple(Collision(**row) for row in known["collisions"])
        rows = [(str(row["tree"]), row) for row in known["wheels"]]
        found = [
            LaidWheel(name=str(row["name"]), built=bool(row["built"]), tree=tree)
            for key, row in rows
            if (tree := cache.find("wheel", key))
        ]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    whole = len(found) == len(rows)
    return Laid(wheels=tuple(found), collisions=clashes, cached=True) if whole else None


def keep(key: str, laid: Laid) -> None:
    """Remember of which trees the layer with that key consists."""
    known = {
        "wheels": [
            {"tree": row.tree.key, "name": row.name, "built": row.built} for row in laid.wheels
        ],
        "collisions": [asdict(row) for row in laid.collisions],
    }
    cache.keep(_note(key), json.dumps(known).encode())


def lay(
    wheels: Sequence[Wheel],
    interpreter: Interpreter,
    python: Path | None,
    strip: StripSettings = AS_IT_IS,
    preferred: Collection[str] = (),
) -> Laid:
    """The wheels' trees, as `unpack` would make one of all; raises UserError as it does.

    The wheels come in the order in which they are laid over each other; ``preferred``
    names those that somebody wants to win.  As many are unpacked and compiled at once
    as there are processors, the largest first.
    """

    def one(wheel: Wheel) -> cache.Tree:
        return cache.tree(
            "wheel",
            _key(wheel, interpreter, python, strip),
            lambda draft: _fill(wheel, interpreter, compiler, strip, draft),
        )

    ordered = sorted(wheels, key=lambda wheel: (-wheel.path.stat().st_size, wheel.name))
    trees = {}
    with Compiler(python) as compiler:
        for wheel, tree in thread_pool.each(one, ordered, os.cpu_count() or 1):
            trees[wheel.name] = tree
            progress.report(f"{len(trees)} of {len(wheels)} wheels laid out")
    laid = tuple(LaidWheel(name=row.name, built=row.built, tree=trees[row.name]) for row in wheels)
    brought = [
        collisions.Brought(
            name=row.name,
            entries=row.tree.entries,
            directory=row.tree.path,
            preferred=row.name in preferred,
        )
        for row in laid
    ]
    found = tuple(collisions.among(brought, interpreter.site_packages))
    return Laid(wheels=laid, collisions=found, cached=False)


def _fill(
    wheel: Wheel,
    interpreter: Interpreter,
    compiler: Compiler,
    strip: StripSettings,
    draft: Path,
) -> Iterable[Entry]:
    files = unpack([wheel], interpreter, compiler, draft, strip)
    if wheel.built:
        cache.state(draft, {SEARCHED: tuple(files.searched)})
    return files.entries.values()


def _note(key: str) -> Path:
    return cache.home() / "layers" / f"deps-{key}.json"


def _key(wheel: Wheel, interpreter: Interpreter, python: Path | None, strip: StripSettings) -> str:
    """What decides the tree: the wheel, and how this Python installs and compiles it."""
    compiled = "compiled" if python else "no byte code"
    facts = (interpreter.version, interpreter.tag, interpreter.site_packages, compiled)
    lean = (repr(strip), symbols.FORMAT)
    half, launcher = scripts.HALF, cache.digest(scripts.launcher())
    built = (run_paths.version(),) if wheel.built else ()
    return cache.key("wheel", FORMAT, *facts, *lean, half, launcher, wheel.digest, *built)
