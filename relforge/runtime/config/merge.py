"""Layers laid over one another; each key remembers who set it and whom that beat."""

from __future__ import annotations

from . import keys, kinds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .provider import Setting

    Path = tuple[str, ...]


class Merged:
    """The settings so far, by path; of each the strongest is last.

    Tables merge; any other value replaces what was there, a table too, and a
    table replaces a value.
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        self.stacks: dict[Path, list[Setting]] = {}
        self._tables: set[Path] = set()  # every path that has, or had, something below
        self._texts = {keys.split(key) for key, row in schema.items() if row.get("type") == "table"}

    def push(self, setting: Setting) -> None:
        """Lay one setting over the rest.

        A text for a table of the schema (``{"a": 1}`` in a variable) is opened,
        so that it merges as any table does; raises kinds.Mismatch.
        """
        if setting.text and setting.path in self._texts:
            self._open(setting)
            return
        path = setting.path
        beaten: list[Setting] = []
        for size in range(1, len(path)):
            above = path[:size]
            self._tables.add(above)
            beaten += [row for row in self.stacks.pop(above, []) if row.value != {}]
        if path in self._tables:
            below = [other for other in self.stacks if len(other) > len(path)]
            below = [other for other in below if other[: len(path)] == path]
            if setting.value == {} and below:
                return
            for other in below:
                beaten += self.stacks.pop(other)
        stack = self.stacks.setdefault(path, [])
        stack[:0] = beaten
        stack.append(setting)

    def values(self) -> dict[str, Any]:
        """The strongest values, as nested tables."""
        found: dict[str, Any] = {}
        for path, stack in self.stacks.items():
            keys.put(found, path, stack[-1].value)
        return found

    def below(self, path: Path) -> list[Path]:
        """The paths of the settings inside a table."""
        if path not in self._tables:
            return []
        size = len(path)
        return [other for other in self.stacks if len(other) > size and other[:size] == path]

    def _open(self, setting: Setting) -> None:
        from .provider import Setting

        table = kinds.text(setting.value, {"type": "table"})
        rows = list(keys.leaves(table, setting.path)) if table else [(setting.path, {})]
        for path, value in rows:
            part = Setting(path, value, setting.place, text=False, secret=setting.secret)
            part.provider = setting.provider
            self.push(part)
