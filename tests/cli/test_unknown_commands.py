"""A command that relforge does not have: where it is."""

from __future__ import annotations

import json

import pytest

from relforge.cli import main
from relforge.runtime.commands import ALIASES, TABLE
from relforge.runtime.contract.command import RESERVED
from relforge.support.errors import Exit


def said(capfd: pytest.CaptureFixture[str], *words: str) -> str:
    assert Exit.USAGE == main(words)
    return capfd.readouterr().err


def test_each_command_of_a_release_is_known_as_one() -> None:  # P61
    words = {word for word in (*TABLE, *ALIASES) if not word.startswith("-")}
    assert words | {"help"} == RESERVED


@pytest.mark.parametrize("word", ["start", "stop", "status", "upgrade", "logs", "remote"])
def test_a_command_of_a_release_is_sought_there(  # P61
    capfd: pytest.CaptureFixture[str], word: str
) -> None:
    line = f"No such command '{word}'. This is a command of an unpacked or installed release: "
    assert f"{line}bin/NAME {word}\n" in said(capfd, word)


@pytest.mark.parametrize(
    ("word", "right"),
    [
        ("version", "relforge --version"),
        ("help", "relforge --help"),
        ("biuld", "Did you mean 'build'"),
    ],
)
def test_other_words_name_what_is_meant(  # P61
    capfd: pytest.CaptureFixture[str], word: str, right: str
) -> None:
    text = said(capfd, word)
    assert right in text
    assert "verify" not in text


def test_with_json_the_error_says_the_same(capfd: pytest.CaptureFixture[str]) -> None:  # P61
    assert Exit.USAGE == main(["stop", "--json"])
    assert "bin/NAME stop" in json.loads(capfd.readouterr().out)["error"]["what"]
