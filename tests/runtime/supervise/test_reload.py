"""reload: the processes of a release replaced under load, or nothing changed."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.asking import Asking
from tests.runtime.supervise.hasty import HASTY
from tests.runtime.supervise.waiting import alive, eventually, log, service, status

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]

WEB = """
import os
from relforge.runtime import config
if config["fault"] == "crash":
    raise SystemExit("no such table")
if config["fault"] == "hang":
    import time
    time.sleep(60)
async def app(scope, receive, send):
    body = f"{os.getpid()} {config['greeting']}".encode()
    head = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})
"""
ONCE = """
import os, time
from relforge.runtime import config, ready
def main():
    path = os.path.join(os.environ["RELEASE_STATE_DIR"], "once")
    os.close(os.open(path, os.O_CREAT | os.O_EXCL))
    try:
        if config["fault"] == "once":
            raise SystemExit("no lease")
        ready()
        while True:
            time.sleep(1)
    finally:
        os.unlink(path)
"""
SERVER = {
    "kind": "app",
    "target": "shop.web:app",
    "server": "uvicorn",
    "listen": ["127.0.0.1:0"],
    "options": {"access_log": False, "lifespan": "off"},
}
SCHEMA = {
    "greeting": {"type": "str", "default": "hello"},
    "fault": {"type": "str", "default": ""},
    "where": {"type": "str", "default": "127.0.0.1:0"},
}


def configured(make: Make, place: Path, **services: Any) -> MiniRelease:
    parts = {"upgrade": services.pop("_upgrade")} if "_upgrade" in services else {}
    state = {"path": str(place), "optional": True}
    release = make(
        {
            "shop/web.py": WEB,
            "shop/once.py": ONCE,
            "shop/late.py": LATE,
            "shop/hasty.py": HASTY,
        },
        **parts,
        services=services,
        config={
            "providers": [{"use": "toml", "options": state, "state": state}],
            "schema": SCHEMA,
        },
    )
    started = release.run("start")
    assert started.returncode == 0, started.stderr
    return release


def pids(release: MiniRelease) -> list[int]:
    return [row["pid"] for row in status(release)["services"]]


LATE = """
import time
from relforge.runtime import config, ready
def main():
    ready()
    while config["fault"] != "late":
        time.sleep(0.1)
    time.sleep(1.5)
    raise SystemExit("out of stock")
"""


@pytest.mark.network
def test_what_dies_after_a_reload_takes_it_back(mini_release: Make, tmp_path: Path) -> None:
    """P48: as an upgrade is."""
    place = tmp_path / "config.toml"
    release = configured(
        mini_release,
        place,
        web=SERVER,
        worker={"target": "shop.late:main", "required": None},
        _upgrade={"bake": 4.0, "health": None},
    )
    (address,) = service(release, "web")["listen"]
    with Asking(address) as asking:
        eventually(lambda: asking.answers)
        place.write_text('fault = "late"\ngreeting = "bad day"\n')
        done = release.run("reload")
        assert (1, "") == (done.returncode, done.stdout)
        assert "watching it for 4s" in done.stderr
        assert "worker.1 exited with status 1" in done.stderr
        assert "the configuration before is in force again" in done.stderr
        said = len(asking.answers)
        eventually(lambda: len(asking.answers) > said)
        assert asking.answers[-1].endswith(" hello")
    assert [] == asking.failed
    assert ["running", "running"] == [row["state"] for row in status(release)["services"]]
    place.write_text('greeting = "good day"\n')
    assert "reloaded: web.1, worker.1\n" == release.run("reload").stdout


def test_what_dies_while_the_old_one_drains_is_taken_back(
    mini_release: Make, tmp_path: Path
) -> None:
    place = tmp_path / "config.toml"
    worker = {"target": "shop.hasty:main", "required": None, "drain": 10.0}
    watched = {"bake": 0.0, "health": None}
    release = configured(mini_release, place, worker=worker, _upgrade=watched)
    place.write_text('fault = "dies"\n')
    done = release.run("reload")
    assert (1, "") == (done.returncode, done.stdout), done.stderr
    assert "worker.1 exited with status 7" in done.stderr
    assert "the configuration before is in force again" in done.stderr
    assert service(release, "worker")["ready"]


@pytest.mark.network
@pytest.mark.parametrize("asked", ["command", "signal"])
def test_a_health_check_that_fails_after_a_reload_takes_it_back(
    mini_release: Make, tmp_path: Path, asked: str
) -> None:
    """P48: what serves, and serves wrongly; SIGHUP, systemd's ExecReload, is watched as well."""
    place = tmp_path / "config.toml"
    health = {"exec": ["sh", "-c", f"! grep -q bad {place}"]}
    release = configured(mini_release, place, web=SERVER, _upgrade={"bake": 4.0, "health": health})
    (address,) = service(release, "web")["listen"]
    place.write_text('greeting = "bad day"\n')
    if asked == "command":
        done = release.run("reload")
        assert (1, "") == (done.returncode, done.stdout)
        assert "the release fails its health check" in done.stderr
        assert "the configuration before is in force again" in done.stderr
    else:
        os.kill(status(release)["pid"], signal.SIGHUP)
        eventually(lambda: "fails its health check: going back" in log(release))
        eventually(lambda: status(release)["operation"] is None)
    assert ["running"] == [row["state"] for row in status(release)["services"]]
    with Asking(address) as asking:
        eventually(lambda: asking.answers)
    assert asking.answers[-1].endswith(" hello")
    assert [] == asking.failed


@pytest.mark.network
def test_processes_are_replaced_and_no_request_is_lost(mini_release: Make, tmp_path: Path) -> None:
    place = tmp_path / "config.toml"
    release = configured(mini_release, place, web={**SERVER, "instances": 2})
    before = pids(release)
    supervisor = status(release)["pid"]
    (address,) = service(release, "web")["listen"]
    with Asking(address) as single, Asking(address, keep=True) as kept:
        eventually(lambda: single.answers and kept.answers)
        place.write_text('greeting = "good day"\n')
        done = release.run("reload")
        assert (0, "reloaded: web.1, web.2\n") == (done.returncode, done.stdout), done.stderr
        said = len(single.answers)
        eventually(lambda: len(single.answers) > said)
    assert [] == single.failed + kept.failed
    assert {"hello", "good day"} == {text.partition(" ")[2] for text in single.answers}
    assert kept.answers[-1].endswith("good day")

    after = status(release)
    assert (supervisor, [], [], None) == tuple(
        after[key] for key in ("pid", "coming", "leaving", "operation")
    )
    assert not {row["pid"] for row in after["services"]} & set(before)
    assert [address] == service(release, "web")["listen"]
    assert not any(alive(pid) for pid in before)
    assert {"web.1.sock", "web.2.sock"} <= set(os.listdir(release.state / "run"))
    assert not [name for name in os.listdir(release.state / "run") if "next" in name]
    assert "pong" in release.run("ping").stdout
    assert (
        str(after["services"][1]["pid"])
        in release.run("rpc", "__import__('os').getpid()", "--service", "web.2").stdout
    )
    assert release.run("stop").returncode == 0
    assert [] == os.listdir(release.state / "run")


@pytest.mark.network
def test_what_fails_leaves_the_old_processes_serving(mini_release: Make, tmp_path: Path) -> None:
    place = tmp_path / "config.toml"
    web = {**SERVER, "ready_timeout": 5}
    release = configured(mini_release, place, web=web)
    before = pids(release)
    (address,) = service(release, "web")["listen"]
    with Asking(address) as asking:
        for text, code, reason in (
            ("greeting = 7\n", 78, "greeting: expected str"),
            ('fault = "crash"\n', 1, "web.1 exited with status 1 before it was ready"),
            ('fault = "hang"\n', 1, "web.1 was not ready within 5s"),
        ):
            place.write_text(text)
            done = release.run("reload")
            assert code == done.returncode, done.stderr
            assert reason in done.stderr
            assert "" == done.stdout
        assert "| no such table" in log(release)
    assert [] == asking.failed
    assert {f"{before[0]} hello"} == set(asking.answers)
    assert before == pids(release)
    assert ["supervisor.sock", "web.1.sock"] == sorted(
        name
        for name in os.listdir(release.state / "run")
        if not name.endswith((".stacks", "notify.sock"))
    )
    place.write_text("")
    same = release.run("reload")
    assert (0, "nothing has changed\n") == (same.returncode, same.stdout)
    assert before == pids(release)


def test_a_singleton_never_runs_twice(mini_release: Make, tmp_path: Path) -> None:
    place = tmp_path / "config.toml"
    once = {"target": "shop.once:main", "singleton": True}
    release = configured(mini_release, place, web=SERVER, once=once)
    first = service(release, "once")["pid"]
    place.write_text('greeting = "good day"\n')
    done = release.run("reload")
    assert (0, "reloaded: once.1, web.1\n") == (done.returncode, done.stdout), done.stderr
    second = service(release, "once")["pid"]
    assert first != second

    # The new one fails after the old one has made room: the old one comes back.
    web = service(release, "web")["pid"]
    place.write_text('fault = "once"\n')
    failed = release.run("reload")
    assert failed.returncode == 1
    assert "once.1 exited with status 1 before it was ready, its last lines:" in failed.stderr
    assert "  | no lease" in failed.stderr
    eventually(lambda: service(release, "once")["ready"])
    assert web == service(release, "web")["pid"]
    assert second != service(release, "once")["pid"]


def test_listeners_come_and_go(mini_release: Make, tmp_path: Path) -> None:
    place = tmp_path / "config.toml"
    web = {**SERVER, "listen": ["127.0.0.1:0", "${where}"]}
    place.write_text('where = "unix:first.sock"\n')
    release = configured(mini_release, place, web=web)
    kept, first = service(release, "web")["listen"]
    place.write_text('where = "unix:second.sock"\n')
    assert release.run("reload").returncode == 0
    again, second = service(release, "web")["listen"]
    assert kept == again
    assert first.endswith("run/first.sock")
    assert second.endswith("run/second.sock")
    assert not (release.state / "run" / "first.sock").exists()

    place.write_text(f'where = "{kept.replace("127.0.0.1", "192.0.2.1")}"\n')
    refused = release.run("reload")
    assert refused.returncode == 1
    assert "services.web.listen[1]: 192.0.2.1:" in refused.stderr
    assert [kept, second] == service(release, "web")["listen"]


def test_one_at_a_time_and_only_of_what_runs(mini_release: Make, tmp_path: Path) -> None:
    place = tmp_path / "config.toml"
    web = {**SERVER, "ready_timeout": 60}
    release = configured(mini_release, place, web=web)
    place.write_text('fault = "hang"\n')
    os.kill(status(release)["pid"], signal.SIGHUP)
    eventually(lambda: status(release)["coming"])
    during = status(release)
    assert {"name": "reload", "stage": "starting"} == during["operation"]
    assert ["web"] == [row["name"] for row in during["coming"]]
    second = release.run("reload")
    assert (75, "shop: its reload is under way\n") == (second.returncode, second.stderr)
    assert 75 == release.run("stop").returncode

    hanging = during["coming"][0]["pid"]
    os.kill(during["pid"], signal.SIGTERM)
    eventually(lambda: not alive(during["pid"]))
    assert not alive(hanging)
    assert [] == os.listdir(release.state / "run")
    assert 3 == release.run("reload").returncode


def test_one_starts_when_the_one_before_it_is_ready(mini_release: Make, tmp_path: Path) -> None:
    """In the order of `depends`; what may run once, and who depends on that, at the end."""
    worker = """
import os, threading, time
from relforge.runtime import config, ready
def main():
    print("begins")
    if config["fault"]:
        raise SystemExit("a fault")
    threading.Timer(0.2, ready).start()
    while True:
        time.sleep(1)
"""
    place = tmp_path / "config.toml"
    state = {"path": str(place), "optional": True}
    row = {"target": "shop.worker:main"}
    release = mini_release(
        {"shop/worker.py": worker},
        services={
            "api": {**row, "depends": ["store"]},
            "beat": {**row, "singleton": True},
            "mail": {**row, "depends": ["beat"]},
            "store": {**row, "instances": 2},
        },
        config={
            "providers": [{"use": "toml", "options": state, "state": state}],
            "schema": SCHEMA,
        },
    )
    started = release.run("start")
    assert 0 == started.returncode, started.stderr
    before = len(log(release))
    place.write_text('greeting = "good day"\n')

    done = release.run("reload")

    assert 0 == done.returncode, done.stderr
    order = ["store.1", "store.2", "api.1", "beat.1", "mail.1"]
    seen = re.findall(r"(\w+\.\d) (\| begins|is ready)", log(release)[before:])
    assert [(name, what) for name in order for what in ("| begins", "is ready")] == seen

    before, pids_before = len(log(release)), pids(release)
    place.write_text('fault = "yes"\n')
    failed = release.run("reload")
    assert 1 == failed.returncode
    assert "store.1 exited with status 1 before it was ready" in failed.stderr
    assert 1 == log(release)[before:].count("| begins")  # the others had not even started
    assert pids_before == pids(release)
