"""reload of keys that are hot: the running processes apply them, and none is replaced."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.asking import Asking
from tests.runtime.supervise.waiting import eventually, log, service, status

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]
SECRET = "pl4nted-token"

WEB = """
import asyncio, os
from relforge.runtime import config, on_config_change

heard = []

@on_config_change
def all_of_it(changed):
    heard.append(sorted(changed))

@on_config_change("mail")
async def of_mail(changed):
    asyncio.get_running_loop()
    heard.append("mail")
    if config["mail.sender"] == "broken":
        raise ValueError(f"no such sender with {config['token']}")

async def app(scope, receive, send):
    words = os.getpid(), config["greeting"], config.mail.sender, os.environ.get("SENDER"), heard
    body = "|".join(map(str, words))
    head = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body.encode()})
"""
WORKER = """
import os, subprocess, sys, time
from relforge.runtime import config, on_config_change, ready

@on_config_change("greeting")
def greet(changed):
    # What a process starts later finds the new configuration, too.
    words = [sys.executable, "-c", "from relforge.runtime import config as c; print(c['greeting'])"]
    print("child reads", subprocess.run(words, capture_output=True, text=True).stdout)
    if config["greeting"] == "hang":
        time.sleep(60)

def main():
    ready()
    while True:
        time.sleep(0.1)
"""
SCHEMA: dict[str, Any] = {
    "greeting": {"type": "str", "default": "hello", "reload": "hot"},
    "mail": {"type": "table", "reload": "hot"},
    "token": {"type": "str", "secret": True, "reload": "hot", "default": SECRET},
    "cold": {"type": "int", "default": 1},
    "where": {"type": "str", "default": "unix:one.sock", "reload": "hot"},
}
SERVICES: dict[str, Any] = {
    "web": {
        "kind": "app",
        "target": "shop.web:app",
        "server": "uvicorn",
        "listen": ["127.0.0.1:0"],
        "options": {"access_log": False, "lifespan": "off"},
    },
    "worker": {"target": "shop.worker:main", "listen": ["${where}"]},
}
FIRST = '[mail]\nsender = "a@b"\n'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(FIRST)
    return path


@pytest.fixture
def release(mini_release: Make, place: Path) -> MiniRelease:
    return started(mini_release, place, {"shop/web.py": WEB, "shop/worker.py": WORKER}, SERVICES)


def started(
    make: Make, place: Path, files: dict[str, str], services: dict[str, Any], **parts: Any
) -> MiniRelease:
    """A release that runs, and reads its configuration from that file."""
    state = {"path": str(place), "optional": True}
    made = make(
        files,
        **parts,
        services=services,
        config={
            "providers": [{"use": "toml", "options": state, "state": state}],
            "schema": SCHEMA,
            "export": {"SENDER": "mail.sender"},
        },
    )
    done = made.run("start")
    assert 0 == done.returncode, done.stderr
    return made


def pids(release: MiniRelease) -> dict[str, int]:
    return {row["name"]: row["pid"] for row in status(release)["services"]}


def answer(release: MiniRelease) -> list[str]:
    with Asking(service(release, "web")["listen"][0]) as asking:
        eventually(lambda: asking.answers)
    assert [] == asking.failed
    return asking.answers[-1].split("|")


@pytest.mark.network
def test_processes_take_it_up_and_show_the_new_values(release: MiniRelease, place: Path) -> None:
    before = pids(release)
    place.write_text('greeting = "good day"\n[mail]\nsender = "c@d"\n')

    done = release.run("reload")

    assert (0, "updated: web.1, worker.1\n") == (done.returncode, done.stdout), done.stderr
    assert before == pids(release)
    _, greeting, sender, exported, heard = answer(release)
    assert ("good day", "c@d", "c@d") == (greeting, sender, exported)
    assert "[['greeting', 'mail.sender'], 'mail']" == heard
    eventually(lambda: "child reads good day" in log(release))
    assert f'greeting: "hello" -> "good day" (toml: {place}:1)' in log(release)
    assert "'good day'\n" == release.run("rpc", "config['greeting']", "--service", "web").stdout

    # Whoever is started from now on has it as well.
    release.run("rpc", "__import__('os').kill(__import__('os').getpid(), 9)", "--service", "web")
    eventually(lambda: pids(release)["web"] not in (None, before["web"]))
    eventually(lambda: service(release, "web")["ready"])
    assert "good day" == answer(release)[1]


@pytest.mark.network
def test_every_worker_of_gunicorn_takes_it_up(mini_release: Make, place: Path) -> None:
    state = {"path": str(place), "optional": True}
    options = {"workers": 2, "worker_class": "uvicorn"}
    release = mini_release(
        {"shop/web.py": WEB},
        services={"web": {**SERVICES["web"], "server": "gunicorn", "options": options}},
        config={
            "providers": [{"use": "toml", "options": state, "state": state}],
            "schema": SCHEMA,
        },
    )
    started = release.run("start")
    assert 0 == started.returncode, started.stderr
    place.write_text(f'greeting = "good day"\n{FIRST}')

    done = release.run("reload")

    assert (0, "updated: web.1\n") == (done.returncode, done.stdout), done.stderr
    with Asking(service(release, "web")["listen"][0]) as asking:
        eventually(lambda: len({text.partition("|")[0] for text in asking.answers}) == 2)
    assert [] == asking.failed
    assert {"good day"} == {text.split("|")[1] for text in asking.answers}


def test_who_cannot_take_it_up_is_replaced(release: MiniRelease, place: Path) -> None:
    before = pids(release)
    place.write_text('[mail]\nsender = "broken"\n')

    done = release.run("reload")

    assert (0, "updated: worker.1\nreloaded: web.1\n") == (done.returncode, done.stdout), (
        done.stderr
    )
    assert before["worker"] == pids(release)["worker"]
    assert before["web"] != pids(release)["web"]
    assert (
        "web.1 is replaced: shop.web:of_mail raised ValueError: no such sender with ******"
        in log(release)
    )
    assert SECRET not in log(release)


def test_diff_shows_what_a_reload_would_do_and_does_nothing(
    release: MiniRelease, place: Path
) -> None:
    before = pids(release)
    same = release.run("config", "diff")
    assert (0, "no difference from the running configuration\n") == (
        same.returncode,
        same.stdout,
    ), same.stderr

    place.write_text(f'greeting = "x"\ntoken = "pl4nted-other"\n{FIRST}')
    hot = release.run("config", "diff")
    assert 1 == hot.returncode
    assert hot.stdout == (
        f'greeting: "hello" -> "x"\n    from toml: {place}:1; hot\n'
        f"token: ********** -> **********\n    from toml: {place}:2; hot\n"
        "a reload passes it to the processes and replaces none\n"
    )

    place.write_text("cold = 2\n")
    cold = release.run("config", "diff", "--json")
    assert 1 == cold.returncode
    found = json.loads(cold.stdout)
    assert ["web.1", "worker.1"] == found["replaced"]
    assert [("cold", "1", "2", False), ("mail.sender", '"a@b"', "", True)] == [
        (row["key"], row["old"], row["new"], row["hot"]) for row in found["changes"]
    ]

    place.write_text("cold = 'x'\n")
    wrong = release.run("config", "diff")
    assert 78 == wrong.returncode
    assert f'cold: expected int, got str "x" (toml: {place}:1)' in wrong.stderr
    assert before == pids(release)
    assert release.run("stop").returncode == 0
    assert 3 == release.run("config", "diff").returncode
