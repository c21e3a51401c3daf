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


_BUILT = ("defaults", "given")  # the providers that speak when a release is built


class Judge:
    """A schema, and the problems that settings have with it."""

    def __init__(self, schema: dict[str, Any], *, strict: bool) -> None:
        self.schema = schema
        self.strict = strict
        self.problems: list[dict[str, str]] = []
        self._said: set[tuple[str, str, str]] = set()
        self.bad: set[Path] = set()  # keys with a problem: not missing as well
        self.tainted: set[Path] = set()  # keys whose value refers to a secret

    def row(self, path: Path) -> dict[str, Any] | None:
        """The row of the schema that is about a path: its own, or that of a table around it."""
        for size in range(len(path), 0, -1):
            row: dict[str, Any] | None = self.schema.get(".".join(path[:size]))
            if row is not None and (size == len(path) or row.get("type") == "table"):
                return row
        return None

    def knows(self, path: Path) -> bool:
        """Whether there is a key of that name, or a table, or none is needed."""
        if not self.schema or not self.strict or self.row(path) is not None:
            return True
        return any(keys.split(key)[: len(path)] == path for key in self.schema)

    def secret(self, setting: Setting) -> bool:
        """What the schema says, else what the provider says."""
        return bool((self.row(setting.path) or {}).get("secret", setting.secret))

    def is_secret(self, stack: list[Setting]) -> bool:
        """Whether any layer made the key a secret, or its value holds one."""
        tainted = any(setting.path in self.tainted for setting in stack)
        return tainted or any(self.secret(setting) for setting in stack)

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
                self.wrong(keys.show(path[:size]), message, setting)
                return False
        inside = [key for key in self.schema if keys.split(key)[: len(path)] == path]
        if inside:
            if setting.value != {}:
                names = ", ".join(key[len(".".join(path)) + 1 :] for key in inside)
                got = kinds.name_of(setting.value)
                self.wrong(keys.show(path), f"expected a table (of {names}), got {got}", setting)
            return False
        if self.strict:
            # Of a flood nobody reads the suggestions, which take their time.
            few = len(self.problems) < problems.MOST
            near = keys.nearest(".".join(path), self.schema) if few else ""
            self.wrong(keys.show(path), f"unknown key{near}", setting)
        return not self.strict

    def values(self, merged: Merged, ways: Callable[[str], list[str]]) -> dict[str, Any]:
        """The typed values; ``ways`` says how a key can be set, for what is missing."""
        values: dict[str, Any] = {}
        self._fix(merged)
        for key, row in self.schema.items():
            path = keys.split(key)
            if path in merged.stacks and path not in self.bad:
                self._value(values, merged.stacks[path][-1], row)
            elif row.get("required") and not merged.below(path) and path not in self.bad:
                self.missing(key, row, ways(key))
        for path, stack in merged.stacks.items():
            if ".".join(path) not in self.schema:
                keys.put(values, path, plain(stack[-1].value))
        return values

    def _fix(self, merged: Merged) -> None:
        """What was fixed when the release was built is no longer anybody's to set."""
        for path, stack in merged.stacks.items():
            row = self.row(path)
            if row is None or not row.get("build_time"):
                continue
            built = [setting for setting in stack if setting.provider in _BUILT]
            for setting in stack:
                if setting in built or (built and _same(setting, built[-1], row)):
                    continue
                value = f"to {display(plain(built[-1].value))}" if built else "without a value"
                self.bad.add(path)
                self.wrong(
                    keys.show(path),
                    f"was fixed {value} when the release was built; to change it, build the "
                    "release again",
                    setting,
                )

    def _value(self, values: dict[str, Any], setting: Setting, row: dict[str, Any]) -> None:
        try:
            keys.put(values, setting.path, plain(_read(setting, row)))
        except kinds.Mismatch as mismatch:
            self.mismatch(setting, row, str(mismatch))

    def mismatch(self, setting: Setting, row: dict[str, Any], reason: str) -> None:
        """Note a value that is not what its row asks for."""
        self.bad.add(setting.path)
        wanted = f"expected {kinds.expected(row)}"
        if reason.startswith("it is set but"):
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
        self.wrong(keys.show(setting.path), message, setting)

    def wrong(self, key: str, message: str, setting: Setting | None) -> None:
        """Note what is wrong with a key, and with the setting that it has."""
        provider, place = (setting.provider, setting.place) if setting else ("", "")
        same = (key, message, provider)  # a wrong table is one mistake, not one a line
        if same not in self._said:
            self._said.add(same)
            self.problems.append(problems.row(message, key=key, provider=provider, place=place))

    def missing(self, key: str, row: dict[str, Any], ways: list[str]) -> None:
        """Note that a required key is not set, and how it can be."""
        how = f"; set {' or '.join(ways)}" if ways else "; no provider can set it"
        doc = f" ({row['doc']})" if row.get("doc") else ""
        message = f"required and not set{doc}: expected {kinds.expected(row)}{how}"
        self.problems.append(problems.row(message, key=key))


def _same(setting: Setting, built: Setting, row: dict[str, Any]) -> bool:
    try:
        return bool(_read(setting, row) == _read(built, row))
    except kinds.Mismatch:
        return False


def _read(setting: Setting, row: dict[str, Any]) -> Any:
    return (kinds.text if setting.text else kinds.typed)(setting.value, row)


def plain(value: Any) -> Any:
    """The value as JSON can carry it: TOML's dates become their ISO texts."""
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value
