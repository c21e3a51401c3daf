"""Artifacts in ``dist/``: each appears whole, and is left alone where it is there already.

    $XDG_CACHE_HOME/relforge/artifacts/<key>.json    digest, and what the file looked like

The key is over the bytes that were asked for and the path.  A file that was
written to, replaced or touched since does not look the same, and is written anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from relforge import cache
from relforge.formats import members
from relforge.formats.members import Member
from relforge.release import Artifact, Release

Piece = bytes | Member


def write(
    release: Release, kind: str, name: str, pieces: tuple[Piece, ...], *, mode: int = 0o644
) -> Artifact:
    """The artifact ``dist/<name>`` of these pieces."""
    final = release.project.root / "dist" / name
    rows = (row.key if isinstance(row, Member) else cache.digest(row) for row in pieces)
    note = cache.home() / "artifacts" / f"{cache.key(str(final), oct(mode), *rows)}.json"
    sha256 = _as_it_was(note, final)
    if sha256 is None:
        for left in cache.drafts(final):  # by a build that was killed
            left.unlink(missing_ok=True)
        total = hashlib.sha256()
        with cache.appear(final) as out:
            for chunk in _chunks(pieces):
                total.update(chunk)
                out.write(chunk)
        sha256 = total.hexdigest()
        final.chmod(mode)
        cache.keep(note, json.dumps({"sha256": sha256, "looks": _looks(final)}).encode())
    return Artifact(path=final, format=kind, sha256=sha256, size=final.stat().st_size)


def _chunks(pieces: tuple[Piece, ...]) -> Iterator[bytes]:
    for piece in pieces:
        if isinstance(piece, Member):
            yield from members.chunks(piece)
        else:
            yield piece


def _as_it_was(note: Path, final: Path) -> str | None:
    """The digest of what lies there, where it is untouched since it was written."""
    try:
        facts = json.loads(note.read_bytes())
        return str(facts["sha256"]) if facts["looks"] == _looks(final) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _looks(final: Path) -> list[int]:
    status = final.lstat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_mode]
