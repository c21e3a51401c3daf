"""The first layer of every configuration: the schema's defaults, then ``release/config.toml``."""

from __future__ import annotations

from .. import keys
from ..provider import Layer, read_options
from .documents import read_text
from .toml_file import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..provider import Context

FILE = "release/config.toml"


class Defaults:
    """What was known when the release was built."""

    def init(self, options: dict[str, Any]) -> dict[str, Any]:
        """No options."""
        return read_options(options, {})

    def load(self, state: dict[str, Any], context: Context) -> Layer:
        """The defaults; a release without the file has only the schema's."""
        layer = Layer()
        for key, row in context.schema.items():
            if "default" in row:
                value = row["default"]
                if isinstance(value, dict) and value:
                    for inner, item in keys.leaves(value, keys.split(key)):
                        layer.add(inner, item, "schema")
                else:
                    layer.add(key, value, "schema")
        path = f"{context.root}/{FILE}"
        text = read_text(path, optional=True)
        if text:
            layer.settings += parse(path, text).settings
        return layer

    def ways(self, state: dict[str, Any], key: str) -> list[str]:
        return []
