"""Reading ``pdm.lock`` as it is: packages, and who asks for which of them.

A package that is asked for with extras has an entry of its own for these, whose
needs count where somebody asks for the package with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from relforge.layers.deps import locked_file, project_needs, toml_file
from relforge.layers.deps.pins import Lock, LockedFile, Need, Pin, Source
from relforge.layers.deps.toml_file import TomlFile
from relforge.model.spec import Project

ADVICE = "run: pdm lock"
EXPORT = "run: pdm export -o requirements.lock"


def read(path: Path, project: Project) -> Lock:
    """The packages of the file, and what the project asks for; raises UserError."""
    file = toml_file.read(path, ADVICE)
    with file.known_format(path.name, EXPORT):
        reader = _PdmLockReader(file=file, own=project_needs.own_names(project))
        pins = _merged(reader.pins(file.data.get("package", [])))
        return Lock(path=path, pins=pins, needs=project_needs.of(project), advice=ADVICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _PdmLockReader:
    """What makes pins of the entries.  ``own`` are packages that relforge builds itself."""

    file: TomlFile
    own: frozenset[str]

    def pins(self, rows: list[dict[str, Any]]) -> Iterator[Pin]:
        older = self.file.data.get("metadata", {}).get("files", {})
        for index, row in enumerate(rows):
            name = canonicalize_name(row["name"])
            where = f"{self.file.line_of_entry('package', index)} ({name})"
            listed = row.get("files") or older.get(f"{row['name']} {row['version']}", [])
            source = self._source(where, row)
            files = () if source else tuple(self._file(where, entry, row) for entry in listed)
            extras = tuple(map(canonicalize_name, row.get("extras", ())))
            if not (files or source or extras):
                raise self.file.refusal(where, "no file with a hash")
            python = row.get("requires_python", "")
            yield Pin(
                name=name,
                version=Version(row["version"]),
                where=where,
                sha256=tuple(dict.fromkeys(entry.sha256 for entry in files)),
                requires_python=SpecifierSet(python) if python else None,
                files=files,
                source=source,
                needs=tuple(self._needs(row, name, extras)),
                is_virtual=name in self.own,
                conditions=(Marker(row["marker"]),) if row.get("marker") else (),
            )

    def _source(self, where: str, row: dict[str, Any]) -> Source | None:
        if "git" in row:
            if not row.get("revision"):
                raise self.file.refusal(where, f"{row['git']} is not pinned to a commit")
            inner = row.get("subdirectory", "")
            return Source(url=row["git"], commit=row["revision"], subdirectory=inner)
        place = row.get("path", "")
        directory = (self.file.path.parent / place).resolve()
        if place and directory.is_dir():
            return Source(path=str(directory))
        return None

    def _file(self, where: str, entry: dict[str, str], row: dict[str, Any]) -> LockedFile:
        url = entry.get("url") or row.get("url", "")
        return locked_file.make(
            *(self.file, where, entry.get("file", ""), entry.get("hash", "")),
            url=url,
            path=row.get("path", ""),
        )

    def _needs(self, row: dict[str, Any], name: str, extras: tuple[str, ...]) -> Iterator[Need]:
        for text in row.get("dependencies", ()):
            needed = project_needs.need(text)
            if not extras:
                yield needed
            elif needed.name != name:
                yield from (project_needs.for_extra(needed, extra) for extra in extras)


def _merged(rows: Iterator[Pin]) -> tuple[Pin, ...]:
    """One pin for each version of a package, with the needs of its extras."""
    found: dict[tuple[str, Version], Pin] = {}
    for pin in rows:
        known = found.setdefault((pin.name, pin.version), pin)
        if known is pin:
            continue
        whole, other = (known, pin) if known.files or known.source else (pin, known)
        found[pin.name, pin.version] = replace(whole, needs=(*whole.needs, *other.needs))
    return tuple(found.values())
