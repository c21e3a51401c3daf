"""What differs between two configurations, as an operator may see it."""

from __future__ import annotations

from . import keys
from .secret import display

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Loaded = dict[str, Any]

HOT = "hot"


def between(old: Loaded, new: Loaded, schema: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each key whose value differs, by name; what `loading.read` gives goes in.

    ``{"key", "old", "new", "secret", "hot", "origin"}``: the values are texts,
    masked where either side calls them secret, empty where the key is not set.
    """
    before, after = _flat(old), _flat(new)
    secrets = {*old["secrets"], *new["secrets"]}
    rows = []
    for path in sorted({*before, *after}):
        was, is_ = before.get(path, keys.MISSING), after.get(path, keys.MISSING)
        if was == is_ and type(was) is type(is_):
            continue
        key = keys.show(path)
        secret = key in secrets
        origins = new["origins"].get(key) or [["", ""]]
        rows.append(
            {
                "key": key,
                "old": "" if was is keys.MISSING else display(was, secret=secret),
                "new": "" if is_ is keys.MISSING else display(is_, secret=secret),
                "secret": secret,
                "hot": _reload(path, schema) == HOT,
                "origin": ": ".join(part for part in origins[0] if part),
            }
        )
    return rows


def _flat(loaded: Loaded) -> dict[tuple[str, ...], Any]:
    return dict(keys.leaves(loaded["values"]))


def _reload(path: tuple[str, ...], schema: dict[str, Any]) -> str:
    """What the schema says of a key, or of the table around it."""
    for size in range(len(path), 0, -1):
        row = schema.get(".".join(path[:size]))
        if row is not None:
            found: str = row.get("reload", "restart")
            return found
    return "restart"
