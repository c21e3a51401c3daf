"""Tables in columns, and durations and sizes in them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

PROCESS = ("STATE", "PID", "UP", "RESTARTS", "MEMORY")  # the heads of `process`


def lines(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """The rows in columns of equal width; the first row is the head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def process(row: dict[str, Any]) -> tuple[str, ...]:
    """A process of ``status --json``, for the columns of PROCESS."""
    uptime = duration(row["uptime"])
    return row["state"], str(row["pid"] or "-"), uptime, str(row["restarts"]), memory(row["rss"])


def duration(seconds: float | None) -> str:
    """The two largest units: ``3d 4h``, ``5m 12s``, ``8s``; ``-`` for None."""
    if seconds is None:
        return "-"
    left = int(seconds)
    words: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        if left >= size or (unit == "s" and not words):
            words.append(f"{left // size}{unit}")
            left %= size
    return " ".join(words[:2])


def memory(size: int | None) -> str:
    """Bytes as ``12 MiB``; ``-`` for None."""
    return "-" if size is None else f"{size / (1 << 20):.0f} MiB"
