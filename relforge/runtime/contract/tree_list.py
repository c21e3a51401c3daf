"""``release/tree.json``: what a list of digests cannot say of a tree.

    {"directories": [...], "executable": [...], "links": {path: target}}

``directories`` are those with nothing in them.  Its own digest is in
``release/SHA256SUMS``.  `relforge verify` and `bin/<name> install` both judge by it.
"""

from __future__ import annotations

import json
import posixpath

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Set
    from typing import Any

PATH = "release/tree.json"


class TreeFacts:
    """What is in a tree beside the content of its files."""

    def __init__(
        self, *, directories: Set[str], executable: Set[str], links: Mapping[str, str]
    ) -> None:
        self.directories = directories
        self.executable = executable
        self.links = links


def text(listed: TreeFacts) -> str:
    """The file's content: one text for one tree."""
    value = {
        "directories": sorted(listed.directories),
        "executable": sorted(listed.executable),
        "links": dict(listed.links),
    }
    return json.dumps(value, indent=1, sort_keys=True)


def parse(content: bytes) -> TreeFacts:
    """What somebody wrote; raises ValueError for anything else than such a list."""
    try:
        value: Any = json.loads(content)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("it is not a table")
    links = value.get("links")
    if not isinstance(links, dict) or not all(isinstance(row, str) for row in links.values()):
        raise ValueError("`links` is not a table of strings")
    directories, executable = (_texts(value, key) for key in ("directories", "executable"))
    return TreeFacts(directories=directories, executable=executable, links=links)


def _texts(value: dict[str, Any], key: str) -> frozenset[str]:
    rows = value.get(key)
    if not isinstance(rows, list) or not all(isinstance(row, str) for row in rows):
        raise ValueError(f"`{key}` is not a list of strings")
    return frozenset(rows)


def problems(listed: TreeFacts, found: TreeFacts, files: Set[str]) -> Iterator[tuple[str, str]]:
    """Each path, with what is not as it was built; ``files`` are all that are there.

    ``found.directories`` may have those with something in them as well.
    """
    for path, target in sorted(listed.links.items()):
        there = found.links.get(path)
        if there is None:
            what = "it is no longer a link" if path in files else "the link is missing"
            yield path, f"{what}: it led to {target}"
        elif there != target:
            yield path, f"the link leads to {there}, and led to {target} when it was built"
    for path in sorted(found.links.keys() - listed.links.keys()):
        yield path, f"the link was added later: {PATH} does not list it"
    for path in sorted((listed.executable ^ found.executable) & files):
        before = "executable" if path in listed.executable else "not executable"
        yield path, f"its mode has changed: it was {before} when it was built"
    yield from _of_directories(listed, found, files)


def _of_directories(
    listed: TreeFacts, found: TreeFacts, files: Set[str]
) -> Iterator[tuple[str, str]]:
    filled = {
        above
        for path in (*files, *found.links, *listed.links, *listed.directories)
        for above in _above(path)
    }
    for path in sorted(listed.directories - found.directories - filled):
        yield path, "the empty directory is missing"
    for path in sorted(found.directories - listed.directories - filled):
        yield path, f"the directory was added later: {PATH} does not list it"


def _above(path: str) -> Iterator[str]:
    while path := posixpath.dirname(path):
        yield path
