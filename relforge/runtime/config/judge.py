"""Settings against a schema: which fit, what they are worth, what is wrong with them."""

from __future__ import annotations

import datetime

from . import keys, kinds, problems
from .secret import display

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .merge import Merged
    from .provider import Setting

    Path = tuple[str, ...]


class Judge:
    """A schema, and the problems that settings have with it."""

    def __init__(self, schema: dict[str, Any], *, strict: bool) -> None:
        self.schema = schema
        self.strict = strict
        self.problems: list[dict[str, str]] = []
        self.bad: set[Path] = set()  # keys with a problem: not missing as well

    def row(self, path: Path) -> dict[str, Any] | None:
        """The row of the schema that is about a path: its own, or that of a table around it."""
        for size in range(len(path), 0, -1):
            row: dict[str, Any] | None = self.schema.get(".".join(path[:size]))
            if row is not None and (size == len(path) or row.get("type") == "table"):
                return row
        return None

    def secret(self, setting: Setting) -> bool:
        """What the schema says, else what the provider says."""
        return bool((self.row(setting.path) or {}).get("secret", setting.secret))

    def is_secret(self, stack: list[Setting]) -> bool:
        """Whether any layer made the key a secret."""
        return any(self.secret(setting) for setting in stack)

    def fits(self, setting: Setting) -> bool:
        """Whether the schema has a place for a setting; says so where it has not.

        A beaten setting must fit as well: a misspelt key is a mistake anywhere.
        """
        path = setting.path
        if not self.schema or self.row(path) is not None:
            return True
        for size in range(1, len(path)):
            row = self.schema.get(".".join(path[:size]))
            if row is not None:
                self.bad.add(path[:size])
                message = f"expected {kinds.expected(row)}, got table"
                self._wrong(keys.show(path[:size]), message, setting)
                return False
        inside = [key for key in self.schema if keys.split(key)[: len(path)] == path]
        if inside:
            if setting.value != {}:
                names = ", ".join(key[len(".".join(path)) + 1 :] for key in inside)
                got = kinds.name_of(setting.value)
                self._wrong(keys.show(path), f"expected a table (of {names}), got {got}", setting)
            return False
        if self.strict:
            near = keys.nearest(".".join(path), self.schema)
            self._wrong(keys.show(path), f"unknown key{near}", setting)
        return not self.strict

    def values(self, merged: Merged, ways: Callable[[str], list[str]]) -> dict[str, Any]:
        """The typed values; ``ways`` tells how a key can be set, for what is missing."""
        values: dict[str, Any] = {}
        for key, row in self.schema.items():
            path = keys.split(key)
            if path in merged.stacks:
                self._value(values, merged.stacks[path][-1], row)
            elif row.get("required") and not merged.below(path) and path not in self.bad:
                self._missing(key, row, ways(key))
        for path, stack in merged.stacks.items():
            if ".".join(path) not in self.schema:
                keys.put(values, path, plain(stack[-1].value))
        return values

    def _value(self, values: dict[str, Any], setting: Setting, row: dict[str, Any]) -> None:
        try:
            read = kinds.text if setting.text else kinds.typed
            keys.put(values, setting.path, plain(read(setting.value, row)))
        except kinds.Mismatch as mismatch:
            self.mismatch(setting, row, str(mismatch))

    def mismatch(self, setting: Setting, row: dict[str, Any], reason: str) -> None:
        """Note a value that is not what its row asks for."""
        self.bad.add(setting.path)
        wanted = f"expected {kinds.expected(row)}"
        if reason.startswith("it is set and"):
            message = f"{wanted}, but {reason}"
        else:
            secret = self.secret(setting)
            got = kinds.name_of(setting.value)
            if setting.text:
                shown = "a value that is secret" if secret else display(setting.value)
            elif secret or isinstance(setting.value, (dict, list)) or setting.value is None:
                shown = f"{got} (secret)" if secret else got
            else:
                shown = f"{got} {display(setting.value)}"
            message = f"{wanted}, got {shown}" + (f": {reason}" if reason else "")
        self._wrong(keys.show(setting.path), message, setting)

    def _wrong(self, key: str, message: str, setting: Setting) -> None:
        row = problems.row(message, key=key, provider=setting.provider, place=setting.place)
        same = ("key", "message", "provider")  # a wrong table is one mistake, not one a line
        if not any(all(row[name] == old[name] for name in same) for old in self.problems):
            self.problems.append(row)

    def _missing(self, key: str, row: dict[str, Any], ways: list[str]) -> None:
        how = f"; set {' or '.join(ways)}" if ways else "; no provider can set it"
        doc = f" ({row['doc']})" if row.get("doc") else ""
        message = f"required and not set{doc}: expected {kinds.expected(row)}{how}"
        self.problems.append(problems.row(message, key=key))


def plain(value: Any) -> Any:
    """The value as JSON can carry it: TOML's dates become their ISO texts."""
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value
