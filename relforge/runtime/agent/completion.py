"""What can follow a half-typed name, from the live objects."""

from __future__ import annotations

import builtins
import inspect
import keyword
import re
import sys

from .native import Worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

MOST = 500

_NAMES = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*\.?")


def complete(text: str, namespace: Mapping[str, Any]) -> list[str]:
    """Full texts that begin with ``text``, a dotted name; callables end with ``(``.

    Nothing is called but what attribute access calls.
    """
    if text and not _NAMES.fullmatch(text):
        return []
    place, dot, start = text.rpartition(".")
    if not dot:
        found = _globals(start, namespace)
    else:
        try:
            found = _attributes(_walk(place, namespace), start, place)
        except Exception:
            return []
    return sorted(set(found))[:MOST]


class Limited:
    """Completion that comes back in time, whatever a property of the application does.

    It runs in a thread; one that does not come back is left alone, and until it
    does there are no completions.
    """

    def __init__(self) -> None:
        self._thread: Worker | None = None

    def complete(self, text: str, namespace: Mapping[str, Any], seconds: float) -> list[str]:
        """The completions, or none where they take longer."""
        if self._thread is not None and self._thread.alive:
            return []
        found: list[str] = []
        self._thread = Worker(
            lambda: found.extend(complete(text, namespace)), "relforge-completion"
        )
        self._thread.start()
        self._thread.join(seconds)
        return found


def _globals(start: str, namespace: Mapping[str, Any]) -> Iterable[str]:
    for word in keyword.kwlist:
        if word.startswith(start):
            yield word
    for scope in (dict(namespace), vars(builtins)):
        for name, value in scope.items():
            if name.startswith(start) and (start or not name.startswith("_")):
                yield _called(name, value)


def _walk(place: str, namespace: Mapping[str, Any]) -> object:
    first, *rest = place.split(".")
    if first in namespace:
        found = namespace[first]
    elif hasattr(builtins, first):
        found = getattr(builtins, first)
    else:
        # An evaluation would import it; completing imports nothing.
        found = sys.modules[first]
    for word in rest:
        found = getattr(found, word)
    return found


def _attributes(place: object, start: str, before: str) -> Iterable[str]:
    for name in dir(place):
        if name.startswith(start) and (start or not name.startswith("_")):
            # Statically: listing names must not run anybody's property.
            yield f"{before}.{_called(name, inspect.getattr_static(place, name, None))}"


def _called(name: str, value: object) -> str:
    if isinstance(value, (staticmethod, classmethod)):
        return f"{name}("
    return f"{name}(" if callable(value) and not isinstance(value, property) else name
