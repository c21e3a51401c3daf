"""Trees by content key, built once.

    trees/<kind>/<key>/files/...      never written to again
    trees/<kind>/<key>/index          path, mode, size, sha256 or link of each, and its time stamp
    trees/<kind>/<key>/facts.json     facts that the build of the tree keeps with it

An entry appears by rename, so a build that is killed leaves nothing behind that
looks whole; two builds at once build an entry once.  When an entry was last used
is the time stamp of its index.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relforge.cache.entries import dump, is_file_of, load, scan, stamped
from relforge.cache.files import naming
from relforge.cache.keys import home
from relforge.cache.locks import lock, touch
from relforge.model.release import Entry, Layer

_FACTS = "facts.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A tree in the cache; ``cached`` if it was there already."""

    path: Path
    entries: tuple[Entry, ...]  # sorted by path
    cached: bool

    @property
    def key(self) -> str:
        """Its content key."""
        return self.path.parent.name

    @property
    def facts(self) -> dict[str, Any]:
        """What `state` wrote while it was built."""
        try:
            found = json.loads((self.path.parent / _FACTS).read_bytes())
        except FileNotFoundError:
            return {}
        return found if isinstance(found, dict) else {}


def state(directory: Path, facts: dict[str, Any]) -> None:
    """Keep facts with the tree that is being built in that directory; see `Tree.facts`."""
    (directory.parent / _FACTS).write_text(json.dumps(facts))


def tree(kind: str, content_key: str, build: Callable[[Path], Iterable[Entry] | None]) -> Tree:
    """The tree with that key; ``build`` fills an empty directory where there is none yet.

    It may report what it laid out of other trees: these files are not read again.

    An entry that lost a file, or one of whose files was written to, is built again.
    """
    place = _place(kind, content_key)
    with lock(f"{kind}-{content_key}"):
        found = find(kind, content_key)
        if found is not None:
            return found
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        _sweep(place)
        draft = Path(tempfile.mkdtemp(prefix=f".{content_key}.", dir=place.parent))
        try:
            with naming(draft):
                files = draft / "files"
                files.mkdir()
                known = build(files) or ()
                entries = stamped(files, scan(files, known))
                (draft / "index").write_text(dump(entries))
                draft.chmod(0o755)
                draft.rename(place)
        finally:
            _sweep(place)
    return Tree(path=place / "files", entries=entries, cached=False)


def find(kind: str, content_key: str) -> Tree | None:
    """The tree with that key, where it is there as it was made."""
    place = _place(kind, content_key)
    entries = _known(place)
    if entries is None:
        return None
    touch(place / "index")
    return Tree(path=place / "files", entries=entries, cached=True)


def layer(name: str, source: Tree, started: float) -> Layer:
    """The layer that a placed tree makes; ``started`` is of `time.perf_counter`."""
    return Layer(
        name=name,
        key=source.key,
        cached=source.cached,
        seconds=time.perf_counter() - started,
        entries=source.entries,
    )


def _place(kind: str, content_key: str) -> Path:
    return home() / "trees" / kind / content_key


def _sweep(place: Path) -> None:
    """Remove the drafts of a tree; what a killed build had started may write for a while yet."""
    for left in place.parent.glob(f".{place.name}.*"):
        shutil.rmtree(left, ignore_errors=True)


def _known(place: Path) -> tuple[Entry, ...] | None:
    """What the index lists; None where there is none, or a file is not as it was made."""
    files = os.path.join(place, "files")
    try:
        entries = load((place / "index").read_bytes())
        for entry in entries:
            if entry.link is None and not is_file_of(
                entry, os.lstat(os.path.join(files, entry.path))
            ):
                return None
    except (OSError, ValueError, TypeError):
        return None
    return entries
