"""Projects that are only texts; on the disk are the files that say what they depend on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import dedent

import tomli

from relforge.model.spec import Project, Settings
from relforge.project import settings
from relforge.project.init import document, judge, look, notes, reading, settings_tables
from relforge.project.init.found import Found
from relforge.runtime.contract.service import Service

HOST = ("3.13", "3.12", "3.11")


def found(files: Mapping[str, str], available: Iterable[str] | None = HOST) -> Found:
    """The model of the project."""
    texts = {name: dedent(row) for name, row in files.items()}
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory) / "nowhere"
        root.mkdir()
        for name, row in texts.items():
            if "/" not in name or name.endswith(".txt"):
                (root / name).parent.mkdir(exist_ok=True, parents=True)
                (root / name).write_text(row)
        return judge.judged(look.model(root, reading.memory(texts), available))


def written(files: Mapping[str, str]) -> str:
    """The text of the settings, as a relforge.toml."""
    return document.render(settings_tables.of(found(files)), "")


def read(files: Mapping[str, str]) -> Settings:
    """The settings, read as a build reads them."""
    data = tomli.loads(written(files))
    project = Project(
        root=Path("/nowhere"),
        name=found(files).name,
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
