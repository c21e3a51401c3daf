"""`bin/<name> help`: in groups, as the reference has them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from relforge.runtime import commands
from relforge.runtime.commands import PASSES, TABLE
from relforge.runtime.commands.help import DETAILS, GROUPS, text
from tests.runtime.conftest import MiniRelease


def test_each_command_is_in_one_group() -> None:  # P64
    assert sorted(TABLE) == sorted(command for _, rows in GROUPS for command in rows)


@pytest.mark.process
def test_help_is_in_groups_and_names_every_option(  # P64
    mini_release: Callable[..., MiniRelease],
) -> None:
    release = mini_release(commands={"seed": {"call": "shop.ops:seed", "help": "makes data"}})
    text = release.run("help").stdout
    blocks = dict(block.split("\n", 1) for block in text.split("\n\n")[1:])
    assert [f"{heading}:" for heading, _ in GROUPS] + ["commands of this project:"] == list(blocks)
    assert "  reload " in blocks["starting and stopping:"]
    assert "--service S[.N]" in blocks["the live process:"]
    assert "makes data" in blocks["commands of this project:"]
    assert "usage: shop rpc EXPR" in release.run("rpc", "--help").stdout


@pytest.mark.parametrize("command", TABLE)
def test_help_explains_what_the_usage_names_and_nothing_else(command: str) -> None:  # P64
    usage = TABLE[command][2]
    rows = [row for row, _ in DETAILS[command][1]]
    in_usage = set(re.findall(r"--[a-z-]+|(?<![a-z-])-[a-z]\b", usage))
    in_rows = set(re.findall(r"--[a-z-]+|(?<![a-z-])-[a-z]\b", " ".join(rows)))
    assert in_usage <= in_rows
    assert ("SERVICE" in usage) == any("SERVICE" in row for row in rows)
    shown = text("shop", command, usage)
    assert all(f"\n  {row} " in shown for row in rows)
    assert re.search(rf"\nexamples:\n  .*bin/shop {command}\b", shown)
    assert [] == [line for line in shown.splitlines()[1:] if len(line) > 90]


@pytest.mark.parametrize("command", sorted({*TABLE} - {*PASSES, "config", "completion"}))
def test_help_has_the_options_that_the_command_takes(  # P64
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1)
    assert 2 == commands.main([command, "--no-such-option"])
    taken = capsys.readouterr().err.partition("options: ")[2].strip()
    rows = " ".join(row for row, _ in DETAILS[command][1])
    explained = re.findall(r"(?<![a-z-])--?[a-z][a-z0-9-]*", rows)
    assert sorted(explained) == ([] if taken == "none" else sorted(taken.split(", ")))


@pytest.mark.process
def test_help_is_printed_wherever_it_is_asked_for_and_nothing_runs(  # P64
    mini_release: Callable[..., MiniRelease],
) -> None:
    release = mini_release(commands={"seed": {"call": "shop.ops:seed", "help": "makes data"}})
    for words in (
        ("start", "--help"),
        ("start", "--wait", "5s", "-h"),
        ("help", "start"),
        ("help", "daemon"),
        ("--help", "start"),
    ):
        done = release.run(*words)
        assert 0 == done.returncode, words
        assert "--if-stopped  " in done.stdout
        assert "bin/shop start --wait 2m" in done.stdout
    assert 3 == release.run("status").returncode
    assert "config explain http.port" in release.run("config", "check", "--help").stdout
    wrong = release.run("help", "strat")
    assert (2, True) == (wrong.returncode, "did you mean `shop start`?" in wrong.stderr)
