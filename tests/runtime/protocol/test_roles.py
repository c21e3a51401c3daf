"""`start _load` and `start _resume`: words, and what supervisors before them said."""

from __future__ import annotations

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
        (["start", "--wait", "3s"], {REPLY: "3"}, ""),
        (["start", LOAD], {REPLY: "3"}, LOAD),
        (["foreground", LOAD], {REPLY: "3", OLD: "4"}, LOAD),
        (["start", RESUME], {HANDOVER: "70"}, RESUME),
        # A person who types the word passes no descriptor.
        (["start", LOAD], {}, ""),
        (["start", RESUME], {REPLY: "3"}, ""),
        # The supervisor of an earlier version passes it without the word.
        (["start"], {REPLY: "3"}, LOAD),
        (["foreground"], {HANDOVER: "70"}, RESUME),
    ],
)
def test_a_role_is_a_word_with_its_descriptor(
    argv: list[str], variables: dict[str, str], expected: str
) -> None:
    assert expected == role(argv, variables)


def test_a_descriptor_is_used_once() -> None:
    environ = {REPLY: "3", OLD: "none"}
    assert (3, -1) == (descriptor(REPLY, environ), descriptor(OLD, environ))
    assert -1 == descriptor(REPLY, environ)
    assert {} == environ
