"""A job of the schedule: a command of the release, or a function, at its times."""

from __future__ import annotations

from .record import Record, key
from .shapes import Choice, Flag, Seconds, Target, Text, Words
from .wrong import Wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SKIP, QUEUE = "skip", "queue"
NONE, LAST = "none", "last"


class CronText(Text):
    """Five fields of crontab(5)."""

    words = 'a schedule such as "0 3 * * 1-5"'

    def read(self, value: Any) -> str:
        from .cron import Cron  # late: the contract is read by every command

        text: str = super().read(value)
        Cron(text)
        return text


class Zone(Text):
    """A time zone of the IANA database."""

    words = 'a time zone such as "Europe/Berlin"'

    def read(self, value: Any) -> str:
        text: str = super().read(value)
        parts = text.split("/")
        if not all(part and part.replace("_", "").replace("-", "").isalnum() for part in parts):
            raise Wrong(f'{text!r} is not a time zone such as "Europe/Berlin"')
        return text


class Scope(Choice):
    """Where a job runs; one run for all hosts of a fleet is not there yet."""

    def read(self, value: Any) -> str:
        if value == "cluster":
            raise Wrong(
                "this version runs a job on each host",
                hint="enable it on one host, or take a lock in the database that all share",
            )
        text: str = super().read(value)
        return text


class Job(Record):
    """One row of ``schedule``; exactly one of `cron` and `every`, and of `command` and `call`."""

    name: str = key(Text(), doc="", setting=False)
    cron: str = key(
        CronText(),
        default="",
        doc="minute, hour, day, month, weekday as in crontab(5), or `@hourly`, `@daily`, "
        "`@weekly`, `@monthly`, `@yearly`",
    )
    every: float = key(
        Seconds(least=1.0, reason="a job comes once a second at most"),
        default=0.0,
        shown="",
        doc='instead: a duration such as `"10m"`, from one beginning to the next',
    )
    command: str = key(Text(), default="", doc="the command of the release that it runs")
    call: str = key(Target(), default="", doc='instead: a callable, `"pkg.module:name"`')
    args: tuple[str, ...] = key(
        Words(), default=(), doc="arguments of the command, or of the callable, as strings"
    )
    timezone: str = key(Zone(), default="UTC", doc="whose clocks `cron` means")
    jitter: float = key(
        Seconds(),
        default=0.0,
        shown="`0`",
        doc="up to so much later, always the same on one host: hosts do not all begin at once",
    )
    timeout: float = key(
        Seconds(), default=0.0, shown="`0`: none", doc="after which a run is stopped, and failed"
    )
    overlap: str = key(
        Choice(SKIP, QUEUE),
        default=SKIP,
        doc='when the run before has not ended: `"skip"` this one, or `"queue"` one',
    )
    catch_up: str = key(
        Choice(NONE, LAST),
        default=NONE,
        doc='what was missed while the release did not run: `"none"`, or the `"last"` of them '
        "at once",
    )
    scope: str = key(Scope("host"), default="host", doc='`"host"`: on each host')
    enabled: bool = key(Flag(), default=True, doc="`false`: it comes only by `schedule run`")

    def row(self) -> dict[str, Any]:
        """For the manifest, where the name is the key of the row."""
        rows = super().row()
        del rows["name"]
        return rows
