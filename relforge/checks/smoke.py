"""The artifact as a host gets it: unpacked in a directory with a space, and run there.

Nothing is started: its version, its description, and whatever settings name is
imported.  An artifact that passed is not tried again.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from relforge import cache
from relforge.artifacts import signing
from relforge.checks import entry_points, unpacking, verdict
from relforge.model.release import Artifact, Finding, Release
from relforge.support import command
from relforge.support.errors import NO_ROOM, UserError

RULE = "smoke"
DIRECTORY = "a place with spaces"
PATIENCE = 120  # seconds
QUESTIONS = (("version",), ("describe",))
# Nothing of this host's environment helps it.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}


def step(release: Release) -> Release:
    """Try the artifacts, where `check.smoke` says so; raises Failed, and notes what was not."""
    check = release.settings.check
    if not check.smoke or RULE in check.skip:
        return release
    if not release.python.runs_here:
        note = f"not tried: this host cannot run {release.target.machine} code"
        return replace(release, notes=(*release.notes, note))
    rows = [row for artifact in release.artifacts for row in _of(release, artifact)]
    notes = tuple(row for row in rows if isinstance(row, str))
    warnings = verdict.judge(tuple(row for row in rows if isinstance(row, Finding)), check)
    findings = (*release.findings, *warnings)
    return replace(release, findings=findings, notes=(*release.notes, *notes))


def _of(release: Release, artifact: Artifact) -> Iterator[Finding | str]:
    """What is wrong with it, or a note that it was not tried."""
    passed = cache.home() / "checks" / f"smoke-{artifact.sha256}.json"
    if passed.exists():
        return
    with tempfile.TemporaryDirectory(
        prefix="relforge-smoke-", ignore_cleanup_errors=True
    ) as scratch:
        directory = Path(scratch) / DIRECTORY
        directory.mkdir()
        try:
            made = unpacking.unpack(release, artifact, directory)
        except UserError as error:
            if error.hint == NO_ROOM:
                raise  # of the host; the artifact may be fine
            problems = [error.message]
        else:
            if isinstance(made, str):
                yield from [made] if made else []
                return
            problems = list(_problems(release, made, Path(scratch) / "state"))
    if problems:
        for path in (*signing.beside(artifact.path), artifact.path):
            path.unlink(missing_ok=True)  # so that nobody ships it
    else:
        cache.keep(passed, b"{}")
    for message in problems:
        yield Finding(
            severity="error",
            rule=RULE,
            path=os.path.relpath(artifact.path, release.project.root),
            message=f"{message}; the artifact was removed",
            hint=f"unpack it in a directory with a space in its name and run: bin/{release.name} "
            "describe",
        )


def _problems(release: Release, made: unpacking.Unpacked, state: Path) -> Iterator[str]:
    env = {"RELEASE_STATE_DIR": str(state), "RELEASE_EXTRACT_DIR": str(made.tree.parent)}
    for words in QUESTIONS:
        shown = f"`bin/{release.name} {' '.join(words)}`"
        try:
            done = command.capture(
                [made.program, *words],
                cwd=Path("/"),
                env=env,
                base=ENVIRONMENT,
                timeout=PATIENCE,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            yield f"{shown} failed in the unpacked artifact: {error}"
            return
        if done.returncode:
            output = (done.stderr or done.stdout).strip()[-2000:]
            yield f"{shown} in the unpacked artifact {command.ending(done.returncode)}\n{output}"
            return
    try:
        found = [*entry_points.rule(replace(release, tree=made.tree))]
    except UserError as error:
        yield f"in the unpacked artifact: {error.message}"
        return
    rows = [row for row in found if row.severity == "error"]
    yield from (f"in the unpacked artifact, {row.path}: {row.message}" for row in rows)
