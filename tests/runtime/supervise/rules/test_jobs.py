"""Scheduled jobs, by a clock that the tests put forward."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from relforge.runtime.contract.job import Job
from relforge.runtime.errors import LOCKED, USAGE
from relforge.runtime.protocol import supervisor as messages
from relforge.runtime.schedule.job import JobSpec
from relforge.runtime.supervise.rules import effects, events
from relforge.runtime.supervise.rules.jobs import dump, find
from relforge.runtime.supervise.rules.world import RUNNING
from tests.runtime.supervise.rules.simulation import Simulation

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC).timestamp()
HOUR, DAY = 3600.0, 86400.0


def spec(name: str, **facts: Any) -> JobSpec:
    facts = {"command": "report", **facts}
    return JobSpec(name, Job(name=name, **facts).row())


class Shop(Simulation):
    """A release with jobs that runs since noon; ``kept`` is what an earlier one has left."""

    def __init__(
        self, *specs: JobSpec, kept: dict[str, Any] | None = None, running: tuple[str, ...] = ()
    ) -> None:
        super().__init__({"web": {}}, hooks={})
        self.send(events.ScheduleRead(list(specs), kept or {}, NOON - self.now, running))
        self.run(1.0)
        assert RUNNING == self.world.state

    @property
    def wall(self) -> float:
        return self.now + self.world.offset

    def runs(self, name: str = "report") -> list[str]:
        """When a job began, as `hours:minutes` of the day."""
        moments = [at for which, at in self.began if which == name]
        return [datetime.fromtimestamp(at, UTC).strftime("%d %H:%M:%S") for at in moments]

    def kept(self) -> dict[str, Any]:
        """What was written down last."""
        written: dict[str, Any] = self.wanted(effects.KeepSchedule)[-1].jobs
        return written


def test_it_begins_at_its_times() -> None:
    shop = Shop(spec("report", cron="0 3 * * *"), spec("often", every=600.0))
    shop.run(2 * DAY)
    assert ["03 03:00:00", "04 03:00:00"] == shop.runs()
    assert 288 == len(shop.runs("often"))
    assert "02 12:10:00" == shop.runs("often")[0]


def test_a_year_of_days_and_nothing_grows() -> None:
    shop = Shop(spec("report", cron="0 3 * * *"))
    shop.run(365 * DAY)
    assert 365 == len(shop.runs())
    assert 1 == len(shop.world.jobs)


def test_a_run_that_is_not_over_is_not_begun_again() -> None:
    shop = Shop(spec("report", every=60.0))
    shop.jobs["report"] = (150.0, "")
    shop.run(300.0)
    assert ["02 12:01:00", "02 12:04:00"] == shop.runs()
    assert "report is left out: the run before has not ended" in shop.log


def test_one_is_queued() -> None:
    shop = Shop(spec("report", every=60.0, overlap="queue"))
    shop.jobs["report"] = (150.0, "")
    shop.run(370.0)
    assert ["02 12:01:00", "02 12:03:30", "02 12:06:00"] == shop.runs()


def test_what_was_missed_is_left_out_or_caught_up() -> None:
    kept = {"next": NOON - 5 * HOUR, "when": "0 7 * * *"}
    left_out = Shop(spec("report", cron="0 7 * * *"), kept={"report": kept})
    assert [] == left_out.runs()
    assert any("report was missed 18000s ago" in line for line in left_out.log)
    caught_up = Shop(spec("report", cron="0 7 * * *", catch_up="last"), kept={"report": kept})
    assert ["02 12:00:00"] == caught_up.runs()
    caught_up.run(DAY)
    assert ["02 12:00:00", "03 07:00:00"] == caught_up.runs()


def test_what_is_kept_counts_for_the_same_schedule_alone() -> None:
    kept = {"next": NOON + 50.0, "when": "0 3 * * *"}
    shop = Shop(spec("report", cron="0 3 * * *"), kept={"report": kept})
    shop.run(60.0)
    assert ["02 12:00:50"] == shop.runs()
    other = Shop(spec("report", cron="0 4 * * *"), kept={"report": kept})
    other.run(60.0)
    assert [] == other.runs()


@pytest.mark.parametrize("kept", [{"next": "x"}, {"last": 7}, {"failures": "x"}, {"paused": "x"}])
def test_what_is_damaged_is_passed_over(kept: dict[str, Any]) -> None:
    shop = Shop(spec("report", cron="0 3 * * *"), kept={"report": {"when": "0 3 * * *", **kept}})
    shop.run(DAY)
    assert ["03 03:00:00"] == shop.runs()


def test_a_failure_is_counted_and_calls_the_hook() -> None:
    shop = Shop(spec("report", every=60.0))
    shop.jobs["report"] = (1.0, "the job report exited with status 3")
    shop.run(125.0)
    row = find(shop.world, "report")
    assert row is not None
    assert 2 == row.failures
    assert "the job report exited with status 3" == shop.kept()["report"]["last"]["problem"]
    shop.jobs["report"] = (1.0, "")
    shop.run(60.0)
    row = find(shop.world, "report")
    assert row is not None
    assert 0 == row.failures


def test_pause_and_resume() -> None:
    shop = Shop(spec("report", every=60.0))
    shop.ask(messages.PAUSE_JOB, only="report")
    assert 0 == shop.last()[messages.CODE]
    shop.run(300.0)
    assert [] == shop.runs()
    assert shop.kept()["report"]["paused"]
    shop.ask(messages.RESUME_JOB, only="report")
    shop.run(61.0)
    assert ["02 12:06:01"] == shop.runs()  # a minute after it was resumed


def test_run_now() -> None:
    shop = Shop(spec("report", cron="0 3 * * *", enabled=False))
    shop.run(DAY)
    assert [] == shop.runs()
    shop.jobs["report"] = (10.0, "")
    shop.ask(messages.RUN_JOB, only="report")
    assert shop.wall == shop.last()["began"]
    shop.ask(messages.RUN_JOB, only="report")
    assert LOCKED == shop.last()[messages.CODE]
    shop.ask(messages.RUN_JOB, only="repotr")
    assert USAGE == shop.last()[messages.CODE]
    assert "report" in shop.last()["hint"]


def test_the_end_of_a_release_waits_for_its_runs() -> None:
    shop = Shop(spec("report", every=60.0, overlap="queue"))
    shop.jobs["report"] = (300.0, "")
    shop.run(125.0)
    shop.ask(messages.STOP)
    shop.run(5.0)
    assert shop.wanted(effects.EndJobs)
    assert not shop.world.ended  # the run obeys late
    shop.run(300.0)
    assert shop.world.ended
    assert 1 == len(shop.runs())  # what was queued does not begin


def test_the_clock_jumps() -> None:
    shop = Shop(spec("report", cron="0 3 * * *"))
    shop.send(events.ClockSet(shop.world.offset + 16 * HOUR))  # over its time
    shop.run(1.0)
    assert [] == shop.runs()
    assert any("report was missed" in line for line in shop.log)
    shop.send(events.ClockSet(shop.world.offset - 16 * HOUR))
    shop.run(DAY)
    assert ["03 03:00:00"] == shop.runs()


def test_a_run_that_another_supervisor_has_begun() -> None:
    kept = {"report": {"when": "every 60s", "next": NOON + 60.0, "began": NOON - 30.0}}
    shop = Shop(spec("report", every=60.0), kept=kept, running=("report",))
    shop.run(61.0)
    assert [] == shop.runs()  # it is still under way
    shop.send(events.JobEnded("report"))
    shop.run(60.0)
    assert ["02 12:02:00"] == shop.runs()
    shop.send(events.JobEnded("of another release"))


def test_nothing_begins_before_the_release_runs() -> None:
    shop = Simulation({"web": {"ready_timeout": 90.0}}, habits={"web": {"ready": 50.0}})
    shop.send(events.ScheduleRead([spec("report", every=10.0)], {}, NOON - shop.now))
    shop.run(40.0)
    assert [] == shop.began
    shop.run(20.0)
    assert shop.began


def test_what_status_shows() -> None:
    shop = Shop(spec("report", cron="0 3 * * *", timezone="Europe/Berlin"))
    row = find(shop.world, "report")
    assert row is not None
    shown = dump(row)
    assert "0 3 * * * Europe/Berlin" == shown["when"]
    assert datetime(2026, 3, 3, 2, 0, tzinfo=UTC).timestamp() == shown["next"]
    assert (False, False, None) == (shown["running"], shown["paused"], shown["last"])


def test_jitter_is_the_same_every_day() -> None:
    job = spec("report", cron="0 3 * * *", jitter=600.0)
    first = job.after(NOON)
    assert first is not None
    second = job.after(first)
    assert second is not None
    assert DAY == second - first
    assert 0 <= job.shift <= 600
