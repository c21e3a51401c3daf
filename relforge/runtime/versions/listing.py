"""What is installed, what is current, what runs, and what may go."""

from __future__ import annotations

import os

from ..supervise.journal import stamp
from . import live
from .journal import DONE, FAILED, DeployJournal
from .place import DeployRoot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SWITCHES = ("upgrade", "rollback")


def rows(place: DeployRoot, journal: DeployJournal) -> list[dict[str, Any]]:
    """A row a version, the one that was installed last first; times are UTC, in ISO 8601."""
    names = place.versions()
    runs = live.versions(place.releases, names, without=os.getpid())
    current = place.pointed()
    found = []
    for version in names:
        failed = _failed(journal, version)
        served = [row for row in journal.lines if _made_current(row, version)]
        found.append(
            {
                "version": version,
                "installed": _time(_installed(place, journal, version)),
                "current": version == current,
                "running": version in runs,
                "switched": _time(served[-1]["at"]) if served else None,
                "failed": {"at": _time(failed["at"]), "why": failed["why"]} if failed else None,
            }
        )
    return sorted(found, key=lambda row: (row["installed"], row["version"]), reverse=True)


def target(place: DeployRoot, journal: DeployJournal) -> str | None:
    """What `rollback` goes to: the last that served before the current one, and is still there.

    A version that failed since then does not count.
    """
    served, current = journal.served(), place.pointed()
    before = served[: served.index(current)] if current in served else served
    good = (version for version in reversed(before) if _failed(journal, version) is None)
    return next((version for version in good if place.has(version)), None)


def spare(place: DeployRoot, journal: DeployJournal, keep: int) -> list[str]:
    """What `prune` may remove: all but the newest ``keep`` that did not fail, and what is needed.

    Needed are the current version, what runs, and what `rollback` goes to.
    """
    table = rows(place, journal)
    needed = {row["version"] for row in table if row["current"] or row["running"]}
    needed |= {target(place, journal)} - {None}
    needed |= live.versions(place.releases, place.versions())
    good = [row["version"] for row in table if not row["failed"]]
    return [row["version"] for row in table if row["version"] not in {*needed, *good[:keep]}]


def _failed(journal: DeployJournal, version: str) -> dict[str, Any] | None:
    """The last switch to it, where that failed."""
    switch = journal.last(version, *SWITCHES)
    return switch if switch is not None and switch["state"] == FAILED else None


def _made_current(row: dict[str, Any], version: str) -> bool:
    return row["op"] in SWITCHES and row["state"] == DONE and row["version"] == version


def _installed(place: DeployRoot, journal: DeployJournal, version: str) -> float:
    row = journal.last(version, "install")
    if row is not None and row["state"] == DONE:
        at: float = row["at"]
        return at
    return os.stat(os.path.join(place.releases, version)).st_ctime  # manually


def _time(at: float) -> str:
    return f"{stamp(at)}.{int(at * 1000) % 1000:03d}Z"
