"""The artifact as a host gets it: unpacked in a folder with a space, and run there.

Nothing is started: its version, its description, and whatever settings name is
imported.  An artifact that passed is not tried again.
"""

from __future__ import annotations

import gzip
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, cast

import zstandard

from relforge import cache, command
from relforge.checks import entry_points, verdict
from relforge.errors import UserError
from relforge.release import Artifact, Finding, Release

RULE = "smoke"
FOLDER = "a place with spaces"
PATIENCE = 120  # seconds
UNPACKED = ("tar.gz", "tar.zst")
QUESTIONS = (("version",), ("describe",))
# Nothing of this host's environment helps it.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}


def step(release: Release) -> Release:
    """Try the artifacts that can be unpacked, where `check.smoke` says so; raises Failed."""
    check = release.settings.check
    if not check.smoke or RULE in check.skip:
        return release
    if not release.python.runs_here:
        note = f"not tried: this host cannot run {release.target.machine} code"
        return replace(release, notes=(*release.notes, note))
    found = tuple(row for artifact in release.artifacts for row in _of(release, artifact))
    warnings = verdict.judge(found, check)
    return replace(release, findings=(*release.findings, *warnings))


def _of(release: Release, artifact: Artifact) -> Iterator[Finding]:
    passed = cache.home() / "checks" / f"smoke-{artifact.sha256}.json"
    if artifact.format not in UNPACKED or passed.exists():
        return
    with tempfile.TemporaryDirectory(prefix="relforge-smoke-") as scratch:
        folder = Path(scratch) / FOLDER
        folder.mkdir()
        _unpack(artifact, folder)
        (tree,) = folder.iterdir()
        problems = list(_problems(release, tree, Path(scratch) / "state"))
    if problems:
        artifact.path.unlink()  # so that nobody ships it
    else:
        cache.keep(passed, b"{}")
    for message in problems:
        yield Finding(
            severity="error",
            rule=RULE,
            path=os.path.relpath(artifact.path, release.project.root),
            message=f"{message}; the artifact is removed",
            hint=f"unpack it in a folder with a space in its name, and try: bin/{release.name} "
            "describe",
        )


def _unpack(artifact: Artifact, folder: Path) -> None:
    with artifact.path.open("rb") as file:
        stream: IO[bytes]
        if artifact.format == "tar.zst":
            reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
            stream = cast(IO[bytes], reader)
        else:
            stream = cast(IO[bytes], gzip.GzipFile(fileobj=file))  # of several members
        with stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            archive.extractall(folder, filter="tar")


def _problems(release: Release, tree: Path, state: Path) -> Iterator[str]:
    program = tree / "bin" / release.name
    for words in QUESTIONS:
        shown = f"`bin/{release.name} {' '.join(words)}`"
        try:
            done = command.capture(
                [program, *words],
                cwd=Path("/"),
                env={"RELEASE_STATE_DIR": str(state)},
                base=ENVIRONMENT,
                timeout=PATIENCE,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            yield f"{shown} where it was unpacked: {error}"
            return
        if done.returncode:
            output = (done.stderr or done.stdout).strip()[-2000:]
            yield f"{shown} where it was unpacked {command.ending(done.returncode)}\n{output}"
            return
    try:
        rows = list(entry_points.rule(replace(release, tree=tree)))
    except UserError as error:
        yield f"where it was unpacked: {error.message}"
        return
    yield from (f"where it was unpacked, {row.path}: {row.message}" for row in rows)
