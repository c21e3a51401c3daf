"""``{ use = "dotenv", path = ".env", prefix = "TICKETD_", optional = true }``."""

from __future__ import annotations

import re

from ..provider import Failure, Layer, read_options
from .documents import read_text
from .variables import check_names, collect, variables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..provider import Context

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=[ \t]*(.*)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$"}


class Dotenv:
    """A file of ``NAME=value`` lines, read as variables are; nothing in it is replaced or run."""

    def init(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options: ``path``, ``optional``, ``prefix``, ``map``."""
        known: dict[str, tuple[type, Any]] = {
            "path": (str, None),
            "optional": (bool, False),
            "prefix": (str, ""),
            "map": (dict, {}),
        }
        return check_names(read_options(options, known, ("path",)))

    def load(self, state: dict[str, Any], context: Context) -> Layer:
        """The variables of the file that have the prefix or are in the map."""
        path = context.path(state["path"], optional=state["optional"])
        text = None if path is None else read_text(path, optional=state["optional"])
        if path is None or text is None:
            return Layer()
        found = parse(path, text)
        values = {name: value for name, (value, _) in found.items()}
        return collect(values, state, context, lambda name: f"{path}:{found[name][1]}")

    def ways(self, state: dict[str, Any], key: str) -> list[str]:
        return [f"{name} in {state['path']}" for name in variables(state, key)]


def parse(path: str, text: str) -> dict[str, tuple[str, int]]:
    """Each variable's value and line; the last of a name counts.  Raises Failure."""
    found: dict[str, tuple[str, int]] = {}
    rows = text.split("\n")
    number = 0
    while number < len(rows):
        line = number + 1
        row = rows[number].rstrip("\r")
        number += 1
        if not row.strip() or row.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(row)
        if not match:
            raise Failure(f"{path}:{line}: expected NAME=value")
        name, value = match[1], match[2]
        while value[:1] in ('"', "'") and _end(value) is None:  # a quoted value of several lines
            if number >= len(rows):
                raise Failure(f"{path}:{line}: the quotes of {name} are not closed")
            value += "\n" + rows[number]
            number += 1
        found[name] = (_value(value, f"{path}:{line}: {name}"), line)
    return found


def _value(text: str, where: str) -> str:
    if text[:1] not in ('"', "'"):
        return "" if text.startswith("#") else re.split(r"\s#", text, maxsplit=1)[0].rstrip()
    end = _end(text) or 0
    rest = text[end + 1 :].strip()
    if rest and not rest.startswith("#"):
        raise Failure(f"{where}: unexpected text after the closing quote")
    inner = text[1:end]
    if text[0] == "'":
        return inner
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), inner, flags=re.DOTALL)


def _end(text: str) -> int | None:
    """Where the quote closes that the text begins with."""
    at = 1
    while at < len(text):
        if text[at] == text[0]:
            return at
        at += 2 if text[0] == '"' and text[at] == "\\" else 1
    return None
