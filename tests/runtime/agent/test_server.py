from __future__ import annotations

import json
import os
import random
import signal
import socket
import stat
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

import relforge
from relforge.runtime.agent import server
from relforge.runtime.agent.places import MOST_CLIENTS, MOST_OF_SERVICE
from relforge.runtime.agent.source import complete as is_complete
from relforge.runtime.client.addresses import AgentAddress
from relforge.runtime.client.connection import AgentClient
from relforge.runtime.errors import CONFIG, NO_ANSWER, Refusal
from relforge.runtime.wire import frames
from tests.runtime.supervise.waiting import eventually

from .conftest import Live, finish, run

ROOT = Path(relforge.__file__).parent.parent


def raw(live: Live, *, proto: int = 1) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(5)
    sock.connect(live.path)
    assert (frames.receive(sock) or {})["op"] == "welcome"
    frames.send(sock, {"op": "hello", "id": 1, "proto": proto})
    return sock


@pytest.mark.process
def test_welcome_says_who_answers(live: Live) -> None:
    eventually(lambda: live.client().welcome["loop"])  # the application comes to run it
    welcome = live.client().welcome
    assert welcome.pop("uptime") >= 0
    assert welcome == {
        "op": "welcome",
        "proto": 1,
        "name": "shop",
        "version": "1.0.0",
        "service": "web",
        "instance": 1,
        "pid": live.process.pid,
        "python": sys.version.split()[0],
        "loop": "asyncio",
        "evaluates": True,
    }


@pytest.mark.process
def test_socket_is_the_users_alone(live: Live) -> None:
    assert stat.S_IMODE(os.stat(live.path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(live.path)).st_mode) == 0o700
    directory = os.path.dirname(live.path)
    dump = f"{live.process.pid}.stacks"
    eventually(lambda: os.path.exists(os.path.join(directory, dump)))
    assert stat.S_IMODE(os.stat(os.path.join(directory, dump)).st_mode) == 0o600
    assert sorted(os.listdir(directory)) == sorted(["web.1.sock", dump])


def test_path_over_107_bytes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="107 bytes") as caught:
        server.start(str(tmp_path / ("x" * 120) / "web.1.sock"), {}, {})
    assert caught.value.code == CONFIG


@pytest.mark.process
@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff\xff\xff\xff",
        struct.pack(">I", (16 << 20) + 1),
        struct.pack(">I", 4) + b"\xff\xfe\x00\x01",
        struct.pack(">I", 2) + b"[]",
        struct.pack(">I", 10) + b"12345",
        struct.pack(">I", 100_000) + b"[" * 100_000,
        b"",
    ],
)
def test_garbage_ends_its_connection_and_nothing_else(live: Live, garbage: bytes) -> None:
    sock = raw(live)
    sock.sendall(garbage)
    sock.shutdown(socket.SHUT_WR)
    with suppress(ConnectionResetError):
        while sock.recv(4096):
            pass
    assert run(live.client(), "1")["repr"] == "1"


@pytest.mark.process
def test_random_bytes_and_random_messages(live: Live) -> None:
    chance = random.Random(7)
    values: list[object] = [None, 1, -1.5, "x", [], {}, "eval", {"a": 1}, True]
    for _ in range(60):
        sock = raw(live)
        if chance.random() < 0.5:
            sock.sendall(chance.randbytes(chance.randrange(1, 400)))
        else:
            names = ["op", "id", "source", "target", "args", "kwargs", "text", "proto", "json"]
            message = {name: chance.choice(values) for name in names}
            message["op"] = chance.choice(
                ["eval", "call", "check", "complete", "interrupt", "hello", "tasks", "", None]
            )
            frames.send(sock, message)
        sock.close()
    assert run(live.client(), "1")["repr"] == "1"
    assert live.process.poll() is None


@pytest.mark.process
def test_unknown_and_malformed_operations_are_answered(live: Live) -> None:
    sock = raw(live)
    for message in (
        {"op": "fly", "id": 1},
        {"op": "eval", "id": 1, "source": 5},
        {"op": "check", "id": 1},
        {"id": 1},
    ):
        frames.send(sock, message)
        answer = frames.receive(sock) or {}
        assert (answer["op"], answer["id"]) == ("error", 1)


@pytest.mark.process
def test_other_protocol_is_refused(live: Live) -> None:
    sock = raw(live, proto=99)
    assert "protocol" in (frames.receive(sock) or {})["error"]
    assert frames.receive(sock) is None


@pytest.mark.process
def test_clients_are_limited(live: Live) -> None:
    most = MOST_OF_SERVICE if os.geteuid() else MOST_CLIENTS
    socks = [raw(live) for _ in range(most)]
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(live.path)
    assert f"{most} clients" in (frames.receive(sock) or {})["error"]
    for one in socks:
        one.close()
    time.sleep(0.2)
    assert run(live.client(), "1")["repr"] == "1"


@pytest.mark.process
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_another_user_is_refused(start: Callable[..., Live], tmp_path: Path) -> None:
    live = start("threads")
    os.chmod(live.path, 0o666)
    directory = Path(live.path).parent
    while directory != Path("/"):
        os.chmod(directory, 0o755 | stat.S_IMODE(directory.stat().st_mode))
        directory = directory.parent
    code = (
        "import os, socket, sys\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
        "print(s.recv(4096)[4:].decode())\n"
        "print(s.recv(4096))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, live.path], capture_output=True, text=True, check=True
    )
    answer, end = done.stdout.splitlines()
    assert json.loads(answer)["error"] == "uid 65534 may not connect, only uid 0 and root"
    assert end == "b''"


@pytest.mark.process
def test_stopped_process_is_running_without_answer(live: Live) -> None:
    live.process.send_signal(signal.SIGSTOP)
    with pytest.raises(Refusal, match="does not answer within") as caught:
        live.client(0.5)
    assert caught.value.code == NO_ANSWER
    live.process.send_signal(signal.SIGCONT)
    assert run(live.client(), "1")["repr"] == "1"


@pytest.mark.process
def test_slow_client_does_not_hold_the_loop(live: Live) -> None:
    slow = live.client()
    slow.post("eval", source="while True:\n    print('x' * 10_000)\n    await asyncio.sleep(0)")
    time.sleep(1)
    live.assert_alive()


@pytest.mark.process
def test_slow_client_can_still_interrupt_and_hears_what_was_dropped(live: Live) -> None:
    slow = live.client()
    request = slow.post(
        "eval", source="while True:\n    print('x' * 10_000); await asyncio.sleep(0)"
    )
    time.sleep(1)
    slow.send({"op": "interrupt", "id": request})
    out: list[str] = []
    assert finish(slow, request, out)["type"] == "Interrupted"
    assert "characters of output dropped" in "".join(out)


@pytest.mark.process
def test_million_lines_arrive_in_order(live: Live) -> None:
    out: list[str] = []
    run(live.client(), "for n in range(200_000): print(n)", out)
    assert "".join(out) == "".join(f"{n}\n" for n in range(200_000))


@pytest.mark.process
def test_a_fork_leaves_the_agent_to_the_parent(live: Live) -> None:
    source = (
        "pid = os.fork()\n"
        "if not pid:\n"
        "    print('child')\n"
        "    time.sleep(0.5)\n"
        "    os._exit(0)\n"
        "pid > 0"
    )
    client = live.client()
    out: list[str] = []
    assert run(client, source, out)["repr"] == "True"
    assert out == []
    assert run(client, "1")["repr"] == "1"
    assert run(client, "os.waitpid(pid, 0)[1]")["repr"] == "0"
    assert os.path.exists(live.path)
    live.assert_alive()


@pytest.mark.process
def test_a_child_that_runs_on_after_a_fork_ends_there(live: Live) -> None:
    client = live.client()
    run(client, "pid = os.fork()")
    assert run(client, "os.waitpid(pid, 0)[1]")["repr"] == "0"
    live.assert_alive()


@pytest.mark.process
def test_a_forked_child_may_have_an_agent_of_its_own(live: Live) -> None:
    path = live.path.replace("web.1", "web.2")
    source = (
        "from relforge.runtime.agent import server\n"
        "pid = os.fork()\n"
        "if not pid:\n"
        f"    server.start({path!r}, {{'service': 'web', 'instance': 2}}, {{}})\n"
        "    time.sleep(5)\n"
        "    os._exit(0)\n"
    )
    run(live.client(), source)
    deadline = time.monotonic() + 5
    while not os.path.exists(path):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    child = AgentClient(AgentAddress("web", 2, path, []), "test", 5)
    assert child.welcome["pid"] != live.process.pid
    assert run(child, "6 * 7")["repr"] == "42"
    run(live.client(), f"os.kill({child.welcome['pid']}, 9)")


def test_close_removes_the_socket_only_while_it_is_ours(tmp_path: Path) -> None:
    path = str(tmp_path / "run" / "web.1.sock")
    first = server.start(path, {}, {})
    second = server.start(path, {}, {})
    first.close()
    assert os.path.exists(path)
    second.close()
    assert not os.path.exists(path)


@pytest.mark.process
def test_completion(live: Live) -> None:
    client = live.client()
    run(client, "names = ['a']")
    assert client.request("complete", text="state.ti")["items"] == ["state.ticks"]
    assert client.request("complete", text="names.app")["items"] == ["names.append("]
    assert "names" in client.request("complete", text="nam")["items"]
    assert client.request("complete", text="nothing.here.")["items"] == []
    assert client.request("complete", text="threading.get_nat")["items"] == [
        "threading.get_native_id("
    ]
    assert client.request("complete", text="f(x).")["items"] == []


@pytest.mark.process
def test_completion_comes_back_although_a_property_hangs(live: Live) -> None:
    client = live.client()
    began = time.monotonic()
    assert client.request("complete", text="state.slow.")["items"] == []
    assert client.request("complete", text="state.ti")["items"] == []
    assert time.monotonic() - began < 3
    assert run(client, "1")["repr"] == "1"


@pytest.mark.parametrize(
    ("source", "complete"),
    [
        ("1", True),
        ("def f():", False),
        ("def f():\n    return 1", False),
        ("def f():\n    return 1\n", True),
        ("await x", True),
        ("async with x as y:", False),
        ("(1,", False),
        ("'''", False),
        ("1 +* 2", True),
        ("if x:\n    1\nelse:", False),
        ("@property", False),
    ],
)
def test_completeness(source: str, complete: bool) -> None:
    assert is_complete(source) is complete


@pytest.mark.process
def test_stacks_and_evaluation_while_the_main_thread_is_deadlocked(live: Live) -> None:
    stuck = live.client()
    stuck.post("eval", source="deadlock()", where="loop")
    client = live.client()
    eventually(lambda: "in deadlock" in client.request("stacks")["text"])
    assert client.request("stacks")["text"].startswith("thread MainThread (main")
    assert run(client, "state.dead.locked()")["repr"] == "True"
    run(client, "state.dead.release()")
    time.sleep(0.1)
    live.assert_alive()


@pytest.mark.process
def test_stacks_and_evaluation_while_the_event_loop_is_blocked(live: Live) -> None:
    blocks = live.client()
    client = live.client()
    run(client, "state.go = False")
    request = blocks.post("eval", source="while not state.go: time.sleep(0.01)", where="loop")
    eventually(lambda: "while not state.go" in client.request("stacks")["text"])
    assert None is client.request("stats", within=0.1)["lag"]
    run(client, "state.go = True")
    assert finish(blocks, request)["ok"]
    assert client.request("stats", within=5)["lag"] < 5
    live.assert_alive()


@pytest.mark.process
def test_tasks_show_where_they_wait(live: Live) -> None:
    client = live.client()
    source = (
        "async def inner(): await asyncio.sleep(60)\n"
        "async def outer(): await inner()\n"
        "task = asyncio.get_running_loop().create_task(outer(), name='mine')\n"
    )
    run(client, source, where="loop")
    time.sleep(0.05)
    answer = client.request("tasks")
    row = next(row for row in answer["rows"] if row["name"] == "mine")
    assert row["coro"] == "outer"
    stack = "\n".join(row["stack"])
    assert stack.index("in outer") < stack.index("in inner") < stack.index("in sleep")


@pytest.mark.process
def test_no_descriptors_left_is_survived(live: Live) -> None:
    client = live.client()
    run(client, "held = []\ntry:\n    while True: held.append(os.dup(0))\nexcept OSError: pass")
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(live.path)
    time.sleep(0.3)
    assert run(client, "for fd in held: os.close(fd)")["ok"]
    sock.settimeout(5)
    assert (frames.receive(sock) or {})["op"] == "welcome"
