"""When a job is due, compared over ten years with a library that others use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st

from relforge.runtime.contract.cron import ALIASES, Cron
from relforge.runtime.contract.wrong import Wrong

BERLIN = ZoneInfo("Europe/Berlin")
ELSEWHERE = ("UTC", "America/New_York", "Australia/Lord_Howe", "America/Havana")
ZONES = ("Europe/Berlin", *ELSEWHERE)
CASES = (
    *("0 3 * * 1-5", "30 2 * * *", "0 0 1 1 *", "15,45 1-3 * * *", "0 12 29 2 *"),
    *("0 0 13 * 5", "5/20 4 * * sun", "0 22 * jan,JUL mon-fri", "59 23 31 12 *", "0 2 * * 0,7"),
    *("0 0 * * *", "30 0 * 3,10,11 *", "0 6 */2 * 1", "10 2 25-31 3,10 sun"),
)
BY_TIME = ("*/15 * * * *", "* 2 * 3,10,11 0", "30 * * 3,4,10,11 *", "*/40 0-3 * 3,10 *")


def moments(text: str, zone: str, start: datetime, end: datetime) -> list[float]:
    cron, place, found = Cron(text), ZoneInfo(zone), []
    moment: float | None = start.timestamp()
    while moment is not None:
        moment = cron.after(moment, place)
        if moment is None or moment > end.timestamp():
            break
        found.append(moment)
    return found


def others(text: str, zone: str, start: datetime, end: datetime) -> list[float]:
    rows = CronSim(text.upper(), start.astimezone(ZoneInfo(zone)))
    found = []
    for row in rows:
        if row > end:
            break
        found.append(row.timestamp())
    return found


@pytest.mark.parametrize("text", CASES)
def test_ten_years(text: str) -> None:
    start, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    assert others(text, "Europe/Berlin", start, end) == moments(text, "Europe/Berlin", start, end)


@pytest.mark.parametrize("zone", ELSEWHERE)
@pytest.mark.parametrize("text", CASES)
def test_a_year_elsewhere(text: str, zone: str) -> None:
    start, end = datetime(2028, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
    assert others(text, zone, start, end) == moments(text, zone, start, end)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Havana"])
@pytest.mark.parametrize("text", BY_TIME)
def test_the_time_that_passes(text: str, zone: str) -> None:
    start, end = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    assert others(text, zone, start, end) == moments(text, zone, start, end)


@given(
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    days=st.sampled_from(["*", "1", "15,31", "*/10", "28-30"]),
    weekdays=st.sampled_from(["*", "0", "mon-fri", "6"]),
    begin=st.integers(0, 10 * 365 * 24 * 60),
    zone=st.sampled_from(ZONES),
)
def test_any_time(minute: int, hour: int, days: str, weekdays: str, begin: int, zone: str) -> None:
    text = f"{minute} {hour} {days} * {weekdays}"
    start = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=begin)
    expected = [
        row.timestamp()
        for row in islice(CronSim(text.upper(), start.astimezone(ZoneInfo(zone))), 3)
    ]
    found, moment = [], start.timestamp()
    for _ in expected:
        following = Cron(text).after(moment, ZoneInfo(zone))
        assert following is not None
        moment = following
        found.append(moment)
    assert expected == found


def at(text: str, start: str, zone: ZoneInfo = BERLIN) -> str:
    moment = Cron(text).after(datetime.fromisoformat(start).timestamp(), zone)
    assert moment is not None
    return datetime.fromtimestamp(moment, zone).isoformat()


def test_a_gap_is_followed_at_once() -> None:
    assert "2026-03-29T03:00:00+02:00" == at("30 2 * * *", "2026-03-28T12:00+01:00")
    assert "2026-03-30T02:30:00+02:00" == at("30 2 * * *", "2026-03-29T03:00+02:00")


def test_an_hour_that_comes_twice_counts_once() -> None:
    assert "2026-10-25T02:30:00+02:00" == at("30 2 * * *", "2026-10-25T00:00+02:00")
    assert "2026-10-26T02:30:00+01:00" == at("30 2 * * *", "2026-10-25T02:30+02:00")
    assert "2026-10-25T02:30:00+01:00" == at("30 * * * *", "2026-10-25T02:30+02:00")


def test_names_of_schedules() -> None:
    for alias in ALIASES:
        assert Cron(alias).after(0.0, UTC)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "0 fields"),
        ("* * * *", "4 fields"),
        ("60 * * * *", "a minute is a number from 0 to 59"),
        ("* 24 * * *", "hour is a number from 0 to 23"),
        ("* * 0 * *", "day is a number from 1 to 31"),
        ("* * * 13 *", "month is a number from 1 to 12, or jan to dec"),
        ("* * * * 8", "weekday is a number from 0 to 7, or sun to sat"),
        ("*/0 * * * *", "step"),
        ("*/x * * * *", "step"),
        ("5-1 * * * *", "ends before it begins"),
        ("1,,2 * * * *", "minute is a number"),
        ("-1 * * * *", "minute is a number"),
        ("L * * * *", "minute is a number"),
        ("0 0 31 feb,apr *", "never comes"),
        ("0 0 30 2 *", "never comes"),
        ("@reboot", "1 fields"),
    ],
)
def test_what_is_not_a_schedule(text: str, words: str) -> None:
    with pytest.raises(Wrong) as raised:
        Cron(text)
    assert words in str(raised.value)
