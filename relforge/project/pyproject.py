"""Reading the user's project: ``pyproject.toml``, and ``relforge.toml`` where there is one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tomli

from relforge.model.spec import Metadata, Project
from relforge.support.errors import SettingsError

BACKENDS = ("dependencies", "optional-dependencies")  # what a build backend may have to tell


def load(root: Path) -> Project:
    """The project in the folder; raises SettingsError that names the file and the line."""
    root = root.resolve()
    pyproject = root / "pyproject.toml"
    own = root / "relforge.toml"
    if not root.is_dir():
        raise SettingsError(
            f"{root}: there is no such folder", hint="name the project's folder: --project DIR"
        )
    if not pyproject.is_file() and not own.is_file():
        raise SettingsError(
            f"{root}: there is no pyproject.toml",
            hint="go to the project's folder, or name it: --project DIR",
        )
    data = read_toml(pyproject) if pyproject.is_file() else {}
    table = _table(data, "project", pyproject)
    settings = _table(_table(data, "tool", pyproject), "relforge", pyproject, "tool.")
    settings_file = pyproject
    built = "build-system" in data or (root / "setup.py").is_file()
    if own.is_file():
        if settings:
            raise SettingsError(
                "the settings stand in two places: relforge.toml, and [tool.relforge] of "
                "pyproject.toml",
                hint="keep one of them",
            )
        settings, settings_file = read_toml(own), own
    try:
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
            settings_file=settings_file,
            settings=settings,
            metadata=_metadata(table),
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise SettingsError(f"{pyproject}: the [project] table is not valid: {error}") from None


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file; raises SettingsError with file and line."""
    try:
        return tomli.loads(path.read_text(encoding="utf-8"))
    except tomli.TOMLDecodeError as error:
        raise SettingsError(
            f"{path}:{error.lineno}: not valid TOML: {error.msg} (column {error.colno})"
        ) from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not UTF-8: {error.reason} at byte {error.start}") from None
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None


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
    """Without a ``[project]`` table everything is the backend's to tell (PEP 621)."""
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
