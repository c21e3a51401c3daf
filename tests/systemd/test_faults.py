"""Disks that are full or read-only, a lock of somebody else's, a fork bomb."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.systemd.deployed import Deployed
from tests.systemd.host import Host, eventually

pytestmark = [pytest.mark.systemd, pytest.mark.rootfs, pytest.mark.release]

TASKS = 40


@contextmanager
def small_disk(host: Host, depot: Deployed) -> Iterator[str]:
    """A state directory on a disk of 64 KiB."""
    place = f"{depot.root}/var"
    options = "size=64k,mode=0755,uid=depot,gid=depot"
    host.ok("mount", "-t", "tmpfs", "-o", options, "small", place)
    try:
        yield place
    finally:
        host.run(depot.program, "stop")
        host.ok("umount", "--lazy", place)


def fill(host: Host, directory: str) -> None:
    host.run("dd", "if=/dev/zero", f"of={directory}/filler", "bs=4k")
    assert "0" == host.ok("df", "--output=avail", directory).split()[-1]


def test_a_disk_that_is_full_is_reported_and_one_that_fills_up_stops_nothing(
    host: Host, depot: Deployed
) -> None:
    with small_disk(host, depot) as directory:
        fill(host, directory)
        for start in ([depot.program, "start"], ["systemctl", "start", depot.unit]):
            user = "root" if "systemctl" in start else "depot"
            done = host.run(*start, user=user)
            assert 1 == done.returncode
            said = done.stderr + "".join(text for _, text in depot.journal())
            assert "No space left on device" in said
            assert "Traceback" not in said
            assert [] == host.processes("depot")
        host.ok("systemctl", "stop", depot.unit)

        host.ok("rm", f"{directory}/filler")
        host.ok(depot.program, "start", user="depot")
        fill(host, directory)
        before = depot.service("odd")["pid"]
        host.ok("kill", "-9", before)
        eventually(lambda: depot.service("odd")["ready"] and depot.service("odd")["pid"] != before)
        assert depot.serves()
        assert "2\n" == host.ok(depot.program, "rpc", "1 + 1")
        host.ok(depot.program, "stop")
        assert [] == host.processes("depot")


def test_a_state_directory_that_cannot_be_written_or_no_longer(host: Host, depot: Deployed) -> None:
    with small_disk(host, depot) as directory:
        host.ok("mount", "-o", "remount,ro", directory)
        refused = host.run(depot.program, "start", user="depot")
        assert 78 == refused.returncode
        assert f"{directory}: not writable" in refused.stderr
        assert "set RELEASE_STATE_DIR" in refused.stderr
        assert 3 == host.run(depot.program, "status", user="depot").returncode

        host.ok("mount", "-o", "remount,rw", directory)
        depot.start()
        host.ok("chmod", "-R", "a-w", directory)
        before = depot.service("web")["pid"]
        host.ok("kill", "-9", before)
        eventually(lambda: depot.service("web")["ready"] and depot.service("web")["pid"] != before)
        assert depot.serves()
        depot.stop()
        assert [] == host.processes("depot")


def test_a_start_by_root_is_the_services_users(host: Host, depot: Deployed) -> None:  # S2
    host.ok("rm", "-rf", f"{depot.root}/var/lock")
    done = host.run(depot.program, "start")  # by root, by mistake
    assert (0, f"depot: running as depot, who owns {depot.root}/var\n") == (
        done.returncode,
        done.stderr,
    )
    try:
        assert [] != host.processes("depot")
        assert "" == host.ok("find", f"{depot.root}/var", "!", "-user", "depot")
        again = host.run(depot.program, "start", user="depot")
        assert (1, True) == (again.returncode, "already running" in again.stderr)
        assert 1 == host.run("systemctl", "start", depot.unit).returncode
        assert any("already running" in text for _, text in depot.journal())
        assert depot.serves(), "what runs goes on"
    finally:
        host.ok(depot.program, "stop", user="depot")
        host.ok("sh", "-c", f"rm -rf {depot.root}/var/*")


def test_a_fork_bomb_stays_in_its_unit_and_is_healed(host: Host, depot: Deployed) -> None:
    depot.setting("Environment=DEPOT_ODD=bomb", f"TasksMax={TASKS}")
    depot.start()
    eventually(lambda: host.unit(depot.unit, "TasksCurrent")["TasksCurrent"] == str(TASKS))
    assert depot.serves()
    assert "running" == depot.status()["state"]
    assert "pong\n" == host.ok(depot.program, "ping")
    web, odd = depot.service("web")["pid"], depot.service("odd")["pid"]
    # There is no room for another process until the bomb's go.
    host.ok("kill", "-9", web)
    host.ok("kill", "-9", odd)
    eventually(lambda: depot.service("web")["pid"] not in (None, web) and depot.serves())
    eventually(lambda: depot.service("odd")["pid"] not in (None, odd))
    depot.stop()
    assert [] == host.processes("depot")
