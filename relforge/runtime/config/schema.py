"""The errors of a schema itself, found when the release is built."""

from __future__ import annotations

import re

from . import keys, kinds, references

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

WHERE = "tool.relforge.config.schema"
# A row's own keys, and the types that they may have.
ROW: dict[str, tuple[type, ...]] = {
    "type": (str,),
    "default": (bool, int, float, str, list, dict),
    "required": (bool,),
    "secret": (bool,),
    "doc": (str,),
    "min": (int, float, str),
    "max": (int, float, str),
    "choices": (list,),
    "items": (str,),
    "reload": (str,),
    "build_time": (bool,),
}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def check(schema: dict[str, Any], *, strict: bool = True) -> list[tuple[str, str]]:
    """What is wrong with a schema: (the place as the user wrote it, the message) for each."""
    errors = list(_clashes(schema))
    for key, row in schema.items():
        where = f"{WHERE}.{_quoted(key)}"
        errors += [(where, message) for message in _key(key)]
        if isinstance(row, dict):
            errors += [(f"{where}.{name}", message) for name, message in _row(key, row)]
        else:
            found = kinds.name_of(row)
            errors.append((where, f'expected a table such as {{ type = "int" }}, got {found}'))
    return [*errors, *(_unknown_references(schema) if strict else ())]


def normal(key: str) -> str:
    """A key as a variable can name it: no case, no dashes."""
    return key.lower().replace("-", "_")


def _key(key: str) -> Iterator[str]:
    for name in keys.split(key):
        if not _NAME.fullmatch(name):
            yield (
                f"{name!r} is not a valid key: use letters, digits, - and _, and start with "
                "a letter, - or _"
            )
        elif "__" in name:
            yield "a name cannot contain __, which stands for a dot in variables"


def _row(key: str, row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in row.items():
        if name not in ROW:
            yield name, _unknown(key, name, value)
        elif not isinstance(value, ROW[name]) or (
            isinstance(value, bool) and bool not in ROW[name]
        ):
            names = " or ".join(kind.__name__ for kind in ROW[name])
            yield name, f"expected {names}, got {kinds.name_of(value)}"
    kind = row.get("type", "str")
    if not isinstance(kind, str) or kind not in kinds.NAMES:
        if isinstance(kind, str):
            known = ", ".join(sorted(kinds.NAMES))
            near = keys.nearest(kind, kinds.NAMES)
            yield "type", f"no type {kind!r}{near or f'; the types are {known}'}"
        return
    yield from _limits(kind, row)
    if row.get("required") and "default" in row:
        yield "default", "a required key cannot have a default"
    if row.get("reload", "restart") not in ("hot", "restart"):
        yield "reload", 'expected "hot" or "restart"'
    if row.get("build_time") and row.get("reload") == "hot":
        yield "reload", "a key that is fixed at build time cannot change at run time"
    if row.get("build_time") and row.get("secret"):
        yield "build_time", "a secret would be in the artifact"
    if "default" in row and isinstance(row["default"], ROW["default"]):
        if _refers(row["default"]):
            return  # what comes of it is known at boot
        try:
            kinds.typed(row["default"], row)
        except (kinds.Mismatch, TypeError, ValueError):
            yield "default", f"expected {kinds.expected(row)}, got {row['default']!r}"


def _refers(value: Any) -> bool:
    """Whether a default refers to another key; `references` knows which ones there are."""
    return isinstance(value, str) and "${" in value


def _unknown_references(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    tables = [key for key, row in schema.items() if _type(row) == "table"]
    for key, row in schema.items():
        default = row.get("default") if isinstance(row, dict) else None
        where = f"{WHERE}.{_quoted(key)}.default"
        try:
            found = references.names(default)
        except ValueError as error:
            yield where, f"{default!r}: {error}"
            continue
        for name in found:
            if name not in schema and not name.startswith(tuple(f"{key}." for key in tables)):
                yield where, f"${{{name}}} is not in the schema{keys.nearest(name, schema)}"


def _type(row: Any) -> Any:
    return row.get("type") if isinstance(row, dict) else None


def _limits(kind: str, row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if kind == "enum" and not row.get("choices"):
        yield "choices", 'an enum needs its choices, such as choices = ["debug", "info"]'
    for name in ("min", "max"):
        if name in row and kind not in kinds.NUMBERS:
            yield name, f"only numbers have limits ({', '.join(sorted(kinds.NUMBERS))}), not {kind}"
        elif name in row:
            try:
                kinds.typed(row[name], {"type": kind})
            except kinds.Mismatch:
                yield name, f"expected {kinds.NAMES[kind]}, got {row[name]!r}"
    if "choices" in row and kind in ("bool", "table", "list"):
        yield "choices", f"a {kind} has no choices"
    if "items" in row and kind != "list":
        yield "items", "only a list has items"
    elif "items" in row and row["items"] not in kinds.NAMES:
        near = keys.nearest(str(row["items"]), kinds.NAMES)
        yield "items", f"no type {row['items']!r}{near}"
    elif "items" in row and row["items"] == "enum":
        yield "items", "the items of a list cannot be an enum"


def _unknown(key: str, name: str, value: Any) -> str:
    if isinstance(value, dict):
        return f'unknown key; write the whole key in quotes: "{key}.{name}" = {{ ... }}'
    return f"unknown key{keys.nearest(name, ROW) or '; the keys are ' + ', '.join(sorted(ROW))}"


def _clashes(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    seen: dict[str, str] = {}
    for key in schema:
        where = f"{WHERE}.{_quoted(key)}"
        other = seen.setdefault(normal(key), key)
        if other != key:
            yield where, f"its variable is the same as that of {other}"
        path = keys.split(key)
        for size in range(1, len(path)):
            above = ".".join(path[:size])
            if above in schema:
                yield where, f"{above} is a value and cannot be a table as well"


def _quoted(key: str) -> str:
    return f'"{key}"'
