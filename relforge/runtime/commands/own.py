"""The project's own commands: their arguments, what they ask before, and where they run."""

from __future__ import annotations

import json
import sys

from .. import command_line
from ..contract import manifest
from ..contract.content import read_manifest
from ..errors import DONE, FAILED, USAGE, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def run(name: str, argv: list[str]) -> int:
    """Run the command of that name; its exit status."""
    command: dict[str, Any] = read_manifest(manifest.root())["commands"][name]
    if command_line.asks_for_help(argv):
        return _help(name, command, argv[0])
    given, again = asked(name, command, argv)
    if given is None:
        return FAILED
    if command["mode"] == "rpc":
        from .. import options
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
    sure = bool(confirm) and _taken(argv, command_line.YES["name"])
    again = bool(command["once"]) and _taken(argv, command_line.AGAIN["name"])
    given = command_line.arguments(name, command, argv)
    if confirm and not sure and not _agreed(confirm):
        print("nothing was done", file=sys.stderr)
        return None, again
    return given, again


def _help(name: str, command: dict[str, Any], word: str) -> int:
    if command_line.explains(command):
        print(command_line.usage(name, command))
        return DONE
    from ..client.launch import execute

    return execute(["command", name, json.dumps([word]), "help"])


def _agreed(text: str) -> bool:
    """Ask; where nobody can answer, that is an error.  Only `y` and `yes` agree."""
    if not sys.stdin.isatty():
        raise Refusal(
            f"it asks for confirmation: {text}",
            hint="there is no terminal to answer; to agree: --yes",
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
