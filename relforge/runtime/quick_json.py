"""JSON for commands that last milliseconds: what ``json`` does, without importing it.

The module ``json`` imports ``re`` and ``enum``, which takes as long as the rest
of a command.  Its work is done by ``_json`` in C, and that is asked here
directly.  What C refuses goes to ``json`` itself, whose answer and errors count.
"""

from __future__ import annotations

import _json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_BLANK = " \t\n\r"  # RFC 8259, section 2


class _Plain:
    """How ``json.loads`` asks for numbers and objects where nobody wishes otherwise."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    array_hook = None
    parse_float = float
    parse_int = int
    parse_constant = {
        "NaN": float("nan"),
        "Infinity": float("inf"),
        "-Infinity": float("-inf"),
    }.__getitem__


def loads(data: str | bytes) -> Any:
    """The value of a text, or of its UTF-8; raises ValueError as ``json.loads`` does."""
    text = data if isinstance(data, str) else str(data, "utf-8")
    try:
        context: Any = _Plain
        value, end = _json.make_scanner(context)(text, len(text) - len(text.lstrip(_BLANK)))
    except (StopIteration, ValueError, SystemError):
        pass  # SystemError: before 3.13 C looks for json's exception, and json is not imported.
    else:
        if not text[end:].strip(_BLANK):
            return value
    import json

    return json.loads(text)


def dumps(value: object, default: Callable[[Any], Any]) -> str:
    """One line without blanks; ``default`` makes something of what JSON lacks."""
    encode = _json.make_encoder(
        {}, default, _json.encode_basestring_ascii, None, ":", ",", False, False, True
    )
    return "".join(encode(value, 0))
