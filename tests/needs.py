"""Marks say what a test needs, and a test that takes more than its marks say fails.

    (no mark)  memory and files: `make test-unit`
    process    starts a program
    network    listens or connects by TCP, or looks up a name
    release    builds or boots a real release; it may do all of the above, as may
    rootfs     what runs in a root file system without Python, as root
    systemd    what boots hosts with systemd
    fleet      what boots several of them on one network
    postgres   what starts a PostgreSQL server

The interpreter's audit events say what a test does, whatever library it calls
(https://docs.python.org/3/library/audit_events.html).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

STARTS = frozenset({"subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn"})
CONNECTS = frozenset({"socket.bind", "socket.connect"})
EVERYTHING = frozenset({"release", "rootfs", "systemd", "fleet", "postgres"})


class Auditor:
    """What the running test has done; one for each worker of a run."""

    def __init__(self) -> None:
        self.done: dict[str, str] = {}  # a need, and the first event that shows it
        sys.addaudithook(self._note)

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in STARTS:
            self.done.setdefault("process", f"{event} {arguments[:2]}")
        elif event == "socket.getaddrinfo":
            self.done.setdefault("network", f"{event} {arguments[:2]}")
        elif event in CONNECTS and isinstance(arguments[1], tuple):  # else a Unix socket
            self.done.setdefault("network", f"{event} {arguments[1]}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        self.done.clear()

    @pytest.fixture(autouse=True)
    def marks_are_complete(self, request: pytest.FixtureRequest) -> Iterator[None]:
        """Fail a test that needs more than its marks say."""
        yield
        marks = {mark.name for mark in request.node.iter_markers()}
        if marks & EVERYTHING:
            return
        missing = [f"{need}: {event}" for need, event in self.done.items() if need not in marks]
        if missing:
            pytest.fail("mark it `" + "`, `".join(missing) + " (tests/needs.py)", pytrace=False)
