"""Values that nobody can use, whatever the schema says: refused where they come in."""

from __future__ import annotations

from math import isfinite

from .keys import DEEPEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_REASONS = {
    "deep": f"nested deeper than {DEEPEST} tables and lists",
    "number": "contains a number that is not finite, which JSON does not have",
    "nul": "contains a NUL character, which variables and paths cannot",
    "text": (
        "contains text that is not valid Unicode (a variable that is not UTF-8, half a "
        "surrogate pair)"
    ),
}


def flaw(path: tuple[str, ...], value: Any) -> str:
    """What is wrong with a setting, nothing where it can be used; never recursive."""
    todo: list[tuple[Any, int]] = [(name, 1) for name in path]
    todo.append((value, len(path)))
    while todo:
        item, depth = todo.pop()
        if depth > DEEPEST:
            return _REASONS["deep"]
        if isinstance(item, dict):
            todo += [(part, depth + 1) for row in item.items() for part in row]
        elif isinstance(item, (list, tuple)):
            todo += [(part, depth + 1) for part in item]
        elif isinstance(item, float) and not isfinite(item):
            return _REASONS["number"]
        elif isinstance(item, str) and (found := _text(item)):
            return _REASONS[found]
    return ""


def _text(text: str) -> str:
    if "\0" in text:
        return "nul"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "text"
    return ""
