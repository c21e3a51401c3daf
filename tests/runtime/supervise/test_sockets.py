"""Addresses as people write them, and what is wrong with some."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relforge.runtime.errors import Refusal
from relforge.runtime.supervise import sockets
from relforge.runtime.supervise.listener import Listener
from relforge.runtime.supervise.specs import Spec
from relforge.runtime.wire.descriptors import LOWEST
from tests.runtime.conftest import SERVICE


@pytest.fixture
def opened() -> Iterator[list[Listener]]:
    rows: list[Listener] = []
    yield rows
    for row in rows:
        row.close()


def spec(*listen: str, name: str = "web") -> Spec:
    return Spec.of({**SERVICE, "listen": list(listen)}, name=name)


def listen(opened: list[Listener], run: Path, *texts: str) -> list[Listener]:
    rows = sockets.open_all([spec(*texts)], str(run), [])["web"]
    opened.extend(rows)
    return rows


@pytest.mark.network
def test_all_kinds_of_addresses(opened: list[Listener], tmp_path: Path) -> None:
    rows = listen(opened, tmp_path, "127.0.0.1:0", "localhost:0", ":0", "[::1]:0", "unix:web.sock")
    hosts = [row.address.rpartition(":")[0] for row in rows]
    assert ["127.0.0.1", "127.0.0.1", "0.0.0.0", "[::1]", "unix"] == hosts
    assert stat.S_IMODE(os.stat(tmp_path / "web.sock").st_mode) == 0o666
    assert all(row.sock.fileno() >= LOWEST for row in rows)
    assert not any(row.sock.get_inheritable() for row in rows)
    for row in rows:
        row.close()
    assert not (tmp_path / "web.sock").exists()


@pytest.mark.network
def test_the_same_port_for_both_families(opened: list[Listener], tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert 2 == len(listen(opened, tmp_path, f"0.0.0.0:{port}", f"[::]:{port}"))


@pytest.mark.parametrize("text", ["8000", "127.0.0.1", "::1:80", "127.0.0.1:http", "h:70000", ""])
def test_what_is_no_address_is_78_and_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(Refusal, match=r"services\.web\.listen\[0\]") as error:
        sockets.open_all([spec(text)], str(tmp_path), [])
    assert 78 == error.value.code


@pytest.mark.network
def test_an_address_in_use_names_service_and_place(opened: list[Listener], tmp_path: Path) -> None:
    taken = listen(opened, tmp_path, "127.0.0.1:0")[0].address
    with pytest.raises(Refusal) as error:
        sockets.open_all([spec(taken, name="api")], str(tmp_path), [])
    assert f"services.api.listen[0]: {taken}: Address already in use" == error.value.message
    assert 1 == error.value.code


def test_a_dead_unix_socket_is_replaced_and_a_living_one_is_not(
    opened: list[Listener], tmp_path: Path
) -> None:
    path = tmp_path / "web.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    listen(opened, tmp_path, f"unix:{path}")
    with pytest.raises(Refusal, match="another process listens there"):
        sockets.open_all([spec(f"unix:{path}")], str(tmp_path), [])
    assert path.exists()
    with pytest.raises(Refusal, match="107 bytes"):
        sockets.open_all([spec("unix:" + "x" * 120)], str(tmp_path), [])


def test_a_file_that_is_no_socket_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("data")
    with pytest.raises(Refusal, match="a file that is not a socket is there") as error:
        sockets.open_all([spec(f"unix:{path}")], str(tmp_path), [])
    assert "data" == path.read_text()
    assert error.value.hint == f"see what it is, then remove it: rm {path}"


def test_what_is_in_the_way_of_a_unix_socket_is_named(
    opened: list[Listener], tmp_path: Path
) -> None:
    """O14: a directory is a wrong setting; a program that listens is asked for by its socket."""
    with pytest.raises(Refusal, match="a directory is there") as error:
        sockets.open_all([spec(f"unix:{tmp_path}")], str(tmp_path), [])
    assert 78 == error.value.code
    listen(opened, tmp_path, "unix:web.sock")
    with pytest.raises(Refusal, match="another process listens there") as error:
        sockets.open_all([spec("unix:web.sock")], str(tmp_path), [])
    assert (1, "`ss -lxp` shows which one") == (error.value.code, error.value.hint)
    with pytest.raises(Refusal, match="No such file or directory") as error:
        sockets.open_all([spec("unix:missing/web.sock")], str(tmp_path), [])
    assert error.value.hint == "that directory does not exist: make it"


def test_a_unix_socket_has_the_mode_and_group_of_its_setting(
    opened: list[Listener], tmp_path: Path
) -> None:
    """O14: a directory that others may enter need not open the socket to them."""
    path = tmp_path / "web.sock"
    group = os.getgid()
    row = listen(opened, tmp_path, f"unix:{path},mode=0660,group={group}")[0]
    assert (0o660, group) == (path.stat().st_mode & 0o777, path.stat().st_gid)
    other = spec(f"unix:{path},mode=600")
    adopted = sockets.adopt([other], str(tmp_path), {"web": [row]})["web"][0]
    assert (row, 0o600) == (adopted, path.stat().st_mode & 0o777)
    with pytest.raises(Refusal, match="this host has no group 'nobody-has-it'") as error:
        sockets.open_all([spec("unix:b.sock,group=nobody-has-it")], str(tmp_path), [])
    assert 78 == error.value.code
    assert not (tmp_path / "b.sock").exists()


@pytest.mark.network
def test_after_the_close_only_who_is_in_already_gets_an_answer(tmp_path: Path) -> None:
    row = sockets.open_all([spec("127.0.0.1:0")], str(tmp_path), [])["web"][0]
    copy = row.sock.dup()  # as a service has it
    place = copy.getsockname()
    with socket.create_connection(place, 1) as early:
        row.close()
        with pytest.raises(TimeoutError):
            socket.create_connection(place, 0.2)
        accepted, _ = copy.accept()
        early.sendall(b"x")
        assert b"x" == accepted.recv(1)
        accepted.close()
    copy.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(place, 1)


@pytest.mark.network
def test_a_socket_of_systemd_goes_on_listening(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as systemd:
        activated = [("web", systemd.dup())]
        sockets.open_all([spec("127.0.0.1:1")], str(tmp_path), activated)["web"][0].close()
        socket.create_connection(systemd.getsockname(), 1).close()


def test_what_was_opened_is_closed_when_a_later_one_fails(tmp_path: Path) -> None:
    bad: list[Any] = [spec("unix:good.sock", name="a"), spec("nonsense", name="b")]
    with pytest.raises(Refusal):
        sockets.open_all(bad, str(tmp_path), [])
    assert [] == list(tmp_path.iterdir())


@pytest.mark.network
def test_what_is_open_already_is_shared_and_the_rest_is_opened(
    opened: list[Listener], tmp_path: Path
) -> None:
    have = sockets.open_all([spec("127.0.0.1:0")], str(tmp_path), [])
    opened += have["web"]
    place = have["web"][0].address
    specs = [spec("127.0.0.1:0", "unix:new.sock"), spec(place, name="api")]
    adopted = sockets.adopt(specs, str(tmp_path), have)
    opened.append(adopted["web"][1])
    assert have["web"][0] is adopted["web"][0]  # the same setting, whatever port it got
    assert have["web"] == adopted["api"]  # the same address
    assert f"unix:{tmp_path}/new.sock" == adopted["web"][1].address


@pytest.mark.network
def test_a_name_that_is_served_need_not_resolve_any_more(
    opened: list[Listener], tmp_path: Path
) -> None:
    have = sockets.open_all([spec("127.0.0.1:0")], str(tmp_path), [])
    opened += have["web"]
    have["web"][0].text = "gone.invalid:80"
    assert have == sockets.adopt([spec("gone.invalid:80")], str(tmp_path), have)


@pytest.mark.network
def test_where_one_cannot_be_opened_what_is_shared_stays_open(
    opened: list[Listener], tmp_path: Path
) -> None:
    have = sockets.open_all([spec("127.0.0.1:0")], str(tmp_path), [])
    opened += have["web"]
    with pytest.raises(Refusal):
        sockets.adopt([spec("127.0.0.1:0", "unix:new.sock", "bad")], str(tmp_path), have)
    assert [] == list(tmp_path.iterdir())
    socket.create_connection(have["web"][0].sock.getsockname(), 1).close()
