"""How large the cache may be: ``RELFORGE_CACHE_LIMIT``."""

from __future__ import annotations

import os

from relforge.runtime.contract import amount
from relforge.runtime.contract.wrong import Wrong
from relforge.support.errors import SettingsError

VARIABLE = "RELFORGE_CACHE_LIMIT"
DEFAULT = "10 GB"


def limit() -> int | None:
    """In bytes; None for no limit.  Raises SettingsError."""
    text = os.environ.get(VARIABLE, "").strip() or DEFAULT
    if text.lower() == "none":
        return None
    try:
        return amount.size(text)
    except Wrong:
        raise SettingsError(
            f"${VARIABLE}: expected a size such as 500 MB or 20 GB, or none; found {text!r}",
            hint=f"unset it to use the default, {DEFAULT}",
        ) from None
