"""The release's files as pieces of a tar archive, each compressed once and kept in the cache.

A member is a pure function of its files, the directory they are put below, their
time stamp and the codec.  Gzip members (RFC 1952) and zstd frames (RFC 8878)
may be joined, so what did not change is copied, not compressed again.  A layer
is one member, or several where it is large: these are compressed in parallel,
and a wheel that changes costs the member it is in.

    $XDG_CACHE_HOME/relforge/members/
      <key>.gz  <key>.zst       appear whole
      <key>.json                size, sha256 and crc32 of it, written last

Entries are sorted, owned by 0:0 and have modes 0755 or 0644; links stay links.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from zlib_ng import zlib_ng

from relforge import cache
from relforge.artifacts.formats import tarstream
from relforge.artifacts.formats.codecs import Codec
from relforge.artifacts.formats.format import Damaged
from relforge.model.release import Entry, Release

FORMAT = "2"
LEAST, MOST = 2 << 20, 16 << 20  # bytes of files in a member, where its layer has more


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A compressed piece of an archive, in the cache."""

    layer: str
    key: str
    path: Path
    size: int
    crc32: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TarPart:
    """What one member holds.  ``root`` and ``directories`` have no slash at their end."""

    layer: str
    root: str
    time: int
    directories: tuple[str, ...]  # paths in the archive
    entries: tuple[Entry, ...]


def pack(
    release: Release, codec: Codec, root: str, time: Callable[[str], int] | None = None
) -> tuple[Member, ...]:
    """Every file of the release below the directory ``root`` of an archive; layers in their order.

    ``time`` is the time stamp of a layer's files, by default the release's own.
    """
    times = time or (lambda _layer: release.source_date)
    parts = {_place(codec, part): part for part in _parts(release, root, times)}
    found = {place: _known(place, part) for place, part in parts.items()}
    missing = [place for place, member in found.items() if member is None]
    if missing:
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            made = pool.map(lambda place: _make(release.tree, codec, place, parts[place]), missing)
            found.update(zip(missing, made, strict=True))
    return tuple(member for member in found.values() if member is not None)


def end(codec: Codec) -> bytes:
    """What follows the last member."""
    return codec.compressed(tarstream.END)


def chunks(member: Member) -> Iterator[bytes]:
    """The member's bytes; raises Damaged at their end where they are not what was written."""
    total = 0
    try:
        with member.path.open("rb") as file:
            while chunk := file.read(tarstream.CHUNK):
                total = zlib_ng.crc32(chunk, total)
                yield chunk
    except FileNotFoundError:
        total = -1
    if total != member.crc32:
        _note(member.path).unlink(missing_ok=True)
        raise Damaged(member.path)


def _parts(release: Release, root: str, time: Callable[[str], int]) -> Iterator[TarPart]:
    """Each file in the layer that brought it, each directory once, before what is in it."""
    seen = {"", "."}
    empty = [f"{root}/{directory}" for directory in release.directories]
    for layer in release.layers:
        for entries in _split(layer.entries):
            directories: list[str] = []
            last = layer is release.layers[-1]
            above = {f"{root}/{entry.path}".rpartition("/")[0] for entry in entries}
            for lowest in above.union(empty if last else ()):
                directory = lowest
                while directory not in seen:
                    seen.add(directory)
                    directories.append(directory)
                    directory = directory.rpartition("/")[0]
            yield TarPart(
                layer=layer.name,
                root=root,
                time=time(layer.name),
                directories=tuple(sorted(directories)),
                entries=entries,
            )


def _split(entries: tuple[Entry, ...]) -> Iterator[tuple[Entry, ...]]:
    """Where to cut is decided by the files' digests, so a change moves no cut but those near it."""
    part: list[Entry] = []
    size = 0
    for entry in entries:
        if size >= MOST or (size >= LEAST and entry.sha256.startswith("0")):
            yield tuple(part)
            part, size = [], 0
        part.append(entry)
        size += entry.size
    if part:
        yield tuple(part)


def _make(tree: Path, codec: Codec, place: Path, part: TarPart) -> Member:
    with cache.lock(f"member-{place.stem}"):
        found = _known(place, part)
        if found is None:
            for left in cache.drafts(place):  # by a build that was killed: the lock is ours
                left.unlink(missing_ok=True)
            with cache.appear(place) as out:
                facts = _compress(tree, codec, part, out)
            cache.write(_note(place), json.dumps(facts).encode())
            found = _known(place, part)
            assert found is not None
    return found


def _known(place: Path, part: TarPart) -> Member | None:
    """The member, where it is there and has the size that it was written with."""
    try:
        facts = json.loads(_note(place).read_bytes())
        if place.stat().st_size != facts["size"]:
            return None
        cache.touch(_note(place))
        size, crc32 = facts["size"], facts["crc32"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Member(layer=part.layer, key=place.stem, path=place, size=size, crc32=crc32)


def _note(place: Path) -> Path:
    return place.with_suffix(".json")


def _place(codec: Codec, part: TarPart) -> Path:
    rows = "".join(
        f"{entry.path}\n{entry.mode:o} {entry.size} {entry.sha256}{entry.link or ''}\n"
        for entry in part.entries
    )
    key = cache.key(FORMAT, codec.identity, part.root, str(part.time), rows, *part.directories)
    return cache.home() / "members" / f"{key}.{codec.suffix}"


def _compress(tree: Path, codec: Codec, part: TarPart, out: IO[bytes]) -> dict[str, int | str]:
    packer = codec.start()
    plain = tarstream.stream(tree, part.root, part.directories, part.entries, time=part.time)
    size, crc32, sha256 = 0, 0, hashlib.sha256()
    for chunk in _compressed(packer.compress, packer.flush, plain):
        out.write(chunk)
        size += len(chunk)
        crc32 = zlib_ng.crc32(chunk, crc32)
        sha256.update(chunk)
    return {"size": size, "crc32": crc32, "sha256": sha256.hexdigest()}


def _compressed(
    compress: Callable[[bytes], bytes], flush: Callable[[], bytes], chunks: Iterable[bytes]
) -> Iterator[bytes]:
    for chunk in chunks:
        yield compress(chunk)
    yield flush()
