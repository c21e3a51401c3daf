"""The project's own commands: their arguments, what they ask before, and where they run."""

from __future__ import annotations

import json
import os
import sys

from ..contract import manifest
from ..contract.content import read_manifest
from ..errors import DONE, FAILED, USAGE, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

YES = {"name": "--yes", "type": "flag", "help": "do not ask"}
AGAIN = {"name": "--again", "type": "flag", "help": "also where it has been done"}
_TYPES: dict[str, type] = {"str": str, "int": int, "float": float}


def run(name: str, argv: list[str]) -> int:
    """Run the command of that name; its exit status."""
    command: dict[str, Any] = read_manifest(manifest.root())["commands"][name]
    if asks_for_help(argv):
        return _help(name, command, argv[0])
    given, again = asked(name, command, argv)
    if given is None:
        return FAILED
    if command["mode"] == "rpc":
        from ..client import options
        from . import rpc

        service = command["service"]
        passed = given if isinstance(given, dict) else options.passed(given)
        words = ["--call", command["call"], "--args", json.dumps(passed)]
        return rpc.rpc([*words, *(["--service", service] if service else [])])
    from ..client.launch import execute

    return execute(["command", name, json.dumps(given), *(["again"] if again else [])])


def asked(
    name: str, command: dict[str, Any], argv: list[str]
) -> tuple[list[str] | dict[str, Any] | None, bool]:
    """The arguments as `arguments` has them, and whether ``--again`` is among the words.

    The arguments are None where `confirm` asked, and nobody agreed.
    """
    confirm = command["confirm"]
    argv = [*argv]
    sure = bool(confirm) and _taken(argv, YES["name"])
    again = bool(command["once"]) and _taken(argv, AGAIN["name"])
    given = arguments(name, command, argv)
    if confirm and not sure and not _agreed(confirm):
        print("nothing was done", file=sys.stderr)
        return None, again
    return given, again


def asks_for_help(argv: list[str]) -> bool:
    """Whether the first word does; what comes later is the program's."""
    return argv[:1] in (["--help"], ["-h"])


def explains(command: dict[str, Any]) -> bool:
    """Whether `usage` is its help; else its program's own is, or what its function takes."""
    return bool(
        command["args"] or command["mode"] == "rpc" or (command["exec"] and command["confirm"])
    )


def _help(name: str, command: dict[str, Any], word: str) -> int:
    if explains(command):
        print(usage(name, command))
        return DONE
    from ..client.launch import execute

    return execute(["command", name, json.dumps([word]), "help"])


def usage(name: str, command: dict[str, Any], taken: tuple[str, ...] | None = None) -> str:
    """What ``--help`` prints; ``taken`` are the function's parameters, None where nobody knows."""
    rows = command["args"]
    options = [row for row in rows if row["name"].startswith("--")]
    words = [_shown(row) for row in rows if row not in options]
    words += [f"[{_shown(row)}]" for row in options]
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

    A first ``--`` is among the words: whoever calls drops it (`options.passed`).
    """
    rows: list[dict[str, Any]] = command["args"]
    if not rows:
        return argv
    from ..client import options

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
        raise Refusal(f"{row['name']}: {text!r} is no {row['type']}", code=USAGE) from None


def _key(row: dict[str, Any]) -> str:
    """``--dry-run`` is the parameter ``dry_run``."""
    name: str = row["name"].lstrip("-").replace("-", "_")
    return name


def _shown(row: dict[str, Any]) -> str:
    name: str = row["name"]
    if not name.startswith("--"):
        return name.upper() if row.get("default") is None else f"[{name.upper()}]"
    return name if row["type"] == "flag" else f"{name} {_key(row).upper()}"


def _agreed(text: str) -> bool:
    """Ask; where nobody can answer, that is told.  Only `y` and `yes` agree."""
    if not sys.stdin.isatty():
        raise Refusal(
            f"it asks before: {text}",
            hint="no terminal is there to answer; --yes agrees",
            code=USAGE,
        )
    print(f"{text} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _taken(words: list[str], option: str) -> bool:
    """Whether the option is there, which is taken out; what comes after ``--`` is not ours."""
    found = option in (words[: words.index("--")] if "--" in words else words)
    if found:
        words.remove(option)
    return found
