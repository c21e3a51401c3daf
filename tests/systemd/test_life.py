"""The life of a release under systemd: started, seen, healed, stopped."""

from __future__ import annotations

import time

import pytest

from tests.systemd.deployed import Deployed
from tests.systemd.host import Host, eventually

pytestmark = [pytest.mark.systemd, pytest.mark.rootfs, pytest.mark.release]

ERROR = "3"  # syslog(3)


def test_start_returns_when_it_is_ready_and_the_main_process_is_the_supervisor(
    host: Host, depot: Deployed
) -> None:
    depot.setting("Environment=DEPOT_HTTP__LATE=1.0")
    began = time.monotonic()
    depot.start()
    assert time.monotonic() - began > 1.0
    assert "active/running" == depot.state()
    assert depot.serves()
    status = depot.status()
    assert ("running", depot.main_pid()) == (status["state"], status["pid"])
    assert all(row["ready"] for row in status["services"])
    shown = host.ok("systemctl", "status", depot.unit)
    assert 'Status: "depot 0.1 is running (pid' in shown
    again = host.run(depot.program, "restart")
    assert (1, True) == (again.returncode, "systemctl restart" in again.stderr)


def test_start_fails_when_it_is_not_ready_in_time(host: Host, depot: Deployed) -> None:
    depot.setting("Environment=DEPOT_ODD=never", "Restart=no")
    began = time.monotonic()
    started = host.run("systemctl", "start", depot.unit)
    assert 1 == started.returncode
    assert 9 < time.monotonic() - began < 60
    assert "failed/failed" == depot.state()
    assert 'odd.1 was not ready within 10s"' in host.run("systemctl", "status", depot.unit).stdout
    assert [] == host.processes("depot")
    assert not depot.serves()
    errors = [row for row in host.journal(depot.unit) if row["PRIORITY"] == ERROR]
    assert "odd.1 was not ready within 10s" in [row["MESSAGE"] for row in errors]


def test_a_wrong_configuration_is_78_and_not_tried_again(host: Host, depot: Deployed) -> None:
    depot.setting("Environment=DEPOT_HTTP__PORT=http")
    assert 1 == host.run("systemctl", "start", depot.unit).returncode
    time.sleep(2)  # twice RestartSec
    found = host.unit(depot.unit, "ActiveState", "ExecMainStatus", "NRestarts")
    assert {"ActiveState": "failed", "ExecMainStatus": "78", "NRestarts": "0"} == found
    assert any("http.port" in text and "$DEPOT_HTTP__PORT" in text for _, text in depot.journal())


def test_stop_drains_and_leaves_nothing(host: Host, depot: Deployed) -> None:
    depot.start()
    depot.stop()
    assert "inactive/dead" == depot.state()
    assert [] == host.processes("depot")
    assert not host.path("/run/depot").exists()
    assert not depot.serves()


def test_a_service_that_does_not_stop_is_killed_within_the_deadline(
    host: Host, depot: Deployed
) -> None:
    depot.setting("Environment=DEPOT_ODD=deaf", "TimeoutStopSec=2")
    depot.start()
    began = time.monotonic()
    host.ok("systemctl", "stop", depot.unit)
    assert 4 < time.monotonic() - began < 20, "more than TimeoutStopSec, which we had extended"
    assert [] == host.processes("depot")
    assert {"ExecMainStatus": "4"} == host.unit(depot.unit, "ExecMainStatus")
    assert any("odd.1 does not stop; its stacks:" in text for _, text in depot.journal())


def test_journal_lines_carry_the_name_of_the_service(host: Host, depot: Deployed) -> None:
    depot.start()
    web = depot.service("web")["pid"]
    rows = [row for row in host.journal(depot.unit) if row["_PID"] == str(web)]
    lines = [row["MESSAGE"] for row in rows]
    assert ["the web service is at work", "it writes errors as well"] == lines
    assert {"depot/web.1"} == {row["SYSLOG_IDENTIFIER"] for row in rows}
    ours = [text for name, text in depot.journal() if name == "depot"]
    assert any(text.startswith("depot 0.1 is running") for text in ours)


@pytest.mark.parametrize("name", ["web", "odd"])
def test_a_killed_service_is_replaced_and_the_unit_stays_active(
    host: Host, depot: Deployed, name: str
) -> None:
    depot.start()
    main, before = depot.main_pid(), depot.service(name)["pid"]
    host.ok("kill", "-9", before)
    eventually(lambda: depot.service(name)["ready"] and depot.service(name)["pid"] != before)
    assert depot.serves()
    assert main == depot.main_pid()
    assert "0" == host.unit(depot.unit, "NRestarts")["NRestarts"]


def test_a_killed_supervisor_is_replaced_and_who_connects_meanwhile_waits(
    host: Host, depot: Deployed
) -> None:
    depot.setting("RestartSec=1500ms")
    depot.start()
    before = depot.main_pid()
    host.ok("kill", "-9", before)
    eventually(lambda: depot.state() == "activating/auto-restart")
    # Nobody is there to accept, and nobody is refused.
    assert 200 == host.get("http://127.0.0.1:8080/", timeout=30)[0]
    eventually(lambda: depot.state() == "active/running")
    assert before != depot.main_pid()
    assert "1" == host.unit(depot.unit, "NRestarts")["NRestarts"]
    assert 3 == len(host.processes("depot")), "supervisor, web, odd"


def test_a_supervisor_that_hangs_is_found_by_the_watchdog(host: Host, depot: Deployed) -> None:
    depot.setting("WatchdogSec=1", "TimeoutAbortSec=1", "RestartSec=100ms")
    depot.start()
    before = depot.main_pid()
    time.sleep(2.5)
    assert before == depot.main_pid(), "an idle one feeds it"
    host.ok("kill", "-STOP", before)
    eventually(lambda: depot.main_pid() not in (0, before) and depot.state() == "active/running")
    assert depot.serves()
    assert 3 == len(host.processes("depot"))


def test_a_restart_lets_nobody_be_refused(host: Host, depot: Deployed) -> None:
    depot.start()
    restart = host.popen("systemctl", "restart", depot.unit)
    answers = [host.get("http://127.0.0.1:8080/", timeout=30)]
    while restart.poll() is None:
        answers.append(host.get("http://127.0.0.1:8080/", timeout=30))
    assert 0 == restart.returncode
    answers.append(host.get("http://127.0.0.1:8080/", timeout=30))
    assert {200} == {status for status, _ in answers}
    assert 2 == len({body for _, body in answers}), "of the one before, and of the one after"
