"""What each process of a release is started with: descriptors, signals, a group of its own."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from relforge.runtime.wire import spawn
from relforge.runtime.wire.descriptors import LOWEST

pytestmark = pytest.mark.process

# Says what it is given, to the first of its descriptors.
REPORT = """
import json, os, signal
listed = map(int, os.listdir("/proc/self/fd"))  # and what was open to list them
result = {
    "open": sorted(fd for fd in listed if os.path.exists(f"/proc/self/fd/{fd}")),
    "read": [os.pread(fd, 10, 0).decode() for fd in (4, 5)],
    "group": os.getpgid(0) == os.getpid(),
    "session": os.getsid(0) == os.getpid(),
    "ignored": signal.getsignal(signal.SIGTERM) == signal.SIG_IGN,
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    "input": os.path.realpath("/proc/self/fd/0"),
    "output": os.path.realpath("/proc/self/fd/1"),
}
os.write(3, json.dumps(result).encode())
"""


def memory(text: str) -> int:
    fd = os.memfd_create("relforge-test", os.MFD_CLOEXEC)
    os.write(fd, text.encode())
    return fd


def is_inherited(fd: int) -> bool:
    """Whether the process that runs the tests left it open for all that they start."""
    try:
        return os.get_inheritable(fd)
    except OSError:
        return False


@pytest.mark.parametrize("session", [False, True])
def test_it_has_what_it_is_given_and_nothing_else(session: bool) -> None:
    inherited = set(map(int, os.listdir("/proc/self/fd")))
    inherited = {fd for fd in inherited if is_inherited(fd)}
    low = sorted(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC) for _ in range(4))
    answer, one, two = memory(""), memory("one"), memory("two")
    # The numbers that it is to have them under, in another order: none may overwrite another.
    os.dup2(two, low[0], inheritable=False)
    os.dup2(one, low[1], inheritable=False)
    ignored = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    try:
        pid = spawn.spawn(
            [sys.executable, "-I", "-S", "-c", REPORT],
            {},
            descriptors=(answer, low[1], low[0]),
            output=spawn.DISCARDED,
            session=session,
        )
    finally:
        signal.signal(signal.SIGTERM, ignored)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    assert 0 == os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    reported = json.loads(os.pread(answer, 1 << 16, 0))
    for fd in (answer, one, two, *low):
        os.close(fd)
    assert {
        "open": sorted({0, 1, 2, 3, 4, 5} | inherited),
        "read": ["one", "two"],
        "group": True,
        "session": session,
        "ignored": False,
        "blocked": [],
        "input": os.devnull,
        "output": os.devnull,
    } == reported


def test_a_program_that_is_missing_leaves_no_descriptor(tmp_path: Path) -> None:
    given = memory("")
    before = sorted(os.listdir("/proc/self/fd"))
    with pytest.raises(FileNotFoundError):
        spawn.spawn([str(tmp_path / "missing")], {}, descriptors=(given,))
    assert before == sorted(os.listdir("/proc/self/fd"))
    os.close(given)


def test_command_lines_name_the_role() -> None:
    python, root = "/r/python/bin/python3", "/r"
    boot, app = "/r/runtime/relforge/runtime/boot.py", "/r/runtime/relforge/runtime/boot_app.py"
    assert [python, "-I", "-S", "-B", boot, "start", "_resume"] == spawn.command(
        python, root, "start", "_resume"
    )
    assert [python, "-P", "-s", "-B", app, "service"] == spawn.application(python, root, "service")
    assert [python, "-I", "-S", "-B", app, "probe", "{}"] == spawn.bare(python, root, "probe", "{}")
    assert LOWEST > spawn.FIRST
