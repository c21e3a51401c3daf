"""On which line a JSON document sets each key; over a text that `json` has accepted."""

from __future__ import annotations

import json
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    Path = tuple[str, ...]

_SIGN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],\n]')


def of(text: str) -> dict[Path, int]:
    """The line of each key, by its path; keys inside lists are left out."""
    found: dict[Path, int] = {}
    # Of each object and list around us the key whose value comes next; None in a list.
    around: list[str | None] = []
    line, is_key = 1, False
    for match in _SIGN.finditer(text):
        sign = match[0]
        if sign == "\n":
            line += 1
        elif sign in ("{", "["):
            around.append("" if sign == "{" else None)
            is_key = sign == "{"
        elif sign in ("}", "]"):
            around.pop()
            is_key = False
        elif sign == ",":
            is_key = around[-1] is not None
        elif is_key:
            around[-1] = json.loads(sign)
            is_key = False
            path = tuple(name for name in around if name is not None)
            if len(path) == len(around):
                found.setdefault(path, line)
    return found
