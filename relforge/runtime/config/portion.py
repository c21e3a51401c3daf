"""The part of a configuration that one service is handed: `services.X.config`."""

from __future__ import annotations

from . import keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

ALL = "*"
BELOW = ".*"  # at the end of a table's name; without it a table is meant as well
# With these one reads what the providers read.
CREDENTIALS = frozenset(("VAULT_TOKEN", "SOPS_AGE_KEY"))


def fits(key: str, wanted: Iterable[str]) -> bool:
    """Whether a key is among the wanted keys, or below one of them."""
    return any(row in (ALL, key) or key.startswith(f"{row.removesuffix(BELOW)}.") for row in wanted)


def of(result: Mapping[str, Any], wanted: Iterable[str]) -> dict[str, Any]:
    """A loader's result without the other keys, and what `export` makes of them."""
    wanted = tuple(wanted)
    values: dict[str, Any] = {}
    for path, value in keys.leaves(result["values"]):
        if fits(keys.show(path), wanted):
            keys.put(values, path, value)
    exported = result["exported"]
    return {
        **result,
        "values": values,
        "secrets": [key for key in result["secrets"] if fits(key, wanted)],
        "origins": {key: rows for key, rows in result["origins"].items() if fits(key, wanted)},
        "environ": {
            name: text for name, text in result["environ"].items() if fits(exported[name], wanted)
        },
        "exported": {name: key for name, key in exported.items() if fits(key, wanted)},
        "variables": {name: key for name, key in result["variables"].items() if fits(key, wanted)},
        "notes": [],
    }


def hidden(result: Mapping[str, Any], wanted: Iterable[str]) -> frozenset[str]:
    """The environment variables from which the other keys were read."""
    wanted = tuple(wanted)
    others = {name for name, key in result["variables"].items() if not fits(key, wanted)}
    return frozenset(others) | (frozenset() if ALL in wanted else CREDENTIALS)


def unmatched(result: Mapping[str, Any], wanted: Iterable[str]) -> list[str]:
    """Those of the wanted that name nothing that is set."""
    there = [keys.show(path) for path, _ in keys.leaves(result["values"])]
    return [row for row in wanted if row != ALL and not any(fits(key, (row,)) for key in there)]
