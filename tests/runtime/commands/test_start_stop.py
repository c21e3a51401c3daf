"""start, stop, restart, status and friends, as an operator meets them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.waiting import alive, eventually, log, service, status

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]

WORKER = """
import time
from relforge.runtime import ready
def main():
    print("at work")
    ready()
    while True:
        time.sleep(1)
"""
CRASHES = """
def main():
    print("one line before")
    raise RuntimeError("no database")
"""
NEVER_READY = """
import time
def main():
    print("thinking")
    time.sleep(60)
"""
STUBBORN = """
import signal, time
from relforge.runtime import ready
def main():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ready()
    while True:
        time.sleep(1)
"""


def test_a_day_of_an_operator(mini_release: Make) -> None:
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {"instances": 2}})

    assert release.run("status").returncode == 3
    assert release.run("stop").returncode == 3
    assert release.run("pid").returncode == 3
    assert release.run("logs").returncode == 1
    stopped = status(release)
    assert ("stopped", None, []) == (stopped["state"], stopped["pid"], stopped["services"])

    started = release.run("start")
    assert started.returncode == 0, started.stderr
    pid = int(release.run("pid").stdout)
    assert f"shop 1.0.0 is running (pid {pid}): worker.1, worker.2\n" == started.stdout

    running = status(release)
    change = {"operation", "coming", "leaving", "draining", "node", "schedule"}
    assert {"name", "version", "state", "pid", "uptime", "services"} | change == set(running)
    assert ("shop", "1.0.0", "running", pid) == tuple(
        running[key] for key in ("name", "version", "state", "pid")
    )
    row = running["services"][1]
    assert ("worker", 2, "running", True, 0) == tuple(
        row[key] for key in ("name", "instance", "state", "ready", "restarts")
    )
    assert row["rss"] > 1 << 20
    assert row["uptime"] >= 0
    table = release.run("status")
    assert table.returncode == 0
    assert "worker.2" in table.stdout

    again = release.run("start")
    assert (1, f"shop: already running (pid {pid})") == (
        again.returncode,
        again.stderr.splitlines()[0],
    )
    assert release.run("start", "--if-stopped").returncode == 0
    assert release.run("ping").stdout == "pong\n"

    lines = release.run("logs", "-n", "1", "worker.2").stdout
    assert lines.endswith(" worker.2 | at work\n")
    assert release.run("logs", "-n", "1", "supervisor").stdout.startswith("20")
    assert release.run("logs", "wroker").returncode == 2

    restarted = release.run("restart")
    assert restarted.returncode == 0, restarted.stderr
    assert int(release.run("pid").stdout) != pid
    assert not alive(pid)

    pids = [row["pid"] for row in status(release)["services"]]
    stopped_now = release.run("stop")
    assert (0, "") == (stopped_now.returncode, stopped_now.stderr)
    assert not any(alive(pid) for pid in pids)
    assert [] == os.listdir(release.state / "run")

    from_nothing = release.run("restart")
    assert from_nothing.returncode == 0
    assert from_nothing.stderr == "nothing was running\n"


def test_a_service_that_crashes_at_start_is_reported_with_its_last_lines(
    mini_release: Make,
) -> None:
    release = mini_release(
        {"shop/worker.py": CRASHES, "shop/other.py": WORKER},
        services={"worker": {}, "other": {"target": "shop.other:main"}},
    )
    started = release.run("start")

    assert started.returncode == 1
    head, *rest = started.stderr.splitlines()
    assert head == "shop: worker.1 exited with status 1 before it was ready, its last lines:"
    assert "  | one line before" in rest
    assert "  | RuntimeError: no database" in rest
    assert "service/main.py" not in started.stderr
    assert release.run("status").returncode == 3
    assert f"pid {os.getpid()}" not in started.stderr


def test_an_application_that_does_not_import_shows_its_traceback(mini_release: Make) -> None:
    release = mini_release({"shop/worker.py": "import nosuchthing\n"}, services={"worker": {}})
    started = release.run("start")
    assert started.returncode == 1
    assert "ModuleNotFoundError: No module named 'nosuchthing'" in started.stderr
    assert "shop/worker.py" in started.stderr


def test_interrupting_start_leaves_nothing_running(mini_release: Make) -> None:
    release = mini_release({"shop/worker.py": NEVER_READY}, services={"worker": {}})
    start = subprocess.Popen([release.root / "bin" / "shop", "start"], stderr=subprocess.PIPE)
    eventually(lambda: status(release)["services"])
    pid = service(release, "worker")["pid"]
    during = release.run("status")
    assert (0, True) == (during.returncode, "is starting" in during.stdout)
    start.kill()
    start.communicate()
    eventually(lambda: status(release)["state"] == "stopped")
    assert not alive(pid)


def test_a_service_that_ignores_sigterm_is_killed_and_named(mini_release: Make) -> None:
    release = mini_release({"shop/worker.py": STUBBORN}, services={"worker": {}})
    assert release.run("start").returncode == 0
    pid = service(release, "worker")["pid"]

    stopped = release.run("stop", "--timeout", "300ms")

    assert stopped.returncode == 4
    assert "worker.1" in stopped.stderr
    assert not alive(pid)
    assert "worker.py" in log(release).partition("its stacks")[2]  # what it was doing


def test_a_supervisor_that_hangs_is_ended_by_force(mini_release: Make) -> None:
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    assert release.run("start").returncode == 0
    pid, child = int(release.run("pid").stdout), service(release, "worker")["pid"]
    os.kill(pid, 19)
    stopped = release.run("stop")
    assert stopped.returncode == 4
    assert f"the supervisor (pid {pid})" in stopped.stderr
    eventually(lambda: not alive(child))


def test_a_wrong_configuration_is_78_before_a_socket_is_opened(mini_release: Make) -> None:
    release = mini_release(
        {"shop/worker.py": WORKER},
        services={"worker": {"listen": ["127.0.0.1:${http.port}"]}},
        config={"schema": {"http.port": {"type": "int", "required": True}}},
    )
    started = release.run("start")
    assert started.returncode == 78
    assert "http.port" in started.stderr
    assert release.run("foreground").returncode == 78
    assert release.run("status").returncode == 3
    assert [] == os.listdir(release.state / "run")


def test_a_restart_with_a_wrong_configuration_leaves_what_runs(mini_release: Make) -> None:
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    assert release.run("start").returncode == 0
    pid = release.run("pid").stdout
    assert 78 == release.run("restart", env={"RELEASE_CONFIG": "/nowhere.toml"}).returncode
    assert pid == release.run("pid").stdout


def test_a_state_directory_that_cannot_be_made_names_the_variable(mini_release: Make) -> None:
    started = mini_release().run("start", env={"RELEASE_STATE_DIR": "/proc/nothing"})
    assert 78 == started.returncode
    assert "RELEASE_STATE_DIR" in started.stderr


def test_start_with_closed_standard_descriptors(mini_release: Make) -> None:
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    script = 'exec "$0" start <&- >&- 2>&-'
    assert (
        0 == subprocess.run(["sh", "-c", script, release.root / "bin/shop"], check=False).returncode
    )
    eventually(lambda: "| at work" in log(release))
    assert release.run("stop").returncode == 0


def test_settings_of_a_service_take_the_configuration(mini_release: Make, tmp_path: Path) -> None:
    shows = WORKER.replace('print("at work")', 'import os; print("sees", os.environ["GREETING"])')
    release = mini_release(
        {"shop/worker.py": shows},
        services={"worker": {"env": {"GREETING": "hello ${who}"}, "listen": ["unix:${who}.sock"]}},
        config={"schema": {"who": {"type": "str", "default": "shop"}}},
    )
    started = release.run("start")
    assert started.returncode == 0, started.stderr
    assert f"worker.1 on unix:{release.state}/run/shop.sock" in started.stdout
    eventually(lambda: "sees hello shop" in log(release))


def test_a_run_directory_too_long_for_sockets_is_named_at_once(
    mini_release: Make, tmp_path: Path
) -> None:
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    long = tmp_path / ("x" * 100)
    started = release.run("start", env={"RELEASE_RUN_DIR": str(long)})
    assert started.returncode == 78
    assert "RELEASE_RUN_DIR" in started.stderr
    assert not long.exists()


def test_state_may_lie_elsewhere_and_instances_share_nothing(mini_release: Make) -> None:
    calls_itself = WORKER.replace(
        'print("at work")',
        "import os, subprocess; subprocess.run([os.environ['RELEASE_ROOT'] + '/bin/shop', 'pid'])",
    )
    release = mini_release({"shop/worker.py": calls_itself}, services={"worker": {}})
    subprocess.run(["chmod", "-R", "a-w", release.root], check=True)
    env = {"RELEASE_STATE_DIR": str(release.root.parent / "state")}
    blue, green = {**env, "RELEASE_INSTANCE": "blue"}, {**env, "RELEASE_INSTANCE": "green"}
    try:
        for one in (blue, green):
            assert release.run("start", env=one).returncode == 0
        pids = [release.run("pid", env=one).stdout for one in (blue, green)]
        assert len(set(pids)) == 2
        assert 3 == release.run("status", env=env).returncode
        # `bin/shop` inside the service finds its own instance.
        assert pids[0].strip() in release.run("logs", "worker", env=blue).stdout
        assert not (release.root / "var").exists()
    finally:
        codes = [release.run("stop", env=one).returncode for one in (blue, green)]
        subprocess.run(["chmod", "-R", "u+w", release.root], check=True)
    assert [0, 0] == codes


def test_logs_follows_through_a_rotation(mini_release: Make) -> None:
    ticks = WORKER.replace("while True:", "while print('tick') is None:").replace("(1)", "(.1)")
    release = mini_release({"shop/worker.py": ticks}, services={"worker": {}})
    assert release.run("start").returncode == 0
    follow = subprocess.Popen(
        [release.root / "bin" / "shop", "logs", "-f", "-n", "0", "worker"], stdout=subprocess.PIPE
    )
    assert follow.stdout is not None
    assert follow.stdout.readline().endswith(b"worker.1 | tick\n")
    path = release.state / "log" / "shop.log"
    path.rename(path.with_suffix(".1"))
    os.kill(int(release.run("pid").stdout), 12)
    eventually(path.exists)
    deadline = time.monotonic() + 5
    while follow.stdout.readline() and time.monotonic() < deadline:
        if len(path.read_text().splitlines()) > 5:
            break
    assert follow.stdout.readline().endswith(b"worker.1 | tick\n")
    follow.kill()
    follow.wait()


def test_status_answers_at_every_moment_of_a_stop(mini_release: Make) -> None:
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    assert release.run("start").returncode == 0
    os.kill(status(release)["pid"], signal.SIGTERM)
    states = [status(release)["state"]]
    deadline = time.monotonic() + 20
    while states[-1] != "stopped" and time.monotonic() < deadline:
        states.append(status(release)["state"])
    assert states[-1] == "stopped"


def test_a_start_during_a_stop_says_so(mini_release: Make) -> None:
    """O18: it neither runs, nor has it to be restarted."""
    release = mini_release({"shop/worker.py": STUBBORN}, services={"worker": {"drain": 5.0}})
    assert release.run("start").returncode == 0
    pid = status(release)["pid"]
    os.kill(pid, signal.SIGTERM)
    eventually(lambda: status(release)["state"] == "stopping")
    done = release.run("start", "--if-stopped")
    assert (75, "", f"shop: shop is stopping (pid {pid})") == (
        done.returncode,
        done.stdout,
        done.stderr.splitlines()[0],
    )
    os.kill(pid, signal.SIGTERM)
    eventually(lambda: status(release)["state"] == "stopped", 20)
    assert release.run("start").returncode == 0
    release.run("stop", "--timeout", "1s")


def test_output_that_cannot_be_written_is_one_line(mini_release: Make) -> None:
    """O18: a full disk behind a redirection; exit 1."""
    release = mini_release({"shop/worker.py": "def main(): pass\n"}, services={"worker": {}})
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [release.root / "bin" / "shop", "status"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    line = "shop: the output cannot be written: No space left on device\n"
    assert (1, line) == (done.returncode, done.stderr)


def test_what_a_service_prints_does_not_act_on_the_terminal_of_start(mini_release: Make) -> None:
    """S17: the last lines of a service that fails are shown with their control characters."""
    line = r"print('\x1b]0;owned\x07 \x9b31m', flush=True)"
    code = f"def main():\n    {line}\n    raise SystemExit(1)\n"
    release = mini_release({"shop/worker.py": code}, services={"worker": {}})
    done = release.run("start")
    assert done.returncode == 1
    assert r"\x1b]0;owned\x07 \x9b31m" in done.stderr
    assert done.stderr.replace("\n", "").isprintable()


def test_the_lock_names_its_application(mini_release: Make) -> None:
    """O2: also where the release that holds it was removed meanwhile."""
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    other = mini_release({"shop/worker.py": WORKER}, services={"worker": {}}, name="other")
    assert release.run("start").returncode == 0
    launch = release.root / "release" / "launch"
    text = launch.read_text()
    launch.unlink()
    for command in ("status", "stop", "start"):
        done = other.run(command, env={"RELEASE_STATE_DIR": str(release.state)})
        assert done.returncode == 78
        assert f"is the state directory of shop ({release.root})" in done.stderr
    launch.write_text(text)
    assert release.run("stop").returncode == 0
