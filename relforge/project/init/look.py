"""Look at a project: from its files to the model of it, which is in found.py."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from relforge.project import lockfile
from relforge.project.init import (
    alembic,
    applications,
    attached,
    contents,
    dependencies,
    django,
    django_files,
    entries,
    expanding,
    frontend,
    interpreter,
    names,
    needed,
    own_project,
    pinned,
    procfile,
    programs,
    reading,
    roots,
    running,
    trial,
    web,
    web_evidence,
    wheel_contents,
    working_directories,
)
from relforge.project.init.applications import Application
from relforge.project.init.dependencies import Dependencies
from relforge.project.init.django_files import StaticFiles
from relforge.project.init.found import Found
from relforge.project.init.ini_files import IniFiles
from relforge.project.init.names import Names
from relforge.project.init.reading import Sources
from relforge.project.init.wheel_layout import Wheel
from relforge.project.init.wheel_or_sources import in_wheel, takes_wheel
from relforge.project.toml_document import read_toml

_UNNAMABLE = re.compile(r"[^A-Za-z0-9_-]+")


def look(root: Path, available: Iterable[str] | None = None) -> Found:
    """Look at the project in the directory; raises SettingsError where a file cannot be read."""
    return model(root, reading.read(root), available, lambda file: pinned.changed_at(root, file))


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
    project = own_project.read(root, path.is_file(), sources)
    place = lockfile.find(root, None)
    lock = lockfile.name(root, place) if place else None
    named = project.name or own_project.name(data)
    wheel = wheel_contents.wheel(data, named, sources)
    usable = wheel if wheel and not wheel.problem else None
    asked = dependencies.read(project, place, wheel=bool(usable or project.name))
    if not asked.names and asked.readable:
        asked = dependencies.elsewhere(project, sources.files) or asked
    lines = expanding.expanded(procfile.read(sources.text(procfile.FILE)), sources.text)
    program, origin = running.web_program(lines, sources)
    places = roots.find(
        sources, usable, tuple(working_directories.find(lines, program, sources)), _foreign(asked)
    )
    known = names.of(sources, places)
    found = applications.find(known)
    managers = programs.managers(sources, places)
    manage = next((row.modules[0] for row in managers), "")
    settings = _django(known, found, manage, sources)
    found, tried = trial.answered(root, places, known, found)
    whole = (attached.whole(known, row) for row in found)
    found = tuple({row.target: row for row in whole}.values())
    scripts = programs.scripts(data, sources)
    served = web.find(
        web_evidence.gather(sources, known, found, asked, program, origin, settings, scripts)
    )
    processes = running.processes(known, found, asked, lines, program, served, manage)
    if settings is not None and not managers:
        managers = (programs.of_django(settings.module),)
    commands = running.commands(known, sources, asked, managers, scripts, served, processes, lines)
    started = tuple(running.files(sources, processes, commands))
    first = [
        *entries.of_programs(processes, commands, settings),
        *entries.of_files(sources, started),
    ]
    own = [name for name in first if name in known.modules]
    extra = (*alembic.files(sources), *started)
    chosen = contents.choose(sources, known, places, own or known.modules, extra)
    overlays: tuple[str, ...] = ()
    if usable is not None and takes_wheel(usable, chosen, known, managers, extra, named):
        apart = [row for row in chosen.paths if not in_wheel(usable, row)]
        overlays = (*apart, *alembic.beside(sources, partial(in_wheel, usable)))
        chosen = replace(chosen, trees=None)
    elif not known.modules:
        chosen = replace(chosen, trees=())
    python = interpreter.choose(
        project,
        sources,
        reading.text(place) if place else "",
        available,
        pinned.find(root, asked, changed),
        entries.imported(known, chosen, asked),
        next((d for name in sorted(chosen.reached) if (d := known.modules[name].deferred)), ""),
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
        static=django_files.static(settings) if settings else StaticFiles(),
        kept=tuple(django_files.kept(settings)) if settings else (),
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


def _in_packages(wheel: Wheel | None, version: str) -> Callable[[str], str | None]:
    """Where the release has a file that the project's wheel contains; None for any other."""

    def place(path: str) -> str | None:
        placed = wheel.place(path) if wheel else None
        return placed and f"python/lib/python{version}/site-packages/{placed}"

    return place


def _foreign(asked: Dependencies) -> frozenset[str]:
    """The import names that dependencies most likely bring: their own."""
    return frozenset(name.replace("-", "_") for name in asked.names)


def _django(
    known: Names, found: tuple[Application, ...], manage: str, sources: Sources
) -> django.Settings | None:
    served = next((row.module for row in found if row.framework == "Django"), "")
    if not served and not any("INSTALLED_APPS" in row.settings for row in known.modules.values()):
        return None
    module = django.module(known, served, manage)
    options = IniFiles(sources).option
    return django.Settings(known, module, options) if module else None
