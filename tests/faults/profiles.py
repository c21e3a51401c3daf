"""How long hypothesis looks: a moment by default, minutes with ``SOAK=1`` (`make soak`)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

Test = Callable[[], None]

SOAK = os.environ.get("SOAK") == "1"


def examples(number: int) -> settings:
    """So many examples; a hundred times as many for a soak."""
    return settings(
        max_examples=number * (100 if SOAK else 1),
        deadline=None,
        derandomize=not SOAK,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


# How long each fuzzer of `tests/faults/fuzz` looks; once through its examples by default.
SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))


def fuzzed(number: int, *drawn: SearchStrategy[Any]) -> Callable[[Callable[..., None]], Test]:
    """A test without arguments that has a check look at what is drawn, for `SECONDS`."""

    def decorate(check: Callable[..., None]) -> Test:
        once = settings(
            max_examples=number,
            deadline=None,
            derandomize=not SECONDS,
            database=None,
            suppress_health_check=list(HealthCheck),
        )(given(*drawn)(check))

        def test() -> None:
            for_seconds(once)

        for name in ("__name__", "__doc__", "__module__"):
            setattr(test, name, getattr(check, name))
        return test

    return decorate


def for_seconds(once: Test) -> None:
    """Call it once, and again until `SECONDS` are over."""
    end = time.monotonic() + SECONDS
    once()
    while time.monotonic() < end:
        once()
