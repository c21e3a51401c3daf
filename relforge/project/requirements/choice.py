"""Which of a project's files says what the project asks for: one rule.

    1. `requirements = [...]` of the settings
    2. [project] or [tool.poetry] of pyproject.toml
    3. the build backend (setup.py, setup.cfg), where the project's wheel goes in
    4. Pipfile, requirements.txt, requirements.in, requirements/
    5. the build backend otherwise

The first that names a requirement counts.  The others are named as unused, and
where nothing counts although one of them names something, that is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from relforge.model.spec import Project, Requirements, Settings, WrittenRequirement
from relforge.project.requirements import pipfile
from relforge.support.errors import SettingsError, UserError

PROJECT = "[project] of pyproject.toml"
BACKEND = "the build backend"
SETUP = ("setup.py", "setup.cfg")
MAIN = ("requirements.txt", "requirements.in")
# Of several in requirements/, or beside each other at the top: what is deployed.
DEPLOYED = ("production", "prod", "deploy", "base", "common", "main", "app", "default")
DEVELOPMENT = re.compile(
    r"(^|[._/-])(dev(el(op(ment)?)?)?|tests?|testing|docs?|lint|typing|types|ci|local|debug|tools?"
    r"|constraints?|bench(marks?)?|examples?|build|optional)([._/-]|$)"
)
# In forms that relforge does not read: what pip installs from them is a part at most.
UNREAD = ("environment.yml", "environment.yaml", "conda.yml", "pixi.toml")
KEY = "tool.relforge.requirements"


def declared(project: Project) -> Requirements | None:
    """What the pyproject.toml or another file says, without asking a build backend.

    None where nothing is written anywhere, or where only the backend knows.  For
    `relforge init`, which has no settings yet.
    """
    if project.dependencies:
        return _written(project)
    return None if project.dynamic else _first(project.root, candidates(project.root), lock=None)


def before_backend(project: Project, settings: Settings) -> Project:
    """The project with the requirements that are settled without asking its build backend.

    Raises SettingsError where a file cannot be read.
    """
    if settings.requirements is not None:
        return _take(project, _named(project.root, settings.requirements))
    if project.dependencies or _is_packaged(project, settings):
        return project
    found = _first(project.root, candidates(project.root), settings.lock)
    return project if found is None else _take(project, found)


def after_backend(project: Project, settings: Settings) -> Project:
    """The project with its requirements, and where they come from; raises UserError.

    It has been asked for what only its build backend knows.
    """
    found = _found(project, settings)
    if found is None:
        _refuse_overlooked(project.root, settings.lock)
        return project
    found = replace(found, unused=tuple(_unused(project, found, settings.lock)))
    return replace(project, dependencies=tuple(row.text for row in found.rows), requirements=found)


def candidates(root: Path) -> tuple[str, ...]:
    """The files that may say what is deployed, in the order in which they count."""
    names = [pipfile.NAME, *MAIN]
    for directory, prefix in ((root / "requirements", "requirements/"), (root, "")):
        for suffix in (".txt", ".in"):
            there = sorted(path.name for path in directory.glob(f"*{suffix}") if path.is_file())
            words = [*DEPLOYED, "requirements"] if prefix else DEPLOYED
            for word in words:
                pattern = re.compile(
                    rf"{word}{re.escape(suffix)}"
                    if prefix
                    else rf"requirements[._-]{word}{re.escape(suffix)}"
                )
                names += [f"{prefix}{name}" for name in there if pattern.fullmatch(name)]
            rest = [name for name in there if not DEVELOPMENT.search(name)]
            if prefix and len(rest) == 1:
                names += [f"{prefix}{rest[0]}"]
    return tuple(name for name in dict.fromkeys(names) if (root / name).is_file())


def files(root: Path) -> tuple[str, ...]:
    """Every file in which requirements are written, but for pyproject.toml."""
    names = [name for name in (*SETUP, pipfile.NAME) if _names_something(root, name)]
    for pattern in ("requirements*.txt", "requirements*.in"):
        names += sorted(path.name for path in root.glob(pattern) if path.is_file())
    names += [name for name in UNREAD if (root / name).is_file()]
    for pattern in ("*.txt", "*.in"):
        paths = root.glob(f"requirements/{pattern}")
        names += sorted(f"requirements/{path.name}" for path in paths)
    return tuple(names)


def sentence(requirements: Requirements) -> str:
    """``requirements from requirements.txt; not used: Pipfile``."""
    text = f"requirements from {requirements.source}"
    if requirements.unused:
        text += f"; not used: {', '.join(requirements.unused)}"
    return text


def asks_backend(project: Project, settings: Settings) -> bool:
    """Whether the build backend has to be asked for the requirements.

    One without a ``[project]`` table is asked where its wheel goes in, or where
    its files show that it has something to say.
    """
    if not project.dynamic:
        return False
    if project.name or settings.app is None:
        return True
    return any(_names_something(project.root, name) for name in SETUP)


def _is_packaged(project: Project, settings: Settings) -> bool:
    """Whether the build backend comes before files of requirements."""
    dynamic = "dependencies" in project.dynamic
    return dynamic and (bool(project.name) or settings.app is None)


def _found(project: Project, settings: Settings) -> Requirements | None:
    found = project.requirements
    if "dependencies" in project.dynamic and project.dependencies:
        named = _numbered(project.dependencies, "Requires-Dist")
        if found is None:
            return Requirements(source=BACKEND, rows=named)
        return replace(found, rows=(*named, *found.rows))
    if found is None and project.dependencies:
        return _written(project)
    return found or _first(project.root, candidates(project.root), settings.lock)


def _written(project: Project) -> Requirements:
    """What pyproject.toml says."""
    rows = _numbered(project.dependencies, "project.dependencies")
    return project.requirements or Requirements(source=PROJECT, rows=rows)


def _numbered(texts: Iterable[str], where: str) -> tuple[WrittenRequirement, ...]:
    return tuple(
        WrittenRequirement(where=f"{where}[{index}]", text=text) for index, text in enumerate(texts)
    )


def _named(root: Path, names: tuple[str, ...]) -> Requirements:
    for index, name in enumerate(names):
        if not (root / name).is_file():
            raise SettingsError(
                f"{KEY}[{index}]: no file {name!r} in {root}",
                hint="paths are relative to the project",
            )
    if names == (pipfile.NAME,):
        return pipfile.read(root)
    if not names:
        return Requirements(source="nothing, as set")
    return _listed(root, names)


def _read(root: Path, name: str) -> Requirements:
    return pipfile.read(root) if name == pipfile.NAME else _listed(root, (name,))


def _listed(root: Path, names: tuple[str, ...]) -> Requirements:
    # Late: it is slow to import, and many projects write their requirements into pyproject.toml.
    from relforge.project.requirements import requirements_txt  # noqa: PLC0415 - seldom needed

    return requirements_txt.read(root, names)


def _first(root: Path, names: tuple[str, ...], lock: str | None) -> Requirements | None:
    """What the first of these files says that names anything; the lock itself comes last."""
    for name in sorted(names, key=lambda row: row == lock):
        found = _read(root, name)
        if found.rows or found.asks_itself:
            return found
    return None


def _take(project: Project, found: Requirements) -> Project:
    """The project that asks for what the file says, instead of what its backend would say."""
    if found.asks_itself:
        own = () if "dependencies" in project.dynamic else _written(project).rows
        found = replace(found, rows=(*own, *found.rows))
        dynamic = project.dynamic
    else:
        dynamic = tuple(name for name in project.dynamic if name != "dependencies")
    return replace(project, dynamic=dynamic, dependencies=(), requirements=found)


def _unused(project: Project, found: Requirements, lock: str | None) -> Iterator[str]:
    """The files that name requirements and were not read, neither here nor by the backend."""
    by_backend = ""
    if found.source in (PROJECT, BACKEND):
        by_backend = "".join(_text(project.root / name) for name in ("pyproject.toml", *SETUP))
    for name in files(project.root):
        known = found.source == BACKEND if name in SETUP else name in by_backend
        if not known and name not in found.files and name != lock:
            yield name


def _refuse_overlooked(root: Path, lock: str | None) -> None:
    """Raise where nothing counts although a file names requirements that may be the release's."""
    names = [
        name
        for name in files(root)
        if name not in SETUP and name != lock and not DEVELOPMENT.search(name)
    ]
    found = [name for name in names if name not in UNREAD and _read(root, name).rows]
    unread = [name for name in names if name in UNREAD]
    if unread and not found:
        raise UserError(
            f"{unread[0]} names requirements in a form that relforge does not read",
            hint="write them to requirements.txt, or set in [tool.relforge]: requirements = []",
        )
    if found:
        verb = "names" if len(found) == 1 else "name"
        raise UserError(
            f"{' and '.join(found)} {verb} requirements, but may not be the release's",
            hint=f'set in [tool.relforge]: requirements = ["{found[0]}"]   (or [] for none)',
        )


def _names_something(root: Path, name: str) -> bool:
    text = _text(root / name)
    return "install_requires" in text if name in SETUP else bool(text)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
