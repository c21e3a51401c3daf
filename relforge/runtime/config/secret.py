"""What is never printed: secret values, and the passwords inside addresses."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

MASK = "**********"

# Passwords hold anything, `@` and `/` too; after a host there may be `:port/`.
_PASSWORD = re.compile(r"(://[^\s/?#:@]*:)(?!\d{1,5}(?:[/?#\s]|$))\S*@")
_FIELD = re.compile(
    r"(?i)((?:^|[?&;\s])[\w.-]*(?:passw(?:or)?d|pwd|secret|token|api_?key|signature)[\w.-]*=)"
    r"([^&;\s]+)"
)
# Variables that hold secrets by their name; `PWD` and `..._FILE` hold paths.
_SUSPECT = re.compile(r"(?i)passw|_pwd|secret|token|credential|api_?key|private|(?:^|_)key$|_dsn$")
_PATH = re.compile(r"(?i)^(?:old)?pwd$|_(?:file|path|dir|directory|sock|socket)$")
_LINE_LEAST = 8  # of a secret of several lines, the lines that are secret by themselves


class Secret(str):
    """A text that is a ``str`` for every library, and whose ``repr`` shows nothing of it.

    ``str()``, formatting and encoding give the real text: a connection needs it.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Secret('{MASK}')"

    def reveal(self) -> str:
        """The text as a plain ``str``."""
        return str.__str__(self)


def wrap(value: Any) -> Any:
    """The value with every text in it as a Secret."""
    if isinstance(value, str):
        return Secret(value)
    if isinstance(value, list):
        return [wrap(item) for item in value]
    if isinstance(value, dict):
        return {key: wrap(item) for key, item in value.items()}
    return value


def mask(text: str) -> str:
    """The text without the passwords of the addresses in it."""
    return _FIELD.sub(rf"\1{MASK}", _PASSWORD.sub(rf"\1{MASK}@", text))


def display(value: Any, *, secret: bool = False) -> str:
    """A value for an operator's eyes, as TOML or JSON would write it."""
    if secret:
        return MASK
    return mask(json.dumps(value, ensure_ascii=False, default=str))


class Scrubber:
    """Takes secret values out of texts that others wrote: messages, tracebacks."""

    def __init__(self, environ: dict[str, str]) -> None:
        self._values: set[str] = set()
        for name, value in environ.items():
            if _SUSPECT.search(name) and not _PATH.search(name):
                self.add(value)

    def add(self, value: Any) -> None:
        """Remember every text in a secret value."""
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            for item in value:
                self.add(item)
        elif value is not None and not isinstance(value, bool) and str(value).strip():
            text = str(value)
            lines = [line for line in text.splitlines() if len(line) >= _LINE_LEAST]
            self._values.update(form for part in (text, *lines) for form in _forms(part))

    def clean(self, text: str) -> str:
        """The text with each secret, and each password of an address, masked."""
        for value in sorted(self._values, key=len, reverse=True):
            if len(value) >= 4:
                text = text.replace(value, MASK)
            else:
                text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", lambda _: MASK, text)
        return mask(text)


def _forms(text: str) -> Iterable[str]:
    """The ways in which a message may hold a text."""
    stripped = text.strip()
    return {text, stripped, repr(text)[1:-1], json.dumps(text)[1:-1], quote(stripped, safe="")}
