"""An error as an object, for who reads `--json`: `{"error": {"where", "what", "hint"}}`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from typing import Any

# What stands before a message: a path, an option, a setting; and no sentence.
_WHERE = re.compile(
    r"(?P<where>/[^\n]*?|-{1,2}[^\s:]+(?:[ =][^\s:]+)?|tool\.relforge[^\n]*?|[^\s:]+(?::\d+)*): "
)


def is_wanted(words: Sequence[str]) -> bool:
    """Does this command line ask for JSON?  The words that `run` passes on are not its own."""
    own = words[: words.index("--")] if "--" in words else words
    command = next((word for word in own if not word.startswith("-")), "")
    return "--json" in own and command != "run"


def show(message: str, hint: str, more: dict[str, Any], *, where: str | None = None) -> None:
    """Print it to stdout, with what else belongs to the error beside it.

    ``where`` is taken from the message, where nobody says it.
    """
    where, what = parts(message) if where is None else (where, message)
    error = {"where": where, "what": what, "hint": hint}
    json.dump({"error": error, **more}, sys.stdout)
    print(flush=True)


def parts(message: str) -> tuple[str, str]:
    """``where`` and ``what``: the place that begins a message, "" for one that names none."""
    found = _WHERE.match(message)
    if found is None:
        return "", message
    return found["where"], message[found.end() :]
