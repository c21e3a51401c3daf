"""The strategies that find the other nodes."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from relforge.runtime.errors import Refusal
from relforge.runtime.nodes import discovery, identity, srv

NOTHING: dict[str, Any] = {}


def hosts(settings: dict[str, Any], values: dict[str, Any] = NOTHING) -> list[str]:
    return discovery.hosts(settings, values.__getitem__)


def test_no_strategy() -> None:
    with pytest.raises(Refusal) as raised:
        hosts({"strategy": "none"})
    assert "tool.relforge.nodes.strategy" in str(raised.value)
    assert 78 == raised.value.code


def test_static() -> None:
    rows = {"strategy": "static", "hosts": ("web1", "${nodes.more}", "web1", "${nodes.last}")}
    values = {"nodes.more": ["web2", "web3"], "nodes.last": "web3, web4,"}
    assert ["web1", "web2", "web3", "web4"] == hosts(rows, values)
    assert ["nodes.more", "nodes.last"] == discovery.references(rows)


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "nodes"
    file.write_text("# ours\nweb1\n\n  web2 # the new one\n")
    assert ["web1", "web2"] == hosts({"strategy": "file", "path": str(file)})
    file.unlink()
    with pytest.raises(Refusal) as raised:
        hosts({"strategy": "file", "path": "${nodes.file}"}, {"nodes.file": str(file)})
    assert f"nodes by file: {file}: No such file or directory" == str(raised.value)


@pytest.mark.network
def test_addresses_of_a_name() -> None:
    assert "127.0.0.1" in hosts({"strategy": "dns", "name": "localhost"})
    with pytest.raises(Refusal, match=r"nodes by dns: "):
        hosts({"strategy": "dns", "name": "no-such-name.invalid"})


def name(text: str) -> bytes:
    return b"".join(bytes([len(row)]) + row.encode() for row in text.split(".")) + b"\0"


def record(priority: int, weight: int, host: bytes) -> bytes:
    data = struct.pack(">3H", priority, weight, 8000) + host
    return b"\xc0\x0c" + struct.pack(">2HIH", 33, 1, 60, len(data)) + data


@contextmanager
def answering(
    *records: bytes, code: int = 0, raw: bytes | None = None
) -> Iterator[tuple[str, int]]:
    """A name server for one question; its address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                try:
                    question, client = server.recvfrom(512)
                except OSError:
                    return
                head = question[:2] + struct.pack(">5H", 0x8180 | code, 1, len(records), 0, 0)
                answer = head + question[12:] + b"".join(records) if raw is None else raw
                server.sendto(answer, client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()
        server.close()


@pytest.mark.network
def test_srv_records_in_their_order() -> None:
    pointed = b"\x04web3" + b"\xc0\x12"  # the rest of the name that was asked for
    records = (
        record(20, 0, name("web9.internal")),
        record(10, 1, name("web1.internal")),
        record(10, 5, name("web2.internal")),
        record(30, 0, pointed),
    )
    with answering(*records) as server:
        found = srv.targets("_shop._tcp.internal", [server])
    assert ["web2.internal", "web1.internal", "web9.internal"] == found[:3]
    assert found[3].startswith("web3.")


@pytest.mark.network
@pytest.mark.parametrize(
    ("code", "words"), [(3, "no such name"), (2, "server failure"), (9, "error 9")]
)
def test_a_server_that_says_no(code: int, words: str) -> None:
    with answering(code=code) as server, pytest.raises(OSError, match=words):
        srv.targets("_shop._tcp.internal", [server])


@pytest.mark.network
@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"\0" * 12, b"x" * 40),
        b"\0\0\x81\x80\0\1\0\1\0\0\0\0\xc0\x0c" * 3,  # a name that leads to itself
    ],
)
def test_what_a_stranger_answers(raw: bytes) -> None:
    with answering(raw=raw) as server, pytest.raises(OSError, match=r"_shop\._tcp"):
        srv.targets("_shop._tcp.internal", [server])


def test_a_name_without_an_end_is_refused() -> None:
    with pytest.raises(ValueError, match="no end"):
        srv._name(b"\0" * 12 + b"\xc0\x0c", 12)


def test_who_we_are() -> None:
    assert f"shop@{socket.gethostname()}" == identity.node({"RELEASE_NAME": "shop"})
    assert "blue" == identity.node({"RELEASE_NAME": "shop", "RELEASE_NODE": "blue"})


@pytest.mark.network
def test_which_host_is_this_one() -> None:
    own = socket.gethostname()
    assert identity.is_here(own)
    assert identity.is_here(f"{own.partition('.')[0]}.example.org")
    assert not identity.is_here("another-host")
    assert not identity.is_here("203.0.113.7")  # of no interface here (RFC 5737)


@pytest.mark.network
def test_an_address_of_this_host() -> None:
    assert identity.is_here("127.0.0.1")
    assert identity.is_here("::1") or not socket.has_ipv6
