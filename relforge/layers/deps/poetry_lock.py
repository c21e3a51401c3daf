"""Reading ``poetry.lock`` as it is, in the formats of Poetry 1.0 to 2: packages, and who asks.

What goes in is found by walking from what the project asks for, so the groups
and extras that the settings choose count, whatever the lock was made for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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
from relforge.project.requirements import poetry

ADVICE = "run: poetry lock"
EXPORT = "run: poetry export --without-urls -o requirements.lock"


def read(path: Path, project: Project) -> Lock:
    """The packages of the file, and what the project asks for; raises UserError."""
    file = toml_file.read(path, ADVICE)
    with file.known_format(path.name, EXPORT):
        reader = _PoetryLockReader(file=file, own=project_needs.own_names(project))
        pins = tuple(reader.pins(file.data.get("package", [])))
        return Lock(path=path, pins=pins, needs=project_needs.of(project), advice=ADVICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _PoetryLockReader:
    """What makes pins of the entries.  ``own`` are packages that relforge builds itself."""

    file: TomlFile
    own: frozenset[str]

    def pins(self, rows: list[dict[str, Any]]) -> Iterator[Pin]:
        older = self.file.data.get("metadata", {}).get("files", {})
        for index, row in enumerate(rows):
            name = canonicalize_name(row["name"])
            where = f"{self.file.line_of_entry('package', index)} ({name})"
            kind = row.get("source", {}).get("type", "")
            files: tuple[LockedFile, ...] = ()
            source = None
            if kind in ("git", "directory"):
                source = self._source(row["source"])
            else:
                listed = row.get("files") or older.get(row["name"], [])
                files = tuple(self._file(where, entry, row) for entry in listed)
                if not files:
                    raise self.file.refusal(where, "no file with a hash")
            yield Pin(
                name=name,
                version=Version(row["version"]),
                where=where,
                sha256=tuple(dict.fromkeys(entry.sha256 for entry in files)),
                requires_python=_python(row, where),
                files=files,
                source=source,
                needs=tuple(self._needs(row, where)),
                is_virtual=name in self.own,
                conditions=tuple(map(Marker, dict.fromkeys(_markers(row)))),
            )

    def _source(self, row: dict[str, Any]) -> Source:
        inner = row.get("subdirectory", "")
        if row["type"] == "directory":
            return Source(path=str((self.file.path.parent / row["url"]).resolve()))
        return Source(url=row["url"], commit=row["resolved_reference"], subdirectory=inner)

    def _file(self, where: str, entry: dict[str, str], row: dict[str, Any]) -> LockedFile:
        source = row.get("source", {})
        url = source.get("url", "") if source.get("type") == "url" else ""
        path = source.get("url", "") if source.get("type") == "file" else ""
        return locked_file.make(
            self.file, where, entry.get("file", ""), entry.get("hash", ""), url=url, path=path
        )

    def _needs(self, row: dict[str, Any], where: str) -> Iterator[Need]:
        extras = row.get("extras", {})
        for name, value in row.get("dependencies", {}).items():
            for entry in value if isinstance(value, list) else [value]:
                table = entry if isinstance(entry, dict) else {"version": entry}
                marker = table.get("markers", "")
                needed = Need(
                    name=canonicalize_name(name),
                    version=None,
                    specifier=_specifiers(str(table.get("version", "*")), where),
                    extras=tuple(map(canonicalize_name, table.get("extras", ()))),
                    marker=Marker(marker) if marker else None,
                )
                if not table.get("optional") or "extra" in marker:
                    yield needed
                    continue
                yield from (
                    project_needs.for_extra(needed, canonicalize_name(extra))
                    for extra, texts in extras.items()
                    if any(_names(text, needed.name) for text in texts)
                )


def _names(text: str, name: str) -> bool:
    """Whether a row such as ``httptools (>=0.5) ; ...`` is of that package."""
    return canonicalize_name(text.partition(" ")[0].partition("[")[0].rstrip(";")) == name


def _markers(row: dict[str, Any]) -> Iterator[str]:
    """The conditions of Poetry 2: one, or one for each group."""
    found = row.get("markers", "")
    if isinstance(found, str):
        if found:
            yield found
        return
    if set(row.get("groups", ())) <= found.keys():  # else one group takes it without a condition
        yield from found.values()


def _python(row: dict[str, Any], where: str) -> SpecifierSet | None:
    text = str(row.get("python-versions", "*"))
    return _specifiers(text, where) if text not in ("", "*") else None


def _specifiers(text: str, where: str) -> SpecifierSet:
    return SpecifierSet(poetry.loose_specifier(text, where))
