"""Who may connect, from where, and for how long."""

from __future__ import annotations

import grp
import os
import pwd
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from relforge.runtime.agent import access, server
from relforge.runtime.client.addresses import AgentAddress
from relforge.runtime.client.connection import AgentClient, Closed
from relforge.runtime.errors import CONFIG, Refusal
from relforge.runtime.wire import frames

from .conftest import Live, run

NOBODY = 65534
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
AS_NOBODY = """
import os, socket, struct, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
sock = socket.socket(socket.AF_UNIX); sock.connect(sys.argv[1])
size, = struct.unpack(">I", sock.recv(4, socket.MSG_WAITALL))
print(sock.recv(size, socket.MSG_WAITALL).decode())
"""


def as_nobody(path: str) -> str:
    done = subprocess.run(
        [sys.executable, "-I", "-c", AS_NOBODY, path], capture_output=True, text=True, check=True
    )
    return done.stdout


def open_directories(path: Path) -> None:
    for directory in path.parents:
        os.chmod(directory, 0o755 | stat.S_IMODE(directory.stat().st_mode))


def test_a_run_directory_that_everybody_can_write_is_refused(tmp_path: Path) -> None:
    directory = tmp_path / "run"
    directory.mkdir()
    directory.chmod(0o777)
    with pytest.raises(Refusal, match="every user can write to it") as caught:
        server.start(str(directory / "web.1.sock"), {}, {})
    assert CONFIG == caught.value.code
    assert [] == list(directory.iterdir())


def test_a_link_at_the_sockets_place_is_replaced_and_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("kept")
    place = tmp_path / "run" / "web.1.sock"
    place.parent.mkdir(mode=0o700)
    place.symlink_to(target)
    place.with_name(f".{os.getpid():x}").symlink_to(target)
    agent = server.start(str(place), {}, {})
    assert stat.S_ISSOCK(place.lstat().st_mode)
    assert "kept" == target.read_text()
    agent.close()


def test_root_and_the_services_user_are_let_in_and_others_where_they_are_admitted() -> None:
    mine, other = socket.socketpair()
    with mine, other:
        peer = access.Peer(mine)
        assert (os.getpid(), os.geteuid()) == (peer.pid, peer.uid)
        rules = access.Access({})
        assert "" == rules.refusal(peer, mine)
        peer.uid = 0
        assert "" == rules.refusal(peer, mine)
        peer.uid = peer.gid = NOBODY
        assert f"uid {NOBODY} may not connect" in rules.refusal(peer, mine)
        rules.admit(NOBODY)
        assert "" == rules.refusal(peer, mine)


@pytest.mark.process
@root_only
def test_a_stranger_in_the_place_of_the_service_is_not_talked_to(tmp_path: Path) -> None:
    place = tmp_path / "web.1.sock"
    open_directories(place)
    code = (
        "import os, socket, sys\n"
        "listener = socket.socket(socket.AF_UNIX)\n"
        "listener.bind(sys.argv[1])\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "listener.listen()\n"
        "print('up', flush=True)\n"
        "listener.accept()[0].recv(100)\n"
    )
    stranger = subprocess.Popen(
        [sys.executable, "-c", code, place], stdout=subprocess.PIPE, text=True
    )
    assert stranger.stdout is not None
    try:
        assert "up\n" == stranger.stdout.readline()
        with pytest.raises(Refusal, match=f"refusing to connect: uid {NOBODY} listens there"):
            AgentClient(AgentAddress("web", 1, str(place), []), "test", 5)
    finally:
        stranger.kill()
        stranger.communicate()


@pytest.mark.process
@root_only
@pytest.mark.parametrize(
    "who",
    [
        {"users": [pwd.getpwuid(NOBODY).pw_name]},
        {"group": grp.getgrgid(NOBODY).gr_name},
    ],
    ids=["users", "group"],
)
def test_other_users_connect_where_the_settings_name_them(
    start: Callable[..., Live], who: dict[str, object]
) -> None:
    live = start("threads", **who)
    open_directories(Path(live.path))
    assert '"op":"welcome"' in as_nobody(live.path)


@pytest.mark.process
@root_only
def test_others_learn_who_may(start: Callable[..., Live]) -> None:
    live = start("threads", users=["nosuchuser"], group="daemon")
    open_directories(Path(live.path))
    expected = "uid 65534 may not connect, only uid 0, root, user nosuchuser and group daemon"
    assert expected in as_nobody(live.path)


@pytest.mark.process
def test_a_connection_that_nobody_uses_is_closed_and_a_busy_one_is_not(
    start: Callable[..., Live],
) -> None:
    live = start("asyncio", idle_timeout=0.4)
    client = live.client()
    assert "1" == run(client, "time.sleep(1.2) or 1")["repr"]
    with pytest.raises(Closed, match=r"no request for 0\.4s"):
        client.receive()
    live.assert_alive()


@pytest.mark.process
def test_without_the_console_it_shows_stacks_and_evaluates_nothing(
    start: Callable[..., Live],
) -> None:
    live = start("asyncio", enabled=False)
    client = live.client()
    assert client.welcome["evaluates"] is False
    assert "MainThread" in client.request("stacks")["text"]
    assert client.request("tasks")["rows"]
    for op in ("eval", "call", "percent", "complete", "cancel", "check"):
        with pytest.raises(Refusal, match="it does not evaluate code"):
            client.request(op, source="1", target="a:b", line="ps", text="a", name="x")
    with pytest.raises(Refusal, match="the release was built with `console = false`"):
        AgentClient(AgentAddress("web", 1, live.path, []), "rpc", 5)
    assert live.process.poll() is None


def recorded(live: Live) -> bytes:
    return frames.encode({"op": "hello", "proto": 1}) + frames.encode(
        {"op": "eval", "id": 1, "source": "kept = globals().get('kept', 0) + 1; kept"}
    )


@pytest.mark.process
def test_a_replayed_handshake_is_a_new_session_with_nothing_of_the_old(live: Live) -> None:
    said = recorded(live)
    for _ in range(2):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(5)
            sock.connect(live.path)
            sock.sendall(said)
            answers = [frames.receive(sock) or {} for _ in range(2)]
        assert ["welcome", "done"] == [row["op"] for row in answers]
        assert "1" == answers[1]["repr"]


@pytest.mark.process
def test_a_second_handshake_is_no_operation(live: Live) -> None:
    client = live.client()
    with pytest.raises(Refusal, match="unknown operation 'hello'"):
        client.request("hello", proto=1)
    assert "1" == run(client, "1")["repr"]


@pytest.mark.process
def test_what_comes_before_the_handshake_is_not_done(live: Live) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(5)
        sock.connect(live.path)
        frames.send(sock, {"op": "eval", "id": 7, "source": "state.ticks = -10**9"})
        assert "welcome" == (frames.receive(sock) or {})["op"]
        assert "a client must send `hello` first" == (frames.receive(sock) or {})["error"]
        assert frames.receive(sock) is None
    assert live.ticks() >= 0


@pytest.mark.process
def test_the_audit_says_who_from_where_and_what(live: Live) -> None:
    run(live.client(), "6 * 7")
    deadline = time.monotonic() + 5
    while "outcome=ok" not in (text := live.log.read_text()):
        assert time.monotonic() < deadline
    user = pwd.getpwuid(os.geteuid()).pw_name
    line = next(row for row in text.splitlines() if "6 * 7" in row)
    assert f" uid={os.geteuid()} user={user} " in line
    assert ' from="' in line
