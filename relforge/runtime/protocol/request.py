"""An evaluation as the agent reads it: `eval`, `call` or `percent` of `protocol`."""

from __future__ import annotations

from . import CALL, PERCENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST_COLUMNS = 1000
MOST_CHARACTERS = 100_000  # of a value, at once


class EvaluationRequest:
    """The ``eval``, ``call`` or ``percent`` message; raises ValueError for what is wrong in it.

    ``columns`` is the width of the client's terminal, ``most`` how many
    characters of a value it wants at once; None where that is not a terminal.
    """

    def __init__(self, message: dict[str, Any]) -> None:
        self.id = message.get("id")
        self.json = bool(message.get("json"))
        self.on_loop = message.get("where") == "loop"
        self.source = message.get("source", "")
        self.target = message.get("target") if message["op"] == CALL else None
        self.line = message.get("line", "") if message["op"] == PERCENT else None
        self.columns = _number(message, "columns", MOST_COLUMNS)
        self.most = _number(message, "most", MOST_CHARACTERS)
        self.args = message.get("args", [])
        self.kwargs = message.get("kwargs", {})
        if not isinstance(self.source, str):
            raise ValueError("`source` must be a string")
        if message["op"] == CALL and not isinstance(self.target, str):
            raise ValueError("`target` must be a string")
        if self.line is not None and not isinstance(self.line, str):
            raise ValueError("`line` must be a string")
        if not isinstance(self.args, list) or not isinstance(self.kwargs, dict):
            raise ValueError("`args` must be a list, `kwargs` an object")

    def __str__(self) -> str:
        if self.line is not None:
            return f"%{self.line}"
        if self.target is None:
            return str(self.source)
        words = [repr(arg) for arg in self.args]
        words += [f"{name}={arg!r}" for name, arg in self.kwargs.items()]
        return f"{self.target}({', '.join(words)})"


def _number(message: dict[str, Any], name: str, most: int) -> int | None:
    number = message.get(name)
    if number is None:
        return None
    if not isinstance(number, int) or number < 1:
        raise ValueError(f"`{name}` must be a positive number")
    return min(number, most)
