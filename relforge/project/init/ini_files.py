"""Files of configuration in a project: what they have below a section and a key."""

from __future__ import annotations

import configparser
from collections.abc import Iterator
from functools import cached_property
from pathlib import PurePosixPath

from relforge.project.init.reading import Sources

_ENDS = (".cfg", ".ini", ".conf")
_OF_TOOLS = frozenset({
    "alembic.ini", "mypy.ini", "pytest.ini", "setup.cfg", "supervisord.conf", "tox.ini",
    "uwsgi.ini"
})  # fmt: skip


class IniFiles:
    """Those of the project itself, the nearest to its top first; each is read once asked for."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def option(self, section: str, key: str) -> str | None:
        """The value, None where no file has it."""
        for parser in self._parsers:
            found = parser.get(section, key, fallback=None)
            if found:
                return found
        return None

    @cached_property
    def _parsers(self) -> tuple[configparser.RawConfigParser, ...]:
        return tuple(self._read())

    def _read(self) -> Iterator[configparser.RawConfigParser]:
        for path in sorted(self._sources.files, key=lambda row: (row.count("/"), row)):
            known = path.endswith(_ENDS) and PurePosixPath(path).name not in _OF_TOOLS
            if not known or self._sources.is_aside(path):
                continue
            parser = configparser.RawConfigParser(strict=False)
            try:
                parser.read_string(self._sources.text(path))
            except configparser.Error:
                continue  # of another format
            yield parser
