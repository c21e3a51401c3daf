"""What the kernel does to a host: no memory left, a disk that becomes read-only, no power."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.profiles import SOAK
from tests.systemd.deployed import Deployed
from tests.systemd.host import Host, eventually

pytestmark = [pytest.mark.systemd, pytest.mark.rootfs, pytest.mark.release]

MEMORY = "MemoryMax=160M"


@pytest.fixture
def hungry(host: Host, depot: Deployed) -> Iterator[Deployed]:
    """A release one of whose services is about to take more memory than its unit has."""
    mark = f"{depot.root}/var/eaten"
    depot.setting("Environment=DEPOT_ODD=eats", MEMORY, "MemorySwapMax=0")
    yield depot
    host.ok("rm", "-f", mark)


def eaten(host: Host, depot: Deployed) -> bool:
    return host.path(f"{depot.root}/var/eaten").exists()


def test_a_service_that_takes_all_memory_is_killed_alone_and_replaced(
    host: Host, hungry: Deployed
) -> None:
    hungry.start()
    main, web, odd = (
        hungry.main_pid(),
        hungry.service("web")["pid"],
        hungry.service("odd")["pid"],
    )
    eventually(lambda: hungry.service("odd")["pid"] not in (None, odd) and eaten(host, hungry))
    eventually(lambda: hungry.service("odd")["ready"])
    assert hungry.serves()
    assert (main, web) == (hungry.main_pid(), hungry.service("web")["pid"])
    assert "active/running" == hungry.state()
    assert any("odd.1 killed by SIGKILL" in text for _, text in hungry.journal())


def test_a_supervisor_that_the_kernel_chooses_is_started_again(
    host: Host, hungry: Deployed
) -> None:
    hungry.start()
    main = hungry.main_pid()
    host.ok("sh", "-c", f"echo 1000 >/proc/{main}/oom_score_adj")
    eventually(lambda: hungry.main_pid() not in (0, main) and hungry.state() == "active/running")
    assert eaten(host, hungry)
    assert hungry.serves()
    assert all(row["ready"] for row in hungry.status()["services"])
    assert 3 == len(host.processes("depot")), "supervisor, web, odd"
    assert "1" == host.unit(hungry.unit, "NRestarts")["NRestarts"]


@contextmanager
def failing_disk(host: Host, depot: Deployed, work: Path) -> Iterator[Path]:
    """The state directory on a disk of its own; what makes its errors."""
    image, place = work / "disk", f"{depot.root}/var"
    with image.open("wb") as file:
        file.truncate(16 << 20)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    found = subprocess.run(
        ["losetup", "--find", "--show", image], check=True, capture_output=True, text=True
    )
    device = found.stdout.strip()
    number = device.removeprefix("/dev/loop")
    try:
        host.ok("mknod", device, "b", 7, number)
        host.ok("mount", "-o", "errors=remount-ro", device, place)
        host.ok("chown", "depot", place)
        yield Path(f"/sys/fs/ext4/loop{number}/trigger_fs_error")
    finally:
        host.run("systemctl", "stop", depot.unit)
        host.run("umount", place)
        host.run("rm", "-f", device)
        subprocess.run(["losetup", "--detach", device], check=True)


def test_a_disk_that_becomes_read_only_stops_nothing(
    host: Host, depot: Deployed, tmp_path: Path
) -> None:
    """As ext4 does with `errors=remount-ro` at a fault, under open files."""
    with failing_disk(host, depot, tmp_path) as fault:
        depot.start()
        main, before = depot.main_pid(), depot.service("web")["pid"]
        fault.write_text("1")
        assert 1 == host.run("touch", f"{depot.root}/var/x").returncode
        assert depot.serves()
        host.ok("kill", "-9", before)
        eventually(lambda: depot.service("web")["pid"] not in (None, before))
        eventually(lambda: depot.service("web")["ready"])
        assert depot.serves()
        assert "2\n" == host.ok(depot.program, "rpc", "1 + 1")
        host.ok("systemctl", "reload", depot.unit)
        assert ("active/running", main) == (depot.state(), depot.main_pid())
        said = "".join(text for _, text in depot.journal())
        assert "Traceback" not in said
        host.ok("systemctl", "stop", depot.unit)
        assert [] == host.processes("depot")
        refused = host.run(depot.program, "start", user="depot")
        assert 78 == refused.returncode
        assert f"{depot.root}/var" in refused.stderr
        assert "Read-only file system" in refused.stderr or "not writable" in refused.stderr


def test_after_a_power_cut_in_an_upgrade_the_next_boot_serves_and_the_next_one_is_done(
    artifact: Path, newer: Path, tmp_path: Path
) -> None:
    with Host(tmp_path, "web3") as host:
        depot = Deployed.install(host, artifact, "depot", "0.1")
        with newer.open("rb") as file:
            host.ok("sh", "-c", f'cat >"/srv/{newer.name}"', stdin=file)
        host.ok(depot.program, "install", f"/srv/{newer.name}")
        host.ok("systemctl", "enable", "--now", depot.unit)
        version = "0.1"
        for number in range(30 if SOAK else 3):
            other = "0.2" if version == "0.1" else "0.1"
            host.popen(depot.program, "upgrade", other)
            time.sleep(random.uniform(0, 3))
            host.cut_power()
            host.up()
            eventually(depot.serves)
            reported = f"round {number}"
            assert "active/running" == depot.state(), reported
            assert 3 == len(host.processes("depot")), reported
            pointed = host.ok("readlink", f"{depot.root}/current").strip()
            assert depot.status()["version"] == pointed.removeprefix("releases/"), reported
            # The next operation settles what was begun, and is done.
            wanted = "0.2" if depot.status()["version"] == "0.1" else "0.1"
            host.ok(depot.program, "upgrade", wanted)
            version = depot.status()["version"]
            assert wanted == version, reported
            rows = host.ok(depot.program, "releases")
            assert "0.1" in rows and "0.2" in rows, reported
