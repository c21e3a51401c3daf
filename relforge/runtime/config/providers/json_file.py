"""``{ use = "json", path = "/etc/ticketd/config.json" }``."""

from __future__ import annotations

import json

from .. import json_lines, keys
from ..provider import Failure, Layer
from .documents import Document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from ..provider import Context


class Json(Document):
    """A JSON file that holds one object; each key knows its line."""

    def load(self, state: dict[str, Any], context: Context) -> Layer:
        """The file's object; raises Failure with file and line."""
        found = self.read(state, context)
        if found is None:
            return Layer()
        path, text = found
        values = parse(path, text)
        known = json_lines.of(text)
        return Layer.placed(values, lambda key: keys.place(path, known, key))


def parse(where: str, text: str | bytes) -> dict[str, Any]:
    """The object of a JSON text; raises Failure that begins with ``where``."""
    try:
        text = text.decode() if isinstance(text, bytes) else text
        values = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise Failure(f"{where}:{error.lineno}: not valid JSON: {error.msg}") from None
    except UnicodeDecodeError as error:
        raise Failure(f"{where}: not UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise Failure(f"{where}: nested too deep") from None
    except ValueError as error:  # _Refused, and numbers of thousands of digits
        raise Failure(f"{where}: {error}") from None
    if not isinstance(values, dict):
        raise Failure(f"{where}: expected an object, got {type(values).__name__}")
    return values


class _Refused(ValueError):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Refused(f"the key {keys.show((name,))} occurs twice")
        found[name] = value
    return found


def _constant(name: str) -> NoReturn:
    raise _Refused(f"{name} is not a JSON value")
