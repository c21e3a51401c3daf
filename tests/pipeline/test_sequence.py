"""What is done ahead is handed to its step, and holds nobody up who has failed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from relforge.model.release import Release
from relforge.pipeline.sequence import run
from relforge.support import command
from relforge.support.errors import UserError
from tests import builder


@contextmanager
def nobody(_name: str) -> Iterator[None]:
    """A watch that looks away."""
    yield


def noted(release: Release, text: str) -> Release:
    return replace(release, notes=(*release.notes, text))


def test_a_step_is_given_what_was_made_ahead(tmp_path: Path) -> None:
    steps = (("first", lambda row: noted(row, "first")), ("second", noted))
    ahead = {"second": lambda release: f"{len(release.notes)} notes"}
    made = run(builder.release(tmp_path), steps, nobody, ahead)
    assert ("first", "0 notes") == made.notes


def test_what_fails_ahead_fails_in_its_step(tmp_path: Path) -> None:
    taken = []

    def fails(_release: Release) -> str:
        raise UserError("no such wheel")

    def first(release: Release) -> Release:
        taken.append("first")
        return release

    with pytest.raises(UserError, match="no such wheel"):
        run(
            builder.release(tmp_path),
            (("first", first), ("second", noted)),
            nobody,
            {"second": fails},
        )
    assert ["first"] == taken


def test_the_end_waits_for_what_no_step_is_given(tmp_path: Path) -> None:
    done, go = [], threading.Event()

    def beside(_release: Release) -> None:
        go.wait()
        done.append("beside")

    def step(release: Release) -> Release:
        go.set()
        return release

    run(builder.release(tmp_path), (("step", step),), nobody, {"else": beside})
    assert ["beside"] == done


def test_a_failure_does_not_wait_for_what_hangs(tmp_path: Path) -> None:
    go = threading.Event()

    def interrupted(_release: Release) -> Release:
        raise KeyboardInterrupt

    try:
        with pytest.raises(KeyboardInterrupt):
            run(
                builder.release(tmp_path),
                (("step", interrupted),),
                nobody,
                {"else": lambda _release: go.wait()},
            )
        assert not go.is_set()
    finally:
        go.set()
        command.allow()  # other tests of this process start programs
