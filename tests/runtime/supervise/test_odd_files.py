"""S2, S4: links, FIFOs and directories in the place of a release's own files, on a real one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.waiting import log

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]
WORKER = """
import time
from relforge.runtime import ready
def main():
    ready()
    time.sleep(600)
"""
SOON = 20  # seconds: what waits for a FIFO never ends


def put(path: Path, kind: str) -> Path:
    """Something odd of that name; what must stay as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    precious = path.with_name("precious")
    precious.write_text("precious")
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to(precious)
    else:
        path.mkdir()
    return precious


@pytest.fixture
def shop(mini_release: Make) -> MiniRelease:
    commands = {"once": {"call": "shop.worker:once", "once": True}}
    return mini_release(
        {"shop/worker.py": f"{WORKER}\ndef once():\n    print('done')\n"},
        services={"worker": {}},
        commands=commands,
    )


@pytest.mark.parametrize("kind", ["fifo", "link", "directory"])
def test_a_log_that_is_no_file(shop: MiniRelease, kind: str) -> None:
    path = shop.state / "log" / "shop.log"
    precious = put(path, kind)
    for words in (("start",), ("logs",), ("logs", "-f")):
        done = shop.run(*words, timeout=SOON)
        assert 78 == done.returncode, done.stdout + done.stderr
        assert f"shop: {path}: not a regular file" in done.stderr
        assert "then remove it: rm " in done.stderr
    assert not shop.runs
    assert "precious" == precious.read_text()


@pytest.mark.parametrize("kind", ["fifo", "link", "directory"])
def test_a_log_whose_place_is_taken_while_it_runs(shop: MiniRelease, kind: str) -> None:
    """After a rotation, or at SIGHUP, the log goes on in the file that is open."""
    assert 0 == shop.run("start").returncode
    path = shop.state / "log" / "shop.log"
    moved = path.rename(path.with_name("moved"))
    precious = put(path, kind)
    assert 0 == shop.run("reload", timeout=SOON).returncode
    assert 78 == shop.run("logs", timeout=SOON).returncode
    assert 0 == shop.run("stop", timeout=SOON).returncode
    assert "stopped" in moved.read_text()
    assert "precious" == precious.read_text()


@pytest.mark.parametrize("name", ["supervisor", "notify"])
@pytest.mark.parametrize("kind", ["fifo", "link", "directory"])
def test_a_socket_whose_place_is_taken(shop: MiniRelease, name: str, kind: str) -> None:
    path = shop.state / "run" / f"{name}.sock"
    precious = put(path, kind)
    done = shop.run("start", timeout=SOON)
    assert 78 == done.returncode, done.stdout + done.stderr
    assert f"shop: {path}: not a socket, so not written by a release" in done.stderr
    assert "Traceback" not in done.stderr
    assert not shop.runs
    assert "precious" == precious.read_text()


@pytest.mark.parametrize("kind", ["fifo", "link", "directory"])
def test_a_socket_of_a_process_whose_place_is_taken(shop: MiniRelease, kind: str) -> None:
    """What is no directory is replaced by the socket, and a link is not followed."""
    path = shop.state / "run" / "worker.1.sock"
    precious = put(path, kind)
    done = shop.run("start", timeout=SOON)
    if kind == "directory":
        assert 1 == done.returncode
        assert f"{path}: not a socket, so not written by a release" in done.stderr
        assert "Traceback" not in done.stderr
    else:
        assert 0 == done.returncode, done.stderr
        assert path.is_socket()
        assert "2\n" == shop.run("rpc", "1 + 1", timeout=SOON).stdout
    assert "precious" == precious.read_text()


def test_a_lock_and_a_log_of_many_gigabytes_that_nobody_wrote(shop: MiniRelease) -> None:
    for path in (shop.state / "lock", shop.state / "log" / "shop.log"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(64 << 30)
    done = shop.run("start", timeout=SOON)
    assert 0 == done.returncode, done.stderr
    done = shop.run("logs", "-n", "3", timeout=SOON)
    assert 0 == done.returncode, done.stderr
    assert 0 == shop.run("stop", timeout=SOON).returncode
    assert (shop.state / "lock").stat().st_size < 1 << 17


@pytest.mark.parametrize("kind", ["fifo", "link", "directory"])
def test_rotated_files_that_are_none(shop: MiniRelease, kind: str) -> None:
    assert 0 == shop.run("start").returncode
    precious = put(shop.state / "log" / "shop.log.1", kind)
    done = shop.run("logs", "-n", "9", timeout=SOON)
    assert (0, "") == (done.returncode, done.stderr)
    assert log(shop) == done.stdout
    assert "precious" == precious.read_text()


@pytest.mark.parametrize("kind", ["fifo", "link", "directory"])
def test_a_mark_of_a_command_that_is_done_once(shop: MiniRelease, kind: str) -> None:
    path = shop.state / "once" / "once"
    precious = put(path, kind)
    done = shop.run("once", timeout=SOON)
    assert 78 == done.returncode, done.stdout + done.stderr
    assert f"shop: {path}: not a regular file" in done.stderr
    assert "Traceback" not in done.stderr
    assert "precious" == precious.read_text()


@pytest.mark.parametrize("name", ["run", "log"])
@pytest.mark.parametrize("kind", ["fifo", "file", "dangling"])
def test_a_directory_that_is_none(shop: MiniRelease, name: str, kind: str) -> None:
    path = shop.state / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "file":
        path.write_text("precious")
    else:
        path.symlink_to("nowhere")
    done = shop.run("start", timeout=SOON)
    assert 78 == done.returncode, done.stdout + done.stderr
    assert f"{path}: " in done.stderr
    assert "Traceback" not in done.stderr
    for words in (("status",), ("stop",)):
        done = shop.run(*words, timeout=SOON)
        assert 3 == done.returncode, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
