"""``${key}`` in the settings: what the configuration puts there at boot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from relforge.model.spec import Settings
from relforge.runtime.contract import reference
from relforge.runtime.contract.record import keys
from relforge.runtime.contract.run import references
from relforge.runtime.contract.wrong import Wrong
from relforge.support.errors import SettingsError

SCHEMA = "tool.relforge.config.schema"


def check_syntax(settings: Settings) -> None:
    """Refuse a ``${`` that is not a reference, and a directory that a release does not have."""
    known = {*reference.RELEASE, *settings.config.schema}
    for place, key in _references(settings):
        if key.startswith("release.") and key not in known and not settings.config.model:
            raise _unknown(place, key, "not a directory of a release", reference.RELEASE)


def check_references(settings: Settings, schema: Mapping[str, Any], where: str = SCHEMA) -> None:
    """Refuse a ``${key}`` that the schema does not have: at boot it could not be set."""
    for place, key in _references(settings):
        if key not in schema and key not in reference.RELEASE:
            raise _unknown(place, key, f"not in {where}", (*schema, *reference.RELEASE))
    for service in settings.services:
        for index, key in enumerate(service.config or ()):
            _check_key(f"services.{service.name}.config[{index}]", key, schema, where)
    for command in settings.commands:
        for index, key in enumerate(command.once["by"] if isinstance(command.once, dict) else ()):
            _check_key(f"commands.{command.name}.once.by[{index}]", key, schema, where)


def _check_key(place: str, key: str, schema: Mapping[str, Any], where: str) -> None:
    """Refuse a key, or a table, that the schema does not have."""
    name = key.removesuffix(".*")
    if key == "*" or key in schema or any(row.startswith(f"{name}.") for row in schema):
        return
    tables = {f"{row.rpartition('.')[0]}.*" for row in schema if "." in row}
    near = get_close_matches(key, tables if key.endswith(".*") else schema, 1)
    raise SettingsError(
        f"tool.relforge.{place}: {key} is not in {where}",
        hint=f"did you mean `{near[0]}`?" if near else "",
    )


def _unknown(place: str, key: str, why: str, known: Any) -> SettingsError:
    near = get_close_matches(key, known, 1)
    hint = f"did you mean `${{{near[0]}}}`?" if near else f"add it there, or {reference.HINT}"
    return SettingsError(f"tool.relforge.{place}: ${{{key}}} is {why}", hint=hint)


def _references(settings: Settings) -> Iterator[tuple[str, str]]:
    """The place and the key of each; raises SettingsError."""
    for place, text in _texts(settings):
        try:
            found = reference.keys(text)
        except Wrong as wrong:
            raise SettingsError(
                f"tool.relforge.{place}: {text!r}: {wrong}", hint=wrong.hint
            ) from None
        for key in found:
            yield place, key


def _texts(settings: Settings) -> Iterator[tuple[str, str]]:
    """Each text that may hold a reference, and its place."""
    for service in settings.services:
        for place, text in references(service):
            yield f"services.{service.name}.{place}", text
    for hook in settings.hooks:
        for place, text in references(hook):
            yield f"hooks.{hook.name}.{place}", text
    for command in settings.commands:
        for place, text in references(command):
            yield f"commands.{command.name}.{place}", text
    for name, table in (("upgrade", settings.upgrade), ("nodes", settings.nodes)):
        for row in keys(type(table)):
            if row.references:
                yield from reference.texts(getattr(table, row.name), f"{name}.{row.name}")
