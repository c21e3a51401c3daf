"""The names of what a project depends on: what `relforge lock` would take, and what a lock has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import tomli
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from relforge.model.spec import Project
from relforge.project.init.frameworks import BRINGS
from relforge.project.init.reading import is_aside
from relforge.project.requirements import choice, requirements_txt

_LOCKED = re.compile(r'^(?:name = "|        "(?=[\w.-]+": \{$))([\w.-]+)"', re.MULTILINE)
_PINNED = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*(?:==|@)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """Canonical names; ``locked`` is whether they come from a lock, and so are all of them."""

    names: frozenset[str]
    direct: frozenset[str] = frozenset()  # those that the project itself writes
    locked: bool = False
    source: str = ""  # where they are written
    files: tuple[str, ...] = ()  # that were read
    named: tuple[str, ...] = ()  # those that the settings have to name, for `relforge lock` to see
    readable: bool = True  # False: a build backend computes them

    def __contains__(self, name: str) -> bool:
        return name in self.names

    @property
    def complete(self) -> bool:
        """Whether a name that is not among them is not there."""
        return self.locked or (self.readable and bool(self.names))


def read(project: Project, lock: Path | None, *, wheel: bool) -> Dependencies:
    """What is asked for, and what a lock has; extras of the known ones are counted.

    Raises SettingsError where a file cannot be read.  ``wheel`` is whether the project's wheel
    goes in: its backend is asked, then, and not a file beside it.
    """
    asked = choice.declared(project if wheel else replace(project, dynamic=()))
    rows = [row.text for row in asked.rows] if asked else list(project.dependencies)
    direct: frozenset[str] = frozenset(name for row in rows for name in _names(row))
    text = lock.read_text(encoding="utf-8", errors="replace") if lock else ""
    pattern = _PINNED if (lock and lock.suffix == ".txt") or "--hash" in text else _LOCKED
    locked: frozenset[str] = frozenset(canonicalize_name(row) for row in pattern.findall(text))
    if lock and lock.name == "uv.lock" and direct:  # it has the groups for development, too
        locked = _closure(text, direct) & locked
    computed = wheel and "dependencies" in project.dynamic
    files = asked.files if asked else ()
    if computed and asked is None:  # a hint: what the backend most likely reads
        hint = choice.declared(replace(project, dynamic=()))
        if hint is not None:
            direct = frozenset(name for row in hint.rows for name in _names(row.text))
            files = hint.files
    return Dependencies(
        names=direct | locked,
        direct=direct,
        locked=bool(locked),
        source=asked.source if asked else "",
        files=files,
        readable=not computed,
    )


def _closure(text: str, direct: frozenset[str]) -> frozenset[str]:
    """What these need, and what that needs, by the graph of a uv.lock; extras are counted."""
    try:
        packages = tomli.loads(text).get("package", [])
    except tomli.TOMLDecodeError:
        return direct
    needs: dict[str, set[str]] = {}
    for row in packages:
        optional = row.get("optional-dependencies", {}).values()
        rows = (*row.get("dependencies", ()), *(other for rows in optional for other in rows))
        needs.setdefault(row["name"], set()).update(other["name"] for other in rows)
    found: set[str] = set()
    rest = list(direct)
    while rest:
        name = rest.pop()
        if name not in found:
            found.add(name)
            rest += needs.get(name, ())
    return frozenset(found)


def elsewhere(project: Project, files: Iterable[str]) -> Dependencies | None:
    """What a requirements.txt in a directory of the project says; None where there is none."""
    for name in sorted(files, key=lambda row: (row.count("/"), row)):
        if name.endswith("/requirements.txt") and not is_aside(name) and name.count("/") < 3:
            found = requirements_txt.read(project.root, (name,))
            direct = frozenset(word for row in found.rows for word in _names(row.text))
            if direct:
                return Dependencies(
                    names=direct,
                    direct=direct,
                    source=name,
                    files=found.files,
                    named=(name,),
                )
    return None


def _names(line: str) -> Iterator[str]:
    try:
        row = Requirement(line)
    except InvalidRequirement:
        return
    name = canonicalize_name(row.name)
    yield name
    yield from BRINGS.get(name, ())
    for extra in row.extras:
        yield from BRINGS.get(f"{name}[{extra.lower()}]", ())
