"""What the value of a key may be: `Shape.read` judges a value as TOML has it.

What it returns is what the program works with and what the manifest holds:
seconds and bytes are numbers there, lists are tuples.
"""

from __future__ import annotations

from . import amount, reference
from .wording import at, choose, found, is_callable, measured, toml
from .wrong import Wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Shape:
    """``words`` say what is expected, ``takes`` are the types of TOML that it can be."""

    words = ""
    takes: tuple[type, ...] = ()
    unit = ""  # of the number in the manifest

    def read(self, value: Any) -> Any:
        """The value as the program has it; raises Wrong."""
        if type(value) not in self.takes:
            raise Wrong
        return value

    def shown(self, value: Any) -> str:
        """A value of the manifest as one would write it in TOML."""
        return toml(value)


class OrReference(Shape):
    """A value of another shape, or a text with a ``${key}`` that is one at boot."""

    def __init__(self, shape: Shape, *words: str) -> None:
        self._shape = shape
        self._words = words  # that stand for a value which only the host knows
        self.words = shape.words
        self.unit = "" if words else shape.unit
        self.takes = (*shape.takes, *(() if str in shape.takes else (str,)))

    def read(self, value: Any) -> Any:
        if isinstance(value, str) and (value in self._words or reference.keys(value)):
            return value
        if type(value) not in self._shape.takes:
            raise Wrong(found(self.words, value))
        return self._shape.read(value)

    def at_boot(self, value: Any) -> Any:
        """What it is once the configuration has been put in; raises Wrong."""
        if not isinstance(value, str) or value in self._words:
            return value
        meant = value if str in self._shape.takes else _number(value)
        try:
            return self._shape.read(meant)
        except Wrong as wrong:
            problem = wrong.problem or found(self.words, meant)
            raise Wrong(problem, at=wrong.at, hint=wrong.hint) from None

    def shown(self, value: Any) -> str:
        return self._shape.shown(value)


class Text(Shape):
    words = "a string"
    takes = (str,)


class Choice(Text):
    """One of some words."""

    def __init__(self, *choices: str) -> None:
        self.choices = choices

    def read(self, value: Any) -> str:
        return choose(super().read(value), self.choices)


class Flag(Shape):
    words = "true or false"
    takes = (bool,)


class Whole(Shape):
    """A whole number within bounds."""

    takes = (int,)

    def __init__(self, least: int, most: int | None = None) -> None:
        self._least = least
        self._most = most
        self.words = f"a whole number from {least} to {most}" if most else "a whole number"

    def read(self, value: Any) -> int:
        found: int = super().read(value)
        if self._most is not None and not self._least <= found <= self._most:
            raise Wrong
        if found < self._least:
            raise Wrong(f"{found} is less than {self._least}")
        return found


class Seconds(Shape):
    """A duration; ``least`` is the shortest, with the reason; 0 may stand for none."""

    words = amount.DURATION
    takes = (int, float, str)
    unit = "seconds"

    def __init__(self, *, least: float = 0.0, reason: str = "", none: bool = True) -> None:
        self._least = least
        self._reason = reason
        self._none = none

    def read(self, value: Any) -> float:
        found: float = measured(amount.seconds, value)
        if found < self._least and (found or not self._none):
            raise Wrong(self._reason)
        return found

    def shown(self, value: float) -> str:
        if not value:
            return "`0`"
        for unit in ("h", "m", "s"):
            if value % amount.SECONDS[unit] == 0:
                return f'`"{value / amount.SECONDS[unit]:g}{unit}"`'
        return f'`"{value:g}s"`'


class Size(Shape):
    """Bytes; 0 in the manifest means no limit."""

    words = 'a size such as "50 MB", or "none"'
    takes = (int, str)
    unit = "bytes"

    def read(self, value: Any) -> int:
        found: int = 0 if value == "none" else measured(amount.size, value)
        return found

    def shown(self, value: int) -> str:
        return f'`"{value // 1_000_000} MB"`' if value else '`"none"`'


class Words(Shape):
    """A list of strings."""

    words = "a list of strings"
    takes = (list,)

    def read(self, value: Any) -> tuple[str, ...]:
        rows = super().read(value)
        if not all(isinstance(row, str) for row in rows):
            raise Wrong
        return tuple(rows)


class CommandLine(Words):
    """A command: a list of words."""

    words = 'a command such as ["nginx", "-g", "daemon off;"]'

    def read(self, value: Any) -> tuple[str, ...]:
        words = super().read(value)
        if not words or not words[0]:
            raise Wrong
        return words


class Table(Shape):
    """A table whose keys are the user's; its values are not looked at."""

    words = "a table"
    takes = (dict,)


class ServerOptions(Table):
    """The same; a ``${key}`` that is all of a text has the type of the key at boot."""


class VariableTable(Table):
    """A table of strings."""

    def read(self, value: Any) -> dict[str, str]:
        rows: dict[str, str] = super().read(value)
        for name, text in rows.items():
            if not isinstance(text, str):
                raise Wrong(found("a string", text), at=f".{name}")
            if not name or "=" in name or "\0" in name + text:
                raise Wrong("cannot be an environment variable", at=f".{name}")
        return rows


class Target(Text):
    """``pkg.module:name``."""

    words = 'a callable such as "pkg.module:name"'

    def read(self, value: Any) -> str:
        text: str = super().read(value)
        if not is_callable(text):
            module, dot, name = text.rpartition(".")
            meant = f"{module}:{name}"
            hint = f'did you mean "{meant}"?' if dot and is_callable(meant) else ""
            raise Wrong(f'{text!r} is not an object such as "pkg.module:name"', hint=hint)
        return text


class Once(Shape):
    words = 'true, false, { by = ["a.key"] }, or a callable "pkg.module:lock"'
    takes = (bool, str, dict)

    def read(self, value: Any) -> bool | str | dict[str, tuple[str, ...]]:
        found: Any = super().read(value)
        if isinstance(found, str) and not is_callable(found):
            raise Wrong
        if not isinstance(found, dict):
            return found  # type: ignore[no-any-return]  # a flag or a text
        keys = at(".by", Words().read, found.get("by"), words=Words.words)
        if not keys or [*found] != ["by"]:
            raise Wrong("expected the keys of the configuration that it acts on", hint=self.words)
        return {"by": keys}


def _number(text: str) -> int | str:
    try:
        return int(text)
    except ValueError:
        return text


class Anything(Shape):
    """Of the manifest alone: nobody writes it."""

    takes = (str, bool, int, float, list, dict, type(None))
