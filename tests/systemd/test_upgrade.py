"""A new version under systemd, as docs/how-to/deploy-under-systemd.md brings it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.systemd.deployed import Deployed
from tests.systemd.host import Host, eventually

pytestmark = [pytest.mark.systemd, pytest.mark.rootfs, pytest.mark.release]

URL = "http://127.0.0.1:8080/"


@contextmanager
def customers(host: Host) -> Iterator[list[str]]:
    """Somebody asks for a page all the time; what was not a 200, at the end."""
    failed: list[str] = []
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            try:
                status, _ = host.get(URL)
            except OSError as error:
                failed.append(repr(error))
            else:
                failed.extend([str(status)] if status != 200 else [])

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield failed
    finally:
        over.set()
        thread.join()


def test_the_unit_stays_active_and_the_main_process_is_the_same(
    host: Host, depot: Deployed, newer: Path
) -> None:
    depot.setting("WatchdogSec=1")
    depot.start()
    main, web = depot.main_pid(), depot.service("web")["pid"]
    with newer.open("rb") as file:
        host.ok("sh", "-c", f'cat >"/srv/{newer.name}"', stdin=file)
    host.ok(depot.program, "install", f"/srv/{newer.name}")

    with customers(host) as failed:
        host.ok(depot.program, "upgrade", "0.2")
    assert [] == failed
    assert ("active/running", main) == (depot.state(), depot.main_pid())
    assert web != depot.service("web")["pid"]
    assert "depot 0.2\n" == host.ok(depot.program, "version")
    assert 'Status: "depot 0.2 is running' in host.ok("systemctl", "status", depot.unit)
    kept = host.unit(depot.unit, "NFileDescriptorStore", "NRestarts")
    assert {"NFileDescriptorStore": "1", "NRestarts": "0"} == kept
    assert "depot/web.1" in {name for name, _ in depot.journal()}

    # The new supervisor feeds the watchdog, reloads, and is what systemd starts again.
    host.write("/etc/depot/config.toml", "[http]\nlate = 0.1\n")
    host.ok("systemctl", "reload", depot.unit)
    host.ok("sleep", "2")
    assert main == depot.main_pid()
    host.ok("kill", "-9", main)
    eventually(lambda: depot.main_pid() not in (0, main) and depot.state() == "active/running")
    assert "0.2" == depot.status()["version"]

    again = depot.main_pid()
    with customers(host) as failed:
        host.ok(depot.program, "rollback")
    assert [] == failed
    assert ("0.1", again) == (depot.status()["version"], depot.main_pid())
    host.ok("systemctl", "restart", depot.unit)
    assert "0.1" == depot.status()["version"]
    assert depot.serves()
