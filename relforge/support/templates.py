"""Rendering the templates that relforge brings along."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any

import jinja2


def environment(filters: Mapping[str, Callable[..., Any]]) -> jinja2.Environment:
    """What renders texts that are not HTML; a name that nobody has given is an error."""
    made = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    made.filters.update(filters)
    return made


def source(name: str) -> str:
    """The text of a template, such as ``init/settings.toml.j2``."""
    place = resources.files("relforge").joinpath(f"templates/{name}")
    return place.read_text(encoding="utf-8")
