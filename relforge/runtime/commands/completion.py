"""``completion``: the script that a shell needs, and the words that it then asks for."""

from __future__ import annotations

import os

from ..contract import manifest
from ..errors import DONE, USAGE, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

DIRECTORY = os.path.join("runtime", "completion")  # of the release
# shell: (its scripts in that directory, the line that binds them to a name)
SHELLS = {
    "bash": (("bash",), "complete -o default -F _relforge_release {}"),
    "zsh": (("zsh", "bash"), "complete -o default -F _relforge_release {}"),
    "fish": (("fish",), "complete --command {} --no-files --arguments '(__relforge_release)'"),
}


def completion(argv: list[str]) -> int:
    """Print a shell's script, or, for that script, what may stand in the place of the last word."""
    if argv[:1] == ["words"]:
        for word in sorted(words(argv[1:])):
            print(word)
        return DONE
    if len(argv) != 1 or argv[0] not in SHELLS:
        raise Refusal(
            f"expected a shell: {', '.join(SHELLS)}",
            hint=f". <({_name()} completion bash)",
            code=USAGE,
        )
    names, line = SHELLS[argv[0]]
    for name in names:
        path = os.path.join(manifest.root(), DIRECTORY, name)
        with open(path, encoding="utf-8") as file:
            print(file.read(), end="")
    print(line.format(_name()))
    return DONE


def words(argv: list[str]) -> set[str]:
    """What the last of these words of a command line can become; its beginning is kept."""
    from . import ALIASES, TABLE

    *before, last = argv or [""]
    about = manifest.load(manifest.root())
    if not before:
        found: set[str] = {*TABLE, *about["commands"], "help"}
    else:
        command = ALIASES.get(before[0], before[0])
        usage = TABLE[command][2] if command in TABLE else ""
        found = {"--help", *_of_usage(usage, before[-1])}
        if "SERVICE" in usage or before[-1] == "--service":
            found.update(_services(about))
        if "VERSION" in usage:
            found.update(_versions(manifest.root()))
        if before[0] == "config" and before[1:2] == ["explain"]:
            found.update(about["config"]["schema"])
    return {word for word in found if word.startswith(last)}


def _of_usage(usage: str, previous: str) -> Iterator[str]:
    """Options, the words that are alternatives, and the values of the option before."""
    rows = usage.replace("[", " ").replace("]", " ").split()
    for index, row in enumerate(rows):
        before = rows[index - 1] if index else "|"
        options = [word for word in row.split("|") if word.startswith("-")]
        if options:
            yield from options
        elif before.startswith("-"):
            yield from row.split("|") if before == previous and "|" in row else ()
        elif row.isalpha() and row.islower() and before == "|":
            yield row


def _services(about: dict[str, Any]) -> Iterable[str]:
    for name, row in about["services"].items():
        yield name
        if isinstance(row["instances"], int) and row["instances"] > 1:
            yield from (f"{name}.{number + 1}" for number in range(row["instances"]))


def _versions(root: str) -> Iterable[str]:
    """The versions beside this one, in a deploy root."""
    releases = os.path.dirname(os.path.realpath(root))
    if os.path.basename(releases) != "releases":
        return ()
    return (name for name in os.listdir(releases) if not name.startswith("."))


def _name() -> str:
    return os.environ.get("RELEASE_NAME", "app")
