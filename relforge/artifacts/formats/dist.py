"""Artifacts in ``dist/``: each appears whole, and is left alone where it is there already.

    $XDG_CACHE_HOME/relforge/artifacts/<key>.json    digest, and what the file looked like

The key is over the bytes that were asked for and the path.  A file that was
written to, replaced or touched since does not look the same, and is written again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from relforge import cache
from relforge.artifacts import signing
from relforge.artifacts.formats import tar_members, tarstream
from relforge.artifacts.formats.tar_members import Member
from relforge.model.release import Artifact, Release
from relforge.support.errors import UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of a file that somebody else wrote, and its digest."""

    path: Path
    offset: int
    size: int
    sha256: str

    def read(self) -> bytes:
        """All of it; raises UserError as `chunks` does."""
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """Its bytes; raises UserError where they are not of that digest."""
        total, left = hashlib.sha256(), self.size
        with self.path.open("rb") as file:
            file.seek(self.offset)
            while chunk := file.read(min(left, tarstream.CHUNK)):
                left -= len(chunk)
                total.update(chunk)
                yield chunk
        if total.hexdigest() != self.sha256:
            raise UserError(
                f"{self.path}: damaged: one of its blobs does not match sha256:{self.sha256}",
                hint="fetch it again",
            )


Piece = bytes | Member | Span


def write(
    release: Release, kind: str, name: str, pieces: tuple[Piece, ...], *, mode: int = 0o644
) -> Artifact:
    """The artifact ``dist/<name>`` of these pieces."""
    final = release.project.root / "dist" / name
    rows = (identity(piece) for piece in pieces)
    note = cache.home() / "artifacts" / f"{cache.key(str(final), oct(mode), *rows)}.json"
    with cache.lock(f"artifact-{cache.key(str(final))}"):  # two environments may have one name
        for left in cache.drafts(final):  # by a build that was killed: the lock is ours
            left.unlink(missing_ok=True)
        sha256 = _as_it_was(note, final)
        if sha256 is None:
            sha256 = _written(final, pieces, mode)
            cache.keep(note, json.dumps({"sha256": sha256, "looks": _looks(final)}).encode())
        return Artifact(path=final, format=kind, sha256=sha256, size=final.stat().st_size)


def _written(final: Path, pieces: tuple[Piece, ...], mode: int) -> str:
    total = hashlib.sha256()
    with cache.appear(final) as out:
        for chunk in _chunks(pieces):
            total.update(chunk)
            out.write(chunk)
        for stale in signing.beside(final):  # of another artifact of that name
            stale.unlink(missing_ok=True)
    final.chmod(mode)
    return total.hexdigest()


def chunks(piece: Piece) -> Iterable[bytes]:
    """The bytes of a piece, each kind checked in its own way."""
    if isinstance(piece, Member):
        return tar_members.chunks(piece)
    return piece.chunks() if isinstance(piece, Span) else (piece,)


def identity(piece: Piece) -> str:
    """What decides the bytes of a piece."""
    if isinstance(piece, Member):
        return piece.key
    return piece.sha256 if isinstance(piece, Span) else cache.digest(piece)


def size(piece: Piece) -> int:
    """How many bytes it has."""
    return len(piece) if isinstance(piece, bytes) else piece.size


def _chunks(pieces: tuple[Piece, ...]) -> Iterator[bytes]:
    for piece in pieces:
        yield from chunks(piece)


def _as_it_was(note: Path, final: Path) -> str | None:
    """The digest of the file at that path, if it is unchanged since it was written."""
    try:
        facts = json.loads(note.read_bytes())
        return str(facts["sha256"]) if facts["looks"] == _looks(final) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _looks(final: Path) -> list[int]:
    status = final.lstat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_mode]
