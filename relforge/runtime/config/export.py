"""Values as texts: for ``os.environ`` and inside the settings of a service."""

from __future__ import annotations

import json

from . import keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def environment(export: dict[str, str], values: dict[str, Any]) -> dict[str, str]:
    """The variables of ``export``, with the texts of their keys; none where a key is not set."""
    found = {}
    for variable, key in sorted(export.items()):
        value = keys.lookup(values, key)
        if value is not keys.MISSING and value is not None:
            found[variable] = text(value)
    return found


def text(value: Any) -> str:
    """A value as a text: ``true``, ``20`` for 20.0 seconds, JSON for lists and tables."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)
