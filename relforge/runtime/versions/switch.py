"""Making another version the one that runs, and the current one."""

from __future__ import annotations

import os
import signal
import sys

from .. import instance, owner, paths
from ..client.operation import ask, show
from ..errors import CONFIG, INTERRUPTED, LOCKED, Refusal
from ..protocol import supervisor as messages
from ..wire import launcher
from . import live
from .book import Book
from .journal import BEGUN, DONE, FAILED
from .place import DeployRoot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..instance import Running


class How:
    """``dry``: only look.  ``on_restart``: change `current` alone, and leave what runs as it is.

    Then the configuration is not checked: only the unit that starts the release has all of it.
    """

    def __init__(self, *, dry: bool, on_restart: bool = False) -> None:
        self.dry = dry
        self.on_restart = on_restart


def to(book: Book, version: str, op: str, how: How) -> dict[str, Any]:
    """Switch to an installed version; what came of it, ``changed`` among it.

    ``op`` is ``upgrade`` or ``rollback``, for the journal.  Raises Refusal, and
    then what ran before serves, and `current` is what it was.
    """
    place, dry = book.place, how.dry
    if not place.has(version):
        known = ", ".join(place.versions()) or "none"
        raise Refusal(f"{version} is not installed", hint=f"installed: {known}")
    place.check_current()
    running = instance.running(paths.of(place.release(version)))
    if running is not None:
        _check_root(place, running)
    old = place.pointed() or ""
    result = {"version": version, "old": running.version if running else old, "dry": dry}
    result |= {"running": running is not None, "on_restart": how.on_restart}
    if old == version and (running is None or running.version == version):
        return {**result, "changed": False}
    if how.on_restart:
        if running is not None and live.operation(running):
            raise _busy(running)
        if not dry and old != version:
            _recorded(book, op, version, old, lambda: place.point(version))
        return {**result, "changed": not dry and old != version}
    if running is None:
        _note_others(place, version)
        _check(place, version)
        if not dry:
            _recorded(book, op, version, old, lambda: place.point(version))
        return {**result, "changed": not dry}
    if running.version == version:
        if not dry:
            _recorded(book, op, version, old, lambda: place.point(version))
        return {**result, "changed": not dry}
    if live.operation(running):
        raise _busy(running)
    if dry:
        message = messages.upgrade(place.release(version), dry=True)
        return {**result, "changed": False, "services": ask(running, message)["services"]}
    return {**result, **_hot(book, op, version, running), "changed": True}


def _hot(book: Book, op: str, version: str, running: Running) -> dict[str, Any]:
    """Have the running supervisor hand over; the journal says how far it came."""
    place, journal = book.place, book.journal
    # A lost connection to this host does not end the upgrade.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    journal.write(op, version, BEGUN, old=running.version)
    taken = False

    def switched() -> dict[str, Any]:
        nonlocal taken
        taken = True
        place.point(version)
        journal.write(op, version, DONE, old=running.version)
        return messages.switched()

    try:
        answer = ask(running, messages.upgrade(place.release(version)), switched)
    except BaseException as error:
        if taken:
            raise
        why = error.message.partition("\n")[0] if isinstance(error, Refusal) else "interrupted"
        journal.write(op, version, FAILED, old=running.version, why=why)
        if isinstance(error, KeyboardInterrupt):
            raise Refusal(
                f"interrupted: {running.version} takes over again",
                hint="`status` shows when it has",
                code=INTERRUPTED,
            ) from None
        raise
    if answer.get("warning"):
        show(f"{answer['warning']}; the upgrade is kept")
    return {"warning": answer.get("warning", "")}


def _recorded(book: Book, op: str, version: str, old: str, work: Any) -> None:
    book.journal.write(op, version, BEGUN, old=old)
    work()
    book.journal.write(op, version, DONE, old=old)


def _check(place: DeployRoot, version: str) -> None:
    """Nothing runs that could say what it thinks of that version: ask its own commands."""
    name = os.environ.get("RELEASE_NAME", "app")
    root = place.release(version)
    user = owner.of_state(paths.of(root).state)
    try:
        done = launcher.ask(root, name, "config", "check", user=user)
    except OSError as error:
        raise Refusal(f"{root}/bin/{name}: {error.strerror}", hint="install it again") from None
    if done.returncode:
        print(done.stderr, end="", file=sys.stderr)
        raise Refusal(f"{version} cannot start here", code=done.returncode or CONFIG)


def _note_others(place: DeployRoot, version: str) -> None:
    """Whatever runs with another state directory goes on as it is, and that should be known."""
    rest = [row for row in place.versions() if row != version]
    others = sorted(live.versions(place.releases, rest, without=os.getpid()))
    if others:
        show(
            f"processes of {', '.join(others)} run with another state directory "
            "and are not upgraded: to upgrade them, set RELEASE_INSTANCE or RELEASE_STATE_DIR"
        )


def _check_root(place: DeployRoot, running: Running) -> None:
    """The `current` of another deploy root would go on naming what ran before."""
    theirs, directory = os.path.split(os.path.dirname(os.path.realpath(running.root)))
    if directory == "releases" and theirs != os.path.realpath(place.root):
        raise Refusal(
            f"the running release belongs to the deploy root {theirs}, but this one is "
            f"{place.root}",
            hint="they share a state directory: upgrade it there, or stop it first",
            code=CONFIG,
        )


def _busy(running: Running) -> Refusal:
    return Refusal(
        f"its {live.operation(running)} is under way (pid {running.pid})",
        hint="wait for it; `status` shows its progress",
        code=LOCKED,
    )
