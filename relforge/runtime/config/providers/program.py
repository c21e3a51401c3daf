"""``{ use = "exec", command = ["op", "inject", "--in-file", "/etc/x.json"] }``."""

from __future__ import annotations

from .. import printed
from ..provider import BadOptions, Layer, read_options
from .json_file import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..provider import Context


class Program:
    """A program that prints one JSON object: op, a script of the operator's."""

    TIMEOUT = 20.0

    def init(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options: ``command``, ``optional``, ``secret`` (unless it says false)."""
        known = {"command": (list, []), "optional": (bool, False), "secret": (bool, True)}
        state = read_options(options, known, ("command",))
        words = state["command"]
        if not words or not all(isinstance(word, str) and word for word in words):
            raise BadOptions([("command", 'expected words such as ["op", "inject", "x.json"]')])
        return state

    def load(self, state: dict[str, Any], context: Context) -> Layer:
        """What the program prints; where it is optional, it need not be there."""
        words = [context.expand(word) or "" for word in state["command"]]
        try:
            data = printed.by(words, context)
        except printed.NotFound:
            if state["optional"]:
                return Layer()
            raise
        values = parse(f"what {words[0]} prints", data)
        return Layer.of(values, place=words[0], secret=state["secret"])

    def ways(self, state: dict[str, Any], key: str) -> list[str]:
        return [f"{key} in what {state['command'][0]} prints"]
