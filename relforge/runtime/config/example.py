"""A schema as a file to fill in, and as JSON Schema; nothing is loaded, no value is shown."""

from __future__ import annotations

import json

from . import kinds
from .keys import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Row = dict[str, Any]
    Schema = dict[str, Row]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# What stands for a value where there is no default, or where it is secret.
_STANDS: dict[str, Any] = {
    "bool": False,
    "int": 0,
    "float": 0.0,
    "str": "",
    "list": [],
    "table": {},
    "duration": "20s",
    "bytes": "10MiB",
    "url": "https://example.com",
    "path": "/path/to/it",
}
_JSON: dict[str, Row] = {
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "str": {"type": "string"},
    "list": {"type": "array"},
    "table": {"type": "object"},
    "duration": {"type": ["string", "number"]},
    "bytes": {"type": ["string", "integer"]},
    "url": {"type": "string", "format": "uri"},
    "path": {"type": "string", "minLength": 1},
    "enum": {},
}


def toml(name: str, schema: Schema) -> str:
    """A TOML file in which every key is commented out, with what it is and its default.

    ``# `` begins a remark and ``#`` alone a key: removing the latter gives a
    file whose values have the types of the schema.
    """
    tables: dict[str, list[str]] = {"": []}
    for key, row in sorted(schema.items()):
        if not row.get("build_time"):
            above, _, last = key.rpartition(".")
            tables.setdefault(above, []).extend(_lines(last, row))
    lines = [f"# The configuration of {name}.  A key that is commented out has its default."]
    for above, rows in tables.items():
        if rows:
            lines += ["", f"[{above}]"] if above else []
            lines += rows
    return "\n".join(lines) + "\n"


def json_schema(name: str, schema: Schema, *, strict: bool) -> Row:
    """The configuration that all providers make together, by JSON Schema (2020-12)."""
    top = {
        "$schema": DIALECT,
        "title": f"the configuration of {name}",
        **_object(strict),
    }
    for key, row in sorted(schema.items()):
        place = top
        *above, last = split(key)
        for part in above:
            _need(place, part, row)
            place = place["properties"].setdefault(part, _object(strict))
        _need(place, last, row)
        place["properties"][last] = _property(row)
    return top


def _object(strict: bool) -> Row:
    return {"type": "object", "properties": {}, "additionalProperties": not strict}


def _need(place: Row, name: str, row: Row) -> None:
    """What is required makes the tables above it required."""
    if row.get("required") and name not in place.setdefault("required", []):
        place["required"].append(name)


def _property(row: Row) -> Row:
    kind = row.get("type", "str")
    found = dict(_JSON[kind])
    if "items" in row:
        found["items"] = _JSON[row["items"]]
    if "choices" in row:
        found["enum"] = row["choices"]
    if kind in ("int", "float"):
        limits = {"min": "minimum", "max": "maximum"}
        found |= {theirs: row[ours] for ours, theirs in limits.items() if ours in row}
    found["description"] = "; ".join(filter(None, (row.get("doc"), kinds.expected(row))))
    if row.get("secret"):
        found["writeOnly"] = True
    elif "default" in row:
        found["default"] = row["default"]
    return found


def _lines(name: str, row: Row) -> Iterator[str]:
    yield ""
    for line in row.get("doc", "").splitlines():
        yield f"# {line}"
    words = [kinds.expected(row)]
    words += [word for word in ("required", "secret") if row.get(word)]
    words += ["applied by a reload"] if row.get("reload") == "hot" else []
    yield f"# {', '.join(words)}"
    known = "default" in row and not row.get("secret")
    yield f"#{name} = {_value(row['default'] if known else _stands(row))}"


def _stands(row: Row) -> Any:
    if row.get("choices"):
        return row["choices"][0]
    return row.get("min", row.get("max", _STANDS[row.get("type", "str")]))


def _value(value: Any) -> str:
    """As TOML; its basic strings are those of JSON, but for DEL."""
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        rows = (f"{_value(str(key))} = {_value(item)}" for key, item in value.items())
        return f"{{ {', '.join(rows)} }}" if value else "{}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
