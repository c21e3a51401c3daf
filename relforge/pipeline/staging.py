"""Where a build writes, and how the result gets its final name.

    _build/<env>/
      .lock                       held for the whole build
      .ticketd-1.4.0.<n>.draft/   where the steps write
      .ticketd-1.4.0.old/         the tree that is being replaced, for a moment
      ticketd-1.4.0/              appears by rename, whole

A build that is killed leaves only a draft, which the next build removes.  One
that is killed in `publish` may leave the third name; the next build takes the
state directory out of it, or gives the tree its name back if no other has it.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from relforge import cache
from relforge.model import layout
from relforge.model.release import Release
from relforge.support.errors import Exit, UserError


def draft(build_dir: Path, name: str, version: str) -> Path:
    """The directory that the steps of this release write to.

    No two builds have the same, so that nothing which outlived a killed build
    writes into the next one's.
    """
    return build_dir / f".{name}-{version}.{secrets.token_hex(4)}.draft"


@contextmanager
def workspace(release: Release) -> Iterator[None]:
    """Hold the build directory and give the steps an empty draft; it is gone afterwards.

    Raises UserError (exit 75) while another build of this environment runs.
    """
    release.build_dir.mkdir(parents=True, exist_ok=True)
    ignore = release.build_dir.parent / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
    with _locked(release.build_dir / ".lock"):
        for left in release.build_dir.glob(".*.draft"):
            shutil.rmtree(left, ignore_errors=True)
        for left in release.build_dir.glob(".*.old"):
            _recover(left)
        release.tree.mkdir()
        try:
            with cache.naming(release.build_dir):
                yield
        finally:
            shutil.rmtree(release.tree, ignore_errors=True)


def publish(release: Release) -> Release:
    """Give the draft its final name; the state directory of the tree it replaces stays.

    What was replaced is there until `sweep`, or the next build, removes it.
    """
    final = release.final_tree
    old = _old(release)
    refuse_running(release)
    if not final.exists():
        release.tree.rename(final)
        return replace(release, tree=final)
    release.tree.rename(old)
    if not _exchange(old, final):
        old.rename(release.tree)
        final.rename(old)
        release.tree.rename(final)
    _hand_over(old)
    return replace(release, tree=final)


def sweep(release: Release) -> None:
    """Remove the tree that was replaced, if there was one."""
    shutil.rmtree(_old(release), ignore_errors=True)


def _exchange(one: Path, two: Path) -> bool:
    """Swap two directories in one step (renameat2(2)); False where this file system cannot."""
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    try:
        call = ctypes.CDLL(None).renameat2
    except AttributeError:
        return False
    return bool(call(here, os.fsencode(one), here, os.fsencode(two), exchange) == 0)


def _recover(old: Path) -> None:
    """Finish a publication: the state goes to the new tree, the old one goes.

    Where there is no new tree, the old one gets its name back.
    """
    final = old.with_name(old.name.removeprefix(".").removesuffix(".old"))
    if not final.exists():
        old.rename(final)
        return
    _hand_over(old)
    shutil.rmtree(old, ignore_errors=True)


def _hand_over(old: Path) -> None:
    """Give the state of the old tree to the new one."""
    final = old.with_name(old.name.removeprefix(".").removesuffix(".old"))
    if (old / layout.STATE).exists() and not (final / layout.STATE).exists():
        (old / layout.STATE).rename(final / layout.STATE)


def _old(release: Release) -> Path:
    return release.build_dir / f".{release.final_tree.name}.old"


def refuse_running(release: Release) -> None:
    """Raise UserError (exit 75) where the tree to be replaced runs from its own state directory.

    Its processes would go on with half of the old modules and half of the new.
    """
    tree = release.final_tree
    state = tree / layout.STATE
    for lock in (state / "lock", *state.glob("instances/*/lock")):
        if _is_held(lock):
            variable = f"RELEASE_INSTANCE={lock.parent.name} " if lock.parent != state else ""
            raise UserError(
                f"{tree}: this release is running; a build would replace it",
                hint=f"stop it first: {variable}{tree}/bin/{release.name} stop",
                code=Exit.LOCKED,
            )


def _is_held(lock: Path) -> bool:
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"{path.parent}: another build of this environment is running",
                hint="wait for it to finish and try again",
                code=Exit.LOCKED,
            ) from None
        yield
    finally:
        os.close(descriptor)
