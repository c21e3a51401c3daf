"""A console and `rpc` while the release starts, reloads, and is upgraded."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.runtime.supervise.waiting import eventually, service

from ..conftest import MiniRelease
from .screen import Terminal

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]
WEB = """
import asyncio
from relforge.runtime import config, ready

async def main():
    print("mood", config["mood"])
    if config["mood"] == "bad":
        raise SystemExit("no mood")
    ready()
    await asyncio.Event().wait()
"""
SLOW = """
import os, time
while not os.path.exists(os.environ["RELEASE_STATE_DIR"] + "/go"):
    time.sleep(0.02)
from relforge.runtime import ready
def main():
    ready()
    time.sleep(600)
"""
PROMPT = "web.1>"


def version(make: Make, number: str, config: Path) -> MiniRelease:
    options = {"path": str(config), "optional": True}
    return make(
        {"shop/web.py": WEB},
        at=f"releases/{number}",
        version=number,
        services={"web": {"target": "shop.web:main"}},
        config={
            "providers": [{"use": "toml", "options": options, "state": options}],
            "schema": {"mood": {"type": "str", "default": "good"}},
        },
        upgrade={"bake": 0.2, "health": None},
    )


@pytest.fixture
def one(mini_release: Make, tmp_path: Path) -> MiniRelease:
    release = version(mini_release, "1.0.0", tmp_path / "config.toml")
    for words in (("upgrade", "1.0.0"), ("start",)):
        done = release.run(*words)
        assert 0 == done.returncode, done.stderr
    return release


@pytest.fixture
def console(one: MiniRelease) -> Iterator[Terminal]:
    env = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "HOME": str(one.root)}
    made = Terminal(one.root / "bin" / "shop", "remote_console", env=env, columns=140)
    made.prompt()
    yield made
    made.close()


def test_it_follows_its_process_through_an_upgrade(
    one: MiniRelease, console: Terminal, mini_release: Make, tmp_path: Path
) -> None:
    before = service(one, "web")["pid"]
    version(mini_release, "2.0.0", tmp_path / "config.toml")
    console.ask("x = 1")
    console.send("1 + ")
    done = one.run("upgrade", "2.0.0")
    assert 0 == done.returncode, done.stderr
    after = service(one, "web")["pid"]
    console.see(f"replaced: pid {before} by {after}, version 1.0.0 by 2.0.0")
    console.wait(lambda: console.last() == f"{PROMPT} 1 +", "the history")
    console.enter("1")
    console.see("\n2\n")
    console.prompt()
    assert f"{after}" == console.ask("os.getpid()")
    assert "NameError" in console.ask("x")


def test_the_console_follows_a_reload(one: MiniRelease, console: Terminal, tmp_path: Path) -> None:
    before = service(one, "web")["pid"]
    (tmp_path / "config.toml").write_text('mood = "better"\n')
    assert 0 == one.run("reload").returncode
    console.see(f"replaced: pid {before} by")
    console.prompt()
    assert "'better'" == console.ask("config.mood")
    after = service(one, "web")["pid"]
    assert re.search(rf"^\* +web\.1 +running +{after} ", console.ask("%services"), re.M)


def test_a_console_that_nobody_uses_learns_why_it_ends(mini_release: Make) -> None:
    release = mini_release(
        {"shop/web.py": WEB},
        services={"web": {"target": "shop.web:main"}},
        config={"providers": [], "schema": {"mood": {"type": "str", "default": "good"}}},
        console={"enabled": True, "idle_timeout": 1.0},
    )
    assert 0 == release.run("start").returncode
    console = Terminal(
        release.root / "bin" / "shop",
        "remote_console",
        env={"PATH": os.environ["PATH"], "TERM": "xterm-256color", "HOME": str(release.root)},
    )
    try:
        assert 0 == console.end()
        assert "web.1 closed the console: no request for 1s" in console.text()
        assert 0 == release.run("ping").returncode
    finally:
        console.close()


def test_rpc_while_the_application_is_imported(mini_release: Make) -> None:
    release = mini_release({"shop/web.py": SLOW}, services={"web": {"target": "shop.web:main"}})
    starting = subprocess.Popen([release.root / "bin" / "shop", "start"])
    try:
        eventually(lambda: release.run("pid").returncode == 0, 30)
        assert "1\n" == release.run("rpc", "--timeout", "30s", "1").stdout  # waits for it
        early = release.run("rpc", "app.__name__")
        assert 1 == early.returncode
        assert early.stderr.endswith("This process has not imported the application (yet).\n")
        (release.state / "go").touch()
        assert 0 == starting.wait(30)
        assert "'main'\n" == release.run("rpc", "app.__name__").stdout
    finally:
        release.run("stop", "--timeout", "1s")
        starting.wait(30)


def test_rpc_while_the_configuration_is_loaded(mini_release: Make) -> None:
    """There is no process yet: it is waited for as long as --timeout says."""
    wait = 'while [ ! -e "$RELEASE_STATE_DIR/go" ]; do sleep 0.02; done; echo "{}"'
    options = {"command": ["sh", "-c", wait], "timeout": 30, "secret": False}
    release = mini_release(
        {"shop/web.py": WEB},
        services={"web": {"target": "shop.web:main"}},
        config={
            "providers": [{"use": "exec", "options": options, "state": options}],
            "schema": {"mood": {"type": "str", "default": "good"}},
        },
    )
    starting = subprocess.Popen([release.root / "bin" / "shop", "start"])
    try:
        eventually(lambda: release.run("pid").returncode == 0, 30)
        early = release.run("rpc", "1", "--timeout", "200ms")
        said = "shop: web is not running, or may be starting\n"
        said += "  `shop status` shows its state\n"
        assert (3, said) == (early.returncode, early.stderr)
        with subprocess.Popen(
            [release.root / "bin" / "shop", "rpc", "--timeout", "30s", "6 * 7"],
            stdout=subprocess.PIPE,
            text=True,
        ) as asking:
            (release.state / "go").touch()
            assert "42\n" == asking.communicate(timeout=30)[0]
        assert 0 == starting.wait(30)
    finally:
        release.run("stop", "--timeout", "1s")
        starting.wait(30)
