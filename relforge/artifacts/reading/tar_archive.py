"""The members of a tar archive, as a stream: what a release holds, and what is next to it.

Nothing is unpacked and nothing is trusted: what a careful hand would not have
written is noted as a problem, and reading goes on.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO, cast

from relforge.artifacts.formats.sections import Stream
from relforge.artifacts.reading.contents import TEXT, ReleaseContents
from relforge.runtime.contract import archive

CHUNK = 1 << 20
ROOT = ""  # the archive's own top, as the release's directory

# A member that is not below the release's directory: its path, what it is, and how to read it.
Other = Callable[[str, tarfile.TarInfo, Callable[[], bytes]], None]


@dataclass(slots=True, kw_only=True)
class TarArchive:
    """How an archive, or several that are laid over each other, is read.

    ``root`` is the release's directory, or a pattern for it: the first directory that
    fits is it.  ``other`` is given what lies elsewhere.
    """

    found: ReleaseContents
    name: str  # in problems of the archive itself
    root: str | re.Pattern[str]
    other: Other
    dotted: bool = False  # names may begin with `./`, as dpkg wants them
    foreign: bool = False  # what lies elsewhere is somebody else's, and called as they like
    unpacked: archive.Unpacked = field(init=False)

    def __post_init__(self) -> None:
        self.unpacked = archive.Unpacked(self.found.size)

    def read(self, chunks: Iterable[bytes]) -> bool:
        """Take everything of one archive; returns whether something of the release was in it.

        Raises what `tarfile` raises, and ValueError for too many members.
        """
        before = len(self.found.files) + len(self.found.links)
        # It calls nothing but `read`.
        stream = cast(IO[bytes], Stream(chunks))
        with tarfile.open(fileobj=stream, mode="r|", tarinfo=archive.LimitedMember) as tar:
            for count, member in enumerate(tar):
                if count >= archive.MOST_MEMBERS:
                    raise ValueError(f"it has more than {archive.MOST_MEMBERS:,} members")
                if too_much := self.unpacked.problem(member):
                    raise ValueError(too_much)
                self._take(tar, member)
            ours = len(self.found.files) + len(self.found.links) > before
            wrong = archive.end_problem(cast(IO[bytes], tar.fileobj), required=ours)
            if wrong:
                self.found.problem(self.name, wrong)
        return ours

    def _take(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        name = member.name.removeprefix("./") if self.dotted else member.name
        parts = PurePosixPath(name).parts
        if self.dotted and name in ("", ".") and member.isdir():
            return
        if name.startswith("/") or ".." in parts or not parts:
            self.found.problem(
                member.name, "unpacking would write outside of the release's directory"
            )
            return
        full = "/".join(parts)
        elsewhere = self.foreign and not f"{full}/".startswith(f"{self.root}/")
        if full != name.removesuffix("/") and not elsewhere:
            problem = "the path is not normalized: it has an empty part, or `.` or `..`"
            self.found.problem(member.name, problem)
            return
        if isinstance(self.root, re.Pattern) and (fits := self.root.match(f"{full}/")):
            self.root = fits[1]
            self.found.root = fits[1]
        root = self.root if isinstance(self.root, str) else None
        if root == ROOT:
            self._put(tar, member, full)
        elif root is not None and full.startswith(f"{root}/"):
            self._put(tar, member, full.removeprefix(f"{root}/"))
        elif root is not None and f"{root}/".startswith(f"{full}/"):
            self._check_directory(member, full)
        elif root is None and member.isdir():
            self._check_directory(member, full)  # the release's comes later
        else:
            self.other(full, member, lambda: _text(tar, member))

    def _check_directory(self, member: tarfile.TarInfo, full: str) -> None:
        """A directory that leads to the release, or is its own."""
        if not member.isdir():
            self.found.problem(full, "it is a parent directory of the release, but not a directory")
            return
        self._check_owner(member, full)
        self.found.check_mode(full, member.mode)

    def _check_owner(self, member: tarfile.TarInfo, path: str) -> None:
        if member.uid or member.gid:
            self.found.problem(path, f"it is owned by {member.uid}:{member.gid}, not by 0:0")

    def _put(self, tar: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
        found, parts = self.found, path.split("/")
        again = path in found.files or path in found.links
        if again or (path in found.directories and not member.isdir()):
            found.problem(path, "it is in the archive twice")
            return
        above = ["/".join(parts[:end]) for end in range(1, len(parts))]
        if through := [row for row in above if row in found.links or row in found.files]:
            found.problem(
                path, f"unpacking would write it through {through[0]}, which is not a directory"
            )
            return
        found.directories.update(above)
        self._check_owner(member, path)
        if found.measure is not None:
            found.measure.feed(path, member.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape"))
        if member.isdir():
            found.directories.add(path)
            found.check_mode(path, member.mode)
        elif member.issym():
            found.links[path] = member.linkname
        elif member.isreg() and not member.issparse():
            content = tar.extractfile(member)
            assert content is not None
            chunks = iter(lambda: content.read(CHUNK), b"")
            found.take(path, member.mode, chunks, keep=self.root == ROOT)
        else:
            found.problem(path, "it is neither a file, a directory nor a symbolic link")


def _text(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    content = tar.extractfile(member) if member.isreg() else None
    return content.read(TEXT) if content else b""
