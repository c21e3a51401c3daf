"""``${key}`` in the settings: what the configuration puts there at boot."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from relforge.model.spec import Settings
from relforge.project.settings.services import places
from relforge.support.errors import SettingsError

_REFERENCE = re.compile(r"(?<!\$)\$\{([^}]+)\}")


SCHEMA = "tool.relforge.config.schema"


def check_references(settings: Settings, schema: Mapping[str, Any], where: str = SCHEMA) -> None:
    """Refuse a ``${key}`` that the schema does not have: at boot it could not be set."""
    for place, text in _places(settings):
        for key in _REFERENCE.findall(text):
            if key not in schema:
                near = get_close_matches(key, schema, 1)
                raise SettingsError(
                    f"tool.relforge.{place}: ${{{key}}} is not in {where}",
                    hint=f"did you mean `${{{near[0]}}}`?"
                    if near
                    else "add it there, or write $${ for the characters themselves",
                )


def _places(settings: Settings) -> Iterator[tuple[str, str]]:
    for service in settings.services:
        for place, text in places(service).items():
            yield f"services.{service.name}.{place}", text
    for hook in settings.hooks:
        for index, text in enumerate(hook.exec):
            yield f"hooks.{hook.name}.exec[{index}]", text
    for key, value in (settings.upgrade.health or {}).items():
        for text in value if isinstance(value, list) else [str(value)]:
            yield f"upgrade.health.{key}", text
