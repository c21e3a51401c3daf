"""The fields of one remote secret, as settings: all of them, or those that a ``map`` names."""

from __future__ import annotations

from . import keys
from .names import KeyNames
from .provider import BadOptions, Failure, Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .provider import Context

OPTIONS: dict[str, tuple[type, Any]] = {"map": (dict, {}), "under": (str, "")}


def check(state: dict[str, Any]) -> None:
    """Raise BadOptions for both ``map`` and ``under``, or a table's name that is none."""
    if state["map"] and state["under"]:
        raise BadOptions([("under", "a map names whole keys: set only one of `map` and `under`")])
    if state["under"] and not all(state["under"].split(".")):
        raise BadOptions([("under", "expected the name of a table, such as db")])


def layer(values: dict[str, Any], state: dict[str, Any], context: Context, place: str) -> Layer:
    """Secret settings, texts where the store has texts; the place is ``secret/shop/db#user``.

    Raises Failure where the map names a field that is not there.
    """
    found = Layer()
    for field, key in _chosen(values, state, context):
        if field not in values:
            names = ", ".join(sorted(values)) or "nothing"
            found.errors.append(f"{place}: no field {field!r}; it has {names}")
        else:
            for path, value in keys.leaves({"": values[field]}):
                inner = (*key, *path[1:])
                found.add(inner, value, f"{place}#{field}", text=True, secret=True)
    return found


def _chosen(
    values: dict[str, Any], state: dict[str, Any], context: Context
) -> list[tuple[str, tuple[str, ...]]]:
    if state["map"]:
        return [(field, keys.split(key)) for field, key in state["map"].items()]
    names = KeyNames(context.schema)
    above = state["under"].split(".") if state["under"] else []
    rows = []
    for field in values:
        key = names.path([*above, *field.replace("__", ".").split(".")])
        if not all(key):
            raise Failure(f"{field!r} is not a valid key: expected one such as db.url")
        rows.append((field, key))
    return rows


def ways(state: dict[str, Any], key: str, where: str) -> list[str]:
    """How a key is set in the store: only what this row reads."""
    if state["map"]:
        fields = [field for field, target in state["map"].items() if target == key]
        return [f"the field {field} of {where}" for field in fields]
    above = f"{state['under']}." if state["under"] else ""
    return [f"the field {key[len(above) :]} of {where}"] if key.startswith(above) else []
