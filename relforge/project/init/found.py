"""The model of a project that `relforge init` works with: what its files show, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from relforge.project.init import django, interpreter
from relforge.project.init.contents import Contents
from relforge.project.init.dependencies import Dependencies
from relforge.project.init.django_files import Kept, StaticFiles
from relforge.project.init.frontend import FrontEnd
from relforge.project.init.names import Names
from relforge.project.init.needed import Needed
from relforge.project.init.processes import OwnCommand, Process
from relforge.project.init.procfile import Program
from relforge.project.init.reading import Sources
from relforge.project.init.roots import Roots
from relforge.project.init.web_evidence import Web
from relforge.project.init.wheel_layout import Wheel


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
    def state_directories(self) -> tuple[str, ...]:
        """Directories of databases that no file of the release makes, relative to the project."""
        if self.contents.trees is None:
            return ()
        there = {
            f"{place.rpartition('/')[0]}/"
            for path in self.contents.paths
            for place in (path, *self.sources.below(path))
        }
        rows = {row.directory for row in self.kept if row.directory}
        return tuple(sorted(r for r in rows if not any(way.startswith(f"{r}/") for way in there)))
