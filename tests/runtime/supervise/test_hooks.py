"""Hooks: run by the supervisor, the same in every way of starting."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.waiting import eventually, log

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]

WORKER = """
import time
from relforge.runtime import ready
def main():
    print("worker begins")
    ready()
    time.sleep(1000)
"""
OPS = """
import os, sys, time
from relforge.runtime import config
def tell(facts):
    print("hook", facts["hook"], "sees", config["shop.name"], os.environ["RELEASE_IN_HOOK"])
async def crash(facts):
    print("crashed:", facts["service"], "because it", facts["reason"])
    print("same:", os.environ["RELEASE_HOOK_SERVICE"])
def fails():
    print("no database there")
    sys.exit(3)
def hangs():
    print("hanging", flush=True)
    time.sleep(1000)
"""
CONFIG = {"schema": {"shop.name": {"type": "str", "default": "corner"}}}


def hook(call: str = "", timeout: float = 20.0, exec: tuple[str, ...] = ()) -> dict[str, Any]:  # noqa: A002 - as the manifest has it
    return {"call": call, "exec": list(exec), "timeout": timeout}


def shop(make: Make, **hooks: dict[str, Any]) -> MiniRelease:
    return make(
        {"shop/worker.py": WORKER, "shop/ops.py": OPS},
        services={"worker": {"target": "shop.worker:main"}},
        config=CONFIG,
        hooks=hooks,
    )


def order(text: str, *words: str) -> None:
    places = [text.index(word) for word in words]
    assert sorted(places) == places, text


def everywhere() -> dict[str, dict[str, Any]]:
    names = ("pre_start", "post_start", "pre_stop", "post_stop")
    return {name: hook("shop.ops:tell") for name in names}


def test_the_hooks_of_start_and_stop_run_in_their_order(mini_release: Make) -> None:
    release = shop(mini_release, **everywhere())
    started = release.run("start")
    assert started.returncode == 0, started.stderr
    eventually(lambda: "hook post_start" in log(release))
    stopped = release.run("stop")
    assert (0, "") == (stopped.returncode, stopped.stderr)
    order(
        log(release),
        "pre_start | hook pre_start sees corner pre_start",
        "worker begins",
        "is running",
        "post_start | hook post_start",
        "stopping",
        "pre_stop | hook pre_stop",
        "post_stop | hook post_stop",
        "stopped",
    )


def test_they_are_the_same_in_the_foreground(mini_release: Make) -> None:
    release = shop(mini_release, **everywhere())
    with subprocess.Popen(
        [release.root / "bin" / "shop", "foreground"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        lines = []
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if "hook post_start" in line:
                process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(20)
    order("".join(lines), *(f"hook {name} sees corner" for name in everywhere()))


def test_a_hook_that_hangs_is_ended(mini_release: Make) -> None:
    release = shop(mini_release, pre_start=hook("shop.ops:hangs", timeout=0.7))
    started = release.run("start")
    assert 1 == started.returncode
    assert "the hook pre_start did not end within 0.7s and was stopped" in started.stderr


def test_stop_in_time_also_cuts_a_hook_short(mini_release: Make) -> None:
    release = shop(mini_release, pre_stop=hook("shop.ops:hangs", timeout=1000))
    assert 0 == release.run("start").returncode
    assert 0 == release.run("stop", "--timeout", "4s").returncode
    assert "the hook pre_stop did not end within 2s" in log(release)


def test_programs_of_the_release_are_hooks_too(mini_release: Make) -> None:
    release = mini_release(
        {"hooks/tell": '#!/bin/sh\necho "program $RELEASE_IN_HOOK $1 $NAME"\n'},
        services={},
        config={**CONFIG, "export": {"NAME": "shop.name"}},
        hooks={"pre_start": hook(exec=("app/hooks/tell", "${shop.name}"))},
    )
    (release.root / "app" / "hooks" / "tell").chmod(0o755)
    started = release.run("start")
    assert 0 == started.returncode, started.stderr
    assert "program pre_start corner corner" in log(release)


def test_a_hook_works_where_and_with_what_its_settings_say(mini_release: Make) -> None:
    words = ["sh", "-c", 'echo "program in $(pwd) with $A $1 as $RELEASE_IN_HOOK"', "sh"]
    release = mini_release(
        {
            "shop/worker.py": WORKER,
            "shop/ops.py": "import os\ndef tell(): print('in', os.getcwd(), os.environ['A'])\n",
        },
        services={"worker": {"target": "shop.worker:main"}},
        config=CONFIG,
        hooks={
            "pre_start": {
                "exec": [*words, "${shop.name}"],
                "cwd": "${release.app}",
                "env": {"A": "${release.state}"},
            },
            "post_start": {"call": "shop.ops:tell", "cwd": "app/shop", "env": {"A": "x"}},
            "pre_stop": {"call": "shop.ops:tell", "cwd": "app/nowhere"},
        },
    )
    started = release.run("start")
    assert 0 == started.returncode, started.stderr
    root, state = release.root, release.state
    line = f"pre_start | program in {root}/app with {state} corner as pre_start"
    eventually(lambda: line in log(release))
    eventually(lambda: f"post_start | in {root}/app/shop x" in log(release))
    assert 0 == release.run("stop").returncode
    assert f"hooks.pre_stop.cwd: {root}/app/nowhere: No such file or directory" in log(release)
    assert "the hook pre_stop exited with status 78" in log(release)
