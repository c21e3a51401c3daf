"""reload: the processes of a release replaced under load, or nothing changed."""

from __future__ import annotations

import os
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
