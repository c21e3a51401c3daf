"""S17: what an application prints, names or answers acts on no terminal of an operator."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable

import pexpect
import pytest

from ..conftest import MiniRelease

pytestmark = pytest.mark.process

HOSTILE = "\x1b]0;owned\x07 \x9b31m \x1b[2K\r2026 supervisor | forged \u202e\u2028"
CODE = f"""
import asyncio, sys, threading, time
from relforge.runtime import ready
HOSTILE = {HOSTILE!a}

async def serve():
    asyncio.current_task().set_name(HOSTILE)
    name = HOSTILE + chr(10) + "thread x"
    threading.Thread(target=time.sleep, args=(600,), name=name, daemon=True).start()
    sys.stdout.buffer.write(HOSTILE.encode() + b" raw \\x9b5m\\r\\n")
    sys.stdout.flush()
    ready()
    await asyncio.sleep(600)

def main():
    asyncio.run(serve())
"""
DIES = f"import sys\ndef main():\n    print({HOSTILE!a}); sys.exit(3)\n"
# What a terminal acts on, line ends of the terminal's own apart.
ACTS = re.compile(
    r"[\r\udc80-\udcff\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)


def at_terminal(release: MiniRelease, *words: str) -> str:
    """What the command writes to its terminal."""
    child: pexpect.spawn[bytes] = pexpect.spawn(
        str(release.root / "bin" / "shop"),
        [*words],
        env={"PATH": os.environ["PATH"], "TERM": "xterm", "LC_ALL": "C.UTF-8"},
        timeout=60,
    )
    child.expect(pexpect.EOF)
    output: bytes = child.before or b""
    child.close()
    return output.decode(errors="surrogateescape").replace("\r\n", "\n")


@pytest.fixture
def running(mini_release: Callable[..., MiniRelease]) -> MiniRelease:
    release = mini_release(
        files={"shop/worker.py": CODE}, services={"worker": {"target": "shop.worker:main"}}
    )
    done = release.run("start")
    assert 0 == done.returncode, done.stderr
    return release


def test_no_command_lets_it_through(running: MiniRelease) -> None:
    said = "__import__('shop.worker').worker.HOSTILE"
    for words in (
        ["logs"],
        ["logs", "worker"],
        ["stacks"],
        ["stacks", "--signal"],
        ["tasks"],
        ["status"],
        ["describe"],
        ["top", "--once"],
        ["rpc", f"print({said})"],
        ["rpc", f"raise ValueError({said})"],
        ["rpc", "--all", f"print({said})"],
    ):
        shown = at_terminal(running, *words)
        assert shown.strip(), words
        assert [] == ACTS.findall(shown), (words, shown)
        if words[0] in ("logs", "tasks", "rpc"):
            assert "\\x1b]0;owned\\x07" in shown, (words, shown)
        assert "\r2026" not in shown


def test_a_pipe_gets_the_bytes_of_the_log(running: MiniRelease) -> None:
    output = subprocess.run(
        [running.root / "bin" / "shop", "logs", "worker"], capture_output=True, check=True
    ).stdout
    assert HOSTILE.encode() + b" raw \x9b5m\r\n" in output


def test_a_console_shows_what_an_evaluation_prints(running: MiniRelease) -> None:
    env = {"PATH": os.environ["PATH"], "TERM": "dumb", "LC_ALL": "C.UTF-8"}
    child: pexpect.spawn[bytes] = pexpect.spawn(
        str(running.root / "bin" / "shop"), ["remote_console"], env=env, timeout=20
    )
    child.expect(re.escape(b"worker.1> "))
    child.send(b"print('a' + chr(27) + '[2K' + chr(0x9b))\n")
    child.expect(re.escape(b"a\\x1b[2K\\x9b\r\n"))
    child.close()


def test_the_last_lines_of_a_service_that_fails(mini_release: Callable[..., MiniRelease]) -> None:
    release = mini_release(
        files={"shop/worker.py": DIES},
        services={"worker": {"target": "shop.worker:main", "restart": "never"}},
    )
    shown = at_terminal(release, "start", "--wait", "20s")
    assert "\\x1b]0;owned\\x07" in shown
    # The line that shows what `start` waits for is our own.
    assert [] == ACTS.findall(shown.replace("\r\x1b[K", "")), shown
