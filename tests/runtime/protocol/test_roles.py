"""`start _load` and `start _resume`: words, and what supervisors before them said."""

from __future__ import annotations

import os
import socket

import pytest

from relforge.runtime.protocol.roles import (
    HANDOVER,
    LOAD,
    OLD,
    REPLY,
    RESUME,
    descriptor,
    role,
)


@pytest.mark.parametrize(
    ("argv", "variables", "expected"),
    [
        (["start"], {}, ""),
        (["start", "--wait", "3s"], {REPLY: "socket"}, ""),
        (["start", LOAD], {REPLY: "socket"}, LOAD),
        (["foreground", LOAD], {REPLY: "socket", OLD: "memory"}, LOAD),
        (["start", RESUME], {HANDOVER: "memory"}, RESUME),
        # A person who types the word passes no descriptor.
        (["start", LOAD], {}, ""),
        (["start", RESUME], {REPLY: "socket"}, ""),
        # The supervisor of an earlier version passes it without the word.
        (["start"], {REPLY: "socket"}, LOAD),
        (["foreground"], {HANDOVER: "memory"}, RESUME),
        # A variable that somebody has set is none.
        (["start"], {REPLY: "memory"}, ""),
        (["start"], {REPLY: "x"}, ""),
        (["start"], {REPLY: "9999"}, ""),
        (["start"], {HANDOVER: "socket"}, ""),
        (["start", RESUME], {HANDOVER: ""}, ""),
    ],
)
def test_a_role_is_a_word_with_its_descriptor(
    argv: list[str], variables: dict[str, str], expected: str
) -> None:
    memory = os.memfd_create("relforge-handover")
    with socket.socket(socket.AF_UNIX) as sock:
        fds = {"socket": str(sock.fileno()), "memory": str(memory)}
        assert expected == role(argv, {key: fds.get(row, row) for key, row in variables.items()})
    os.close(memory)


def test_a_descriptor_is_used_once() -> None:
    environ = {REPLY: "3", OLD: "none"}
    assert (3, -1) == (descriptor(REPLY, environ), descriptor(OLD, environ))
    assert -1 == descriptor(REPLY, environ)
    assert {} == environ
