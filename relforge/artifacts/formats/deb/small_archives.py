"""Small archives: the control files, and what a package has in addition to the release."""

from __future__ import annotations

import os
from dataclasses import dataclass

from relforge.artifacts.formats import tarstream
from relforge.artifacts.formats.codecs import GZIP
from relforge.model.release import Entry, Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """A file or link of a package."""

    path: str
    data: bytes = b""
    link: str | None = None
    mode: int = 0o644


def packed(release: Release, rows: tuple[Small, ...], *, end: bool = True) -> bytes:
    """A gzip stream of the rows and the directories that they are in."""
    entries = {f"./{row.path}": row for row in rows}
    directories = {directory for path in entries for directory in _above(path)}
    archive = bytearray()
    for name in sorted({*entries, *directories}):
        row = entries.get(name)
        data = row.data if row else b""
        archive += tarstream.header(name, release.source_date, _entry(row, len(data)))
        archive += data + tarstream.padding(len(data))
    return GZIP.compressed(bytes(archive) + (tarstream.END if end else b""))


def _entry(row: Small | None, size: int) -> Entry | None:
    if row is None:
        return None
    mode = 0o777 if row.link is not None else row.mode
    return Entry(path=row.path, mode=mode, size=size, sha256="", link=row.link)


def _above(path: str) -> list[str]:
    found = []
    while (path := os.path.dirname(path)) not in ("", "."):
        found.append(path)
    return found
