"""Reading ``uv.lock`` as it is: packages, and who asks for which of them under what condition.

What goes in is found by walking from the entries of the project and its members,
through the extras and groups that the settings choose; so one lock serves all
environments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from relforge.layers.deps import toml_file
from relforge.layers.deps.pins import Lock, LockedFile, Need, Pin, Source
from relforge.layers.deps.toml_file import TomlFile
from relforge.model.spec import Project
from relforge.support.errors import UserError
from relforge.support.urls import split_url

ADVICE = "run: uv lock"
VERSION = 1


def read(path: Path, project: Project) -> Lock:
    """The packages of the file, and what the project and its members ask for.

    The project may be the root of a workspace, or a member of it; packages of the
    workspace that are not in the release by `members` are built from their
    directories, where something asks for them.  Raises UserError.
    """
    file = toml_file.read(path, ADVICE)
    data = file.data
    if data.get("version") != VERSION:
        raise file.refusal(path.name, f"unknown format version: {data.get('version')}")
    if data.get("conflicts"):
        raise file.refusal(
            path.name,
            "conflicting extras or groups (`conflicts`) are not supported",
        )
    reader = _UvLockReader(file=file)
    rows: list[dict[str, Any]] = data.get("package", [])
    try:
        own = _own(file, rows, project)
        needs = [need for row in own[:1] for need in reader.needs(row)]
        for row in own[1:]:
            needs += [need for need in reader.needs(row) if not (need.by_extra or need.by_group)]
        return Lock(
            path=path,
            pins=tuple(
                replace(reader.pin(index, row), is_virtual=True, source=None)
                if any(row is other for other in own)
                else reader.pin(index, row)
                for index, row in enumerate(rows)
            ),
            requires_python=SpecifierSet(data.get("requires-python", "")),
            environments=tuple(map(Marker, data.get("supported-markers", ()))),
            needs=tuple(needs),
            advice=ADVICE,
        )
    except (KeyError, TypeError, AttributeError, ValueError, InvalidMarker) as error:
        raise file.refusal(path.name, f"cannot be read: {error!r}") from None


def _own(file: TomlFile, rows: list[dict[str, Any]], project: Project) -> list[dict[str, Any]]:
    """The entries of the packages that relforge builds itself, the project's own first."""
    packages = (*((project,) if project.name else ()), *project.members)
    if not packages:
        raise _virtual_root(file, rows)
    found = []
    for package in packages:
        row = next((row for row in rows if _is_of(row, package, file.path.parent)), None)
        if row is None:
            there = ", ".join(sorted(str(row.get("name")) for row in rows if _directory(row)))
            raise file.refusal(
                file.path.name,
                f"it does not contain the project itself ({package.name}"
                + (f"; its own packages are {there})" if there else ")"),
            )
        found.append(row)
    return found


def _virtual_root(file: TomlFile, rows: list[dict[str, Any]]) -> UserError:
    places = sorted({directory for row in rows if (directory := _directory(row)) not in ("", ".")})
    listed = ", ".join(f'"{place}"' for place in places)
    return UserError(
        f"{file.path.parent}: this is the root of a workspace and not a package: choose the "
        f"packages of the release ({', '.join(places)})",
        hint=f"set members = [{listed}] in [tool.relforge], or go to one of them: cd "
        f"{places[0] if places else 'PACKAGE'}",
    )


def _directory(row: dict[str, Any]) -> str:
    """The directory of a package of the workspace, relative to the lock; else nothing."""
    source = row.get("source", {})
    kinds = ("editable", "virtual", "directory")
    return str(next((source[kind] for kind in kinds if kind in source), ""))


def _is_of(row: dict[str, Any], package: Project, directory: Path) -> bool:
    if row.get("name") != canonicalize_name(package.name) or not _directory(row):
        return False
    return (directory / _directory(row)).resolve() == package.root.resolve()


@dataclass(frozen=True, slots=True, kw_only=True)
class _UvLockReader:
    """What makes pins of the entries."""

    file: TomlFile

    def pin(self, index: int, row: dict[str, Any]) -> Pin:
        name = row["name"]
        where = f"{self.file.line_of_entry('package', index)} ({name})"
        source = row["source"]
        files: tuple[LockedFile, ...] = ()
        sources = None
        if "git" in source:
            sources = self._repository(where, source["git"])
        elif "directory" in source or "editable" in source:
            directory = source.get("directory") or source["editable"]
            sources = Source(path=str((self.file.path.parent / directory).resolve()))
        elif "virtual" not in source:
            base = source.get("registry", "")
            listed = [*row.get("wheels", ()), *([row["sdist"]] if "sdist" in row else [])]
            files = tuple(self._file(where, entry, source, base) for entry in listed)
        return Pin(
            name=canonicalize_name(name),
            version=Version(row.get("version", "0")),
            where=where,
            sha256=tuple(dict.fromkeys(file.sha256 for file in files)),
            files=files,
            source=sources,
            needs=tuple(self.needs(row)),
            is_virtual="virtual" in source,
        )

    def needs(self, row: dict[str, Any]) -> Iterator[Need]:
        """What a package asks for: always, by an extra of its own, or by a group."""
        for entry in row.get("dependencies", ()):
            yield self._need(entry)
        for extra, entries in row.get("optional-dependencies", {}).items():
            yield from (self._need(entry, extra=canonicalize_name(extra)) for entry in entries)
        for group, entries in row.get("dev-dependencies", {}).items():
            yield from (self._need(entry, group=canonicalize_name(group)) for entry in entries)

    def _need(self, entry: dict[str, Any], extra: str = "", group: str = "") -> Need:
        return Need(
            name=canonicalize_name(entry["name"]),
            version=Version(entry["version"]) if "version" in entry else None,
            extras=tuple(map(canonicalize_name, entry.get("extra", ()))),
            marker=Marker(entry["marker"]) if entry.get("marker") else None,
            by_extra=extra,
            by_group=group,
        )

    def _repository(self, where: str, text: str) -> Source:
        address = split_url(text)
        inner = parse_qs(address.query).get("subdirectory", [""])[0]
        if not address.fragment:
            raise self.file.refusal(where, f"{text} is not pinned to a commit")
        url = address._replace(query="", fragment="").geturl()
        return Source(url=url, commit=address.fragment, subdirectory=inner)

    def _file(
        self, where: str, entry: dict[str, Any], source: dict[str, str], base: str
    ) -> LockedFile:
        url = entry.get("url") or source.get("url", "")
        local = entry.get("path") or source.get("path", "")
        name = entry.get("filename") or unquote(split_url(url).path or local).rpartition("/")[2]
        kind, _, digest = entry.get("hash", "").partition(":")
        if kind != "sha256":
            problem = f"{name} has no sha256 hash"
            if local and "hash" not in entry:
                problem += (
                    ": uv writes none for the files of a directory; write a different "
                    "lockfile: relforge lock"
                )
            raise self.file.refusal(where, problem)
        if not name or Path(name).name != name:
            raise self.file.refusal(where, f"{name!r} is not a file name")
        directory = self.file.path.parent / ("" if "://" in base else base)
        path = str((directory / local).resolve()) if local and not url else ""
        place = self.file.line_of(digest)
        return LockedFile(name=name, sha256=digest.lower(), url=url, path=path, where=place)
