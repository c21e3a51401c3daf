"""What the value of a key may be: `Shape.read` judges a value as TOML has it.

What it returns is what the program works with and what the manifest holds:
seconds and bytes are numbers there, lists are tuples.
"""

from __future__ import annotations

from . import address, amount, reference
from .wrong import Wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
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


class FlagOrReference(Shape):
    words = 'true, false, or the configuration\'s "${key}"'
    takes = (bool, str)

    def read(self, value: Any) -> bool | str:
        found: bool | str = super().read(value)
        if isinstance(found, str) and not reference.keys(found):
            raise Wrong
        return found


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
    """Bytes; 0 in the manifest is no limit."""

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


class Program(Words):
    """A command: a list of words."""

    words = 'a command such as ["nginx", "-g", "daemon off;"]'

    def read(self, value: Any) -> tuple[str, ...]:
        words = super().read(value)
        if not words or not words[0]:
            raise Wrong
        return words


class Listen(Words):
    """Addresses."""

    def read(self, value: Any) -> tuple[str, ...]:
        texts = super().read(value)
        for index, text in enumerate(texts):
            at(f"[{index}]", address.check, text)
        return texts


class Table(Shape):
    """A table whose keys are the user's; its values are not looked at."""

    words = "a table"
    takes = (dict,)


class Variables(Table):
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
            raise Wrong(f'{text!r} is not an object such as "pkg.module:name"')
        return text


class Once(Shape):
    words = 'true, false, or a callable "pkg.module:lock"'
    takes = (bool, str)

    def read(self, value: Any) -> bool | str:
        found: bool | str = super().read(value)
        if isinstance(found, str) and not is_callable(found):
            raise Wrong
        return found


class Signal(Text):
    """A signal that a process can be asked to stop by."""

    def read(self, value: Any) -> str:
        import signal

        unfit = ("SIGKILL", "SIGSTOP", "SIGCHLD", "SIGCONT")
        known = [row.name for row in signal.Signals if row.name not in unfit]
        return choose(super().read(value), known)


class Pair(Shape):
    """Two numbers in a list."""

    takes = (list,)

    def __init__(self, words: str, first: type, fits: Callable[[float, float], bool]) -> None:
        self.words = words
        self._first = first
        self._fits = fits

    def read(self, value: Any) -> tuple[Any, float]:
        rows = super().read(value)
        if len(rows) != 2 or any(type(row) not in (int, float) for row in rows):
            raise Wrong
        if not all(0 <= row <= amount.LONGEST for row in rows) or not self._fits(*rows):
            raise Wrong
        if self._first is int and rows[0] != int(rows[0]):
            raise Wrong
        return self._first(rows[0]), float(rows[1])


class Limits(Shape):
    """Resource limits by their names in setrlimit(2); -1 in the manifest is no limit."""

    words = "a table"
    takes = (dict,)
    NAMES = (
        *("as", "core", "cpu", "data", "fsize", "memlock"),
        *("msgqueue", "nofile", "nproc", "stack"),
    )

    def read(self, value: Any) -> dict[str, int]:
        rows: dict[str, Any] = super().read(value)
        return {name: at(f".{name}", self._limit, name, row) for name, row in rows.items()}

    def _limit(self, name: str, value: Any) -> int:
        if name not in self.NAMES:
            raise Wrong("there is no such limit", hint=nearest(name, self.NAMES))
        if value in ("none", -1) and not isinstance(value, bool):
            return -1
        try:
            found: int = measured(amount.size, value)
        except Wrong as wrong:
            problem = wrong.problem or 'expected a number, a size such as "1 GB", or "none"'
            raise Wrong(problem, hint=wrong.hint) from None
        return found


class Probe(Shape):
    """A question to a program: it is well where the answer is good."""

    words = '{ http = URL }, { tcp = "host:port" } or { exec = ["command", "argument"] }'
    takes: tuple[type, ...] = (dict,)

    def read(self, value: Any) -> Any:
        row = super().read(value)
        ways: dict[str, Callable[[Any], Any]] = {
            "http": self._http,
            "tcp": self._tcp,
            "exec": Program().read,
        }
        if len(row) != 1 or next(iter(row)) not in ways:
            raise Wrong("expected exactly one of `http`, `tcp`, `exec`", hint=self.words)
        ((way, question),) = row.items()
        return {way: at(f".{way}", ways[way], question, words=self.words)}

    def _http(self, value: Any) -> str:
        text: str = Text().read(value)
        if not text.startswith(("http://", "https://", "${")):
            raise Wrong(f'{text!r} is not an address such as "http://127.0.0.1:8000/health"')
        return text

    def _tcp(self, value: Any) -> str:
        text: str = Text().read(value)
        if text.startswith(address.UNIX):
            raise Wrong(f'{text!r} is not "host:port"')
        address.check(text)
        return text


class Ready(Probe):
    """How it is known that a process is ready."""

    words = f'"notify", "started", {Probe.words}'
    takes = (str, dict)

    def read(self, value: Any) -> Any:
        if isinstance(value, str):
            if value not in ("notify", "started"):
                raise Wrong(f"{value!r} is not a way to become ready", hint=self.words)
            return value
        return super().read(value)


class Anything(Shape):
    """Of the manifest alone: nobody writes it."""

    takes = (str, bool, int, float, list, dict, type(None))


def at(place: str, read: Callable[..., Any], *values: Any, words: str = "") -> Any:
    """What ``read`` makes of a value inside another; its Wrong names the place."""
    try:
        return read(*values)
    except Wrong as wrong:
        problem = wrong.problem or found(words or "something else", values[-1])
        raise Wrong(problem, at=f"{place}{wrong.at}", hint=wrong.hint) from None


def measured(measure: Callable[[Any], Any], value: Any) -> Any:
    """A duration or a size; its Wrong says which value it is about."""
    try:
        return measure(value)
    except Wrong as wrong:
        raise Wrong(wrong.problem and f"{value!r} {wrong.problem}", hint=wrong.hint) from None


def choose(word: str, choices: Iterable[str]) -> str:
    """The word, which is one of these; raises Wrong with a suggestion."""
    known = tuple(choices)
    if word not in known:
        either = ", ".join(f'"{choice}"' for choice in known)
        near = nearest(word, known)
        hint = near if near.startswith("did you mean") else ""
        raise Wrong(f"{word!r} is none of {either}", hint=hint)
    return word


def nearest(word: str, known: Iterable[str]) -> str:
    """``did you mean `x`?``, or all that there is."""
    from difflib import get_close_matches

    rows = list(known)
    near = get_close_matches(word, rows, 1)
    return f"did you mean `{near[0]}`?" if near else f"known: {', '.join(rows)}"


def is_callable(text: str) -> bool:
    """Whether it is written as ``pkg.module:name``."""
    parts = text.split(":")
    return len(parts) == 2 and all(
        part and all(word.isidentifier() for word in part.split(".")) for part in parts
    )


def kind(value: Any) -> str:
    """The TOML name of a value's type."""
    names: Mapping[type, str] = {
        str: "a string",
        bool: "a boolean",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a table",
    }
    return names.get(type(value), f"a {type(value).__name__}")


def found(expected: str, value: Any) -> str:
    """``expected a string, found a number (7)``."""
    shown = "" if isinstance(value, dict | list) else f" ({value!r})"
    return f"expected {expected}, found {kind(value)}{shown}"


def toml(value: Any) -> str:
    """A default as code of Markdown: ``"text"``, ``true``, ``[]``; nothing for None."""
    import json

    if value is None:
        return ""
    if isinstance(value, tuple):
        value = list(value)
    return f"`{json.dumps(value)}`"
