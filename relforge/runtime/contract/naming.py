"""How releases and their versions may be called, and the environment variable of a key."""

from __future__ import annotations

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_BEGINS = frozenset(f"{_LETTERS}{_LETTERS.upper()}0123456789")
_NAME = _BEGINS | frozenset("_-")
_VERSION = _BEGINS | frozenset("._+!-")
_MOST = 100  # characters


def is_name(text: str) -> bool:
    """Whether a release may have that name."""
    return 0 < len(text) <= _MOST and text[0] in _BEGINS and _NAME.issuperset(text)


def is_version(text: str) -> bool:
    """Whether a release may have that version."""
    plain = 0 < len(text) <= _MOST and text[0] in _BEGINS and _VERSION.issuperset(text)
    return plain and ".." not in text


def variable(prefix: str, key: str) -> str:
    """``TICKETD_DB__URL`` for ``db.url``."""
    return prefix + key.upper().replace("-", "_").replace(".", "__")
