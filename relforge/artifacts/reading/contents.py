"""What reading an artifact gives."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from relforge.artifacts.reading.packed_sizes import Measure
from relforge.model import layout

TREE = "tree"
TEXT = 64 << 20  # bytes of all texts that are kept
KEPT = (".dist-info/METADATA", ".dist-info/RECORD")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFile:
    """A file of the release."""

    mode: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong, and where: a path in the release, or the artifact itself."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@dataclass(slots=True, kw_only=True)
class ReleaseContents:
    """All that a release holds.  Paths are relative to its directory.

    Of a Debian package that only leads to a version, it is all that the package
    holds, relative to the root; `control` distinguishes the two.
    """

    place: Path
    kind: str = TREE  # else a key of `relforge.model.spec.FORMATS`
    sha256: str = ""  # of the artifact; "" for a tree
    size: int = 0  # of the artifact
    root: str = ""  # the release's directory in the archive
    owner: tuple[int, int] = (0, 0)  # of a tree's directory: user and group
    files: dict[str, ReleaseFile] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    directories: set[str] = field(default_factory=set)
    texts: dict[str, bytes] = field(default_factory=dict)  # of release/ and of *.dist-info/
    control: dict[str, str] = field(default_factory=dict)  # what a Debian package says of itself
    scripts: dict[str, bytes] = field(default_factory=dict)  # what runs before the release does
    problems: list[Problem] = field(default_factory=list)
    kept: int = 0  # bytes of `texts`
    measure: Measure | None = None  # where it is asked how much each part takes of the artifact

    @property
    def is_release(self) -> bool:
        """Whether a release is inside."""
        return layout.MANIFEST in self.files

    def problem(self, path: str, message: str) -> None:
        """Note what is wrong with one path."""
        self.problems.append(Problem(path=path, message=message))

    def take(self, path: str, mode: int, chunks: Iterable[bytes], *, keep: bool = False) -> None:
        """Note one file; its text is kept if it describes the release."""
        size, total, kept = 0, hashlib.sha256(), bytearray()
        keep = keep or path.startswith("release/") or path.endswith(KEPT)
        for chunk in chunks:
            size += len(chunk)
            total.update(chunk)
            if keep and self.kept + len(chunk) <= TEXT:
                kept += chunk
                self.kept += len(chunk)
            elif keep:
                keep = False
                self.problem(
                    path,
                    f"with this file, the descriptive files of the release exceed {TEXT:,} bytes",
                )
            if self.measure is not None:
                self.measure.feed(path, chunk)
        self.files[path] = ReleaseFile(mode=mode, size=size, sha256=total.hexdigest())
        if keep:
            self.texts[path] = bytes(kept)
        self.check_mode(path, mode)

    def check_mode(self, path: str, mode: int) -> None:
        """Note what no file and no directory of a release may be."""
        if mode & (stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX):
            self.problem(path, f"it is set-uid, set-gid or sticky (mode {mode:04o})")
        elif mode & stat.S_IWOTH:
            self.problem(path, f"it is world-writable (mode {mode:04o})")

    def check_owner(self, path: str, status: os.stat_result) -> None:
        """Note what belongs in a tree to neither root nor the owner of the tree's directory."""
        mode = stat.S_IMODE(status.st_mode)
        if status.st_uid not in (0, self.owner[0]):
            whose = "neither to root nor to the owner of the release's directory"
            self.problem(path, f"it belongs to uid {status.st_uid}, {whose}")
        elif (
            mode & stat.S_IWGRP
            and status.st_gid not in (0, self.owner[1])
            and not stat.S_ISLNK(status.st_mode)
        ):
            self.problem(path, f"it is writable by the group {status.st_gid} (mode {mode:04o})")
