"""S3: what root asks that runs code of the release is called as the service's user."""

from __future__ import annotations

import os

import pytest

from relforge.runtime import as_user
from relforge.runtime.errors import CONFIG, Refusal

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(os.geteuid() != 0, reason="it needs root"),
]
NOBODY = (65534, 65534)


def test_it_is_that_user_without_roots_groups() -> None:
    found = as_user.call(NOBODY, lambda: [os.getresuid(), os.getresgid(), os.getgroups()])
    assert [[65534] * 3, [65534] * 3, [65534]] == found
    assert 0 == os.geteuid()


def test_without_a_user_it_is_the_caller() -> None:
    assert os.getpid() == as_user.call(None, os.getpid)


def test_a_refusal_is_the_callers() -> None:
    def refuse() -> None:
        raise Refusal("no", hint="do", code=CONFIG)

    with pytest.raises(Refusal, match="no") as error:
        as_user.call(NOBODY, refuse)
    assert ("do", CONFIG) == (error.value.hint, error.value.code)


def test_what_ends_without_an_answer_is_reported(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise OSError("broken")

    with pytest.raises(Refusal, match="uid 65534: it ended without an answer"):
        as_user.call(NOBODY, fail)
    assert "OSError: broken" in capfd.readouterr().err


def test_an_answer_may_be_long() -> None:
    assert "x" * 1_000_000 == as_user.call(NOBODY, lambda: "x" * 1_000_000)
