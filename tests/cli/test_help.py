"""`--help`: summaries that are not cut off, one style, an example for each command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from relforge.cli import main
from relforge.cli.commands import COMMANDS

ROOT = Path(__file__).parents[2]
# As foreign as they were correct.
FOREIGN = (
    "is not to be had",
    "listens somewhere",
    "longest unused since",
    "take one along",
    "Tell what",
    "It says so where it lacks",
    "a build takes none",
    "Look at the cache",
)


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def shown(capfd: pytest.CaptureFixture[str], *words: str) -> str:
    assert 0 == main([*words, "--help"])
    return capfd.readouterr().out


@pytest.mark.parametrize("words", [(), ("python",), ("cache",), ("config",)])
def test_no_summary_is_cut_off(capfd: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    text = shown(capfd, *words)  # P64
    assert "..." not in text.replace("[ARGS]...", "")
    rows = re.findall(r"^  ([a-z]+)  +(\S.*)$", text.partition("Commands:")[2], re.M)
    assert rows
    assert [] == [summary for _, summary in rows if len(summary) > 50]


@pytest.mark.process  # what some of them import looks for IPv6
@pytest.mark.network
@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_one_style_and_an_example(  # P64
    capfd: pytest.CaptureFixture[str], name: str
) -> None:
    text = shown(capfd, name)
    assert re.match(rf"Usage: \S+ {name} ", text)
    assert "─" not in text and "--install-completion" not in text
    assert f"\n  Examples:\n    relforge {name}" in text


@pytest.mark.process
@pytest.mark.network
@pytest.mark.parametrize(
    "words",
    ["config show", "python list", "python export", "cache info", "cache clean", "cache verify"],
)
def test_each_command_below_another_has_an_example(  # P64
    capfd: pytest.CaptureFixture[str], words: str
) -> None:
    text = shown(capfd, *words.split())
    assert f"\n  Examples:\n    relforge {words}" in text
    assert re.match(rf"Usage: \S+ {words} ", text)


def test_what_reads_as_foreign_is_gone() -> None:  # P63
    files = [*ROOT.glob("relforge/**/*.py"), *ROOT.glob("docs/**/*.md"), ROOT / "README.md"]
    said = {str(path): path.read_text() for path in files}
    assert [] == [(path, row) for path, text in said.items() for row in FOREIGN if row in text]
