"""Credentials: nothing that a person or a log reads shows them."""

from __future__ import annotations

import re
from urllib.parse import quote

MASK = "****"
SHORTEST = 4  # a shorter password would be found in every other word

_USERINFO = re.compile(r"(?<=://)(?!git@)[^/?#@\s'\"]+@")
_known: set[str] = set()


def remember(secret: str) -> None:
    """Mask this text from now on, wherever it stands."""
    if len(secret) >= SHORTEST:
        _known.update((secret, quote(secret, safe="")))


def mask(text: str) -> str:
    """The text with ``user:password@`` of addresses, and what is remembered, as asterisks."""
    text = _USERINFO.sub(f"{MASK}@", text)
    for secret in _known:
        text = text.replace(secret, MASK)
    return text


def bare(address: str) -> str:
    """The address without credentials."""
    return _USERINFO.sub("", address)
