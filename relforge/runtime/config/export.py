"""Values as texts: for ``os.environ`` and inside the settings of a service."""

from __future__ import annotations

import json

from . import keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def environment(export: Mapping[str, Any], values: dict[str, Any]) -> dict[str, str]:
    """The variables of ``export``, with the texts of their keys; none where a key is not set."""
    found = {}
    for variable, setting in sorted(export.items()):
        value = keys.lookup(values, key_of(setting))
        if value is not keys.MISSING and value is not None:
            found[variable] = exported(value, form_of(setting))
    return found


def key_of(setting: Any) -> str:
    """The key of ``"db.url"`` and of ``{ key = "db.url", as = "json" }``."""
    key: str = setting["key"] if isinstance(setting, dict) else setting
    return key


def form_of(setting: Any) -> str:
    """Its ``as``; "" for the usual form."""
    return setting.get("as", "") if isinstance(setting, dict) else ""


def exported(value: Any, form: str = "") -> str:
    """A value as a variable has it; a list of plain values as it is read, ``a,b``.

    A list that would not be read back as it is becomes JSON, unless ``form`` says csv.
    """
    if form == "json":
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool) and form in ("0/1", "empty"):
        return "1" if value else ("0" if form == "0/1" else "")
    if not isinstance(value, list) or any(isinstance(row, list | dict) for row in value):
        return text(value)
    rows = [text(row) for row in value]
    if form == "csv":
        return ",".join(_quoted(row) for row in rows)
    return ",".join(rows) if all(map(_is_plain, rows)) else text(value)


def _is_plain(row: str) -> bool:
    return bool(row) and row == row.strip() and "," not in row and not row.startswith("[")


def _quoted(row: str) -> str:
    """As RFC 4180 has it."""
    special = any(sign in row for sign in ',"\r\n')
    return '"' + row.replace('"', '""') + '"' if special else row


def text(value: Any) -> str:
    """A value as a text: ``true``, ``20`` for 20.0 seconds, JSON for lists and tables."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)
