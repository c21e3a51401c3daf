"""Back-off and intensity, on a clock of the test's own."""

from __future__ import annotations

from typing import Any

from relforge.runtime.supervise.rules.restarts import Restarts
from relforge.runtime.supervise.specs import Spec
from tests.runtime.conftest import SERVICE


def restarts(**settings: Any) -> Restarts:
    return Restarts(Spec.of({**SERVICE, **settings}, name="web"))


def test_the_waits_double_up_to_the_longest() -> None:
    rows = restarts(backoff=[0.5, 3.0], intensity=[10, 60.0])
    assert [0.5, 1.0, 2.0, 3.0, 3.0] == [rows.wait(float(at)) for at in range(5)]


def test_after_a_quiet_time_they_start_over() -> None:
    rows = restarts(backoff=[0.5, 3.0], intensity=[10, 60.0])
    assert [0.5, 1.0, 0.5] == [rows.wait(at) for at in (0.0, 1.0, 100.0)]


def test_one_too_many_within_the_time() -> None:
    rows = restarts(backoff=[0.0, 0.0], intensity=[2, 10.0])
    assert [0.0, 0.0, None] == [rows.wait(at) for at in (0.0, 1.0, 9.0)]
    rows = restarts(backoff=[0.0, 0.0], intensity=[2, 10.0])
    assert [0.0, 0.0, 0.0] == [rows.wait(at) for at in (0.0, 1.0, 11.0)]


def test_the_policy_decides_first() -> None:
    assert restarts(restart="always").wanted(failed=False)
    assert restarts(restart="on-failure").wanted(failed=True)
    assert not restarts(restart="on-failure").wanted(failed=False)
    assert not restarts(restart="never").wanted(failed=True)
