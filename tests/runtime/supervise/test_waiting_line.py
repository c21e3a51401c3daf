"""P49: what `start` waits for is shown, and what is missing when it has waited too long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pexpect
import pytest

from relforge.runtime.supervise import waiting
from relforge.runtime.supervise.rules import lifecycle
from relforge.runtime.supervise.rules.world import STARTING, Process
from relforge.runtime.supervise.specs import Spec
from tests.runtime.conftest import SERVICE, MiniRelease

Make = Callable[..., MiniRelease]


def spec(**settings: Any) -> Spec:
    return Spec.of({**SERVICE, **settings}, name="worker")


def row(name: str, uptime: float | None, *, ready: bool = False) -> dict[str, Any]:
    return {"name": name, "instance": 1, "uptime": uptime, "ready": ready}


def test_the_line_names_those_that_are_waited_for() -> None:
    specs = {"web": spec(), "worker": spec(ready_timeout=60.0), "other": spec(required=False)}
    rows = [row("web", 3.2, ready=True), row("worker", 12.4), row("other", 12.4)]
    assert "waiting for worker.1 (12s of 60s)" == waiting.line(rows, specs)
    assert "" == waiting.line([row("worker", None), row("gone", 1.0)], specs)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, 'call relforge.runtime.ready(), or set ready = "started"'),
        ({"kind": "exec", "target": ["a"]}, "never sent READY=1 to $NOTIFY_SOCKET"),
        ({"kind": "exec", "target": ["a"], "ready": {"tcp": "a:1"}}, "`ready` probe does not"),
        ({"kind": "app"}, "its server has not begun to serve"),
    ],
)
def test_a_time_out_says_what_is_missing(settings: dict[str, Any], said: str) -> None:
    process = Process.__new__(Process)
    process.spec, process.instance, process.state = spec(**settings), 1, STARTING
    process.pid = 7
    text = lifecycle.missing(process)
    assert text.startswith("worker.1 runs, and ")
    assert said in text


@pytest.mark.process
def test_start_shows_what_it_waits_for_on_a_terminal(mini_release: Make) -> None:
    loop = "import time\ndef main():\n    while True: time.sleep(1)\n"
    release = mini_release(
        {"shop/worker.py": loop}, services={"worker": {"ready_timeout": 4.0, "drain": 0.5}}
    )
    terminal = pexpect.spawn(str(release.root / "bin" / "shop"), ["start"], timeout=30)
    terminal.expect(r"waiting for worker\.1 \([1-4]s of 4s\)")
    terminal.expect_exact("worker.1 was not ready within 4s")
    terminal.expect_exact("worker.1 runs, and never said that it is ready")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert 1 == terminal.exitstatus
