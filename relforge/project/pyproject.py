"""Reading the user's project: ``pyproject.toml``, and ``relforge.toml`` where there is one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from relforge.model.spec import Metadata, Project, Requirements
from relforge.project.requirements import pipfile, poetry
from relforge.project.toml_document import read_toml
from relforge.support.errors import SettingsError

BACKENDS = ("dependencies", "optional-dependencies")  # what may be left to a build backend


def load(root: Path) -> Project:
    """The project in the directory; raises SettingsError that names the file and the line."""
    root = root.resolve()
    pyproject = root / "pyproject.toml"
    own = root / "relforge.toml"
    if not root.is_dir():
        raise SettingsError(
            f"{root}: no such directory", hint="give the project's directory: --project DIR"
        )
    if not pyproject.is_file() and not own.is_file():
        raise SettingsError(
            f"{root}: no pyproject.toml",
            hint="go to the project's directory, or give it: --project DIR",
        )
    data = read_toml(pyproject) if pyproject.is_file() else {}
    table = _table(data, "project", pyproject)
    settings = _table(_table(data, "tool", pyproject), "relforge", pyproject, "tool.")
    settings_file = pyproject
    if own.is_file():
        if settings:
            raise SettingsError(
                "the settings are in two places: relforge.toml, and [tool.relforge] in "
                "pyproject.toml",
                hint="keep one of them",
            )
        settings, settings_file = read_toml(own), own
    try:
        found = _of_table(root, data, table)
        found = _with_tools(found, _table(data, "tool", pyproject), bool(table))
    except (TypeError, ValueError, AttributeError) as error:
        raise SettingsError(f"{pyproject}: the [project] table is not valid: {error}") from None
    return replace(found, settings_file=settings_file, settings=settings)


def _of_table(root: Path, data: dict[str, Any], table: dict[str, Any]) -> Project:
    """What the ``[project]`` table says."""
    built = "build-system" in data or (root / "setup.py").is_file() or _is_setup_cfg(root)
    return Project(
        root=root,
        name=table.get("name", ""),
        version=table.get("version"),
        requires_python=table.get("requires-python", ""),
        dependencies=tuple(table.get("dependencies", ())),
        optional_dependencies=_requirements(table.get("optional-dependencies", {})),
        groups=dependency_groups(data.get("dependency-groups", {})),
        scripts=dict(table.get("scripts", {})),
        has_build_system=built,
        dynamic=_dynamic(table, built),
        settings_file=root / "pyproject.toml",
        settings={},
        metadata=_metadata(table),
    )


def _with_tools(project: Project, tools: dict[str, Any], has_table: bool) -> Project:
    """The project with what Poetry's table, PDM's and a Pipfile add."""
    groups = dict(project.groups)
    for name, rows in tools.get("pdm", {}).get("dev-dependencies", {}).items():
        groups.setdefault(name, tuple(row.removeprefix("-e ") for row in rows))
    if (project.root / pipfile.NAME).is_file():
        groups.setdefault("dev", pipfile.development(project.root))
        if not project.requires_python:
            project = replace(project, requires_python=pipfile.python(project.root))
    project = replace(project, groups=groups)
    return _with_poetry(project, tools["poetry"], has_table) if "poetry" in tools else project


def _with_poetry(project: Project, table: dict[str, Any], has_table: bool) -> Project:
    found = poetry.read(project.root, table)
    project = replace(
        project,
        name=project.name or table.get("name", ""),
        version=project.version or _static_version(table, project),
        requires_python=project.requires_python or found.requires_python,
        groups={**found.groups, **project.groups},
        scripts=project.scripts or _poetry_scripts(table),
        has_build_system=project.has_build_system and table.get("package-mode", True),
    )
    if has_table and "dependencies" not in project.dynamic:
        return project
    return replace(
        project,
        dynamic=(),
        dependencies=tuple(row.text for row in found.rows),
        optional_dependencies=found.extras or project.optional_dependencies,
        requirements=Requirements(source=poetry.SOURCE, rows=found.rows) if found.rows else None,
    )


def _static_version(table: dict[str, Any], project: Project) -> str | None:
    """Poetry's version, unless a plugin computes it (``0.0.0`` by convention)."""
    version = table.get("version")
    computed = version in (None, "0", "0.0.0") and project.has_build_system
    return None if computed else version


def _poetry_scripts(table: dict[str, Any]) -> dict[str, str]:
    rows = table.get("scripts", {}).items()
    return {name: value for name, value in rows if isinstance(value, str)}


def _is_setup_cfg(root: Path) -> bool:
    """Whether a ``setup.cfg`` describes a package, and not tools alone."""
    path = root / "setup.cfg"
    return path.is_file() and "[metadata]" in path.read_text(encoding="utf-8", errors="replace")


def dependency_groups(table: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """PEP 735 groups, their ``include-group`` entries resolved."""

    def resolve(name: str, above: tuple[str, ...]) -> tuple[str, ...]:
        if name in above:
            raise SettingsError(f"dependency-groups.{name}: includes itself")
        rows: list[str] = []
        for row in table.get(name, ()):
            if isinstance(row, dict):
                rows.extend(resolve(row["include-group"], (*above, name)))
            else:
                rows.append(row)
        return tuple(rows)

    return {name: resolve(name, ()) for name in table}


def _dynamic(table: dict[str, Any], built: bool) -> tuple[str, ...]:
    """Without a ``[project]`` table everything is left to the backend (PEP 621)."""
    if not table:
        return BACKENDS if built else ()
    return tuple(name for name in BACKENDS if name in table.get("dynamic", ()))


def _metadata(table: dict[str, Any]) -> Metadata:
    """For readers: what is not of the expected shape is left out, the build backend judges it."""
    authors = (
        (str(row.get("name", "")), str(row.get("email", "")))
        for row in (*table.get("authors", ()), *table.get("maintainers", ()))
    )
    license_text = table.get("license", "")
    return Metadata(
        description=str(table.get("description", "")),
        authors=tuple(
            f"{name} <{mail}>" if name and mail else name or mail for name, mail in authors
        ),
        license=license_text if isinstance(license_text, str) else "",
        urls=tuple((str(key), str(value)) for key, value in table.get("urls", {}).items()),
    )


def _requirements(table: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(rows) for name, rows in table.items()}


def _table(data: dict[str, Any], key: str, path: Path, above: str = "") -> dict[str, Any]:
    value = data.get(key, {})
    if not isinstance(value, dict):
        raise SettingsError(f"{path}: {above}{key}: expected a table")
    return value
