"""The requirements that a project leaves to its build backend (PEP 621, ``dynamic``).

setuptools reads them from ``requirements.txt`` or ``setup.py``, for one, Poetry
from tables of its own.  To ask takes a second or more, so the answer is kept for
as long as the files that decide it stay as they are.

    <cache>/notes/requirements-<key>.json
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from email.message import Message
from pathlib import Path

from packaging.requirements import Requirement

from relforge import cache
from relforge.layers.deps import resolver_environment
from relforge.layers.deps.package_sources import places
from relforge.model.release import Interpreter
from relforge.model.spec import Project, Settings
from relforge.project import source_exclusions, sources
from relforge.project.requirements import choice

WHAT = "asking the build backend for the project's dependencies"
DECIDING = (".cfg", ".in", ".ini", ".json", ".toml", ".txt")  # in addition to what is at the top
EXTRA = re.compile(r"""extra\s*==\s*["']([^"']*)["']""")
TRUE, FALSE = 'os_name != ""', 'os_name == ""'


def declared(project: Project, settings: Settings, python: Interpreter) -> Project:
    """The project, and its members, with the requirements that their backends report.

    Raises UserError where a backend fails.
    """
    return replace(
        _with_metadata(project, project.root, settings, python)
        if choice.asks_backend(project, settings)
        else project,
        members=tuple(
            _with_metadata(row, project.root, settings, python) for row in project.members
        ),
    )


def of_metadata(head: Message) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """The requirements, and those of each extra, as the tables of ``[project]`` have them."""
    required: list[str] = []
    optional: dict[str, list[str]] = {name: [] for name in head.get_all("Provides-Extra", ())}
    for text in head.get_all("Requires-Dist", ()):
        requirement = Requirement(text)
        named = EXTRA.findall(str(requirement.marker or ""))
        if not named:
            required.append(str(requirement))
        for extra in dict.fromkeys(named):
            optional.setdefault(extra, []).append(_within(requirement, extra))
    return tuple(required), {name: tuple(rows) for name, rows in optional.items()}


def _within(requirement: Requirement, extra: str) -> str:
    """The requirement as it counts in that extra, of which it does not speak any more."""
    marker = str(requirement.marker)
    plain = str(requirement).rpartition(";")[0].rstrip()
    if EXTRA.fullmatch(marker):
        return plain
    return f"{plain} ; {EXTRA.sub(lambda row: TRUE if row[1] == extra else FALSE, marker)}"


def _with_metadata(
    project: Project, root: Path, settings: Settings, python: Interpreter
) -> Project:
    if not project.dynamic:
        return project
    names = tuple(
        source_exclusions.without(sources.files(project.root), project.root, root, settings)
    )
    key = cache.key(
        "requirements", python.version, python.tag, sources.digest(project.root, _deciding(names))
    )
    place = cache.home() / "notes" / f"requirements-{key}.json"
    try:
        required, optional = json.loads(place.read_bytes())
    except (OSError, ValueError):
        required, optional = _ask(project, names, root, settings, python)
        cache.keep(place, json.dumps([required, optional]).encode())
    if "dependencies" in project.dynamic:
        project = replace(project, dependencies=tuple(required))
    if "optional-dependencies" in project.dynamic:
        tables = {name: tuple(rows) for name, rows in optional.items()}
        project = replace(project, optional_dependencies=tables)
    return project


def _deciding(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in names if "/" not in name or name.endswith(DECIDING))


def _ask(
    project: Project, names: tuple[str, ...], root: Path, settings: Settings, python: Interpreter
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    # Late: the answer is kept, and it is slow to import.
    from relforge.layers.deps import backend  # noqa: PLC0415 - slow to import, seldom needed

    with tempfile.TemporaryDirectory(prefix="relforge-requirements-") as directory:
        source = sources.checkout(
            project.root,
            names,
            Path(directory) / "source",
            sources.digest(project.root, names),
            history=project.version is None,
        )
        env = resolver_environment.for_backends(places(settings.packages, root))
        made = Path(directory) / "metadata"
        return of_metadata(backend.metadata(source, *backend.runner(python), env, made, WHAT))
