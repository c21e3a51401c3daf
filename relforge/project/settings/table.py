"""Reading TOML into values: each value knows the path under which the user wrote it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeVar

from relforge.runtime.contract.record import Record, keys
from relforge.runtime.contract.shapes import Shape
from relforge.runtime.contract.wording import found
from relforge.runtime.contract.wrong import Wrong
from relforge.runtime.settings import Over
from relforge.support.errors import SettingsError

T = TypeVar("T")
V = TypeVar("V")

_BARE = re.compile(r"[A-Za-z0-9_-]+(\[\d+\])?")


@dataclass(frozen=True, slots=True)
class Reading:
    """A value that the program asked for, and where it came from."""

    path: tuple[str, ...]
    value: Any
    origin: str | None  # None: written by the user; else where the default comes from


@dataclass(slots=True)
class Table:
    """One TOML table.  Ask for each key that it may have, then call `finish`.

    Every method raises SettingsError that names the key as the user wrote it.
    """

    data: dict[str, Any]
    path: tuple[str, ...]
    readings: list[Reading] = field(default_factory=list)
    over: tuple[Over, ...] = ()  # what was laid over, narrowed to this place
    asked: set[str] = field(default_factory=set)

    def text(self, key: str, default: T, *, origin: str = "default") -> str | T:
        return self._read(key, default, _text, "a string", origin)

    def choice(self, key: str, default: str, choices: Sequence[str]) -> str:
        value = self.text(key, default)
        if value not in choices:
            raise self.error(
                key, f"{value!r} is none of {_either(choices)}", hint=_near(value, choices)
            )
        return value

    def choices(
        self, key: str, default: tuple[str, ...], choices: Sequence[str]
    ) -> tuple[str, ...]:
        """A list of some of the choices, each once."""
        values = self.texts(key, default)
        for index, value in enumerate(values):
            if value not in choices:
                raise self.error(
                    f"{key}[{index}]",
                    f"{value!r} is none of {_either(choices)}",
                    hint=_near(value, choices),
                )
            if value in values[:index]:
                raise self.error(f"{key}[{index}]", f"{value!r} occurs twice")
        return values

    def flag(self, key: str, default: bool, *, origin: str = "default") -> bool:
        return self._read(key, default, _flag, "true or false", origin)

    def texts(
        self, key: str, default: tuple[str, ...], *, origin: str = "default"
    ) -> tuple[str, ...]:
        return self._read(key, default, _texts, "a list of strings", origin)

    def texts_or(self, key: str, default: T, *, origin: str = "default") -> tuple[str, ...] | T:
        return self._read(key, default, _texts, "a list of strings", origin)

    def mapping(self, key: str) -> dict[str, Any]:
        """A table whose keys are the user's; its values are not looked at."""
        empty: dict[str, Any] = {}
        return self._read(key, empty, _table, "a table")

    def text_mapping(self, key: str) -> dict[str, str]:
        """A table of strings whose keys are the user's."""
        rows = self.mapping(key)
        for name, value in rows.items():
            if not isinstance(value, str):
                raise self.error(f"{key}.{name}", found("a string", value))
        return rows

    def raw(self, key: str, default: Any, *, origin: str = "default") -> Any:
        """The value as it is, for keys that take several types."""
        return self._read(key, default, lambda value: value, "", origin)

    def read(self, key: str, shape: Shape, default: Any = None, *, origin: str = "default") -> Any:
        """The value of a key of the contract, as the manifest has it."""
        return self._read(key, default, shape.read, shape.words, origin)

    def record(
        self, record: type[Record], kind: str = "", *, but: Collection[str] = ()
    ) -> dict[str, Any]:
        """The keys of a table of the contract, ``but`` those that the caller reads itself.

        ``kind`` is what the table is about where not all of them apply.
        """
        values = {}
        for row in keys(record):
            if not row.setting or row.name in but:
                continue
            written = row.name in self.data
            if not row.applies(kind):
                if written:
                    only = " and ".join(f"`{name}`" for name in row.kinds)
                    raise self.error(row.name, f"only for {only}, but this one has `{kind}`")
                continue
            if kind in row.required and not written:
                self.refuse_unknown([row.name for row in keys(record) if row.setting])
                raise self.error(row.name, f"is required with `{kind}`", hint=row.hint)
            origin = f"`{kind}`" if row.required else "default"
            values[row.name] = self.read(row.name, row.shape, row.default, origin=origin)
        return values

    def table(self, key: str) -> Table:
        """The sub-table; an empty one where there is none."""
        self.asked.add(key)
        value = self.data.get(key, {})
        if not isinstance(value, dict):
            raise self.error(key, found("a table", value))
        return self._below(key, key, value)

    def tables(self, key: str) -> Iterator[Table]:
        """The tables of an array of tables."""
        self.asked.add(key)
        value = self.data.get(key, [])
        if not isinstance(value, list):
            raise self.error(key, found("a list of tables", value))
        for index, row in enumerate(value):
            if not isinstance(row, dict):
                raise self.error(f"{key}[{index}]", found("a table", row))
            yield self._below(key, f"{key}[{index}]", row)

    def children(self) -> Iterator[tuple[str, Table]]:
        """The sub-tables of a table whose keys are the user's."""
        for key in self.data:
            yield key, self.table(key)

    def finish(self) -> None:
        """Refuse the keys that nobody asked for."""
        self.refuse_unknown(())

    def refuse_unknown(self, more: Collection[str]) -> None:
        """Refuse what is neither asked for yet nor among ``more``: before a key that is missing."""
        known = sorted({*self.asked, *more})
        for key in self.data:
            if key not in known:
                hint = _near(key, known) or f"known here: {', '.join(known)}"
                raise self.error(dotted((key,)), "unknown key", hint=hint)

    def error(self, key: str, problem: str, *, hint: str = "") -> SettingsError:
        """A SettingsError for a key of this table; ``key`` is as the user would write it."""
        return SettingsError(f"{self.where(key)}.{key}: {problem}", hint=hint)

    def where(self, key: str = "") -> str:
        """The path of this table, as TOML writes it: of what was laid over, if that has ``key``."""
        for row in self.over:
            laid = isinstance(row.table, list)  # a list replaces, so all of it stands there
            for name in row.table if isinstance(row.table, dict) else ():
                word = dotted((name,))
                laid = laid or key == word or key.startswith((f"{word}.", f"{word}["))
            if laid:
                return dotted((*row.path, *self.path[2:]))
        return dotted(self.path)

    def _below(self, key: str, name: str, data: dict[str, Any]) -> Table:
        over = (
            Over(row.path, row.table.get(key) if isinstance(row.table, dict) else row.table)
            for row in self.over
        )
        return Table(data, (*self.path, name), self.readings, tuple(over))

    def _read(
        self,
        key: str,
        default: T,
        parse: Callable[[Any], V],
        expected: str,
        origin: str = "default",
    ) -> V | T:
        self.asked.add(key)
        if key not in self.data:
            self.readings.append(Reading((*self.path, key), default, origin))
            return default
        value = self.data[key]
        try:
            result = parse(value)
        except Wrong as wrong:
            problem = wrong.problem or found(expected, value)
            raise self.error(f"{dotted((key,))}{wrong.at}", problem, hint=wrong.hint) from None
        self.readings.append(Reading((*self.path, key), value, None))
        return result


def dotted(path: Sequence[str]) -> str:
    """``("tool", "http.port")`` as ``tool."http.port"``; an index ``[1]`` stays bare."""
    return ".".join(part if _BARE.fullmatch(part) else _quoted(part) for part in path)


def _quoted(part: str) -> str:
    """In quotes, as TOML writes it; what a terminal would act on is escaped."""
    return json.dumps(part, ensure_ascii=not part.isprintable())


def _near(word: str, known: Sequence[str]) -> str:
    near = get_close_matches(word, known, 1)
    return f"did you mean `{near[0]}`?" if near else ""


def _either(choices: Sequence[str]) -> str:
    return ", ".join(f'"{choice}"' for choice in choices)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Wrong
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(row, str) for row in value):
        raise Wrong
    return tuple(value)


def _table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Wrong
    return value
