"""How long a provider may take, and how often it is asked."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from relforge.runtime.config import attempt
from relforge.runtime.config.provider import BadOptions, Failure, Unavailable


class Slow:
    TIMEOUT, RETRIES = 7.0, 2


class Flaky:
    """Raises what it is given, one after the other, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.asked = 0

    def __call__(self) -> str:
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def test_the_settings_win_over_the_provider_and_the_provider_over_the_default() -> None:
    rows = [
        attempt.terms({}, object()),
        attempt.terms({}, Slow()),
        attempt.terms({"timeout": "1m", "retries": 0}, Slow()),
    ]

    assert [(30.0, 0), (7.0, 2), (60.0, 0)] == [(row.timeout, row.retries) for row in rows]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timeout": "soon"}, "timeout: expected duration"),
        ({"timeout": 0}, "timeout: expected duration"),
        ({"retries": -1}, "retries: expected a number from 0 to 10, got -1"),
        ({"retries": True}, "retries: expected a number from 0 to 10, got True"),
        ({"retries": 1000}, "retries: expected a number from 0 to 10, got 1000"),
    ],
)
def test_terms_that_make_no_sense_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadOptions) as caught:
        attempt.terms(options, object())
    assert message in str(caught.value)


def test_pauses_double_up_to_a_limit() -> None:
    assert [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0] == [attempt.pause(n) for n in range(7)]
    assert 2 * 10.5 + 0.5 == attempt.Terms(10, 1).longest()


@pytest.mark.parametrize("error", [Unavailable("x"), RuntimeError("of one's own"), OSError(5, "x")])
def test_what_may_pass_is_tried_again(error: Exception) -> None:
    work = Flaky(error)

    assert "answer" == attempt.repeat(attempt.Terms(5, 1), work, alarm=True)
    assert 2 == work.asked


def test_the_last_error_is_reported() -> None:
    work = Flaky(Unavailable("first"), Unavailable("second"))

    with pytest.raises(Unavailable, match="second"):
        attempt.repeat(attempt.Terms(5, 1), work, alarm=False)


@pytest.mark.parametrize("error", [Failure("no such file"), BadOptions([("x", "y")])])
def test_what_trying_again_does_not_fix_ends_it(error: Exception) -> None:
    work = Flaky(error, Unavailable("never"))

    with pytest.raises(type(error)):
        attempt.repeat(attempt.Terms(5, 3), work, alarm=True)
    assert 1 == work.asked


def test_work_that_swallows_every_exception_is_stopped_all_the_same() -> None:
    def stubborn() -> None:
        while True:
            try:
                time.sleep(60)
            except Exception:
                continue

    with pytest.raises(Unavailable, match=r"did not end within 0\.1 s"):
        attempt.limited(0.1, stubborn)


def test_a_library_whose_import_took_too_long_is_whole_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "slow_library"
    package.mkdir()
    (package / "part.py").write_text("answer = 42\n")
    (package / "__init__.py").write_text(
        "from slow_library.part import answer\n"
        "import os, time\n"
        f"if not os.path.exists({str(tmp_path / 'asked')!r}):\n"
        f"    open({str(tmp_path / 'asked')!r}, 'w').close()\n"
        "    time.sleep(60)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    def work() -> int:
        import slow_library  # type: ignore[import-not-found]  # noqa: PLC0415 - it is what takes long

        return int(slow_library.part.answer)

    try:
        assert 42 == attempt.repeat(attempt.Terms(0.1, 1), work, alarm=True)
    finally:
        for name in ("slow_library", "slow_library.part"):
            sys.modules.pop(name, None)
