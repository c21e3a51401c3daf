"""The artifact: a tarball that is one gzip member for each layer.

A member is a pure function of its files, the top folder's name and the time
stamp, and is kept in the cache, so a layer that did not change is not
compressed again.  RFC 1952 allows members to be joined: every gunzip reads on.

    [gzip: python ...][gzip: deps ...][gzip: app ...][gzip: release ...][gzip: end of archive]

Entries are sorted, owned by 0:0, have modes 0755 or 0644 and one time stamp;
links stay links.
"""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from zlib_ng import zlib_ng

from relforge import cache, layout
from relforge.errors import UserError
from relforge.release import Artifact, Release

FORMAT = "1"
LEVEL = 6
GZIP = 31  # window bits: 15, with a gzip header; its time stamp is 0 and its name empty
CHUNK = 1 << 20
END = bytes(2 * tarfile.BLOCKSIZE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What one gzip member holds: folders and files of the tree, by path, sorted."""

    folders: tuple[str, ...]
    files: tuple[str, ...]


def step(release: Release) -> Release:
    """Write ``dist/<name>-<version>-<target>.tar.gz``; it appears whole or not at all."""
    dist = release.project.root / "dist"
    final = dist / f"{release.name}-{release.version}-{release.target}.tar.gz"
    digests = _digests(release)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        members = list(
            pool.map(lambda member: _compressed(release, member, digests), _members(release))
        )
    _remove_drafts(final)
    with cache.appear(final) as out:
        for member in members:
            with member.open("rb") as file:
                shutil.copyfileobj(file, out, CHUNK)
        out.write(_gzip(END))
    artifact = Artifact(path=final, sha256=cache.sha256(final), size=final.stat().st_size)
    return replace(release, artifact=artifact)


def _members(release: Release) -> Iterator[Member]:
    """The tree as it is: each path in the layer that brought it, each folder once."""
    owner = {path: layer.name for layer in release.layers for path in layer.paths}
    present = sorted(path.relative_to(release.tree).as_posix() for path in cache.walk(release.tree))
    seen: set[str] = set()
    for layer in release.layers:
        files = tuple(path for path in present if owner.get(path) == layer.name)
        folders = {str(parent) for path in files for parent in PurePosixPath(path).parents} - seen
        seen |= folders
        yield Member(folders=tuple(sorted(folders)), files=files)


def _compressed(release: Release, member: Member, digests: dict[str, str]) -> Path:
    """The member's gzip file in the cache."""
    headers = [_header(release, path) for path in sorted((*member.folders, *member.files))]
    rows = (f"{row.name} {row.mode:o} {row.linkname} {row.size}" for row in headers)
    sums = (digests.get(path, "") for path in member.files)
    key = cache.key("gzip", FORMAT, str(LEVEL), str(release.source_date), *rows, *sums)
    place = cache.home() / "members" / f"{key}.gz"
    with cache.lock(f"member-{key}"):
        if not place.exists():
            _remove_drafts(place)
            _compress(release, headers, place)
    return place


def _compress(release: Release, headers: list[tarfile.TarInfo], place: Path) -> None:
    with cache.appear(place) as out:
        packer = zlib_ng.compressobj(LEVEL, zlib_ng.DEFLATED, GZIP)
        for header in headers:
            name = header.name
            out.write(packer.compress(header.tobuf(tarfile.GNU_FORMAT, "utf-8")))
            if header.isfile():
                path = release.tree / PurePosixPath(name).relative_to(_top(release))
                for chunk in _padded(path, header.size):
                    out.write(packer.compress(chunk))
        out.write(packer.flush())


def _remove_drafts(place: Path) -> None:
    """What a build that was killed left; whoever calls this holds the lock of the place."""
    for left in cache.drafts(place):
        left.unlink(missing_ok=True)


def _header(release: Release, path: str) -> tarfile.TarInfo:
    place = release.tree / path
    status = place.lstat()
    info = tarfile.TarInfo(str(PurePosixPath(_top(release), path)))
    info.mtime = release.source_date
    info.uname = info.gname = "root"
    if stat.S_ISLNK(status.st_mode):
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, os.readlink(place), 0o777
    elif stat.S_ISDIR(status.st_mode):
        info.type, info.mode = tarfile.DIRTYPE, 0o755
    else:
        info.size = status.st_size
        info.mode = 0o755 if status.st_mode & 0o100 else 0o644
    return info


def _padded(path: Path, size: int) -> Iterator[bytes]:
    """The file's content up to a whole number of blocks; raises UserError where it changed."""
    read = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            read += len(chunk)
            yield chunk
    if read != size:
        raise UserError(f"{path}: the file changed while it was packed", hint="build again")
    if size % tarfile.BLOCKSIZE:
        yield bytes(tarfile.BLOCKSIZE - size % tarfile.BLOCKSIZE)


def _digests(release: Release) -> dict[str, str]:
    """Path to digest, as the tree itself records them."""
    lines = (release.tree / layout.SUMS).read_text().splitlines()
    return {path: digest for digest, path in (line.split("  ", 1) for line in lines)} | {
        layout.SUMS: cache.sha256(release.tree / layout.SUMS)
    }


def _gzip(data: bytes) -> bytes:
    packer = zlib_ng.compressobj(LEVEL, zlib_ng.DEFLATED, GZIP)
    return packer.compress(data) + packer.flush()


def _top(release: Release) -> str:
    return f"{release.name}-{release.version}"
