"""What a project is, as far as its files show; nothing of it is run."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from relforge.model.spec import AssetSettings, Project
from relforge.project import pyproject, sources
from relforge.project.init import applications, django, frontend, procfile, programs
from relforge.project.init.applications import ASIDE, Application
from relforge.project.lockfile import find as found_lock

PYTHONS = ("3.13", "3.12", "3.11")  # the newest first
_UNNAMABLE = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectedProject:
    """What `relforge init` knows about a project."""

    root: Path
    name: str
    name_is_written: bool  # in [project]
    version_is_written: bool  # there, or the build backend's
    python: str  # "3.12"
    lock: str | None
    declared: bool  # the dependencies, in [project]
    dependencies: frozenset[str]  # names, as far as they are declared anywhere
    web: Application | None
    others: tuple[Application, ...]  # further web applications
    celery: Application | None
    trees: tuple[str, ...] | None  # `app`; None: the project's own wheel
    scripts: dict[str, str]
    commands: tuple[tuple[str, str], ...]  # name and callable
    assets: AssetSettings | None
    uncollected: bool  # Django's static files: nothing says where to gather them
    variables: tuple[str, ...]  # that the sources need: os.environ["..."]
    src_without_build: bool
    programs: tuple[procfile.Program, ...] = ()  # of a Procfile

    @property
    def processes(self) -> tuple[procfile.Program, ...]:
        """Those of the Procfile that become services as they are."""
        taken = {procfile.RELEASE}
        if self.web is not None:
            taken.add(procfile.WEB)
        rows = (row for row in self.programs if row.name not in taken)
        return tuple(row for row in rows if not (self.celery and row.name == "worker"))

    @property
    def server(self) -> str:
        """The one that the project has: for WSGI gunicorn, where that is among them."""
        if procfile.server(self.programs):
            return procfile.server(self.programs)
        wsgi = self.web is not None and self.web.interface == "wsgi"
        known = ("gunicorn", "uvicorn") if wsgi else ("uvicorn", "hypercorn")
        return next((name for name in known if name in self.dependencies), "uvicorn")


def look(root: Path) -> DetectedProject:
    """Look at the project in the folder; raises SettingsError where a file cannot be read."""
    known = pyproject.load(root) if (root / "pyproject.toml").is_file() else _nameless(root)
    files = sources.files(root)
    found = applications.find(root, files)
    web = [application for application in found if application.interface != "celery"]
    has_src = any(name.startswith("src/") for name in files)
    # PEP 518: without a [build-system] setuptools builds it, and that finds what lies in src/.
    by_default = has_src and bool(known.name)
    builds = known.has_build_system or (root / "setup.py").is_file() or by_default
    lines = procfile.find(root)
    said = procfile.web(lines)
    # Of several that are there, the Procfile tells which one.
    web.sort(key=lambda row: said is None or row.target != said.target)
    chosen = web[0] if web else said
    wheel = builds and (chosen is None or "/" in chosen.path) and "manage.py" not in files
    trees = None if wheel else _trees(files)
    lock = found_lock(root, None)
    return DetectedProject(
        root=root,
        name=known.name or _UNNAMABLE.sub("-", root.name).strip("-") or "app",
        name_is_written=bool(known.name),
        version_is_written=bool(known.version) or builds,
        python=_python(root, known.requires_python),
        lock=lock.name if lock else None,
        declared=bool(known.dependencies),
        dependencies=_dependencies(root, known),
        web=chosen,
        others=tuple(row for row in web[1:] if chosen and row.interface == chosen.interface),
        celery=next((row for row in found if row.interface == "celery"), None),
        trees=trees,
        scripts=known.scripts,
        commands=programs.find(root, files, known.scripts, serves=bool(found)),
        assets=_assets(root, files, trees),
        uncollected=django.is_uncollected(root, files),
        variables=_variables(root, files),
        src_without_build=has_src and not builds,
        programs=lines,
    )


def _assets(
    root: Path, files: tuple[str, ...], trees: tuple[str, ...] | None
) -> AssetSettings | None:
    """What Node builds, then what Django collects."""
    node, static = frontend.find(root, files), django.find(root, files, trees or ())
    return frontend.then(root, node, static) if node and static else node or static


def _nameless(root: Path) -> Project:
    return Project(
        root=root,
        name="",
        version=None,
        requires_python="",
        dependencies=(),
        optional_dependencies={},
        groups={},
        scripts={},
        has_build_system=False,
        settings_file=root / "relforge.toml",
        settings={},
    )


def _python(root: Path, required: str) -> str:
    """The version that the project pins; else this process's, which is surely on the host."""
    try:
        allowed = SpecifierSet(required)
    except InvalidSpecifier:
        allowed = SpecifierSet()
    pin = root / ".python-version"
    said = re.match(r"3\.\d+", pin.read_text().strip()) if pin.is_file() else None
    if said and said[0] in PYTHONS:
        return said[0]
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    choices = [version for version in (own, *PYTHONS) if version in PYTHONS]
    fitting = (version for version in choices if allowed.contains(f"{version}.99"))
    return next(fitting, choices[0])


def _dependencies(root: Path, known: Project) -> frozenset[str]:
    lines = [*known.dependencies]
    for path in sorted(root.glob("requirements*.txt")):
        lines += [line.split("#")[0].split(" --hash")[0] for line in path.read_text().splitlines()]
    return frozenset(name for line in lines if (name := _requirement_name(line)))


def _requirement_name(line: str) -> str:
    try:
        return canonicalize_name(Requirement(line.strip().rstrip("\\").strip()).name)
    except InvalidRequirement:
        return ""


def _trees(files: Iterable[str]) -> tuple[str, ...]:
    """The top-level files and folders that the application is made of."""
    tops: dict[str, None] = {}
    for name in files:
        first, *below = PurePosixPath(name).parts
        if below:
            counts = name.endswith(".py") or first in ("static", "templates")
            if counts and first not in ASIDE and first.isidentifier() and first != "src":
                tops[first] = None
        elif first.endswith(".py") and first not in programs.NO_PROGRAMS:
            tops[first] = None
    return tuple(sorted(tops, key=lambda top: (top != "manage.py", top)))


def _variables(root: Path, files: Iterable[str]) -> tuple[str, ...]:
    """The environment variables that modules read at import and that have no default."""
    names: set[str] = set()
    for file in files:
        parts = PurePosixPath(file).parts
        if file.endswith(".py") and not ASIDE & set(parts[:-1]) and "environ" in _text(root / file):
            names.update(_environ_keys(_text(root / file)))
    return tuple(sorted(names))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _environ_keys(text: str) -> Iterable[str]:
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for statement in body:
        if isinstance(statement, functions):
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
                key = node.slice.value if isinstance(node.slice, ast.Constant) else None
                environ = ast.unparse(node.value) in ("environ", "os.environ")
                if environ and isinstance(key, str):
                    yield key
