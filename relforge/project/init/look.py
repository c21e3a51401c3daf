"""The model of a project that `relforge init` works with: what its files show, and no more."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from relforge.model.spec import Project
from relforge.project import git, lockfile, pyproject
from relforge.project.init import (
    applications,
    attached,
    contents,
    dependencies,
    django,
    frontend,
    interpreter,
    names,
    needed,
    procfile,
    programs,
    reading,
    roots,
    running,
    trial,
    web,
    wheel_contents,
    wheel_setuptools,
)
from relforge.project.init.applications import Application
from relforge.project.init.contents import Contents
from relforge.project.init.dependencies import Dependencies
from relforge.project.init.django import Kept, Settings, StaticFiles
from relforge.project.init.frontend import FrontEnd
from relforge.project.init.names import Names
from relforge.project.init.needed import Needed
from relforge.project.init.processes import OwnCommand, Process
from relforge.project.init.procfile import Program
from relforge.project.init.reading import Sources
from relforge.project.init.roots import Roots
from relforge.project.init.web import Evidence, Web
from relforge.project.init.wheel_layout import Wheel
from relforge.project.init.wheel_or_sources import in_wheel, takes_wheel
from relforge.project.requirements import pipfile
from relforge.project.toml_document import read_toml

# As shells, uWSGI and supervisord write them.
_VARIABLE = re.compile(r"\$\((\w+)\)|\$\{?([A-Z_]+)\b|%\(ENV_(\w+)\)s")
_UNNAMABLE = re.compile(r"[^A-Za-z0-9_-]+")
_ENTRY = ("asgi", "wsgi", "app", "application", "main", "server", "web", "api", "serve", "run")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the files of a project show."""

    root: Path
    name: str
    name_is_written: bool  # in [project]
    version_is_written: bool  # there, or the build backend's
    python: interpreter.Choice
    lock: str | None
    dependencies: Dependencies
    optional: Mapping[str, tuple[str, ...]]  # the project's extras
    groups: Mapping[str, tuple[str, ...]]
    sources: Sources
    names: Names
    roots: Roots
    wheel: Wheel | None
    contents: Contents
    overlays: tuple[str, ...]  # paths of the project beside its wheel
    web: Web
    services: tuple[Process, ...]  # `web` among them
    commands: tuple[OwnCommand, ...]
    fronts: tuple[FrontEnd, ...]
    django: django.Settings | None
    static: StaticFiles
    kept: tuple[Kept, ...]
    needed: tuple[Needed, ...]
    variables: frozenset[str]  # all that the sources read
    programs: tuple[Program, ...]  # of the Procfile
    origin: str  # Procfile, or Dockerfile
    tried: dict[str, str]  # what could not be imported in the project's environment, and why
    scripts: dict[str, str]

    @property
    def own_code(self) -> bool:
        return bool(self.names.modules)

    @property
    def state_folders(self) -> tuple[str, ...]:
        """Directories of databases that no file of the release makes, relative to the project."""
        if self.contents.trees is None:
            return ()
        there = {
            f"{place.rpartition('/')[0]}/"
            for path in self.contents.paths
            for place in (path, *self.sources.below(path))
        }
        rows = {row.folder for row in self.kept if row.folder}
        return tuple(sorted(r for r in rows if not any(way.startswith(f"{r}/") for way in there)))


def look(root: Path, available: Iterable[str] | None = None) -> Found:
    """Look at the project in the directory; raises SettingsError where a file cannot be read."""
    return model(root, reading.read(root), available, lambda file: _changed(root, file))


def model(
    root: Path,
    sources: Sources,
    available: Iterable[str] | None = None,
    changed: Callable[[str], int | None] = lambda file: None,
) -> Found:
    """The model of what was read.  Of the directory itself the packaging's own files are looked at.

    ``changed`` knows when a file was changed last.
    """
    path = root / "pyproject.toml"
    data = read_toml(path) if path.is_file() else {}
    project = _project(root, path.is_file(), sources)
    place = lockfile.find(root, None)
    lock = lockfile.name(root, place) if place else None
    named = project.name or _name(data)
    wheel = wheel_contents.wheel(data, named, sources)
    usable = wheel if wheel and not wheel.problem else None
    asked = dependencies.read(project, place, wheel=bool(usable or project.name))
    if not asked.names and asked.readable:
        asked = dependencies.elsewhere(project, sources.files) or asked
    lines = procfile.read(sources.text(procfile.FILE))
    program, origin = running.web_program(lines, sources)
    places = roots.find(sources, usable, tuple(_folders(lines, program, sources)), _foreign(asked))
    known = names.of(sources, places)
    found = applications.find(known)
    managers = programs.managers(sources, places)
    manage = next((row.modules[0] for row in managers), "")
    settings = _django(known, found, manage)
    found, tried = trial.answered(root, places, known, found)
    whole = (attached.whole(known, row) for row in found)
    found = tuple({row.target: row for row in whole}.values())
    served = web.find(_evidence(sources, known, found, asked, program, origin, settings))
    scripts = programs.scripts(data, sources)
    processes = running.processes(known, found, asked, lines, program, served, manage)
    if settings is not None and not managers:
        managers = (programs.of_django(settings.module),)
    commands = running.commands(known, sources, asked, managers, scripts, served, processes, lines)
    entries = _entries(processes, commands, settings)
    extra = (*_migrations(sources), *running.files(sources, processes, commands))
    chosen = contents.choose(sources, known, places, entries or known.modules, extra)
    overlays: tuple[str, ...] = ()
    if usable is not None and takes_wheel(usable, chosen, known, managers, extra, named):
        overlays = tuple(row for row in chosen.paths if not in_wheel(usable, row))
        chosen = replace(chosen, trees=None)
    elif not known.modules:
        chosen = replace(chosen, trees=())
    python = interpreter.choose(
        project,
        sources,
        reading.text(place) if place else "",
        available,
        _pinned(root, asked, changed),
        _imports(known, chosen, asked),
    )

    packages = _in_packages(usable, python.version)
    commands = (*running.of_scripts(scripts, commands, wheel=chosen.trees is None), *commands)
    return Found(
        root=root,
        name=_UNNAMABLE.sub("-", named or root.name).strip("-") or "app",
        name_is_written=bool(project.name),
        version_is_written=bool(project.version or usable),
        python=python,
        lock=lock,
        dependencies=asked,
        optional=project.optional_dependencies,
        groups=project.groups,
        sources=sources,
        names=known,
        roots=places,
        wheel=wheel,
        contents=chosen,
        overlays=overlays,
        web=served,
        services=tuple(running.placed(row, chosen, known, places) for row in processes),
        commands=tuple(running.moved(row, chosen, known, packages) for row in commands),
        fronts=frontend.find(sources),
        django=settings,
        static=django.static(settings) if settings else StaticFiles(),
        kept=tuple(django.kept(settings)) if settings else (),
        needed=(
            *needed.find(known, sources, chosen.reached, asked),
            *(needed.of_django(known, settings.module, "Django") if settings and managers else ()),
        ),
        variables=needed.every(known),
        programs=lines,
        origin=origin,
        tried=tried,
        scripts=scripts,
    )


def _entries(
    processes: Iterable[Process], commands: Iterable[OwnCommand], settings: Settings | None
) -> list[str]:
    """The modules with which something of the release begins."""
    found = [name for process in processes for name in process.modules]
    found += [name for command in commands for name in command.modules]
    return found if settings is None else [*found, settings.module, *settings.apps()]


def _in_packages(wheel: Wheel | None, version: str) -> Callable[[str], str | None]:
    """Where the release has a file that the project's wheel contains; None for any other."""

    def place(path: str) -> str | None:
        placed = wheel.place(path) if wheel else None
        return placed and f"python/lib/python{version}/site-packages/{placed}"

    return place


def _imports(known: Names, chosen: Contents, asked: Dependencies) -> frozenset[str]:
    """The modules that what goes in imports; setuptools brings distutils."""
    rows = (known.modules[name].needs for name in chosen.reached)
    names = {name.partition(".")[0] for needs in rows for name, level in needs if not level}
    return frozenset(names - ({"distutils"} if "setuptools" in asked else set()))


def _changed(root: Path, file: str) -> int | None:
    """When half of a file's lines were as they are, by git."""
    blamed = git.output(root, "blame", "--line-porcelain", "--", file)
    times = sorted(int(row) for row in re.findall(r"^committer-time (\d+)$", blamed or "", re.M))
    return times[len(times) // 2] if times else None


def _pinned(
    root: Path, asked: Dependencies, changed: Callable[[str], int | None]
) -> interpreter.Pinned | None:
    """When the file of requirements was changed last, if it pins every version."""
    texts = {name: reading.text(root / name) for name in asked.files if name.endswith(".txt")}
    name = max(texts, key=lambda row: texts[row].count("=="), default="")
    if not name:
        return None
    return interpreter.pinned_at(name, texts[name], changed(name))


def _project(root: Path, written: bool, sources: Sources) -> Project:
    """The project as a build reads it; one without a pyproject.toml as it would."""
    if written:
        return pyproject.load(root)
    built = wheel_setuptools.is_used(sources)
    return Project(
        root=root,
        name="",
        version=None,
        requires_python=pipfile.python(root) if sources.has(pipfile.NAME) else "",
        dependencies=(),
        optional_dependencies={},
        groups={},
        scripts={},
        has_build_system=built,
        settings_file=root / "relforge.toml",
        settings={},
        dynamic=pyproject.BACKENDS if built else (),
    )


def _name(data: dict[str, Any]) -> str:
    for table in (data.get("project", {}), data.get("tool", {}).get("poetry", {})):
        if isinstance(table, dict) and isinstance(table.get("name"), str):
            return str(table["name"])
    return ""


def _foreign(asked: Dependencies) -> frozenset[str]:
    """The import names that dependencies most likely bring: their own."""
    return frozenset(name.replace("-", "_") for name in asked.names)


def _folders(
    lines: tuple[Program, ...], program: Program | None, sources: Sources
) -> Iterator[str]:
    """Directories that something names as the place where one works, or as a part of PYTHONPATH."""
    for row in (*lines, *([program] if program else ())):
        if row.line.main is not None:
            yield row.line.main.cwd
            yield from (value for key, value in row.line.main.env if key == "PYTHONPATH")
        server = row.server
        if server is not None and server.root:
            yield server.root.strip("./") or server.root
    for value in re.findall(r"PYTHONPATH[= ]\"?([\w./:$-]+)", sources.text("Dockerfile")):
        for path in value.split(":"):
            parts = PurePosixPath(path).parts
            yield from ("/".join(parts[number:]) for number in range(1, len(parts)))


def _django(known: Names, found: tuple[Application, ...], manage: str) -> django.Settings | None:
    served = next((row.module for row in found if row.framework == "Django"), "")
    if not served and not any("INSTALLED_APPS" in row.settings for row in known.modules.values()):
        return None
    module = django.module(known, served, manage)
    return django.Settings(known, module) if module else None


def _evidence(
    sources: Sources,
    known: Names,
    found: tuple[Application, ...],
    asked: Dependencies,
    program: Program | None,
    origin: str,
    settings: django.Settings | None,
) -> Evidence:
    line = program.server if program else None
    config = line.config if line else ""
    if config and not sources.has(config):  # python:config.gunicorn
        config = f"{config.replace('.', '/')}.py"
    return Evidence(
        names=known,
        applications=found,
        dependencies=asked,
        program=program,
        origin=origin,
        asgi=_target(settings, "ASGI_APPLICATION"),
        wsgi=_target(settings, "WSGI_APPLICATION"),
        config=sources.text(config or "gunicorn.conf.py"),
        given=frozenset(_variables(program, sources)) if program else frozenset(),
    )


def _variables(program: Program, sources: Sources) -> Iterator[str]:
    """The variables in the files that the words of a program name."""
    for word in program.words:
        for row in _VARIABLE.findall(sources.text(word.removeprefix("./"))):
            yield next(name for name in row if name)


def _target(settings: django.Settings | None, name: str) -> str:
    module, _, attribute = (settings.text(name) if settings else "").rpartition(".")
    return f"{module}:{attribute}" if module else ""


def _migrations(sources: Sources) -> tuple[str, ...]:
    """alembic.ini and the directory that it names."""
    found = []
    for path in sources.files:
        if PurePosixPath(path).name == "alembic.ini" and not sources.is_aside(path):
            found.append(path)
            place = re.search(r"^\s*script_location\s*=\s*(\S+)", sources.text(path), re.MULTILINE)
            said = (place[1] if place else "alembic").replace("%(here)s/", "").removeprefix("./")
            folder = str(PurePosixPath(path).parent / said)
            if sources.has(folder):
                found.append(folder)
    return tuple(found)
