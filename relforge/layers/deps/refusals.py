"""Why no index gave a package that a resolver wanted, which resolvers do not always say.

An index may want a login; it may not have the name, or not the version, or only
files for another Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from relforge.layers.deps import index_pages
from relforge.layers.deps.index_pages import Offer
from relforge.layers.deps.package_sources import PackageSources
from relforge.layers.deps.pex_errors import PexError
from relforge.layers.deps.platform import Platform
from relforge.layers.deps.web import REFUSED, Unanswered, Web
from relforge.support.errors import UserError

# As uv says it, and as `pex_errors` does.
BY_UV = re.compile(r"([A-Za-z0-9][\w.-]*) was not found in the package registry")
BY_PEX = re.compile(r"(\S.*?) cannot be found")
FROM = re.compile(r"satisfies the requirement \S+ \(from ([\w.-]+)")  # as pip says who asks
NEWEST = 5  # versions that are named


def explain(
    error: UserError, places: PackageSources, target: Platform, constraints: Iterable[str] = ()
) -> UserError:
    """The error of a resolver, with what the indexes have of the package that it lacks."""
    unknown = BY_UV.search(error.message) or BY_PEX.search(error.message.rpartition(": ")[2])
    wanted = _requirement(unknown[1]) if unknown else None
    if unknown is None or wanted is None:
        return error
    limited = _limited(error, wanted, constraints)
    if limited is not None:
        return limited
    web = Web(places)
    refused: list[tuple[str, Unanswered]] = []
    offers: list[Offer] = []
    for index in places.indexes:
        try:
            offers += index_pages.at_index(index.url, canonicalize_name(wanted.name), web)
        except Unanswered as problem:
            if problem.status in REFUSED:
                refused.append((index.url, problem))
    for directory in places.directories:
        offers += (
            row
            for row in index_pages.in_directory(directory)
            if row.parsed and row.parsed[0] == canonicalize_name(wanted.name)
        )
    if refused:
        rows = "".join(f"\n    {address}: {problem.reason}" for address, problem in refused)
        return UserError(error.message + rows, hint=refused[0][1].hint)
    if unknown.re is BY_UV:
        return error  # uv has said the rest itself
    what = error.message.partition(": ")[0]
    return UserError(f"{what}: {reason(wanted, offers, target)}", hint="" if offers else error.hint)


def _limited(error: UserError, wanted: Requirement, constraints: Iterable[str]) -> UserError | None:
    """The error of a package of which a constraint allows one version, and another is wanted."""
    rows = [row for row in map(_requirement, constraints) if row is not None]
    for row in rows:
        same = canonicalize_name(row.name) == canonicalize_name(wanted.name)
        versions = [part.version for part in row.specifier if part.operator == "=="]
        if same and versions and not wanted.specifier.contains(versions[0], prereleases=True):
            found = FROM.search(error.output) if isinstance(error, PexError) else None
            asker = found[1] if found else "something"
            what = error.message.partition(": ")[0]
            return UserError(f"{what}: {asker} requires {wanted}, but only {row} is allowed")
    return None


def reason(wanted: Requirement, offers: Iterable[Offer], target: Platform) -> str:
    """Why none of these files fits the requirement."""
    rows = [(row, found[1]) for row in offers if (found := row.parsed) is not None]
    if not rows:
        return f"no configured index or directory has a package named {wanted.name}"
    fitting = [row for row in rows if wanted.specifier.contains(row[1], prereleases=True)]
    if not fitting:
        newest = sorted({version for _, version in rows})[-NEWEST:]
        listed = ", ".join(map(str, newest))
        return f"no version of {wanted.name} matches `{wanted}`; the newest are {listed}"
    version = max(version for _, version in fitting)
    pythons = {row.requires_python for row, its in fitting if its == version}
    other = sorted(text for text in pythons if text and not _allows(text, target))
    if other:
        return (
            f"{wanted.name} {version} needs Python {other[0]}, but the release has {target.python} "
            "(`python.version` in the settings)"
        )
    return _of_platform(wanted, version, target)


def _of_platform(wanted: Requirement, version: Version, target: Platform) -> str:
    return (
        f"{wanted.name} {version} has neither a file for CPython {target.spelled} on "
        f"{target.machine} Linux nor a usable source archive"
    )


def _allows(text: str, target: Platform) -> bool:
    try:
        return SpecifierSet(text).contains(target.python, prereleases=True)
    except InvalidSpecifier:
        return True


def _requirement(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None
