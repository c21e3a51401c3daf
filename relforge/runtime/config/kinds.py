"""The types of a schema: a value of TOML must have the type, a text is read as it.

| type | from TOML, JSON, a provider's own values | from a text (variables, files) | value |
|---|---|---|---|
| bool | bool | true yes on 1, false no off 0 | bool |
| int | int | decimal | int |
| float | float, int | decimal | float |
| str | str | as it is, also empty | str |
| list | list | JSON, or parts with commas between | list |
| table | table | JSON | table |
| duration | as `contract.amount.seconds` has it | the same | float, seconds |
| bytes | as `contract.amount.size` has it | the same | int |
| url | str with a scheme | the same | str |
| path | str, not empty | the same | str |
| enum | one of `choices` | the same, by its text | as in `choices` |
"""

from __future__ import annotations

import json
import operator
import re
from urllib.parse import urlsplit

from ..contract import amount
from ..contract.wrong import Wrong
from . import sound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Row = dict[str, Any]


class Mismatch(Exception):
    """A value that is not of its type; the message says only what is wrong with it."""


NAMES = {
    "bool": "true or false",
    "int": "int",
    "float": "float",
    "str": "str",
    "list": "list",
    "table": "table",
    "duration": "duration (such as 20s, 1h30m or 500ms)",
    "bytes": "size (such as 512kB or 10MiB)",
    "url": "url (such as https://example.com)",
    "path": "path",
    "enum": "enum",
}
NUMBERS = {"int", "float", "duration", "bytes"}
_WORDS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
_INT = re.compile(r"[+-]?[0-9]+(_[0-9]+)*")
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


def expected(row: Row) -> str:
    """What a row of the schema asks for, in words."""
    kind = row.get("type", "str")
    if "choices" in row:
        return "one of " + ", ".join(str(choice) for choice in row["choices"])
    words = NAMES[kind]
    if kind == "list" and "items" in row:
        words = f"list of {row['items']}"
    low, high = row.get("min"), row.get("max")
    if low is not None and high is not None:
        return f"{words} from {low} to {high}"
    if low is not None:
        return f"{words} of at least {low}"
    return f"{words} of at most {high}" if high is not None else words


def name_of(value: Any) -> str:
    """The type of a value, in the words of a schema."""
    if value is None:
        return "null"
    return "table" if isinstance(value, dict) else type(value).__name__


def typed(value: Any, row: Row) -> Any:
    """The value of a provider that knows types; raises Mismatch."""
    return _limit(_TYPED[row.get("type", "str")](value, row), row)


def text(value: str, row: Row) -> Any:
    """The value that a text means; raises Mismatch."""
    kind = row.get("type", "str")
    if not value.strip() and (kind not in ("str", "list", "enum") or row.get("choices")):
        raise Mismatch("it is set but empty" if not value else "it is set but blank")
    return _limit(_TEXT[kind](value, row), row)


def _limit(value: Any, row: Row) -> Any:
    choices = row.get("choices")
    if choices is not None and value not in choices:
        raise Mismatch
    # As they are: a whole number may be larger than any float.
    for bound, beyond in (("min", operator.lt), ("max", operator.gt)):
        if bound in row and beyond(value, _number(row[bound], row)):
            raise Mismatch
    return value


def _number(value: Any, row: Row) -> Any:
    return _TYPED[row["type"]](value, {}) if isinstance(value, str) else value


def _is(*kinds: type) -> Callable[[Any, Row], Any]:
    def check(value: Any, row: Row) -> Any:
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise Mismatch
        return value

    return check


def _float(value: Any, row: Row) -> float:
    try:
        return float(_finite(float(_is(int, float)(value, row))))
    except OverflowError:
        raise Mismatch("it is too large") from None


def _list(value: Any, row: Row) -> list[Any]:
    _is(list)(value, row)
    items = row.get("items")
    return value if items is None else [_item(typed, item, items) for item in value]


def _item(read: Callable[[Any, Row], Any], value: Any, kind: str) -> Any:
    try:
        return read(value, {"type": kind})
    except Mismatch:
        raise Mismatch(f"one of its items is not of type {kind}") from None


def _duration(value: Any, row: Row) -> float:
    try:
        return amount.seconds(value)
    except Wrong as wrong:
        raise Mismatch(wrong.problem and f"it {wrong.problem}") from None


def _bytes(value: Any, row: Row) -> int:
    try:
        return amount.size(value)
    except Wrong as wrong:
        raise Mismatch(wrong.problem and f"it {wrong.problem}") from None


def _url(value: Any, row: Row) -> str:
    _is(str)(value, row)
    try:
        parts = urlsplit(value)
        good = bool(_SCHEME.fullmatch(value)) and (parts.port is None or parts.port >= 0)
    except ValueError:
        good = False
    if not good or not ("://" in value or parts.path):  # SQLAlchemy knows a bare sqlite://
        raise Mismatch
    return str(value)


def _path(value: Any, row: Row) -> str:
    if not _is(str)(value, row) or "\0" in value:
        raise Mismatch
    return str(value)


def _enum(value: Any, row: Row) -> Any:
    return value


def _bool_text(value: str, row: Row) -> bool:
    word = value.strip().lower()
    if word not in _WORDS:
        raise Mismatch
    return _WORDS[word]


def _int_text(value: str, row: Row) -> int:
    if not _INT.fullmatch(value.strip()):
        raise Mismatch
    try:
        return int(value)
    except ValueError:
        raise Mismatch("it has too many digits") from None


def _float_text(value: str, row: Row) -> float:
    if not _FLOAT.fullmatch(value.strip()):
        raise Mismatch
    return float(_finite(float(value)))


def _finite(value: Any) -> Any:
    if reason := sound.flaw((), value):
        raise Mismatch(f"it {reason}")
    return value


def _list_text(value: str, row: Row) -> list[Any]:
    if value.lstrip().startswith("["):
        return _list(_json(value), row)
    parts = [part.strip() for part in value.split(",")] if value.strip() else []
    items = row.get("items")
    return [_item(text, part, items) for part in parts] if items else list(parts)


def _table_text(value: str, row: Row) -> dict[str, Any]:
    table: dict[str, Any] = _is(dict)(_json(value), row)
    return table


def _json(value: str) -> Any:
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        raise Mismatch("it is not valid JSON") from None
    return _finite(found)


def _enum_text(value: str, row: Row) -> Any:
    for choice in row.get("choices", ()):
        if _as_text(choice) == value:
            return choice
    raise Mismatch


def _as_text(choice: Any) -> str:
    return ("false", "true")[choice] if isinstance(choice, bool) else str(choice)


_TYPED: dict[str, Callable[[Any, Row], Any]] = {
    "bool": _is(bool),
    "int": _is(int),
    "float": _float,
    "str": _is(str),
    "list": _list,
    "table": _is(dict),
    "duration": _duration,
    "bytes": _bytes,
    "url": _url,
    "path": _path,
    "enum": _enum,
}
_TEXT: dict[str, Callable[[str, Row], Any]] = {
    "bool": _bool_text,
    "int": _int_text,
    "float": _float_text,
    "str": lambda value, row: value,
    "list": _list_text,
    "table": _table_text,
    "duration": _duration,
    "bytes": _bytes,
    "url": _url,
    "path": _path,
    "enum": _enum_text,
}
