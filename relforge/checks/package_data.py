"""Files that are in a package of the project, and that its wheel lacks."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator

from relforge.model.release import Finding, Release
from relforge.model.spec import Project
from relforge.project import inputs
from relforge.project.toml_document import read_toml

RULE = "package-data"
ABOUT = "is in the package but not in its wheel"
# What a wheel is made of, or what only its authors read.
_NO_DATA = re.compile(
    r"(^|.*/)(\.[^/]*|README[^/]*|Makefile|CMakeLists\.txt|meson\.build|BUILD(\.bazel)?|conftest\.py"
    r"|[^/]*\.(c|cc|cpp|cxx|h|hpp|pyx|pxd|pxi|rs|go|f90|po|pot|scss|sass|less|ts|tsx|jsx|vue|md"
    r"|rst|ipynb|orig|rej|swp|log|sqlite3?|db))"
)
_NO_PACKAGE = frozenset({"tests", "test", "testing", "docs", "doc", "examples", "node_modules"})
_HINTS = {  # by the first word of the backend's name, without `_core` and the like
    "setuptools": '[tool.setuptools.package-data] {package} = ["{pattern}"]',
    "hatchling": '[tool.hatch.build.targets.wheel] artifacts = ["{package}/{pattern}"]',
    "poetry": '[tool.poetry] include = [{{ path = "{package}/{pattern}", format = "wheel" }}]',
    "pdm": '[tool.pdm.build] includes = ["{package}/{pattern}"]',
}


def rule(release: Release) -> Iterator[Finding]:
    """Each such file of a package that goes in as a wheel."""
    own = release.settings.app is None and inputs.has_wheel(release.project)
    packages = [(release.project, inputs.application(release))] if own else []
    packages += [(row, inputs.member(release, row)) for row in release.project.members]
    if not packages:
        return
    prefix = f"{release.python.site_packages}/"
    there = {
        path.removeprefix(prefix)
        for layer in release.layers
        for path in layer.paths
        if path.startswith(prefix) and layer.name != "python"
    }
    for project, names in packages:
        yield from _of_project(release, project, names, there)


def _of_project(
    release: Release, project: Project, names: Collection[str], there: Collection[str]
) -> Iterator[Finding]:
    backend = _backend(project)
    roots = _roots(names, there)
    front_ends = {posixpath.dirname(name) for name in names if name.endswith("/package.json")}
    where = project.root.relative_to(release.project.root).as_posix()
    for name, inner in _lacking(roots, names, there):
        if any(name.startswith(f"{directory}/") for directory in front_ends):
            continue
        package, _, rest = inner.partition("/")
        head, _, tail = rest.partition("/")
        pattern = f"{head}/**" if tail else head
        advice = _HINTS.get(backend, "")
        yield Finding(
            severity="warning",
            rule=RULE,
            path=name if where == "." else f"{where}/{name}",
            message=ABOUT,
            hint=advice.format(package=package, pattern=pattern)
            or "include it in the settings of the build backend, as its manual describes",
            topic=ABOUT,
        )


def _roots(names: Iterable[str], there: Collection[str]) -> dict[str, str]:
    """The topmost packages of the sources that the wheel has, each with its place there."""
    found: dict[str, str] = {}
    for name in sorted(names, key=lambda name: (name.count("/"), name)):
        directory, _, file = name.rpartition("/")
        if file != "__init__.py" or any(f"{directory}/".startswith(f"{row}/") for row in found):
            continue
        parts = directory.split("/")
        if _NO_PACKAGE.intersection(parts):
            continue
        for start in range(len(parts)):
            place = "/".join(parts[start:])
            if f"{place}/__init__.py" in there or f"{place}/__init__.pyc" in there:
                found[directory] = place
                break
    return found


def _lacking(
    roots: dict[str, str], names: Iterable[str], there: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Each file of these packages that is not there, with the place where it would be."""
    for name in names:
        root = next((row for row in roots if name.startswith(f"{row}/")), "")
        if not root:
            continue
        inner = roots[root] + name[len(root) :]
        compiled = f"{inner}c" if inner.endswith(".py") else inner
        if inner in there or compiled in there or _NO_DATA.fullmatch(name):
            continue
        if not _NO_PACKAGE.intersection(inner.split("/")):
            yield name, inner


def _backend(project: Project) -> str:
    """The first word of the backend's name; setuptools where none is written."""
    path = project.root / "pyproject.toml"
    table = read_toml(path).get("build-system", {}) if path.is_file() else {}
    return re.split(r"[._]", str(table.get("build-backend", "setuptools")))[0]
