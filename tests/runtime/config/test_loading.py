"""The loader child as its parents see it: a sealed memfd, or every error."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relforge.runtime.config import loading
from relforge.runtime.contract import manifest
from relforge.runtime.errors import CONFIG, Refusal

pytestmark = pytest.mark.process

PROVIDER = """
import os, signal, subprocess, sys, threading, time
import relforge.runtime
from relforge.runtime.config.provider import Layer

class Odd:
    def load(self, state, context):
        what = context.environ["ODD"]
        print("printed on stdout")
        if what == "hang":
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
            with open(context.environ["PIDS"], "w") as file:
                file.write(f"{os.getpid()} {child.pid}")
            time.sleep(60)
        if what == "deaf":  # as code in C that never returns
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
            time.sleep(60)
        if what == "exit":
            sys.exit("pl4nted-exit")
        if what == "die":
            os._exit(7)
        if what == "kill":
            os.kill(os.getpid(), 9)
        if what == "thread":
            threading.Thread(target=time.sleep, args=(60,)).start()
        if what == "config":
            relforge.runtime.config["db.url"]
        if what == "nothing":
            return None
        return Layer.of({"seen": sorted(k for k in context.environ if k.startswith("REL"))})
"""
ODD: dict[str, Any] = {
    "providers": [{"use": "shop.odd:Odd", "options": {}, "state": {}, "timeout": 20, "retries": 0}],
    "schema": {},
    "export": {"SEEN": "seen"},
}


@pytest.fixture
def odd(mini_release: Callable[..., Any]) -> Callable[..., int]:
    release = mini_release({"shop/odd.py": PROVIDER})
    path = release.root / "release" / "manifest.json"
    settings = manifest.load(str(release.root))

    def load(what: str, *, rest: float = 20, own: float = 20, **environ: str) -> int:
        (row,) = ODD["providers"]
        settings["config"] = {**ODD, "strict": True, "providers": [{**row, "timeout": own}]}
        path.write_text(json.dumps(settings))
        return loading.load(str(release.root), settings, {"ODD": what, **environ}, timeout=rest)

    return load


def refusal(load: Callable[[], int]) -> str:
    with pytest.raises(Refusal) as caught:
        load()
    assert CONFIG == caught.value.code
    return caught.value.message


def test_the_result_is_sealed_closed_on_exec_and_at_its_start(odd: Callable[..., int]) -> None:
    fd = odd("fine", RELFORGE_SECRET="x", RELEASE_NAME="shop")

    assert not os.get_inheritable(fd)
    assert 0 == os.lseek(fd, 0, os.SEEK_CUR)
    assert "memfd:relforge-config" in os.readlink(f"/proc/self/fd/{fd}")
    for attempt in (lambda: os.write(fd, b"x"), lambda: os.ftruncate(fd, 0)):
        with pytest.raises(PermissionError):
            attempt()
    first, second = loading.read(fd), loading.read(fd)
    assert first == second
    assert {"seen": ["RELEASE_NAME"]} == first["values"]
    assert {"SEEN": "RELEASE_NAME"} == first["environ"]
    assert {"seen": [["shop.odd:Odd", ""]]} == first["origins"]
    assert [] == first["secrets"]
    os.close(fd)


def test_nothing_is_left_open_or_running(odd: Callable[..., int]) -> None:
    os.close(odd("fine"))
    before, theirs = os.listdir("/proc/self/fd"), children()  # of other tests in this process

    for what in ("fine", "thread", "exit", "die"):
        try:
            os.close(odd(what))
        except Refusal:
            continue

    assert before == os.listdir("/proc/self/fd")
    assert children() <= theirs


def children() -> set[str]:
    """The processes that this one has started and not waited for."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {pid for task in tasks for pid in task.read_text().split()}


def test_a_provider_that_hangs_is_stopped_with_its_children_and_named(
    odd: Callable[..., int], tmp_path: Path
) -> None:
    pids = tmp_path / "pids"

    message = refusal(lambda: odd("hang", own=0.5, PIDS=str(pids)))

    assert "shop.odd:Odd: did not end within 0.5 s" in message
    for pid in pids.read_text().split():
        assert gone(int(pid))


def test_a_provider_that_hears_no_signal_is_killed_and_named(odd: Callable[..., int]) -> None:
    message = refusal(lambda: odd("deaf", own=0.5, rest=5))

    assert "the provider shop.odd:Odd did not end within 1 s and was killed" in message


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("exit", "shop.odd:Odd: raised SystemExit: pl4nted-exit"),
        ("die", "the provider shop.odd:Odd ended the loader (status 7)"),
        ("kill", "the provider shop.odd:Odd ended the loader (signal SIGKILL)"),
        ("nothing", "shop.odd:Odd: load() gave NoneType, expected a Layer or a dict"),
        ("config", "the configuration is being loaded, and a provider (or what it imports) reads"),
    ],
)
def test_a_provider_that_misbehaves_is_named(
    odd: Callable[..., int], what: str, words: str
) -> None:
    assert words in refusal(lambda: odd(what))


def test_an_interpreter_that_is_not_there_is_a_refusal(tmp_path: Path) -> None:
    settings = {"name": "shop", "python": {"executable": "python/bin/python3"}}

    message = refusal(lambda: loading.load(str(tmp_path), settings, {}))

    assert f"{tmp_path}/python/bin/python3: No such file or directory" == message


def test_a_killed_parent_takes_a_hanging_provider_along(
    mini_release: Callable[..., Any], tmp_path: Path
) -> None:
    release = mini_release({"shop/odd.py": PROVIDER}, config=ODD)
    pids = tmp_path / "pids"
    parent = subprocess.Popen(
        [release.root / "bin" / "shop", "config", "check"],
        env={"PATH": os.environ["PATH"], "ODD": "hang", "PIDS": str(pids)},
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 30
    while not (pids.exists() and len(pids.read_text().split()) == 2):
        assert time.monotonic() < deadline
        time.sleep(0.05)

    loader, grandchild = map(int, pids.read_text().split())
    parent.kill()
    parent.wait()

    try:
        assert gone(loader)
    finally:
        os.kill(grandchild, signal.SIGKILL)


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return True
        if stat.rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


def test_loading_costs_a_control_command_little() -> None:
    script = (
        "import sys, json, os; before = set(sys.modules)\n"
        f"sys.path.insert(0, {str(Path(manifest.__file__).parents[3])!r})\n"
        "from relforge.runtime.config import loading\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True
    )

    expensive = {"subprocess", "typing", "dataclasses", "asyncio", "argparse", "ctypes", "tomllib"}
    assert not expensive & set(json.loads(done.stdout))


def test_an_interrupted_check_leaves_no_loader(
    mini_release: Callable[..., Any], tmp_path: Path
) -> None:
    release = mini_release({"shop/odd.py": PROVIDER}, config=ODD)
    pids = tmp_path / "pids"
    check = subprocess.Popen(
        [release.root / "bin" / "shop", "config", "check"],
        env={"PATH": os.environ["PATH"], "ODD": "hang", "PIDS": str(pids)},
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 30
    while not (pids.exists() and len(pids.read_text().split()) == 2):
        assert time.monotonic() < deadline
        time.sleep(0.05)

    check.send_signal(signal.SIGINT)

    assert 130 == check.wait(10)
    assert all(gone(int(pid)) for pid in pids.read_text().split())
