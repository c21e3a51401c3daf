"""``{ use = "json", path = "/etc/ticketd/config.json" }``."""

from __future__ import annotations

import json

from ..provider import Failure, Layer, read_options
from .toml_file import read_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..provider import Context


class Json:
    """A JSON file that holds one object."""

    def init(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options: ``path``, ``optional``."""
        return read_options(options, {"path": (str, None), "optional": (bool, False)}, ("path",))

    def load(self, state: dict[str, Any], context: Context) -> Layer:
        """The file's object; raises Failure with file and line."""
        path = context.path(state["path"], optional=state["optional"])
        text = None if path is None else read_text(path, optional=state["optional"])
        if path is None or text is None:
            return Layer()
        try:
            values = json.loads(text, object_pairs_hook=_object)
        except json.JSONDecodeError as error:
            raise Failure(f"{path}:{error.lineno}: no JSON: {error.msg}") from None
        except _Twice as error:
            raise Failure(f"{path}: the key {error} is there twice") from None
        if not isinstance(values, dict):
            raise Failure(f"{path}: expected an object, got {type(values).__name__}")
        return Layer.of(values, place=path)

    def ways(self, state: dict[str, Any], key: str) -> list[str]:
        return [f"{key} in {state['path']}"]


class _Twice(Exception):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Twice(name)
        found[name] = value
    return found
