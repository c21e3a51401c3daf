"""A schedule that cannot be, at a start."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from relforge.runtime.contract.job import Job
from tests.runtime.conftest import MiniRelease

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]


def test_a_start_is_refused_where_a_time_zone_is_not_known(mini_release: Make) -> None:
    row = Job(name="report", cron="@daily", command="report", timezone="Europe/Atlantis").row()
    release = mini_release(schedule={"report": row})
    done = release.run("start")
    assert 78 == done.returncode
    assert "schedule.report.timezone: neither this host nor the release knows" in done.stderr
    assert not release.runs
