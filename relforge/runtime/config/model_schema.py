"""A pydantic model's JSON Schema as the rows of a schema: names, docs, secrets, limits.

The values themselves are pydantic's to judge; the rows say which keys there
are, so that variables find them and `config example` shows them.
"""

from __future__ import annotations

import re

from . import keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Node = dict[str, Any]

_TYPES = {
    "boolean": "bool",
    "integer": "int",
    "number": "float",
    "array": "list",
    "object": "table",
}
_FORMATS = {
    "uri": "url",
    "multi-host-uri": "url",
    "path": "path",
    "file-path": "path",
    "directory-path": "path",
    "duration": "duration",
}
# What pydantic writes for a timedelta, by ISO 8601.
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?")
_UNITS = (86400.0, 3600.0, 60.0, 1.0)
_LIMITS = {"minimum": "min", "maximum": "max"}


def rows(document: Node) -> dict[str, Node]:
    """The rows by dotted key; a model inside itself is a table that is not opened."""
    found: dict[str, Node] = {}
    _open(document, document.get("$defs", {}), (), (), True, found)
    return found


def is_open(document: Node) -> bool:
    """Whether the model takes keys that it does not name."""
    return document.get("additionalProperties") is True


def _open(
    node: Node,
    known: Node,
    path: tuple[str, ...],
    inside: tuple[str, ...],
    required: bool,
    found: dict[str, Node],
) -> None:
    needed = node.get("required", ())
    for name, child in node["properties"].items():
        if "." in name or not name:
            continue  # no key can name it
        inner, plain, may_lack, way = _plain(child, known, inside)
        here = (*path, name)
        if plain and "properties" in inner and not is_open(inner):
            must = required and name in needed and not may_lack
            _open(inner, known, here, way, must, found)
        else:
            row = _row({**inner, **{k: v for k, v in child.items() if k != "$ref"}})
            if required and name in needed:
                row["required"] = True
            found[keys.show(here)] = row


def _plain(
    node: Node, known: Node, inside: tuple[str, ...]
) -> tuple[Node, bool, bool, tuple[str, ...]]:
    """What a node stands for, whether that is one thing and may be null, the models around it."""
    may_lack = False
    while True:
        choices = [row for row in node.get("anyOf", ()) if row.get("type") != "null"]
        if len(choices) == 1:
            may_lack = may_lack or len(node["anyOf"]) > 1
            node = choices[0]
        elif "$ref" in node:
            name = node["$ref"].rpartition("/")[2]
            if name in inside:
                return {"type": "object"}, False, may_lack, inside
            inside = (*inside, name)
            node = known.get(name, {})
        else:
            several = "anyOf" in node or "oneOf" in node or "allOf" in node
            return node, not several, may_lack, inside


def _row(node: Node) -> Node:
    choices = node.get("enum") or ([node["const"]] if "const" in node else [])
    kind = _TYPES.get(node.get("type", ""), _FORMATS.get(node.get("format", ""), "str"))
    row: Node = {"type": "enum" if choices else kind}
    if choices:
        row["choices"] = choices
    if node.get("writeOnly"):
        row["secret"] = True
    elif node.get("default") is not None:
        row["default"] = _default(node["default"], kind)
    if "description" in node:
        row["doc"] = node["description"]
    if kind in ("int", "float"):
        row |= {ours: node[theirs] for theirs, ours in _LIMITS.items() if theirs in node}
    if node.get("reload") in ("hot", "restart"):
        row["reload"] = node["reload"]
    items = node.get("items", {}).get("type") if kind == "list" else None
    if items in ("boolean", "integer", "number", "string"):
        row["items"] = _TYPES.get(items, "str")
    return row


def _default(value: Any, kind: str) -> Any:
    if kind == "duration" and isinstance(value, str) and (match := _DURATION.fullmatch(value)):
        return sum(
            float(part or 0) * unit for part, unit in zip(match.groups(), _UNITS, strict=True)
        )
    return value
