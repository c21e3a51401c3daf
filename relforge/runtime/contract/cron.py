"""``0 3 * * 1-5``: the five fields of crontab(5), and when they fit next.

    minute 0-59   hour 0-23   day 1-31   month 1-12 or jan-dec   weekday 0-7 or sun-sat

A field is ``*``, a number, a range ``1-5``, a list ``1,3``, each with a step ``*/15``; Sunday is
0 and 7.  Where neither day nor weekday begins with ``*``, one of them has to fit.

When the clocks change, a job with a fixed time runs once on either day: at the first moment after
a gap that its time falls into, and the first time of two.  One whose minute or hour begins with
``*`` goes by the time that passes, as cron(8) of Debian has it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from .wrong import Wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, tzinfo

HINT = 'write minute, hour, day, month and weekday, for instance "0 3 * * 1-5"'
ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("weekday", 0, 7, _WEEKDAYS),
)
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_FURTHEST = 366 * 29  # days: 29 February on a given weekday comes every 28 years, or 40 over 2100


class Cron:
    """When a job is due, by the clock on the wall of some place."""

    __slots__ = (
        "_any_day",
        "_days",
        "_fixed",
        "_hours",
        "_minutes",
        "_months",
        "_weekdays",
        "text",
    )

    def __init__(self, text: str) -> None:
        """Raises Wrong for what is not five fields, and for a day that never comes."""
        self.text = text
        words = ALIASES.get(text.strip().lower(), text).split()
        if len(words) != len(_FIELDS):
            raise Wrong(f"{text!r} has {len(words)} fields, not 5", hint=HINT)
        sets = [_field(word, *row) for word, row in zip(words, _FIELDS, strict=True)]
        self._minutes, self._hours = sorted(sets[0]), sorted(sets[1])
        self._days, self._months = sets[2], sets[3]
        self._weekdays = {number % 7 for number in sets[4]}
        # Either of them is enough, where both are given.
        self._any_day = not words[2].startswith("*") and not words[4].startswith("*")
        self._fixed = not words[0].startswith("*") and not words[1].startswith("*")
        if not self._any_day and not any(
            day <= _LONGEST[month - 1] for month in self._months for day in self._days
        ):
            raise Wrong(f"{text!r} never comes: no such month has that day", hint=HINT)

    def after(self, moment: float, zone: tzinfo) -> float | None:
        """The next moment, in seconds since 1970; None where there is none for decades."""
        if self._fixed:
            return self._after_by_clock(moment, zone)
        return self._after_by_time(moment, zone)

    def _after_by_clock(self, moment: float, zone: tzinfo) -> float | None:
        """A time on the wall, wherever the clocks put it."""
        start = datetime.fromtimestamp(moment, zone).replace(tzinfo=None, second=0, microsecond=0)
        # Before `moment` where the clock has been put back since.
        for day in self._dates((start - _DAY).date()):
            for hour in self._hours:
                for minute in self._minutes:
                    wall = datetime(day.year, day.month, day.day, hour, minute)
                    found = _moment(wall, zone)
                    if found > moment:
                        return found
        return None

    def _after_by_time(self, moment: float, zone: tzinfo) -> float | None:
        """Minute by minute of the time that passes, on days that fit."""
        utc = datetime.fromtimestamp(moment - moment % 60 + 60, UTC)
        last = utc + _FURTHEST * _DAY
        hours, minutes = set(self._hours), set(self._minutes)
        while utc < last:
            local = utc.astimezone(zone)
            if not self._fits(local.date()):
                midnight = datetime(local.year, local.month, local.day) + _DAY
                following = datetime.fromtimestamp(_moment(midnight, zone), UTC)
                utc = max(following, utc + _MINUTE)
            elif local.hour not in hours:
                utc += (60 - local.minute) * _MINUTE
            elif local.minute in minutes:
                return utc.timestamp()
            else:
                utc += _MINUTE
        return None

    def _dates(self, day: date) -> Iterator[date]:
        for _ in range(_FURTHEST):
            if self._fits(day):
                yield day
            day += _DAY

    def _fits(self, day: date) -> bool:
        if day.month not in self._months:
            return False
        by_day, by_weekday = day.day in self._days, day.isoweekday() % 7 in self._weekdays
        return by_day or by_weekday if self._any_day else by_day and by_weekday


_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _moment(wall: datetime, zone: tzinfo) -> float:
    """The first moment at which a clock there shows that; in a gap, the end of the gap."""
    found = wall.replace(tzinfo=zone).timestamp()
    shown = datetime.fromtimestamp(found, zone).replace(tzinfo=None)
    if shown == wall:
        return found
    # The clocks were put forward over it: by the offset before, it shows a time after the gap.
    low, high = found - 86400, found
    before = wall.replace(tzinfo=zone).utcoffset()
    while high - low > 1:  # the moment of the change
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def _field(text: str, name: str, least: int, most: int, names: tuple[str, ...]) -> set[int]:
    """The numbers of a field; raises Wrong."""
    found: set[int] = set()
    for part in text.split(","):
        body, slash, step = part.partition("/")
        if slash and not (step.isascii() and step.isdecimal() and int(step)):
            raise Wrong(f"{text!r}: the step of a {name} is a number from 1", hint=HINT)
        first, last = _range(body, text, name, least, most, names)
        if slash and "-" not in body and body != "*":
            last = most  # `5/15` is from 5 on
        found.update(range(first, last + 1, int(step or 1)))
    return found


def _range(
    body: str, text: str, name: str, least: int, most: int, names: tuple[str, ...]
) -> tuple[int, int]:
    if body == "*":
        return least, most
    first, dash, last = body.partition("-")
    low = _number(first, text, name, least, most, names)
    high = _number(last, text, name, least, most, names) if dash else low
    if low > high:
        raise Wrong(f"{text!r}: the {name} {body!r} ends before it begins", hint=HINT)
    return low, high


def _number(word: str, text: str, name: str, least: int, most: int, names: tuple[str, ...]) -> int:
    if word.lower() in names:
        return names.index(word.lower()) + least
    if not (word.isascii() and word.isdecimal() and least <= int(word[:4]) <= most):
        known = f", or {names[0]} to {names[-1]}" if names else ""
        raise Wrong(f"{text!r}: a {name} is a number from {least} to {most}{known}", hint=HINT)
    return int(word)
