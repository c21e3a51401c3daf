"""`run` services: a callable, what SIGTERM does to it, and what it can say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.waiting import eventually, log, status

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]

COROUTINE = """
import asyncio
from relforge.runtime import ready
async def main():
    ready()
    try:
        await asyncio.sleep(1000)
    finally:
        await asyncio.sleep(0.05)
        print("coroutine swept up")
"""
SYNC = """
import time
from relforge.runtime import ready
def main():
    ready()
    try:
        time.sleep(1000)
    finally:
        print("function swept up")
"""
OWN = """
import signal, threading
from relforge.runtime import ready
def main():
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    ready()
    stop.wait()
    print("own handler")
    return 0
"""
SHOWS = """
import os
from relforge.runtime import config
print("import sees", config.db.url == config["db.url"], os.environ["DATABASE_URL"])
def main():
    print("left:", sorted(name for name in os.environ if name.startswith("RELFORGE_")))
    print("cwd", os.getcwd(), "group", os.getpgrp() == os.getpid())
    import subprocess, sys
    code = "from relforge.runtime import config; print('child sees', config['db.url'] == 'x://y')"
    subprocess.run([sys.executable, "-c", code], check=True)
    import time; time.sleep(1000)
"""


def test_every_kind_stops_in_order(mini_release: Make) -> None:
    release = mini_release(
        {"shop/a.py": COROUTINE, "shop/b.py": SYNC, "shop/c.py": OWN},
        services={name: {"target": f"shop.{name}:main"} for name in "abc"},
    )
    assert release.run("start").returncode == 0
    assert "True\n" == release.run("rpc", "--service", "a", "app.__name__ == 'main'").stdout
    stopped = release.run("stop")
    assert (0, "") == (stopped.returncode, stopped.stderr)
    for text in ("a.1 | coroutine swept up", "b.1 | function swept up", "c.1 | own handler"):
        assert text in log(release)
    assert "exited" not in log(release)
    assert "Traceback" not in log(release)


def test_the_surroundings_of_a_service(mini_release: Make) -> None:
    release = mini_release(
        {"shop/a.py": SHOWS},
        services={"a": {"target": "shop.a:main", "ready": "started"}},
        config={
            "schema": {"db.url": {"type": "str", "default": "x://y", "secret": True}},
            "export": {"DATABASE_URL": "db.url"},
        },
    )
    started = release.run("start")
    assert started.returncode == 0, started.stderr
    eventually(lambda: "child sees True" in log(release))
    text = log(release)
    assert "import sees True x://y" in text
    assert "left: ['RELFORGE_CONFIG']" in text
    assert f"cwd {release.state} group True" in text
    assert release.run("stop").returncode == 0


def test_a_whole_number_is_the_exit_status(mini_release: Make) -> None:
    release = mini_release(
        {"shop/a.py": "def main(): return 9\n"},
        services={"a": {"target": "shop.a:main", "ready": "started", "restart": "never"}},
    )
    release.run("start")
    eventually(lambda: status(release)["state"] == "stopped")
    assert "a.1 exited with status 9" in log(release)


def test_nothing_is_collected_while_an_application_is_imported(mini_release: Make) -> None:
    begin = "import gc, time\n{}from relforge.runtime import ready\nAT = gc.get_threshold()\n"
    end = "def main():\n    print(AT, gc.get_threshold())\n    ready()\n    time.sleep(1000)\n"
    own = "gc.set_threshold(7, 8, 9)\n"
    release = mini_release(
        {"shop/a.py": begin.format("") + end, "shop/b.py": begin.format(own) + end},
        services={"a": {"target": "shop.a:main"}, "b": {"target": "shop.b:main"}},
    )
    assert release.run("start").returncode == 0
    usual = release.run("eval", "__import__('gc').get_threshold()").stdout.strip()
    text = log(release)
    assert f"(0, 0, 0) {usual}" in text
    assert "(7, 8, 9) (7, 8, 9)" in text
    assert release.run("stop").returncode == 0


ARGV = """
import argparse, sys, time
from relforge.runtime import ready
def main(argv=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--state")
    given = parser.parse_args(argv)
    print(f"{parser.prog} on {given.port} in {given.state}")
    ready()
    time.sleep(1000)
"""


SERVER = """
import sys, time
class Cli:
    def __call__(self, *args, **kwargs):
        print("cli", sys.argv, args)
        if sys.argv[1] == "fail":
            sys.exit("no such database")
        time.sleep(1000)
cli = Cli()
"""


def test_a_server_of_a_package_is_called_as_its_script_and_has_a_console(
    mini_release: Make,
) -> None:
    """P52."""
    release = mini_release(
        {"shop/cli.py": SERVER},
        services={
            "it": {
                "target": "shop.cli:cli",
                "args": ["server", "--port", "${http.port}"],
                "ready": "started",
            }
        },
        config={"schema": {"http.port": {"type": "int", "default": 81}}},
    )
    started = release.run("start")
    assert 0 == started.returncode, started.stderr
    eventually(lambda: "cli ['it', 'server', '--port', '81'] ()" in log(release))
    assert "'it'\n" == release.run("rpc", "import sys; sys.argv[0]").stdout
    assert "shop/cli.py" in release.run("stacks").stdout
    assert 0 == release.run("stop").returncode


def test_a_run_service_finds_its_words_as_a_console_script_does(mini_release: Make) -> None:
    release = mini_release(
        {"shop/a.py": ARGV},
        services={
            "a": {
                "target": "shop.a:main",
                "args": ["--port", "${http.port}", "--state=${release.state}"],
            },
            "b": {"target": "shop.a:main"},
        },
        config={"schema": {"http.port": {"type": "int", "default": 81}}},
    )
    started = release.run("start")
    assert 0 == started.returncode, started.stderr
    eventually(lambda: f"a.1 | a on 81 in {release.state}" in log(release))
    eventually(lambda: "b.1 | b on None in None" in log(release))
    assert 0 == release.run("stop").returncode
