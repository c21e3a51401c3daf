"""upgrade: another version takes over what runs, or what ran serves on."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.asking import Asking
from tests.runtime.supervise.waiting import alive, eventually, log, service, status

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]

WEB = """
import os, threading, time
from relforge.runtime import config
VERSION = os.environ["RELEASE_VERSION"]
fault = config["fault"]
if fault == "crash":
    raise SystemExit("no such table")
if fault == "hang":
    time.sleep(60)
if fault == "late":
    threading.Timer(0.2, os._exit, (3,)).start()
async def app(scope, receive, send):
    fails = fault == "ill" and scope["path"] == "/health"
    body = VERSION.encode()
    head = [(b"content-length", str(len(body)).encode())]
    status = 500 if fails else 200
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})
"""
WORKER = """
import time
from relforge.runtime import ready
def main():
    ready()
    while True:
        time.sleep(1)
"""
SERVER = {
    "kind": "app",
    "target": "shop.web:app",
    "server": "uvicorn",
    "listen": ["127.0.0.1:${port}"],
    "options": {"access_log": False, "lifespan": "off"},
    "intensity": [50, 30.0],
}
HEALTH = {"exec": ["sh", "-c", 'test ! -e "$RELEASE_STATE_DIR/ill"']}


def version(make: Make, number: str, **parts: Any) -> MiniRelease:
    """One version of a shop in a deploy root that the test's versions share."""
    fault = parts.pop("fault", "")
    services = parts.pop("services", {"web": {**SERVER, "ready_timeout": 3.0}})
    schema = {
        "fault": {"type": "str", "default": fault},
        "port": {"type": "int", "default": 0},
    }
    files = {"shop/web.py": WEB, "shop/worker.py": WORKER, **parts.pop("files", {})}
    parts = {"upgrade": {"bake": 0.4, "health": None}, **parts}
    return make(
        files,
        at=f"releases/{number}",
        version=number,
        services=services,
        config={"providers": [], "schema": schema},
        **parts,
    )


def started(release: MiniRelease) -> str:
    """Make it the current one, start it; where its web service listens."""
    for words in (("upgrade", release.root.name), ("start",)):
        done = release.run(*words)
        assert done.returncode == 0, done.stderr
    address: str = service(release, "web")["listen"][0]
    return address


def current(release: MiniRelease) -> str:
    return os.path.basename(os.readlink(release.root.parents[1] / "current"))


@pytest.mark.network
def test_a_version_takes_over_and_no_request_is_lost(mini_release: Make) -> None:
    one = version(mini_release, "1.0.0", services={"web": {**SERVER, "instances": 2}})
    two = version(mini_release, "2.0.0", services={"web": {**SERVER, "instances": 2}})
    address = started(one)
    pid = status(one)["pid"]
    before = {name: os.stat(f"/proc/{pid}/fd/{name}").st_ino for name in ("1", "2")}
    descriptors = len(os.listdir(f"/proc/{pid}/fd"))
    with Asking(address) as single, Asking(address, keep=True) as kept:
        eventually(lambda: single.answers and kept.answers)
        for target, source in ((two, one), (one, two), (two, one)):
            done = source.run("upgrade", target.root.name, "--json")
            assert done.returncode == 0, done.stderr
            answer = json.loads(done.stdout)
            assert (True, target.root.name) == (answer["changed"], answer["version"])
            after = status(one)
            assert (pid, target.root.name, "running", None) == tuple(
                after[key] for key in ("pid", "version", "state", "operation")
            )
            assert {target.root.name} == {row["version"] for row in after["services"]}
            assert target.root.name == current(one)
        seen = len(single.answers), len(kept.answers)
        eventually(lambda: len(single.answers) > seen[0] and len(kept.answers) > seen[1])
    assert [] == single.failed + kept.failed
    assert {"1.0.0", "2.0.0"} == set(single.answers)
    assert "2.0.0" == single.answers[-1] == kept.answers[-1]

    assert before == {name: os.stat(f"/proc/{pid}/fd/{name}").st_ino for name in ("1", "2")}
    assert descriptors == len(os.listdir(f"/proc/{pid}/fd"))
    commands = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    assert os.fsencode(two.root) + b"/" in commands[0]
    again = two.run("upgrade", "2.0.0", "--json")
    assert (0, False) == (again.returncode, json.loads(again.stdout)["changed"])
    assert "| 2.0.0 has taken over from 1.0.0" in log(one)

    # It still heals, answers and stops, as any supervisor.
    old = service(two, "web")["pid"]
    os.kill(old, signal.SIGKILL)
    eventually(lambda: service(two, "web")["ready"] and service(two, "web")["pid"] != old)
    asked = two.run("rpc", "__import__('os').environ['RELEASE_PREVIOUS_ROOT']")
    assert f"'{one.root}'\n" == asked.stdout
    assert two.run("stop").returncode == 0
    assert [] == os.listdir(one.state / "run")
    assert two.run("status").returncode == 3


@pytest.mark.network
def test_what_fails_in_the_new_version_leaves_the_old_one_serving(mini_release: Make) -> None:
    one = version(mini_release, "1.0.0")
    address = started(one)
    pid = status(one)["pid"]
    cases = {
        "2.0.1": ("crash", 1, "web.1 exited with status 1 before it was ready, its last lines:"),
        "2.0.2": ("hang", 1, "web.1 was not ready within 3s"),
        "2.0.3": ("late", 1, "web.1 exited with status 3"),
    }
    with Asking(address) as asking:
        eventually(lambda: asking.answers)
        for number, (fault, code, reason) in cases.items():
            # However slow the host: it dies while it is watched.
            version(mini_release, number, fault=fault, upgrade={"bake": 20.0, "health": None})
            done = one.run("upgrade", number)
            assert code == done.returncode, done.stderr
            assert reason in done.stderr
            assert "1.0.0 serves as before" in done.stderr
            assert "" == done.stdout
            assert (pid, "1.0.0") == (status(one)["pid"], status(one)["version"])
            assert "1.0.0" == current(one)
            seen = len(asking.answers)
            eventually(lambda seen=seen: len(asking.answers) > seen + 3)  # type: ignore[misc]  # a default of a lambda
            assert "1.0.0" == asking.answers[-1]
    # Each time one died after it was ready, a request may have died with it: while the old
    # one drained, it was started again.
    assert len(asking.failed) <= log(one).count("web.1 exited with status 3")
    assert "  | no such table" in one.run("upgrade", "2.0.1").stderr
    lines = [json.loads(line) for line in (one.root.parent / ".relforge/journal").open()]
    assert ["failed"] * 4 == [row["state"] for row in lines if row["version"] > "2"][1::2]


@pytest.mark.network
def test_health_is_asked_while_it_bakes(mini_release: Make) -> None:
    one = version(mini_release, "1.0.0")
    version(mini_release, "2.0.0", upgrade={"bake": 2.0, "health": HEALTH})
    address = started(one)
    (one.state / "ill").touch()
    with Asking(address) as asking:
        done = one.run("upgrade", "2.0.0")
        assert 1 == done.returncode
        assert "2.0.0 fails its health check" in done.stderr
        assert "1.0.0 serves as before" in done.stderr
        assert {"1.0.0"} == {row["version"] for row in status(one)["services"]}
        (one.state / "ill").unlink()
        done = one.run("upgrade", "2.0.0")
        assert 0 == done.returncode, done.stderr
    assert [] == asking.failed


@pytest.mark.network
def test_a_supervisor_that_cannot_go_on_gives_back_to_the_one_before(mini_release: Make) -> None:
    one = version(mini_release, "1.0.0")
    two = version(mini_release, "2.0.0")
    three = version(mini_release, "3.0.0")
    address = started(one)
    pid = status(one)["pid"]
    resume = two.root / "runtime/relforge/runtime/supervise/resume.py"
    text = resume.read_text()
    for path in [resume, *resume.parent.glob("__pycache__/resume.*")]:
        path.unlink()  # it is shared with the other versions
    resume.write_text(
        text.replace("report.line(supervisor.world)", "raise MemoryError('none left')")
    )
    python = three.root / "python/bin/python3"
    with Asking(address) as asking:
        done = one.run("upgrade", "2.0.0")
        assert 1 == done.returncode
        assert "the new supervisor fails: MemoryError: none left" in done.stderr
        assert "1.0.0 serves as before" in done.stderr
        assert (pid, "1.0.0", None) == tuple(
            status(one)[key] for key in ("pid", "version", "operation")
        )
        assert {"1.0.0"} == {row["version"] for row in status(one)["services"]}

        python.unlink()
        done = one.run("upgrade", "3.0.0")
        assert 1 == done.returncode
        assert "the interpreter is missing" in done.stderr

        resume.write_text("raise ImportError('broken')\n")
        done = one.run("upgrade", "2.0.0")
        assert 1 == done.returncode
        assert "ImportError: broken" in done.stderr
    assert [] == asking.failed
    assert one.run("stop").returncode == 0


@pytest.mark.network
def test_the_upgrade_belongs_to_the_command_that_asked(mini_release: Make) -> None:
    one = version(mini_release, "1.0.0")
    version(mini_release, "2.0.0", upgrade={"bake": 60.0, "health": None})
    address = started(one)
    for number, code in ((signal.SIGKILL, -9), (signal.SIGTERM, 130)):
        with Asking(address) as asking:
            command = subprocess.Popen(
                [one.root / "bin/shop", "upgrade", "2.0.0"],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            eventually(lambda: (status(one)["operation"] or {}).get("stage") == "baking")
            assert {"2.0.0"} == {row["version"] for row in status(one)["services"]}
            assert 75 == one.run("reload").returncode
            assert 75 == one.run("stop").returncode
            other = one.run("upgrade", "2.0.0")
            assert 75 == other.returncode
            assert "another operation on the releases is in progress" in other.stderr
            command.send_signal(number)
            command.communicate(timeout=20)
            assert code == command.returncode
            eventually(lambda: status(one)["operation"] is None)
            assert {"1.0.0"} == {row["version"] for row in status(one)["services"]}
        assert [] == asking.failed
        assert "1.0.0" == current(one)
    repaired = one.run("upgrade", "1.0.0")
    assert "1.0.0 is running already\n" == repaired.stdout


def test_services_and_listeners_come_and_go(mini_release: Make) -> None:
    web: dict[str, Any] = {**SERVER, "listen": ["127.0.0.1:${port}", "unix:first.sock"]}
    one = version(mini_release, "1.0.0", services={"web": web, "old": {}})
    web = {**web, "listen": ["127.0.0.1:${port}", "unix:second.sock"], "instances": 2}
    services = {"web": web, "new": {}, "once": {"singleton": True}}
    two = version(mini_release, "2.0.0", services=services)
    address = started(one)
    gone = service(one, "old")["pid"]

    looked = one.run("upgrade", "2.0.0", "--dry-run")
    assert 0 == looked.returncode, looked.stderr
    assert "looking at an upgrade to 2.0.0: nothing is changed" in looked.stderr  # P62
    assert "begins" not in looked.stderr + log(one)
    assert ["added new", "removed old", "added once", "replaced web"] == [
        line.strip() for line in looked.stdout.splitlines()[1:]
    ]
    assert not (one.state / "run/second.sock").exists()
    assert "1.0.0" == status(one)["version"]

    assert 0 == one.run("upgrade", "2.0.0").returncode
    rows = [f"{row['name']}.{row['instance']}" for row in status(two)["services"]]
    assert ["new.1", "once.1", "web.1", "web.2"] == rows
    assert not alive(gone)
    assert [address, f"unix:{one.state}/run/second.sock"] == service(two, "web")["listen"]
    assert not (one.state / "run/first.sock").exists()

    back = two.run("rollback")
    assert (0, "upgraded from 2.0.0 to 1.0.0\n") == (back.returncode, back.stdout)
    assert (one.state / "run/first.sock").exists()
    assert not (one.state / "run/second.sock").exists()
    assert 0 == one.run("stop").returncode


def test_an_address_that_is_none_is_found_by_a_dry_run(mini_release: Make) -> None:
    """O13: what runs serves on."""
    one = version(mini_release, "1.0.0")
    listen = ["127.0.0.1:9${port}9999"]
    version(mini_release, "2.0.0", services={"web": {**SERVER, "listen": listen}})
    started(one)
    pid = service(one, "web")["pid"]
    looked = one.run("upgrade", "2.0.0", "--dry-run")
    assert 78 == looked.returncode, looked.stderr
    assert "services.web.listen[0]: " in looked.stderr
    assert "a port is a number from 0 to 65535" in looked.stderr
    assert pid == service(one, "web")["pid"]
    assert 0 == one.run("stop").returncode


def test_hooks_run_at_their_time_and_pre_upgrade_can_refuse(mini_release: Make) -> None:
    def hook(text: str) -> dict[str, Any]:
        return {"call": "", "exec": ["sh", "-c", text], "timeout": 10.0}

    says = 'echo "$RELEASE_HOOK_OLD to $RELEASE_HOOK_VERSION by $RELEASE_VERSION" >> seen'
    one = version(mini_release, "1.0.0")
    version(mini_release, "2.0.0", hooks={"pre_upgrade": hook(says), "post_upgrade": hook(says)})
    refuses = hook("echo the database is in use; exit 7")
    version(mini_release, "3.0.0", hooks={"pre_upgrade": refuses})
    started(one)
    done = one.run("upgrade", "2.0.0")
    assert 0 == done.returncode, done.stderr
    assert ["1.0.0 to 2.0.0 by 2.0.0"] * 2 == (one.state / "seen").read_text().splitlines()
    refused = one.run("upgrade", "3.0.0")
    assert 1 == refused.returncode
    assert "the hook pre_upgrade exited with status 7" in refused.stderr
    assert "the database is in use" in refused.stderr
    assert "2.0.0" == current(one)


def test_in_the_foreground_the_manager_is_notified(mini_release: Make, tmp_path: Path) -> None:
    one = version(mini_release, "1.0.0")
    two = version(mini_release, "2.0.0")
    assert 0 == one.run("upgrade", "1.0.0").returncode
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "n"))
        manager.settimeout(20)
        process = subprocess.Popen(
            [one.root / "bin/shop", "foreground"],
            env={"PATH": os.environ["PATH"], "NOTIFY_SOCKET": str(tmp_path / "n")},
            stderr=subprocess.PIPE,
            text=True,
        )
        reported = ""
        while "READY=1" not in reported:
            reported = manager.recv(4096).decode()
        assert 0 == one.run("upgrade", "2.0.0").returncode
        deadline = time.monotonic() + 20
        while "STATUS=shop 2.0.0 is running" not in reported and time.monotonic() < deadline:
            reported = manager.recv(4096).decode()
        assert f"shop 2.0.0 is running (pid {process.pid})" in reported
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(20)
        assert process.stderr is not None
        assert "2.0.0 has taken over" in process.stderr.read()
    assert two.run("status").returncode == 3


WSGI = """
import os
from relforge.runtime import config
VERSION = os.environ["RELEASE_VERSION"].encode()
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", str(len(VERSION)))])
    return [VERSION]
if config["fault"] == "crash":
    raise SystemExit("no such table")
"""


@pytest.mark.release  # for its time alone
def test_gunicorn_hands_over_its_workers_and_their_names(mini_release: Make) -> None:
    options = {"worker_class": "gthread", "workers": 2, "threads": 4}
    web = {**SERVER, "server": "gunicorn", "target": "shop.wsgi:app", "options": options}
    parts: dict[str, Any] = {"files": {"shop/wsgi.py": WSGI}, "services": {"web": web}}
    one = version(mini_release, "1.0.0", **parts)
    version(mini_release, "2.0.0", fault="crash", **parts)
    version(mini_release, "3.0.0", **parts)
    address = started(one)

    def sockets() -> set[str]:
        return {name for name in os.listdir(one.state / "run") if name.startswith("web")}

    names = {"web.1.sock", "web.1.1.sock", "web.1.2.sock"}
    eventually(lambda: sockets() == names)
    with Asking(address) as single, Asking(address, keep=True) as kept:
        eventually(lambda: single.answers and kept.answers)
        assert 1 == one.run("upgrade", "2.0.0").returncode
        assert names == sockets()
        asked = ("rpc", "__import__('os').environ['RELEASE_VERSION']", "--service")
        assert "'1.0.0'\n" == one.run(*asked, "web.1.2").stdout
        done = one.run("upgrade", "3.0.0")
        assert 0 == done.returncode, done.stderr
        assert "'3.0.0'\n" == one.run(*asked, "web.1.2").stdout
    assert [] == single.failed + kept.failed
    assert {"1.0.0", "3.0.0"} == set(single.answers)
    assert names == sockets()
    assert 0 == one.run("stop").returncode
    assert [] == os.listdir(one.state / "run")
