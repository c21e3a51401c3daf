"""``${http.port}`` in the settings of services."""

from __future__ import annotations

from ..errors import CONFIG, Refusal
from . import export, keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def expand(text: str, values: dict[str, Any], where: str) -> str:
    """The text with the values of these keys put in.

    Raises Refusal (78) that names ``where`` for a key that is not set or is no
    single value.
    """
    try:
        return put(text, lambda key: _text(key, values, where))
    except ValueError as error:
        raise Refusal(
            f"{where}: {text!r}: {error}",
            hint="write $${ for the characters themselves",
            code=CONFIG,
        ) from None


def put(text: str, value: Callable[[str], str]) -> str:
    """The text with ``value(key)`` for each ``${key}``; ``$${`` stands for ``${`` itself.

    What is put in is not looked through again.  Raises ValueError for a ``${``
    that is no reference.
    """
    parts = []
    rest = text
    while "${" in rest:
        before, _, rest = rest.partition("${")
        if before.endswith("$"):
            parts.append(before[:-1] + "${")
            continue
        key, brace, rest = rest.partition("}")
        if not brace or not key:
            raise ValueError("it holds a ${ without a key and a }")
        parts += [before, value(key)]
    return "".join(parts) + rest


def _text(key: str, values: dict[str, Any], where: str) -> str:
    value = keys.lookup(values, key)
    if value is keys.MISSING or value is None:
        known = (keys.show(path) for path, _ in keys.leaves(values))
        near = keys.nearest(key, known)
        raise Refusal(f"{where}: ${{{key}}} is not set{near}", code=CONFIG)
    if isinstance(value, (dict, list)):
        kind = "table" if isinstance(value, dict) else "list"
        raise Refusal(f"{where}: ${{{key}}} is a {kind}, no single value", code=CONFIG)
    return export.text(value)
