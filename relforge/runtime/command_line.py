"""The command line of a command of the project: its ``--help``, and its words as arguments."""

from __future__ import annotations

import os

from . import options
from .errors import USAGE, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

YES = {"name": "--yes", "type": "flag", "help": "do not ask for confirmation"}
AGAIN = {"name": "--again", "type": "flag", "help": "even if it has been done"}
_TYPES: dict[str, type] = {"str": str, "int": int, "float": float}


def asks_for_help(argv: list[str]) -> bool:
    """Whether the first word does; what comes later is the program's."""
    return argv[:1] in (["--help"], ["-h"])


def explains(command: dict[str, Any]) -> bool:
    """Whether `usage` is its help; else its program's own is, or what its function takes."""
    return bool(
        command["args"] or command["mode"] == "rpc" or (command["exec"] and command["confirm"])
    )


def usage(name: str, command: dict[str, Any], taken: tuple[str, ...] | None = None) -> str:
    """What ``--help`` prints; ``taken`` are the function's parameters, None where nobody knows."""
    rows = command["args"]
    optional = [row for row in rows if row["name"].startswith("--")]
    words = [_shown(row) for row in rows if row not in optional]
    words += [f"[{_shown(row)}]" for row in optional]
    ours = [row for key, row in (("confirm", YES), ("once", AGAIN)) if command[key]]
    head = f"usage: {os.environ.get('RELEASE_NAME', 'app')} {name}"
    if not rows:
        words = ["[ARGS]"] if taken is None else [parameter.upper() for parameter in taken]
    words += [f"[{row['name']}]" for row in ours]
    lines = [" ".join([head, *words])]
    if command["help"]:
        lines += ["", command["help"]]
    if rows or ours:
        lines.append("")
    for row in (*rows, *ours):
        default = row.get("default")
        text = row.get("help", "") + ("" if default is None else f" (default: {default})")
        lines.append(f"  {row['name']:<18}{text}".rstrip())
    return "\n".join(lines)


def arguments(name: str, command: dict[str, Any], argv: list[str]) -> list[str] | dict[str, Any]:
    """By name, where the command declares them; else the words as they are.  Raises Refusal.

    A first ``--`` is among the words: the caller drops it (`options.passed`).
    """
    rows: list[dict[str, Any]] = command["args"]
    if not rows:
        return argv
    named = {row["name"]: row for row in rows}
    flags = [key for key, row in named.items() if row["type"] == "flag"]
    values = [key for key in named if key.startswith("--") and key not in flags]
    given = options.parse(argv, flags=" ".join(flags), values=" ".join(values))
    places = [row for row in rows if not row["name"].startswith("--")]
    hint = usage(name, command).partition("\n")[0]
    options.most(given, len(places), hint.removeprefix("usage: "))
    found: dict[str, Any] = {_key(row): row["default"] for row in rows}
    found.update({_key(named[flag]): flag in given.flags for flag in flags})
    pairs = [*zip(places, given.words, strict=False)]
    pairs += [(named[key], value) for key, value in given.values.items()]
    for row, text in pairs:
        found[_key(row)] = _typed(row, text)
    for row in places[len(given.words) :]:
        if row["default"] is None:
            raise Refusal(f"{row['name']} is missing", hint=hint, code=USAGE)
    return found


def _typed(row: dict[str, Any], text: str) -> Any:
    try:
        return _TYPES[row["type"]](text)
    except ValueError:
        raise Refusal(f"{row['name']}: {text!r} is not a valid {row['type']}", code=USAGE) from None


def _key(row: dict[str, Any]) -> str:
    """``--dry-run`` is the parameter ``dry_run``."""
    name: str = row["name"].lstrip("-").replace("-", "_")
    return name


def _shown(row: dict[str, Any]) -> str:
    name: str = row["name"]
    if not name.startswith("--"):
        return name.upper() if row.get("default") is None else f"[{name.upper()}]"
    return name if row["type"] == "flag" else f"{name} {_key(row).upper()}"
