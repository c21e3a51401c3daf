"""``${http.port}``: a key of the configuration, whose value is put there at boot.

``$${`` stands for the characters ``${`` themselves.  In addition to the keys of the
configuration there are the directories of the release, `RELEASE`.
"""

from __future__ import annotations

from .wrong import Wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

RELEASE = {
    "release.root": "the release",
    "release.app": "the application's files in it",
    "release.state": "the state directory",
}
HINT = "write $${ for the characters themselves"


def put(text: str, value: Callable[[str], str]) -> str:
    """The text with ``value(key)`` for each ``${key}``.

    What is put in is not looked through again.  Raises Wrong for a ``${`` that
    is not a reference.
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
            raise Wrong("it has a ${ without a key and a }", hint=HINT)
        parts += [before, value(key)]
    return "".join(parts) + rest


def keys(text: str) -> list[str]:
    """The keys that a text refers to; raises Wrong as `put`."""
    found: list[str] = []

    def note(key: str) -> str:
        found.append(key)
        return ""

    put(text, note)
    return found


def texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Each text inside a value of a setting, with its place: ``listen[0]``, ``env.PORT``."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for name, row in value.items():
            yield from texts(row, f"{place}.{name}")
    elif isinstance(value, list | tuple):
        for index, row in enumerate(value):
            yield from texts(row, f"{place}[{index}]")


def change(value: Any, place: str, text: Callable[[str, str], str]) -> Any:
    """The value with ``text(text, place)`` for each text inside, as `texts` finds them."""
    if isinstance(value, str):
        return text(value, place)
    if isinstance(value, dict):
        return {name: change(row, f"{place}.{name}", text) for name, row in value.items()}
    if isinstance(value, list | tuple):
        return tuple(change(row, f"{place}[{index}]", text) for index, row in enumerate(value))
    return value
