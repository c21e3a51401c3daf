"""SRV records (RFC 2782), asked of the servers in ``/etc/resolv.conf`` (RFC 1035).

The C library looks up names and addresses alone.
"""

from __future__ import annotations

import os
import socket
import struct

_SRV, _IN, _OPT_RECURSE = 33, 1, 0x0100
_PORT, _PATIENCE, _TRIES = 53, 2.0, 2
_POINTER, _MOST_LABELS = 0xC0, 128
_TRUNCATED = 0x0200
_ERRORS = {1: "malformed question", 2: "server failure", 3: "no such name", 5: "refused"}


def targets(name: str, servers: list[tuple[str, int]] | None = None) -> list[str]:
    """The hosts that a service is on, the preferred ones first; raises OSError."""
    query = _query(name)
    problem = OSError(f"{name}: no name server in /etc/resolv.conf")
    for server in (servers or _servers()) * _TRIES:
        try:
            found = _records(_ask(server, query), query)
        except (OSError, ValueError, struct.error, IndexError) as error:
            problem = OSError(f"{name}: {server[0]}: {error}")
            continue
        return [host for _, _, host in sorted(found)]
    raise problem


def _servers() -> list[tuple[str, int]]:
    with open("/etc/resolv.conf", encoding="utf-8", errors="replace") as file:
        rows = [line.split() for line in file]
    return [(row[1], _PORT) for row in rows if len(row) > 1 and row[0] == "nameserver"]


def _query(name: str) -> bytes:
    labels = [label.encode("idna") for label in name.rstrip(".").split(".")]
    if not all(labels):
        raise ValueError(f"{name!r} is not a name of DNS")
    question = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    head = os.urandom(2) + struct.pack(">5H", _OPT_RECURSE, 1, 0, 0, 0)
    return head + question + struct.pack(">2H", _SRV, _IN)


def _ask(server: tuple[str, int], query: bytes) -> bytes:
    """By UDP, and by TCP where the answer is too long for that."""
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(_PATIENCE)
        sock.connect(server)  # answers of others are dropped by the kernel
        sock.send(query)
        answer = sock.recv(65535)
    if not struct.unpack_from(">H", answer, 2)[0] & _TRUNCATED:
        return answer
    with socket.create_connection(server, timeout=_PATIENCE) as sock, sock.makefile("rb") as file:
        sock.sendall(struct.pack(">H", len(query)) + query)
        (size,) = struct.unpack(">H", file.read(2))
        return file.read(size)


def _records(answer: bytes, query: bytes) -> list[tuple[int, int, str]]:
    """Priority, negated weight and target of each record; raises ValueError."""
    _, flags, questions, answers = struct.unpack_from(">4H", answer)
    if answer[:2] != query[:2] or answer[12 : len(query)] != query[12:]:
        raise ValueError("it answers another question")
    if flags & 0xF:
        raise ValueError(_ERRORS.get(flags & 0xF, f"error {flags & 0xF}"))
    at, found = 12, []
    for _ in range(questions):
        _, at = _name(answer, at)
        at += 4
    for _ in range(answers):
        _, at = _name(answer, at)
        kind, _, _, size = struct.unpack_from(">2HIH", answer, at)
        at += 10
        if kind == _SRV:
            priority, weight, _ = struct.unpack_from(">3H", answer, at)
            host, _ = _name(answer, at + 6)
            found.append((priority, -weight, host))
        at += size
    return [row for row in found if row[2]]  # "." says that there is no such service


def _name(data: bytes, at: int) -> tuple[str, int]:
    """The name there, and where it ends; raises ValueError for one that leads in circles."""
    labels: list[str] = []
    end = 0
    for _ in range(_MOST_LABELS):
        size = data[at]
        if size & _POINTER == _POINTER:
            end = end or at + 2
            at = struct.unpack_from(">H", data, at)[0] & 0x3FFF
        elif size:
            labels.append(data[at + 1 : at + 1 + size].decode("ascii"))
            at += 1 + size
        else:
            return ".".join(labels), end or at + 1
    raise ValueError("a name in it has no end")
