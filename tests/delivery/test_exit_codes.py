"""Every exit status of the contract, each as an operator meets it."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

import pytest

from tests.delivery import customer
from tests.delivery.deployment import Deployment, eventually
from tests.sample import Sample

pytestmark = pytest.mark.release


def test_0_a_day_of_the_shop(fresh: Deployment, sample: Sample) -> None:
    assert f"ticketd {sample.report['version']}\n" == fresh.ok("version")
    assert "0001" in fresh.ok("migrate")
    assert "night-trains" in fresh.ok("seed")
    with fresh.running() as address:
        assert "Night Trains" in customer.page(address)
        token = customer.buy(address, quantity=2)
        assert "Night Trains" in customer.confirmation(fresh.state / "mails", token)
        assert "pong\n" == fresh.ok("ping")
        assert "running" == fresh.status()["state"]
        assert "'confirmed'" in fresh.ok(
            "rpc", f"str(ticketd.api.show_order({token!r}).status)", timeout=20
        )
        assert "ticketd stopped\n" == fresh.ok("stop")
    assert [] == fresh.processes()


def test_1_it_runs_already(open_shop: Deployment) -> None:
    again = open_shop.run("start")
    assert (1, "") == (again.returncode, again.stdout)
    pid = open_shop.ok("pid").strip()
    assert again.stderr.startswith(f"ticketd: already running (pid {pid})\n")
    assert 0 == open_shop.run("start", "--if-stopped").returncode


def test_1_an_evaluation_that_fails(open_shop: Deployment) -> None:
    failed = open_shop.run("rpc", "1 / 0")
    assert (1, "") == (failed.returncode, failed.stdout)
    assert failed.stderr.endswith("ZeroDivisionError: division by zero\n")
    assert "relforge" not in failed.stderr, "frames of ours are not the user's affair"


def test_1_a_port_that_is_taken(shop: Deployment) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = shop.given(PORT=str(port)).run("start")
    assert 1 == refused.returncode
    assert f"127.0.0.1:{port}: Address already in use" in refused.stderr
    assert [] == shop.processes()
    assert 3 == shop.run("status").returncode


def test_2_usage(fresh: Deployment) -> None:
    wrong = fresh.run("strat")
    assert 2 == wrong.returncode
    assert "ticketd: unknown command 'strat'\n  did you mean `ticketd start`?\n" == wrong.stderr
    assert 2 == fresh.run("start", "--wiat", "3s").returncode
    assert 2 == fresh.run("start", "--wait", "soon").returncode
    assert 2 == fresh.given(RELEASE_STATE_DIR="").run("status").returncode


def test_3_nothing_runs(fresh: Deployment) -> None:
    for words in (["stop"], ["status"], ["ping"], ["pid"], ["rpc", "1"], ["remote_console"]):
        done = fresh.run(*words)
        assert 3 == done.returncode, words
    assert not fresh.state.exists(), "asking writes nothing"


def test_4_a_service_that_hangs_is_killed_and_its_stacks_are_in_the_log(shop: Deployment) -> None:
    with shop.running():
        web = shop.service("web")["pid"]
        loop = "asyncio.get_running_loop()"
        shop.ok("rpc", f"[{loop}.call_later(0.2, time.sleep, 100), await asyncio.sleep(0)]")
        time.sleep(0.5)
        began = time.monotonic()
        done = shop.run("stop", "--timeout", "1s")
        assert 4 == done.returncode
        assert time.monotonic() - began < 10
        assert "killed, because it did not stop: web.1\n" == done.stderr
    assert "web.1 does not stop; its stacks:" in shop.log()
    assert f"web.1 did not stop: killed (pid {web})" in shop.log()
    assert "Thread 0x" in shop.log()
    assert [] == shop.processes()


@pytest.mark.parametrize("who", ["supervisor", "web"])
def test_5_running_but_no_answer(open_shop: Deployment, who: str) -> None:
    if who == "web":
        pid, words = open_shop.service("web")["pid"], ["rpc", "--timeout", "1s", "1"]
    else:
        pid, words = int(open_shop.ok("pid")), ["ping", "--timeout", "1s"]
    os.kill(pid, signal.SIGSTOP)
    try:
        silent = open_shop.run(*words)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert 5 == silent.returncode, silent.stderr
    assert "answer" in silent.stderr


def test_5_an_evaluation_that_takes_too_long(open_shop: Deployment) -> None:
    late = open_shop.run("rpc", "--timeout", "1s", "while True: pass")
    assert 5 == late.returncode
    assert "interrupted" in late.stderr
    customer.page(open_shop.address())


def test_75_a_start_is_under_way(shop: Deployment, tmp_path: Path) -> None:
    slow = tmp_path / "config.toml"
    os.mkfifo(slow)  # the loader waits for somebody to write it
    first = shop.given(RELEASE_CONFIG=str(slow)).popen("start")
    eventually(lambda: shop.run("pid").returncode == 0)
    for word in ("start", "stop"):
        refused = shop.run(word)
        assert 75 == refused.returncode
        assert "under way" in refused.stderr
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=20)
    assert 130 == first.returncode
    assert [] == shop.processes()
    with shop.running():
        pass


def test_78_all_errors_of_the_configuration_at_once(fresh: Deployment, tmp_path: Path) -> None:
    wrong = tmp_path / "config.toml"
    wrong.write_text('[http]\nprot = 80\n[mail]\ntransport = "pigeon"\n')
    broken = fresh.given(RELEASE_CONFIG=str(wrong), PORT="eighty")
    for word in ("start", "foreground", "migrate"):
        done = broken.run(word)
        assert 78 == done.returncode, done.stderr
        for text in (f"{wrong}:2", "http.prot", "http.port", f"{wrong}:4", "pigeon", "$PORT"):
            assert text in done.stderr
        assert "Traceback" not in done.stderr
    assert 78 == broken.run("config", "check").returncode
    assert 78 == fresh.given(RELEASE_CONFIG="/nowhere.toml").run("start").returncode
    assert [] == fresh.processes()


def test_78_a_socket_path_that_is_too_long(fresh: Deployment) -> None:
    deep = fresh.given(RELEASE_STATE_DIR=f"{fresh.state}/{'deep/' * 25}")
    done = deep.run("start")
    assert 78 == done.returncode
    assert "a Unix socket's path may have 107 bytes" in done.stderr
    assert "RELEASE_RUN_DIR" in done.stderr
    assert not fresh.state.exists()
    short = deep.given(RELEASE_RUN_DIR=f"{fresh.state.parent}/run")
    short.ok("start")
    assert "pong\n" == short.ok("ping")
    short.ok("stop")


def test_78_a_state_directory_that_cannot_be_written(fresh: Deployment) -> None:
    done = fresh.given(RELEASE_STATE_DIR="/proc/var").run("start")
    assert 78 == done.returncode
    assert "RELEASE_STATE_DIR" in done.stderr


@pytest.mark.parametrize("word", ["rpc", "eval"])
def test_130_interrupted(open_shop: Deployment, word: str) -> None:
    process = open_shop.popen(word, "import time; print('go', flush=True); time.sleep(100)")
    assert process.stdout is not None
    assert "go\n" == process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert 130 == process.returncode
    assert "relforge" not in err
    customer.page(open_shop.address())
