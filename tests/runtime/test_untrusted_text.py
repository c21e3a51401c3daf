"""S17: text of others is escaped where it meets a terminal, and only there."""

from __future__ import annotations

import io
import sys
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from relforge.cli import report
from relforge.runtime import screen
from relforge.runtime.errors import Refusal, run_and_report
from relforge.runtime.untrusted_text import harmless, line

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
CONTROLS = [chr(code) for code in [*range(0x20), *range(0x7F, 0xA0)] if chr(code) not in "\n\t"]


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    "sign", [*CONTROLS, "\u2028", "\u2029", *BIDI, "\ufeff", "\u200b"], ids=ascii
)
def test_what_a_terminal_acts_on_is_escaped(sign: str) -> None:
    assert f"a{ascii(sign)[1:-1]}b" == harmless(f"a{sign}b")


@pytest.mark.parametrize(
    "text",
    ["a\nb\tc", "größe 12\u00a0% \u202f!", "日本語\u3000です", "می\u200cخواهم", "👩\u200d🚀", ""],
)
def test_text_of_any_language_is_not(text: str) -> None:
    assert text == harmless(text)


@given(some.text())
def test_no_text_has_anything_left(text: str) -> None:
    shown = harmless(text)
    assert not [
        sign
        for sign in shown
        if sign not in "\n\t" and unicodedata.category(sign) in ("Cc", "Zl", "Zp", "Cs")
    ]
    assert not set(BIDI) & set(shown)
    assert harmless(shown) == shown
    shown.encode()


@given(some.text())
def test_one_line_stays_one_line(text: str) -> None:
    assert len(line(text).splitlines()) <= 1
    assert "a\\nb\\tc" == line("a\nb\tc")


def test_a_command_prints_harmless_text_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = Tty(), Tty()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    screen.guard()
    screen.guard()
    print("a\x1b[2Kb")
    print("c\rd", file=sys.stderr)
    sys.stdout.writelines(["e\x07", "\n"])
    screen.draw(sys.stdout, "\x1b[H")
    assert ("a\\x1b[2Kb\ne\\x07\n\x1b[H", "c\\rd\n") == (out.getvalue(), err.getvalue())


def test_into_a_pipe_it_prints_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", None)  # closed when we were started
    screen.guard()
    print("a\x1b[2Kb")
    screen.draw(out, "\x1b[H")
    assert "a\x1b[2Kb\n\x1b[H" == out.getvalue()


def test_an_error_is_harmless_everywhere(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> int:
        raise Refusal("link a\r\x1b[2Kall as they were built", hint="remove b\u202ec")

    assert 1 == run_and_report(work)
    assert (
        "app: link a\\r\\x1b[2Kall as they were built\n  remove b\\u202ec\n"
        == capsys.readouterr().err
    )


def test_the_builder_shows_what_is_in_a_wheel_harmlessly(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, Any] = {"markup": False}
    report.console(quiet=False).print("warning: x\x1b[2Ky\x9bz", **options)
    assert "warning: x\\x1b[2Ky\\x9bz\n" == capsys.readouterr().err
