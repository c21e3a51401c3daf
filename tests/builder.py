"""Values for the builder's unit tests; nothing here reads or writes a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from relforge.model.release import Interpreter, Release, Target
from relforge.model.spec import (
    AssetSettings,
    CheckSettings,
    ConfigSettings,
    DependencySettings,
    Project,
    PythonSettings,
    Settings,
)

SOURCE_DATE = 1_700_000_000


def project(root: Path, **changes: Any) -> Project:
    values: dict[str, Any] = {
        "root": root,
        "name": "shop",
        "version": "1.0",
        "requires_python": ">=3.11",
        "dependencies": (),
        "optional_dependencies": {},
        "groups": {},
        "scripts": {},
        "has_build_system": True,
        "settings_file": root / "pyproject.toml",
        "settings": {},
    }
    return Project(**{**values, **changes})


def settings(**changes: Any) -> Settings:
    values: dict[str, Any] = {
        "name": "shop",
        "version": "1.0",
        "python": PythonSettings(version="3.12"),
        "dependencies": DependencySettings(),
        "lock": None,
        "app": (),
        "assets": AssetSettings(),
        "overlays": (),
        "services": (),
        "config": ConfigSettings(),
        "commands": (),
        "check": CheckSettings(),
    }
    return Settings(**{**values, **changes})


def release(root: Path, **changes: Any) -> Release:
    """A release whose project lies at ``root``; `settings` takes what `changes` says."""
    layers = changes.pop("layers", ())
    tree = changes.pop("tree", root / "_build" / "prod" / ".shop-1.0.draft")
    return Release(
        project=project(root),
        settings=settings(**changes),
        env="prod",
        target=Target(system="linux", machine="x86_64", glibc="2.34"),
        source_date=SOURCE_DATE,
        revision="abc",
        build_dir=root / "_build" / "prod",
        tree=tree,
        python=Interpreter(
            version="3.12.1",
            tag="cp312",
            machine="x86_64",
            source="host",
            origin=Path("/usr/bin/python3.12"),
            key="k",
        ),
        layers=layers,
    )
