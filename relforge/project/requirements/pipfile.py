"""Reading a ``Pipfile``: its packages, and those for development as the group ``dev``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relforge.model.spec import Requirements, WrittenRequirement
from relforge.project.requirements import poetry
from relforge.project.toml_document import read_toml
from relforge.support.errors import SettingsError

NAME = "Pipfile"
MARKERS = (
    *("os_name", "sys_platform", "platform_machine", "platform_python_implementation"),
    *("platform_release", "platform_system", "platform_version", "python_version"),
    *("python_full_version", "implementation_name", "implementation_version"),
)


def read(root: Path) -> Requirements:
    """What the file asks for; raises SettingsError."""
    data = read_toml(root / NAME)
    sources = [row.get("url", "") for row in data.get("source", ()) if row.get("url")]
    return Requirements(
        source=NAME,
        rows=tuple(
            WrittenRequirement(where=f"{NAME} packages.{name}", text=text)
            for name, value in data.get("packages", {}).items()
            for text in _requirement(root, name, value)
        ),
        files=(NAME,),
        index=sources[0] if sources else "",
        indexes=tuple(sources[1:]),
    )


def development(root: Path) -> tuple[str, ...]:
    """What the file asks for in addition, for development."""
    rows = read_toml(root / NAME).get("dev-packages", {})
    return tuple(text for name, value in rows.items() for text in _requirement(root, name, value))


def python(root: Path) -> str:
    """The version of Python that the file wants, as a specifier; empty where it does not say."""
    wanted = read_toml(root / NAME).get("requires", {})
    short, full = wanted.get("python_version", ""), wanted.get("python_full_version", "")
    return f"=={full}" if full else f"=={short}.*" if short not in ("", "*") else ""


def _requirement(root: Path, name: str, value: Any) -> tuple[str, ...]:
    """As in the tables of Poetry, whose versions pip's tools write as PEP 440 has them."""
    where = f"{NAME}: {name}"
    if isinstance(value, str):
        return (name if value == "*" else f"{name}{value}",)
    if not isinstance(value, dict):
        raise SettingsError(f"{where}: expected a string or a table, found {value!r}")
    row = {**_placed(value), "markers": _markers(value)}
    version = str(row.pop("version", "*"))
    (text,) = poetry.requirement(root, where, name, row)
    if version == "*" or " @ " in text:
        return (text,)
    head, separator, marker = text.partition(" ; ")
    return (f"{head}{version}{separator}{marker}",)


def _placed(value: Mapping[str, Any]) -> dict[str, Any]:
    """``ref`` and ``file`` as Poetry names them."""
    row = dict(value)
    if "ref" in row:
        row["rev"] = row.pop("ref")
    if "file" in row:
        place = row.pop("file")
        row["url" if "://" in place else "path"] = place
    return row


def _markers(value: Mapping[str, Any]) -> str:
    """``markers``, and the keys that are named as markers are: ``sys_platform = "== 'win32'"``."""
    rows = [f"({value['markers']})"] if value.get("markers") else []
    rows += [f"{key} {value[key]}" for key in MARKERS if value.get(key)]
    return " and ".join(rows)
