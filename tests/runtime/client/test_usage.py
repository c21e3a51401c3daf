"""A command line of `rpc` that is wrong is refused before anybody is asked."""

from __future__ import annotations

import pytest

from relforge.runtime.commands.rpc import rpc
from relforge.runtime.errors import USAGE, Refusal


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "give one of"),
        (["1", "--file", "x.py"], "give one of"),
        (["--call", "a:b", "--file", "x.py"], "give one of"),
        (["1", "2"], "several words"),
        (["1", "--args", "[]"], "goes with --call"),
        (["--call", "a:b", "--args", "[1"], "not valid JSON"),
        (["--call", "a:b", "--args", "1"], "neither a list nor an object"),
        (["--file", "/no/such/file"], "No such file or directory"),
    ],
)
def test_what_to_evaluate_is_said_once(words: list[str], said: str) -> None:
    with pytest.raises(Refusal, match=said) as caught:
        rpc(words)
    assert USAGE == caught.value.code
