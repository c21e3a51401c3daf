"""What runs beside the steps, and when it is left out."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from relforge.model.release import Release
from relforge.pipeline import steps
from tests import builder


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """One step with a follower that fails once the second event is set; the first: it began."""
    began, go = threading.Event(), threading.Event()

    def follower(_: Release) -> None:
        began.set()
        go.wait(20)
        raise RuntimeError("nobody hears of this")

    functions = {"m:step": lambda release: release, "m:follower": follower}
    row = steps.BuiltInStep("only", steps.Phase.ASSEMBLE, "m:step", after_if_packed="m:follower")
    monkeypatch.setattr(steps, "STEPS", (row,))
    monkeypatch.setattr(steps, "resolve", functions.__getitem__)
    return began, go


def test_what_only_fills_the_cache_is_not_waited_for(
    calls: tuple[threading.Event, threading.Event], tmp_path: Path
) -> None:
    began, go = calls
    release = builder.release(tmp_path)
    ((name, step),) = steps.building(release, pack=True)
    assert "only" == name
    assert release == step(release)
    assert began.wait(20)
    go.set()


def test_it_is_left_out_if_nothing_is_packed_or_a_step_of_the_project_may_change_the_tree(
    calls: tuple[threading.Event, threading.Event], tmp_path: Path
) -> None:
    began, _ = calls
    release = builder.release(tmp_path)
    own = replace(release.settings, steps=("assemble", "pack", "shop.build:step"))
    ((_, built),) = steps.building(release, pack=False)
    built(release)
    extended = steps.STEPS[0]
    steps._step(extended, own, True)(release)
    assert not began.wait(0.2)
