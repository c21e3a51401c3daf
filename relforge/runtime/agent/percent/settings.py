"""``%config`` and ``%more``."""

from __future__ import annotations

from ...config import keys, view
from ...config.secret import display
from ...errors import USAGE, Refusal
from . import ConsoleState, table, usage

PIECE = 8_000  # characters


def config(console: ConsoleState, words: list[str]) -> None:
    """What this process was started with; `config explain` shows where it comes from."""
    if len(words) > 1:
        raise usage("config")
    section = view.config
    rows = []
    for path, value in keys.leaves(section._values):
        name = keys.show(path)
        if not words or name == words[0] or name.startswith(f"{words[0]}."):
            rows.append((name, display(value, secret=section._is_secret(path))))
    if not rows:
        known = [keys.show(path) for path, _ in keys.leaves(section._values)]
        what = f"{words[0]} is not set" if words else "no configuration"
        raise Refusal(f"{what}{keys.nearest(words[0], known) if words else ''}", code=USAGE)
    table([("KEY", "VALUE"), *rows])


def more(console: ConsoleState, words: list[str]) -> None:
    """The next piece, as long as a value is shown at first."""
    if words:
        raise usage("more")
    if not console.rest:
        raise Refusal("there is nothing more")
    piece, console.rest = console.rest[:PIECE], console.rest[PIECE:]
    print(piece)
    if console.rest:
        print(f"... {len(console.rest)} more characters: %more")


PIECE = 8_000  # characters
