"""``${http.port}`` inside values: put in once, after merging, never inside secrets.

A value that refers to a secret becomes one.  ``$${`` stands for ``${`` itself.
"""

from __future__ import annotations

from ..contract.reference import put
from . import export, keys, kinds, problems

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .judge import Judge
    from .merge import Merged
    from .provider import Setting

    Path = tuple[str, ...]

MOST = 1 << 20  # characters of one value: references of references make them grow


def fill(merged: Merged, judge: Judge) -> None:
    """Replace the references in the strongest settings; what is wrong goes to the judge."""
    filler = _Filler(merged, judge)
    for path in list(merged.stacks):
        filler.value(path, ())


def names(value: Any) -> list[str]:
    """The keys that a value refers to; raises ValueError for a ``${`` that is not a reference."""
    found: list[str] = []

    def note(key: str) -> str:
        found.append(key)
        return ""

    _walk(value, lambda text: put(text, note))
    return found


class _Wrong(Exception):
    """Why a value cannot be filled; empty where that has been said already."""


class _Filler:
    def __init__(self, merged: Merged, judge: Judge) -> None:
        self._merged = merged
        self._judge = judge
        self._paths = {keys.show(path): path for path in merged.stacks}
        self._paths |= {".".join(path): path for path in merged.stacks}
        self._done: dict[Path, bool] = {}  # True: it can be used

    def value(self, path: Path, trail: tuple[str, ...]) -> bool:
        """Fill one key, first what it refers to; whether it can be used."""
        if path in self._done:
            return self._done[path]
        stack = self._merged.stacks[path]
        setting = stack[-1]
        if not _has(setting.value) or self._judge.is_secret(stack):
            self._done[path] = True
            return True
        trail = (*trail, keys.show(path))
        try:
            value = _walk(setting.value, lambda text: self._text(text, path, trail))
        except _Wrong as wrong:
            self._done[path] = False
            self._judge.bad.add(path)
            if str(wrong):
                self._judge.problems.append(_problem(str(wrong), setting))
            return False
        self._done[path] = True
        setting.given = setting.value
        setting.value = value
        setting.text = setting.text or isinstance(value, str)
        return True

    def _text(self, text: str, path: Path, trail: tuple[str, ...]) -> str:
        try:
            found = put(text, lambda key: self._referred(key, path, trail))
        except ValueError as error:
            raise _Wrong(f"{error}; write $${{ for the characters") from None
        if len(found) > MOST:
            raise _Wrong(f"longer than {MOST >> 20} MiB once its references are put in")
        return found

    def _referred(self, key: str, path: Path, trail: tuple[str, ...]) -> str:
        other = self._paths.get(key)
        if other is None:
            if any(name.startswith(f"{key}.") for name in self._paths):
                raise _Wrong(f"${{{key}}} is a table, not a single value")
            near = keys.nearest(key, self._paths)
            raise _Wrong(f"${{{key}}} is not set{near or '; write $${ for the characters'}")
        name = keys.show(other)
        if name in trail:
            way = " -> ".join((*trail[trail.index(name) :], name))
            raise _Wrong(f"${{{key}}} leads back to itself: {way}")
        if not self.value(other, trail):
            raise _Wrong
        stack = self._merged.stacks[other]
        if self._judge.is_secret(stack):
            self._judge.tainted.add(path)
        value = stack[-1].value
        if isinstance(value, (dict, list)) or value is None:
            raise _Wrong(f"${{{key}}} is a {kinds.name_of(value)}, not a single value")
        return export.text(value)


def _problem(message: str, setting: Setting) -> dict[str, str]:
    key = keys.show(setting.path)
    return problems.row(message, key=key, provider=setting.provider, place=setting.place)


def _has(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has, value))
    if isinstance(value, dict):  # inside a list
        return any(map(_has, value.values()))
    return isinstance(value, str) and "${" in value


def _walk(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, list):
        return [_walk(item, change) for item in value]
    if isinstance(value, dict):
        return {name: _walk(item, change) for name, item in value.items()}
    return change(value) if isinstance(value, str) else value
