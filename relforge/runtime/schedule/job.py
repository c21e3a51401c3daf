"""A job of the schedule, as the supervisor's rules use it."""

from __future__ import annotations

import os
import zlib

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

    def __init__(self, name: str, row: Mapping[str, Any], root: str = "") -> None:
        """``root`` is the release.  Raises Refusal for a time zone that nobody knows."""
        from ..contract.cron import Cron  # late, as below: most releases have no schedule

        self.name = name
        self.row = row
        self.every: float = row["every"]
        self.cron = Cron(row["cron"]) if row["cron"] else None
        self.zone = zone(row["timezone"], name, root)
        self.overlap: str = row["overlap"]
        self.catch_up: str = row["catch_up"]
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


def specs(manifest: Mapping[str, Any], root: str) -> list[JobSpec]:
    """The jobs of a release; raises Refusal."""
    return [JobSpec(name, row, root) for name, row in manifest["schedule"].items()]


def zone(name: str, job: str, root: str) -> tzinfo:
    """The time zone of that name: of the host, or of a `tzdata` in the release; raises Refusal."""
    from datetime import UTC

    if name == "UTC":
        return UTC
    import zoneinfo
    from glob import escape, glob

    inside = glob(f"{escape(root)}/python/lib/python3*/site-packages/tzdata/zoneinfo")
    missing = [path for path in inside if path not in zoneinfo.TZPATH]
    if missing:
        zoneinfo.reset_tzpath([*zoneinfo.TZPATH, *missing])
    try:
        return zoneinfo.ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise Refusal(
            f"schedule.{job}.timezone: neither this host nor the release knows {name}",
            hint="add tzdata to the project's dependencies or to the host, or use UTC",
            code=CONFIG,
        ) from None
