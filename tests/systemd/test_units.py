"""Socket units, instances, reload, and hosts that lose their power."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.profiles import SOAK
from tests.systemd.deployed import UNITS, Deployed
from tests.systemd.host import Host, eventually

pytestmark = [pytest.mark.systemd, pytest.mark.rootfs, pytest.mark.release]


@pytest.fixture
def own_units(host: Host, depot: Deployed) -> Iterator[Deployed]:
    """The units are as they were at the end."""
    yield depot
    depot.reset()
    host.run("systemctl", "stop", "depot.socket", "depot@one", "depot@two")
    host.ok("sh", "-c", f"rm {UNITS}/depot*")
    depot.units()


def test_a_socket_unit_listens_for_a_release_that_is_not_there_yet(
    host: Host, own_units: Deployed
) -> None:
    depot = own_units
    depot.units("--socket")
    for unit in ("depot.socket", "depot.service"):
        assert "" == host.ok("systemd-analyze", "verify", f"{UNITS}/{unit}").strip()
    host.ok("systemctl", "start", "depot.socket")
    assert "inactive/dead" == depot.state()
    assert depot.serves(), "the first who connects starts it, and waits"
    eventually(lambda: depot.state() == "active/running")  # it has served before systemd knows
    assert ["127.0.0.1:8080"] == depot.service("web")["listen"]
    before = depot.main_pid()
    host.ok("kill", "-9", before)
    eventually(depot.serves)  # one who came at that moment may have got a process that dies
    eventually(lambda: depot.main_pid() not in (0, before) and depot.state() == "active/running")
    depot.stop()
    assert depot.serves(), "and it starts again"


def test_instances_share_nothing(host: Host, own_units: Deployed) -> None:
    depot = own_units
    depot.units("--instances")
    assert "" == host.ok("systemd-analyze", "verify", f"{UNITS}/depot@.service").strip()
    for name, port in (("one", 8081), ("two", 8082)):
        host.write(f"/etc/depot/{name}.env", f"DEPOT_HTTP__PORT={port}\n")
    host.ok("systemctl", "start", "depot@one", "depot@two")
    bodies = {host.get(f"http://127.0.0.1:{port}/")[1] for port in (8081, 8082)}
    assert 2 == len(bodies)
    rows = host.journal("depot@two.service")
    assert any(row["MESSAGE"].endswith("web.1 on 127.0.0.1:8082") for row in rows)
    first = host.ok(depot.program, "pid", env={"RELEASE_INSTANCE": "one"})
    assert first.strip() == host.unit("depot@one", "MainPID")["MainPID"]
    host.ok("systemctl", "stop", "depot@one")
    assert 200 == host.get("http://127.0.0.1:8082/")[0]


def test_systemctl_reload_reads_the_configuration_again(host: Host, depot: Deployed) -> None:
    depot.start()
    main, first = depot.main_pid(), depot.service("web")["pid"]
    host.write("/etc/depot/config.toml", "[http]\nport = 8091\n")
    host.ok("systemctl", "reload", depot.unit)
    assert ("active/running", main) == (depot.state(), depot.main_pid())
    assert first != depot.service("web")["pid"]
    assert 200 == host.get("http://127.0.0.1:8091/")[0]
    assert not depot.serves()
    assert "1" == host.unit(depot.unit, "NFileDescriptorStore")["NFileDescriptorStore"]
    assert "127.0.0.1:8091" in host.unit(depot.unit, "StatusText")["StatusText"]

    host.write("/etc/depot/config.toml", "[http]\nport = 'http'\n")
    # With notify-reload systemd has no word for a reload that failed.
    kind = host.unit(depot.unit, "Type")["Type"]
    failed = 0 if kind == "notify-reload" else 1
    assert failed == host.run("systemctl", "reload", depot.unit).returncode
    assert ("active/running", main) == (depot.state(), depot.main_pid())
    assert 200 == host.get("http://127.0.0.1:8091/")[0]
    shown = host.unit(depot.unit, "StatusText")["StatusText"]
    assert shown.startswith("reload failed: ")


def test_a_socket_that_nobody_wants_any_more_is_not_kept(host: Host, depot: Deployed) -> None:
    depot.start()
    assert "1" == host.unit(depot.unit, "NFileDescriptorStore")["NFileDescriptorStore"]
    depot.setting("Environment=DEPOT_HTTP__PORT=8090")
    host.ok("systemctl", "restart", depot.unit)
    assert not depot.serves()
    assert 200 == host.get("http://127.0.0.1:8090/")[0]
    assert "1" == host.unit(depot.unit, "NFileDescriptorStore")["NFileDescriptorStore"]


def test_after_a_power_cut_at_any_moment_the_next_boot_serves(
    artifact: Path, tmp_path: Path
) -> None:
    with Host(tmp_path, "web2") as host:
        depot = Deployed.install(host, artifact, "depot", "0.1")
        host.ok("systemctl", "enable", depot.unit)
        for _ in range(30 if SOAK else 2):
            host.popen("systemctl", "restart", depot.unit)
            time.sleep(random.uniform(0, 2))
            host.cut_power()
            host.up()
            eventually(depot.serves)
            assert "active/running" == depot.state()
            assert 3 == len(host.processes("depot"))
