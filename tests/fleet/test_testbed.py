"""The testbed is what the other tests believe it to be."""

from __future__ import annotations

import pytest

from tests.fleet.testbed import Testbed
from tests.systemd.host import eventually

pytestmark = [pytest.mark.rootfs, pytest.mark.fleet]


def test_the_controller_reaches_each_host_by_ssh(testbed: Testbed) -> None:
    for name in testbed.addresses:
        done = testbed.run("ssh", name, "hostname")
        assert (0, f"{name}\n") == (done.returncode, done.stdout), done.stderr


def test_a_web_host_runs_systemd_and_has_no_python(testbed: Testbed) -> None:
    for name in testbed.webs:
        host = testbed.hosts[name]
        assert "running" == host.run("systemctl", "is-system-running").stdout.strip()
        assert 0 != host.run("sh", "-c", "command -v python3 python").returncode


def test_hosts_reach_each_other_by_name(testbed: Testbed) -> None:
    lb = testbed.hosts["lb"]
    lb.ok("sh", "-c", "socat -u /dev/null TCP:web2:22")


def test_a_cable_is_pulled_and_put_in_again(testbed: Testbed) -> None:
    testbed.network.cable("web3", "down")
    try:
        done = testbed.run("ssh", "-o", "ConnectTimeout=1", "web3", "true")
        assert 255 == done.returncode
    finally:
        testbed.network.cable("web3", "up")
    assert 0 == testbed.run("ssh", "web3", "true").returncode


def test_a_host_keeps_its_disk_and_its_address_over_a_power_cut(testbed: Testbed) -> None:
    host = testbed.hosts["web2"]
    host.ok("sh", "-c", "echo kept > /root/mark && sync")
    host.cut_power()
    assert 0 != testbed.run("ssh", "-o", "ConnectTimeout=1", "web2", "true").returncode
    host.up()
    eventually(lambda: testbed.run("ssh", "web2", "cat", "/root/mark").stdout == "kept\n")
    host.ok("rm", "/root/mark")
