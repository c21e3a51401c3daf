"""Where a build writes, and how the result gets its final name.

    _build/<env>/
      .lock                       held for the whole build
      .ticketd-1.4.0.draft/       where the steps write
      ticketd-1.4.0/              appears by rename, whole

A build that is killed leaves only a draft, which the next build removes.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from relforge import layout
from relforge.errors import Exit, UserError
from relforge.release import Release


def draft(build_dir: Path, name: str, version: str) -> Path:
    """The folder that the steps of this release write to."""
    return build_dir / f".{name}-{version}.draft"


@contextmanager
def workspace(release: Release) -> Iterator[None]:
    """Hold the build folder and give the steps an empty draft; it is gone afterwards.

    Raises UserError (exit 75) while another build of this environment runs.
    """
    release.build_dir.mkdir(parents=True, exist_ok=True)
    ignore = release.build_dir.parent / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
    with _locked(release.build_dir / ".lock"):
        for left in release.build_dir.glob(".*.draft"):
            shutil.rmtree(left)
        for left in release.build_dir.glob(".*.old"):
            shutil.rmtree(left)
        release.tree.mkdir()
        try:
            yield
        finally:
            shutil.rmtree(release.tree, ignore_errors=True)


def publish(release: Release) -> Release:
    """Give the draft its final name; the state folder of the tree it replaces stays."""
    final = release.final_tree
    old = release.build_dir / f".{final.name}.old"
    if final.exists():
        if (final / layout.STATE).exists():
            (final / layout.STATE).rename(release.tree / layout.STATE)
        final.rename(old)
    release.tree.rename(final)
    shutil.rmtree(old, ignore_errors=True)
    return replace(release, tree=final)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"{path.parent}: another build of this environment is running",
                hint="wait for it to end, and try again",
                code=Exit.LOCKED,
            ) from None
        yield
    finally:
        os.close(descriptor)
