"""What an artifact may hold; `relforge verify` and `bin/<name> install` both judge by it."""

from __future__ import annotations

import posixpath
import re
import tarfile

from .naming import is_name, is_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, Protocol

    class Readable(Protocol):
        """The rest of an archive."""

        def read(self, size: int, /) -> bytes: ...


HOST_PYTHON = re.compile(r"python/bin/python(3(\.[0-9]+)?t?)?")

MOST_MEMBERS = 1_000_000
MOST_HEADER = 1 << 20  # bytes of a member's long name, and of its extended header
MOST_TEXT = 64 << 20  # bytes of the list of digests
MOST_PATH = 1024  # bytes of a member's path: PATH_MAX is 4096, with the deploy root
# What `tarfile` raises for headers that nobody would write, besides its own errors.
BROKEN = (ValueError, LookupError, OverflowError)
_PADDING = 1 << 20  # bytes that may follow the end
_RATIO = 100  # of a release to its artifact; the usual one is 2 to 4, that of zeros 1,000
_SMALL = 1 << 30  # bytes that every release may have
_LINKS = 40  # that are followed for one path, as Linux does
_HEADERS = frozenset(
    {
        tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_LONGLINK,
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.SOLARIS_XHDTYPE,
    }
)


class LimitedMember(tarfile.TarInfo):
    """A member whose header is refused before `tarfile` reads it, where it is too long."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> LimitedMember:
        """One header; raises tarfile.ReadError."""
        member = super().frombuf(buf, encoding, errors)
        if member.type in _HEADERS and member.size > MOST_HEADER:
            raise tarfile.ReadError(f"a header of {member.size:,} bytes")
        return member


def end_problem(rest: Readable, *, required: bool = True) -> str:
    """What is wrong with the end of an archive, "" if nothing is.

    ``rest`` is what follows its first block of zeros: another one (if ``required``), then no
    more than padding.
    """
    size = 0
    while chunk := rest.read(_PADDING):
        size += len(chunk)
        if chunk.strip(b"\0") or size > _PADDING:
            return "there is data after the end of the archive"
    whole = size >= tarfile.BLOCKSIZE or not required
    return "" if whole else "the archive has no end: it was cut short"


class Unpacked:
    """How much an archive becomes: it may not fill the disk of the host that unpacks it.

    No path of it may be too long for that disk, either.
    """

    def __init__(self, packed: int) -> None:
        self._left = self._most = max(_SMALL, packed * _RATIO)

    def problem(self, member: tarfile.TarInfo) -> str:
        """What is wrong once this member is unpacked as well, "" if nothing is."""
        if len(member.name.encode("utf-8", "surrogateescape")) > MOST_PATH:
            return f"{member.name[:60]}...: a path of more than {MOST_PATH} bytes"
        if member.size < 0:
            return f"{member.name}: a size below zero"
        self._left -= member.size
        if self._left >= 0:
            return ""
        return f"it unpacks to more than {self._most:,} bytes, which no artifact of its size does"


def stays(links: Mapping[str, str], path: str) -> bool:
    """Whether the link at ``path``, and each link that it leads through, ends within the release.

    ``links`` has the target of each link by its path.
    """
    left = links[path].split("/")
    if left[0] == "":
        return False
    here = posixpath.dirname(path).split("/") if "/" in path else []
    followed = 0
    while left:
        part = left.pop(0)
        if part in ("", "."):
            continue
        if part == "..":
            if not here:
                return False
            here.pop()
            continue
        here.append(part)
        target = links.get("/".join(here))
        if target is not None:
            followed += 1
            if followed > _LINKS or target.startswith("/"):
                return False
            here.pop()
            left = [*target.split("/"), *left]
    return True


def is_host_python(manifest: Mapping[str, Any], path: str) -> bool:
    """Whether it is the one link that must leave: the interpreter of `python.source = "system"`."""
    python = manifest.get("python")
    system = isinstance(python, dict) and python.get("source") == "system"
    return system and HOST_PYTHON.fullmatch(path) is not None


def digests(text: str) -> Iterator[tuple[int, str, str]]:
    """The lines of ``release/SHA256SUMS``: number, digest and path, both "" for any other line.

    A path ends at the newline alone: it may hold any other separator of lines.
    """
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        digest, gap, path = line.partition("  ")
        yield (number, digest, path) if gap and len(digest) == 64 else (number, "", "")


def identity_problem(manifest: Mapping[str, Any], top: str) -> str:
    """What is wrong with its name and version, "" if nothing is.

    ``top`` is the directory that holds the release, "" where any will do.
    """
    name, version = manifest.get("name"), manifest.get("version")
    for what, value, fits in (("name", name, is_name), ("version", version, is_version)):
        if not isinstance(value, str) or not fits(value):
            return f"its {what}, {value!r}, cannot be part of a file name"
    if top and top != f"{name}-{version}":
        return f"its directory is {top!r}, and it is {name} {version}"
    return ""
