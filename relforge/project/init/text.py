"""The settings that fit a project, as commented TOML."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import Any

import jinja2

from relforge.project.init.detect import DetectedProject
from relforge.project.init.django import COLLECT


def render(found: DetectedProject, table: str) -> str:
    """The text; ``table`` is ``tool.relforge``, or "" for a relforge.toml."""
    template = resources.files("relforge").joinpath("templates/init/settings.toml.j2")
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters["toml"] = _toml
    return environment.from_string(template.read_text(encoding="utf-8")).render(
        found=found,
        table=table,
        options=_options(found),
        collects=found.assets is not None and COLLECT in found.assets.run,
        prefix=f"{table}." if table else "",
        example=next(iter(found.scripts.values()), f"{found.name.replace('-', '_')}.worker:main"),
        variables=re.sub(r"[^A-Z0-9]", "_", found.name.upper()) + "_",
    )


def _options(found: DetectedProject) -> list[str]:
    """What the server has to be told of the application."""
    options = []
    if found.web and found.web.factory:
        options.append("factory = true")
    if found.web and found.web.interface == "wsgi" and found.server == "uvicorn":
        options.append('interface = "wsgi"')
    return options


def _toml(value: Any) -> str:
    """A string or a list of them: TOML's basic strings escape as JSON's do."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return f"[{', '.join(_toml(row) for row in value)}]"
