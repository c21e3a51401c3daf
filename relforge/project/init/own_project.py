"""The project itself, as a build reads it, and its name."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from relforge.model.spec import Project
from relforge.project import pyproject
from relforge.project.init import wheel_setuptools
from relforge.project.init.reading import Sources
from relforge.project.requirements import pipfile


def read(root: Path, written: bool, sources: Sources) -> Project:
    """The project as a build reads it; one without a pyproject.toml as it would."""
    if written:
        project = pyproject.load(root)
        return replace(project, requires_python=project.requires_python or _of_setup(sources))
    built = wheel_setuptools.is_used(sources)
    return Project(
        root=root,
        name="",
        version=None,
        requires_python=(pipfile.python(root) if sources.has(pipfile.NAME) else "")
        or _of_setup(sources),
        dependencies=(),
        optional_dependencies={},
        groups={},
        scripts={},
        has_build_system=built,
        settings_file=root / "relforge.toml",
        settings={},
        dynamic=pyproject.BACKENDS if built else (),
    )


def _of_setup(sources: Sources) -> str:
    """``python_requires`` of setup.cfg or setup.py, "" where it is none or computed."""
    text = sources.text("setup.cfg") + "\n" + sources.text("setup.py")
    match = re.search(r"""\bpython_requires\s*=\s*['"]?([<>=!~][^'"\n#]*)""", text)
    found = match[1].strip().rstrip(",") if match else ""
    try:
        return str(SpecifierSet(found))
    except InvalidSpecifier:
        return ""


def name(data: dict[str, Any]) -> str:
    """The name in [project] or [tool.poetry], "" where neither has one."""
    for table in (data.get("project", {}), data.get("tool", {}).get("poetry", {})):
        if isinstance(table, dict) and isinstance(table.get("name"), str):
            return str(table["name"])
    return ""
