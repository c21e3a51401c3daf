"""What is wrong with a configuration, all of it at once.

A problem is ``{"key", "message", "provider", "place", "trace"}``, all texts:
it crosses a pipe, and `config check --json` prints it.
"""

from __future__ import annotations

from ..errors import CONFIG, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    Row = dict[str, str]


MOST = 100  # problems that are shown


class Invalid(Refusal):
    """The configuration cannot be used; every reason is in ``problems``."""

    def __init__(self, rows: list[Row], *, name: str = "") -> None:
        count = "1 error" if len(rows) == 1 else f"{len(rows)} errors"
        lines = [f"  - {_line(row)}" for row in rows[:MOST]]
        if len(rows) > MOST:
            lines.append(f"  and {len(rows) - MOST} more: `config check --json` lists them all")
        if any(row["message"].startswith("raised ") and not row["trace"] for row in rows):
            hint = "RELEASE_DEBUG=1 shows the traceback of a provider"
        else:
            hint = f"`{name} config explain` shows where each value comes from" if name else ""
        super().__init__(
            "\n".join([f"the configuration has {count}", *lines]), hint=hint, code=CONFIG
        )
        self.problems = rows


def row(
    message: str, *, key: str = "", provider: str = "", place: str = "", trace: str = ""
) -> Row:
    """One problem."""
    return {"key": key, "message": message, "provider": provider, "place": place, "trace": trace}


def _line(row: Row) -> str:
    parts = [row["key"], row["message"]] if row["key"] else [row["provider"], row["message"]]
    text = ": ".join(part for part in parts if part)
    if row["key"] and row["provider"]:
        text += f" ({origin(row['provider'], row['place'])})"
    if row["trace"]:
        text += "\n" + "\n".join(f"      {line}" for line in row["trace"].splitlines())
    return text


def origin(provider: str, place: str) -> str:
    """``env: $PORT``."""
    return f"{provider}: {place}" if place else provider
