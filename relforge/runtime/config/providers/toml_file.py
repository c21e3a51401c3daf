"""``{ use = "toml", path = "/etc/ticketd/config.toml", optional = true }``."""

from __future__ import annotations

import re
import tomllib

from .. import keys, lines
from ..provider import Failure, Layer, read_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..provider import Context

_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class Toml:
    """A TOML file; each key knows its line."""

    def init(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options: ``path``, ``optional``."""
        return read_options(options, {"path": (str, None), "optional": (bool, False)}, ("path",))

    def load(self, state: dict[str, Any], context: Context) -> Layer:
        """The file's tables; raises Failure with file and line."""
        path = context.path(state["path"], optional=state["optional"])
        text = None if path is None else read_text(path, optional=state["optional"])
        return Layer() if path is None or text is None else parse(path, text)

    def ways(self, state: dict[str, Any], key: str) -> list[str]:
        return [f"{key} in {state['path']}"]


def parse(path: str, text: str) -> Layer:
    """The settings of a TOML text."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        found = _AT.search(message)
        line = ""
        if found:
            message = message[: found.start()]
            line = f":{found[1] or text.count(chr(10)) + 1}"
        raise Failure(f"{path}{line}: no TOML: {message}") from None
    known = lines.of(text)
    layer = Layer()
    for key, value in keys.leaves(values):
        at = next((known[key[:size]] for size in range(len(key), 0, -1) if key[:size] in known), 0)
        layer.add(key, value, f"{path}:{at}" if at else path)
    return layer


def read_text(path: str, *, optional: bool) -> str | None:
    """A file's text, None where an optional file is not there; raises Failure.

    Only a missing file is optional: one that is there must be readable.
    """
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        if optional:
            return None
        raise Failure(f"{path}: there is no such file") from None
    except UnicodeDecodeError as error:
        raise Failure(f"{path}: no UTF-8 at byte {error.start}") from None
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from None
    except ValueError:
        raise Failure(f"{path!r}: no path") from None
