"""``{ use = "toml", path = "/etc/ticketd/config.toml", optional = true }``."""

from __future__ import annotations

import re
import tomllib

from .. import keys, lines
from ..provider import Failure, Layer
from .documents import Document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..provider import Context

_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class Toml(Document):
    """A TOML file; each key knows its line."""

    def load(self, state: dict[str, Any], context: Context) -> Layer:
        """The file's tables; raises Failure with file and line."""
        found = self.read(state, context)
        return Layer() if found is None else parse(*found)


def parse(path: str, text: str) -> Layer:
    """The settings of a TOML text; raises Failure."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        found = _AT.search(message)
        line = ""
        if found:
            message = message[: found.start()]
            line = f":{found[1] or text.count(chr(10)) + 1}"
        raise Failure(f"{path}{line}: not valid TOML: {message}") from None
    except RecursionError:
        raise Failure(f"{path}: nested too deep") from None
    known = lines.of(text)
    return Layer.placed(values, lambda key: keys.place(path, known, key))
