"""About how much each part takes of a packed artifact.

What lies together is compressed once more while it is read, with the artifact's
own codec and level, each part for itself.  In the artifact they share a window
and the members' edges lie elsewhere, so this is about as much, not just as much.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from relforge.artifacts.formats.codecs import Codec, Packer

# A file of site-packages counts with all that is in the same directory there.
_PART = re.compile(r"(.*?/site-packages/[^/]+|python/[^/]+|[^/]+)")


class Measure:
    """Takes the files in their order; `sizes` has the bytes that each group of them takes."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._group = ""
        self._packer: Packer | None = None
        self._sizes: dict[str, int] = {}

    def feed(self, path: str, data: bytes) -> None:
        """Some bytes of a file, or its header in the archive."""
        group = part(path)
        if group != self._group or self._packer is None:
            self._end()
            self._group, self._packer = group, self._codec.start()
        self._add(self._packer.compress(data))

    def sizes(self) -> dict[str, int]:
        """Bytes by group."""
        self._end()
        return dict(self._sizes)

    def _end(self) -> None:
        if self._packer is not None:
            self._add(self._packer.flush())
            self._packer = None

    def _add(self, data: bytes) -> None:
        self._sizes[self._group] = self._sizes.get(self._group, 0) + len(data)


def part(path: str) -> str:
    """The group that a file is compressed with."""
    found = _PART.match(path)
    return found[0] if found else path


def shared(groups: dict[str, int], rows: Iterable[tuple[str, str, int]]) -> dict[str, int]:
    """What each owner takes of what the groups take; rows are path, owner and size.

    Where several own files of one group, each has its share by size.
    """
    owned: dict[str, dict[str, int]] = {}
    for path, owner, size in rows:
        owners = owned.setdefault(part(path), {})
        owners[owner] = owners.get(owner, 0) + size
    result: dict[str, float] = {}
    for group, owners in owned.items():
        whole = sum(owners.values())
        for owner, size in owners.items():
            share = size / whole if whole else 1 / len(owners)
            result[owner] = result.get(owner, 0) + groups.get(group, 0) * share
    return {owner: round(size) for owner, size in result.items()}
