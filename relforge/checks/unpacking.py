"""Unpacking an artifact as its users do, without root, into a directory of one's own."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from zlib_ng import zlib_ng

from relforge import cache
from relforge.artifacts.formats.codecs import GZIP, ZSTD, Codec
from relforge.artifacts.formats.oci import base
from relforge.artifacts.formats.oci.config import ARCHITECTURES
from relforge.artifacts.formats.oci.layers import CODECS, root
from relforge.artifacts.formats.sections import Section, Stream, unpacked
from relforge.model.release import Artifact, Release
from relforge.support import command
from relforge.support.errors import NO_ROOM, UserError
from relforge.support.zstd import zstd
from relforge.tree import extraction

PATIENCE = 300  # seconds
_DAMAGED = (tarfile.TarError, zstd.ZstdError, EOFError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """A release where it was unpacked; ``program`` runs it."""

    tree: Path
    program: Path


def unpack(release: Release, artifact: Artifact, directory: Path) -> Unpacked | str:
    """The release inside of the artifact, or why it was not tried; "" where it holds none.

    Raises UserError where it cannot be unpacked; OSError, or UserError with the hint
    NO_ROOM, where that is the host's fault.
    """
    try:
        with cache.naming(directory):
            return _WAYS[artifact.format](release, artifact, directory)
    except (*_DAMAGED, zlib_ng.error) as error:  # type: ignore[misc]  # its stub says `error: Exception`
        raise UserError(f"it cannot be unpacked: {error}") from None


def _tarball(codec: Codec) -> Callable[[Release, Artifact, Path], Unpacked]:
    def way(release: Release, artifact: Artifact, directory: Path) -> Unpacked:
        section = Section(path=artifact.path, offset=0, size=artifact.size)
        with _opened(codec, section) as archive:
            extraction.extract(archive, directory, outward=True)
        (tree,) = directory.iterdir()
        return Unpacked(tree=tree, program=tree / "bin" / release.name)

    return way


def _run(release: Release, artifact: Artifact, directory: Path) -> Unpacked:
    """It unpacks itself; it may lie where nothing can be run."""
    program = directory.with_name(f"{release.name} it.run")
    shutil.copyfile(artifact.path, program)
    program.chmod(stat.S_IRWXU)
    directory.chmod(stat.S_IRWXU)
    env = {"PATH": os.defpath, "RELEASE_EXTRACT_DIR": str(directory)}
    # An interrupt ends what it started, too: nothing writes where everything is being removed.
    try:
        done = command.capture([program, "version"], cwd=Path("/"), base=env, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise UserError(f"it did not finish unpacking itself within {PATIENCE} s") from None
    if done.returncode:
        room = os.strerror(errno.ENOSPC) not in done.stderr
        raise UserError(
            f"it cannot unpack itself: {done.stderr.strip()}", hint="" if room else NO_ROOM
        )
    (tree,) = directory.iterdir()
    return Unpacked(tree=tree, program=program)


def _deb(release: Release, artifact: Artifact, directory: Path) -> Unpacked | str:
    if shutil.which("dpkg-deb") is None:
        return f"not tried: {artifact.path.name}: dpkg-deb is not installed"
    command.run(["dpkg-deb", "-x", artifact.path, directory], what="unpacking the package")
    tree = directory / "opt" / release.name / "releases" / release.version
    if not tree.is_dir():
        return ""  # the package that leads to the version
    return Unpacked(tree=tree, program=tree / "bin" / release.name)


def _oci(release: Release, artifact: Artifact, directory: Path) -> Unpacked:
    """The layers' files below the release's directory; a base's need root, and a whole host."""
    image = base.load(artifact.path, ARCHITECTURES[release.target.machine])
    place = root(release)
    for row, span in image.layers:
        codec = CODECS.get(re.sub(r".*\.tar\+?", "", row["mediaType"]))
        section = Section(path=span.path, offset=span.offset, size=span.size)
        with _opened(codec, section) as archive:
            extraction.extract(archive, directory, _below(archive, place), outward=True)
    tree = directory / place
    return Unpacked(tree=tree, program=tree / "bin" / release.name)


def _below(archive: tarfile.TarFile, place: str) -> Iterator[tarfile.TarInfo]:
    return (row for row in archive if f"{row.name}/".startswith(f"{place}/"))


def _opened(codec: Codec | None, section: Section) -> tarfile.TarFile:
    chunks = section.chunks()
    # It calls nothing but `read`.
    stream = cast(IO[bytes], Stream(unpacked(codec, chunks) if codec else chunks))
    return tarfile.open(fileobj=stream, mode="r|")


_WAYS: dict[str, Callable[[Release, Artifact, Path], Unpacked | str]] = {
    "tar.gz": _tarball(GZIP),
    "tar.zst": _tarball(ZSTD),
    "run": _run,
    "deb": _deb,
    "oci": _oci,
}
