"""What the values of a service's own keys may be; see `shapes`."""

from __future__ import annotations

from . import address, amount, reference
from .shapes import CommandLine, Shape, Text, Words
from .wording import at, choose, measured, nearest
from .wrong import Wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class FlagOrReference(Shape):
    words = 'true, false, or the configuration\'s "${key}"'
    takes = (bool, str)

    def read(self, value: Any) -> bool | str:
        found: bool | str = super().read(value)
        if isinstance(found, str) and not reference.keys(found):
            raise Wrong
        return found


class Listen(Words):
    """Addresses."""

    def read(self, value: Any) -> tuple[str, ...]:
        texts = super().read(value)
        for index, text in enumerate(texts):
            at(f"[{index}]", address.check, text)
        return texts


class KeyPatterns(Words):
    """Keys of the configuration, and tables of them."""

    words = 'a list of keys and tables such as ["http.port", "db.*"]'

    def read(self, value: Any) -> tuple[str, ...]:
        rows = super().read(value)
        for index, row in enumerate(rows):
            name = row.removesuffix(".*")
            if row != "*" and (not all(name.split(".")) or "*" in name):
                raise Wrong(
                    f"{row!r} is neither a key nor a table",
                    at=f"[{index}]",
                    hint='write "db.url", "db.*" for all of a table, or "*" for everything',
                )
        return rows


class SignalShape(Text):
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


class ResourceLimits(Shape):
    """Resource limits by their names in setrlimit(2); -1 in the manifest means no limit."""

    words = "a table"
    takes = (dict,)
    NAMES = (
        *("as", "core", "cpu", "data", "fsize", "memlock"),
        *("msgqueue", "nofile", "nproc", "stack"),
    )

    def read(self, value: Any) -> dict[str, Any]:
        rows: dict[str, Any] = super().read(value)
        return {name: at(f".{name}", self._limit, name, row) for name, row in rows.items()}

    def at_boot(self, value: dict[str, Any]) -> dict[str, int]:
        """What they are once the configuration has been put in; raises Wrong."""
        return {name: at(f".{name}", self._limit, name, row) for name, row in value.items()}

    def _limit(self, name: str, value: Any) -> Any:
        if name not in self.NAMES:
            raise Wrong("unknown limit", hint=nearest(name, self.NAMES))
        if value in ("none", -1) and not isinstance(value, bool):
            return -1
        if isinstance(value, str) and reference.keys(value):
            return value
        try:
            found: int = measured(amount.size, value)
        except Wrong as wrong:
            problem = wrong.problem or 'expected a number, a size such as "1 GB", or "none"'
            raise Wrong(problem, hint=wrong.hint) from None
        return found


class ProbeShape(Shape):
    """A question to a program: it is well where the answer is good."""

    words = '{ http = URL }, { tcp = "host:port" } or { exec = ["command", "argument"] }'
    takes: tuple[type, ...] = (dict,)

    def read(self, value: Any) -> Any:
        row = super().read(value)
        ways: dict[str, Callable[[Any], Any]] = {
            "http": self._http,
            "tcp": self._tcp,
            "exec": CommandLine().read,
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


class ReadyShape(ProbeShape):
    """How it is known that a process is ready."""

    words = f'"notify", "started", {ProbeShape.words}'
    takes = (str, dict)

    def read(self, value: Any) -> Any:
        if isinstance(value, str):
            if value not in ("notify", "started"):
                raise Wrong(f"{value!r} is not a way to become ready", hint=self.words)
            return value
        return super().read(value)
