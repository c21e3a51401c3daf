"""What tidies up removes the files of a release that runs: O4."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable

import pytest

from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.waiting import eventually, service, status

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]
WORKER = """
import os, time
from relforge.runtime import ready
def main():
    ready()
    try:
        while True:
            time.sleep(1)
    finally:
        time.sleep(0.5)
        open(os.path.join(os.environ["RELEASE_STATE_DIR"], "drained"), "w").close()
"""


@pytest.fixture
def started(mini_release: Make) -> MiniRelease:
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    assert release.run("start").returncode == 0
    return release


def sweep(release: MiniRelease) -> None:
    for path in (release.state / "run").glob("*.sock"):
        path.unlink()


@pytest.mark.parametrize("words", [("status",), ("reload",)], ids=" ".join)
def test_commands_find_a_supervisor_whose_sockets_were_swept(
    started: MiniRelease, words: tuple[str, ...]
) -> None:
    """O4: it serves, so it is neither stopped nor stopping."""
    sweep(started)
    done = started.run(*words)
    assert done.returncode == 0, done.stderr
    assert status(started)["state"] == "running"


@pytest.mark.parametrize("words", [("stop",), ("restart",)], ids=" ".join)
def test_stop_drains_where_the_sockets_were_swept(
    started: MiniRelease, words: tuple[str, ...]
) -> None:
    """O4: nothing is killed, and the exit status says so."""
    sweep(started)
    done = started.run(*words)
    assert (0, "") == (done.returncode, done.stderr)
    assert (started.state / "drained").exists()


def test_a_process_that_comes_later_is_ready_at_once(started: MiniRelease) -> None:
    """O4: notify.sock alone is gone."""
    (started.state / "run" / "notify.sock").unlink()
    eventually((started.state / "run" / "notify.sock").exists)
    before = service(started, "worker")["pid"]
    os.kill(before, signal.SIGKILL)
    eventually(lambda: service(started, "worker")["state"] == "running")
    assert service(started, "worker")["pid"] != before
    assert started.run("stop").returncode == 0


@pytest.mark.parametrize("what", ["socket", "directory"])
def test_a_process_whose_socket_was_removed_makes_it_again(started: MiniRelease, what: str) -> None:
    """O4: web.1.sock alone is gone, or all of the run directory; `stacks --signal` as well."""
    run = started.state / "run"
    if what == "socket":
        (run / "worker.1.sock").unlink()
    else:
        shutil.rmtree(run)
    done = started.run("rpc", "1 + 1")
    assert (0, "2\n", "") == (done.returncode, done.stdout, done.stderr)
    done = started.run("stacks", "--signal")
    assert 0 == done.returncode, done.stderr
    assert "time.sleep" in done.stdout or "in main" in done.stdout
    pid = service(started, "worker")["pid"]
    assert 0 == started.run("reload", "--all").returncode
    eventually(lambda: service(started, "worker")["pid"] != pid)
    assert "2\n" == started.run("rpc", "1 + 1").stdout
    assert 0 == started.run("stop").returncode
    assert [] == [path.name for path in run.iterdir() if path.suffix in (".sock", ".stacks")]


@pytest.mark.skipif(os.geteuid() != 0, reason="it needs root")
def test_a_process_that_cannot_make_its_socket_again_runs_nevertheless(mini_release: Make) -> None:
    """O4: the directory is not its user's; a command says that it runs, and what helps."""
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {"user": "nobody"}})
    for directory in (release.root, *release.root.parents):
        os.chmod(directory, 0o755)
    assert (done := release.run("start")).returncode == 0, done.stderr
    (release.state / "run" / "worker.1.sock").unlink()
    done = release.run("rpc", "1 + 1")
    assert 5 == done.returncode
    assert f"worker.1 runs, but its socket is gone from {release.state}/run" in done.stderr
    assert "`shop reload worker.1` replaces the process" in done.stderr
    assert 0 == release.run("reload", "worker.1").returncode
    done = release.run("stacks")
    assert (0, "") == (done.returncode, done.stderr)
    assert 0 == release.run("stop").returncode


def test_the_state_directory_is_made_again(started: MiniRelease) -> None:
    """O4: a second `start` finds the lock, not the port."""
    supervisor = int(started.run("pid").stdout)
    shutil.rmtree(started.state)
    eventually(lambda: started.runs and (started.state / "run" / "supervisor.sock").exists())
    assert str(supervisor) in started.run("start").stderr
    assert int(started.run("pid").stdout) == supervisor
    log = (started.state / "log" / "shop.log").read_text()
    assert "lock was removed: it is made again" in log
    assert started.run("stop").returncode == 0


def test_a_supervisor_that_cannot_listen_again_drains_on_stop(started: MiniRelease) -> None:
    """O4: `status` says that it runs; `stop` asks by SIGTERM, and is patient."""
    run = started.state / "run"
    shutil.rmtree(run)
    run.write_text("a file is in the way")
    for words in (("rpc", "1"), ("stacks",), ("tasks",)):
        done = started.run(*words)
        assert done.returncode in (3, 5), done.stderr
        assert "Traceback" not in done.stderr
    done = started.run("status")
    assert done.returncode == 5
    assert f"and its control socket is gone: {run}/supervisor.sock" in done.stderr
    done = started.run("stop")
    assert (0, "") == (done.returncode, done.stderr)
    assert (started.state / "drained").exists()
