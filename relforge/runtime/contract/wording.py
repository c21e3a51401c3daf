"""What is said of a value that is wrong, and of one that is a default."""

from __future__ import annotations

from .wrong import Wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any


def at(place: str, read: Callable[..., Any], *values: Any, words: str = "") -> Any:
    """What ``read`` makes of a value inside another; its Wrong names the place."""
    try:
        return read(*values)
    except Wrong as wrong:
        problem = wrong.problem or found(words or "something else", values[-1])
        raise Wrong(problem, at=f"{place}{wrong.at}", hint=wrong.hint) from None


def measured(measure: Callable[[Any], Any], value: Any) -> Any:
    """A duration or a size; its Wrong says which value it is about."""
    try:
        return measure(value)
    except Wrong as wrong:
        raise Wrong(wrong.problem and f"{value!r} {wrong.problem}", hint=wrong.hint) from None


def choose(word: str, choices: Iterable[str]) -> str:
    """The word, which is one of these; raises Wrong with a suggestion."""
    known = tuple(choices)
    if word not in known:
        either = ", ".join(f'"{choice}"' for choice in known)
        near = nearest(word, known)
        hint = near if near.startswith("did you mean") else ""
        raise Wrong(f"{word!r} is none of {either}", hint=hint)
    return word


def nearest(word: str, known: Iterable[str]) -> str:
    """``did you mean `x`?``, or all that there is."""
    from difflib import get_close_matches

    rows = list(known)
    near = get_close_matches(word, rows, 1)
    return f"did you mean `{near[0]}`?" if near else f"known: {', '.join(rows)}"


def is_callable(text: str) -> bool:
    """Whether it is written as ``pkg.module:name``."""
    parts = text.split(":")
    return len(parts) == 2 and all(
        part and all(word.isidentifier() for word in part.split(".")) for part in parts
    )


def kind(value: Any) -> str:
    """The TOML name of a value's type."""
    names: Mapping[type, str] = {
        str: "a string",
        bool: "a boolean",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a table",
    }
    return names.get(type(value), f"a {type(value).__name__}")


def found(expected: str, value: Any) -> str:
    """``expected a string, found a number (7)``."""
    shown = "" if isinstance(value, dict | list) else f" ({value!r})"
    return f"expected {expected}, found {kind(value)}{shown}"


def toml(value: Any) -> str:
    """A default as code of Markdown: ``"text"``, ``true``, ``[]``; nothing for None."""
    import json

    if value is None:
        return ""
    if isinstance(value, tuple):
        value = list(value)
    return f"`{json.dumps(value)}`"
