"""Whether packages agree with each other, as ``pip check`` looks at them.

What the project asks for and what each package asks for, markers and extras
evaluated, is held against what is there.  Pure: it reads no file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from relforge.layers.deps.markers import holds
from relforge.layers.deps.platform import Platform
from relforge.model.spec import Project, Settings

RULE = "requirements"


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """A package that is there, and what it asks for; ``requires`` is None where nobody knows.

    ``version`` is None for sources whose version only a build shows.
    """

    name: str
    version: Version | None
    requires: tuple[str, ...] | None = None
    requires_python: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}" if self.version else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class LockProblem:
    """A requirement that is not met."""

    kind: Literal["missing", "contradicting", "python", "unreadable"]
    asker: str  # the name of a package, or the place in the project's own files
    name: str  # of what is asked for; "python"
    message: str

    @property
    def subject(self) -> str:
        """How `check.allow` names it, behind the rule."""
        return f"{self.asker}:{self.name}"

    @property
    def is_error(self) -> bool:
        """Whether the release cannot work; a contradiction may be meant."""
        return self.kind in ("missing", "python")

    def is_allowed(self, patterns: Iterable[str]) -> bool:
        """Whether one of the patterns of `check.allow` passes it."""
        return any(fnmatchcase(f"{RULE}:{self.subject}", pattern) for pattern in patterns)


def problems(
    direct: Iterable[tuple[str, str]], there: Iterable[Distribution], target: Platform
) -> Iterator[LockProblem]:
    """Each requirement that is not met, once.

    ``direct`` are the project's own requirements with their places.
    """
    walk = _Walk(there={row.name: row for row in there}, target=target, extras={}, reported=set())
    for row in walk.there.values():
        yield from walk.python(row)
        yield from walk.requirements(row, frozenset())
    for where, text in direct:
        yield from walk.one(where, where, text, frozenset())


def with_project(
    there: Iterable[Distribution], project: Project, settings: Settings
) -> tuple[Distribution, ...]:
    """These packages, and the project itself, which a release has as its wheel or its sources."""
    rows = tuple(there)
    name = canonicalize_name(project.name or "")
    if not name or settings.app == () or any(row.name == name for row in rows):
        return rows
    return (*rows, Distribution(name=name, version=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """What was walked: the extras of each package whose requirements were looked at."""

    there: dict[str, Distribution]
    target: Platform
    extras: dict[str, set[str]]
    reported: set[tuple[str, str]]

    def python(self, row: Distribution) -> Iterator[LockProblem]:
        """A package for another version of Python."""
        try:
            allowed = SpecifierSet(row.requires_python)
        except InvalidSpecifier:
            return  # pip passes it over, too
        if not allowed.contains(self.target.python, prereleases=True):
            yield LockProblem(
                kind="python",
                asker=row.name,
                name="python",
                message=f"{row} needs Python {row.requires_python}, but the release has "
                f"{self.target.python}",
            )

    def requirements(self, row: Distribution, extras: frozenset[str]) -> Iterator[LockProblem]:
        """What a package asks for, with these extras."""
        for text in row.requires or ():
            yield from self.one(row.name, str(row), text, extras)

    def one(
        self, asker: str, shown: str, text: str, extras: frozenset[str]
    ) -> Iterator[LockProblem]:
        """One requirement of a package, or of the project."""
        try:
            wanted = Requirement(text)
        except InvalidRequirement:
            if ("unreadable", text) not in self.reported:
                self.reported.add(("unreadable", text))
                yield LockProblem(
                    kind="unreadable",
                    asker=asker,
                    name=text,
                    message=f"{shown} requires {text!r}, which is not a valid requirement",
                )
            return
        if not holds(wanted.marker, self.target.markers, shown, extras=extras):
            return
        name = canonicalize_name(wanted.name)
        plain = str(wanted).partition(";")[0].strip()
        found = self.there.get(name)
        problem = _of(asker, shown, plain, wanted, found)
        if problem and (asker, plain) not in self.reported:
            self.reported.add((asker, plain))
            yield problem
        if found is None:
            return
        known = self.extras.setdefault(name, set())
        new = {canonicalize_name(extra) for extra in wanted.extras} - known
        if new:
            known |= new
            yield from self.requirements(found, frozenset(new))


def _of(
    asker: str, shown: str, plain: str, wanted: Requirement, found: Distribution | None
) -> LockProblem | None:
    name = canonicalize_name(wanted.name)
    if found is None:
        message = f"{shown} requires {plain}, but the release has no {wanted.name}"
        return LockProblem(kind="missing", asker=asker, name=name, message=message)
    if found.version is None or wanted.specifier.contains(found.version, prereleases=True):
        return None
    message = f"{shown} requires {plain}, but the release has {found}"
    return LockProblem(kind="contradicting", asker=asker, name=name, message=message)


def of_metadata(name: str, version: str, values: Mapping[str, list[str]]) -> Distribution:
    """A package by its METADATA: the values of each field."""
    python = values.get("Requires-Python", [])
    return Distribution(
        name=canonicalize_name(name),
        version=Version(version),
        requires=tuple(values.get("Requires-Dist", ())),
        requires_python=python[0] if python else "",
    )
