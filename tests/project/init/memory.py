"""Projects that are only texts: what `relforge init` makes of them, without a disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import dedent

import tomli

from relforge.model.spec import Project, Settings
from relforge.project import settings
from relforge.project.init import document, judge, look, notes, reading, text
from relforge.project.init.look import Found
from relforge.runtime.contract.service import Service

HOST = ("3.13", "3.12", "3.11")
LOCKS = ("pylock.toml", "uv.lock", "requirements.lock")


def found(files: Mapping[str, str], available: Iterable[str] | None = HOST) -> Found:
    """The model of the project."""
    texts = {name: dedent(row) for name, row in files.items()}
    data = tomli.loads(texts.get("pyproject.toml", ""))
    lock = next((name for name in LOCKS if name in texts), None)
    return judge.judged(look.model(Path("/nowhere"), data, reading.memory(texts), lock, available))


def written(files: Mapping[str, str]) -> str:
    """The text of the settings, as a relforge.toml."""
    return document.render(text.tables(found(files)), "")


def read(files: Mapping[str, str]) -> Settings:
    """The settings, read as a build reads them."""
    data = tomli.loads(written(files))
    table = tomli.loads(dedent(files.get("pyproject.toml", ""))).get("project", {})
    project = Project(
        root=Path("/nowhere"),
        name=table.get("name", ""),
        version="1.0",
        requires_python="",
        dependencies=(),
        optional_dependencies={},
        groups={},
        scripts={},
        has_build_system=True,
        settings_file=Path("/nowhere/relforge.toml"),
        settings=data,
    )
    typed, _ = settings.read(project, settings.lay(data, "prod"), "prod", version="1.0", lock=None)
    return typed


def web(files: Mapping[str, str]) -> Service:
    """The service `web`."""
    return next(row for row in read(files).services if row.name == "web")


def service(files: Mapping[str, str], name: str) -> Service:
    return next(row for row in read(files).services if row.name == name)


def left(files: Mapping[str, str], *there: str) -> str:
    """The notes; ``there`` are the programs of this host."""
    rows = notes.left(found(files), lambda name: name if name in there else None)
    return "\n".join(rows)
