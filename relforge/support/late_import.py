"""Names of functions and values that are imported only when they are needed.

A registry of such names keeps a command from importing what it does not use.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def resolve(place: str) -> Any:
    """Import ``package.module:name`` and return what it names."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
