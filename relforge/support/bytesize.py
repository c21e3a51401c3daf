"""How many bytes a person means."""

from __future__ import annotations

import re

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", re.ASCII | re.IGNORECASE)


def size(text: str) -> int | None:
    """``500 MB`` or ``1.5g`` in bytes (SI units), None for ``none``; raises ValueError."""
    if text.strip().lower() == "none":
        return None
    found = _SIZE.fullmatch(text.strip())
    if not found:
        raise ValueError(text)
    return int(float(found[1]) * _UNITS[found[2].lower()])
