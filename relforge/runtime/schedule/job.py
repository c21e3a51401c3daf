"""A job of the schedule, as the supervisor's rules use it."""

from __future__ import annotations

import os
import zlib
from datetime import UTC

from ..contract.cron import Cron
from ..errors import CONFIG, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo
    from typing import Any


class JobSpec:
    """When a job is due, and what becomes of a run that is late or comes too soon.

    ``row`` is that of the manifest; ``shift`` seconds come after each moment of the schedule, the
    same on every day, so that the hosts of a fleet do not all begin at once.
    """

    def __init__(self, name: str, row: Mapping[str, Any]) -> None:
        """Raises Refusal for a time zone that this host does not know."""
        self.name = name
        self.row = row
        self.every: float = row["every"]
        self.cron = Cron(row["cron"]) if row["cron"] else None
        self.zone = zone(row["timezone"], name)
        self.overlap: str = row["overlap"]
        self.catch_up: str = row["catch_up"]
        self.timeout: float = row["timeout"]
        # Of the host, and not of chance: a job keeps its time.
        spread = zlib.crc32(f"{os.uname().nodename} {name}".encode()) / 2**32
        self.shift = round(spread * row["jitter"], 1)

    @property
    def when(self) -> str:
        """The schedule in words of the settings."""
        if self.cron is None:
            return f"every {self.every:g}s"
        place = self.row["timezone"]
        return self.cron.text if place == "UTC" else f"{self.cron.text} {place}"

    def after(self, moment: float) -> float | None:
        """The next time after that moment, both in seconds since 1970."""
        if self.cron is None:
            return moment + self.every
        found = self.cron.after(moment - self.shift, self.zone)
        return None if found is None else found + self.shift


def zone(name: str, job: str) -> tzinfo:
    """The time zone of that name; raises Refusal."""
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise Refusal(
            f"schedule.{job}.timezone: this host does not know the time zone {name}",
            hint="install its time zone data (the package tzdata), or use UTC",
            code=CONFIG,
        ) from None
