"""How large the cache may be: ``RELFORGE_CACHE_LIMIT``."""

from __future__ import annotations

import os
import re

from relforge.errors import SettingsError

VARIABLE = "RELFORGE_CACHE_LIMIT"
DEFAULT = "10 GB"
_UNITS = {"": 1, "b": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", re.ASCII | re.IGNORECASE)


def limit() -> int | None:
    """In bytes; None for no limit.  Raises SettingsError."""
    text = os.environ.get(VARIABLE, "").strip() or DEFAULT
    if text.lower() == "none":
        return None
    if found := _SIZE.fullmatch(text):
        return int(float(found[1]) * _UNITS[found[2].lower()])
    raise SettingsError(
        f"${VARIABLE}: expected a size such as 500 MB or 20 GB, or none; found {text!r}",
        hint=f"unset it for {DEFAULT}",
    )
