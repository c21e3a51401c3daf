"""Reading ``[tool.poetry]``: its dependencies, groups and extras as PEP 508 has them."""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from relforge.model.spec import WrittenRequirement
from relforge.project.requirements import alternatives
from relforge.support.errors import SettingsError

log = logging.getLogger("relforge.project")

SOURCE = "[tool.poetry] of pyproject.toml"
PIECE = re.compile(r"(\^|~=|~|===|==|!=|>=|<=|>|<|=)?\s*([A-Za-z0-9*][A-Za-z0-9_.*+!-]*)")
Place = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Poetry:
    """What the table says."""

    requires_python: str
    rows: tuple[WrittenRequirement, ...]
    extras: dict[str, tuple[str, ...]]
    groups: dict[str, tuple[str, ...]]


def read(root: Path, table: Mapping[str, Any]) -> Poetry:
    """The table of a project at ``root``; raises SettingsError that names the key."""
    listed = dict(table.get("dependencies", {}))
    python = listed.pop("python", "*")
    named = {canonicalize_name(name): value for name, value in listed.items()}
    where = "tool.poetry.dependencies"
    groups = {
        name: _texts(root, f"tool.poetry.group.{name}.dependencies", row.get("dependencies", {}))
        for name, row in table.get("group", {}).items()
    }
    if "dev-dependencies" in table:
        legacy = _texts(root, "tool.poetry.dev-dependencies", table["dev-dependencies"])
        groups["dev"] = (*groups.get("dev", ()), *legacy)
    return Poetry(
        requires_python=specifier(str(python), f"{where}.python"),
        rows=tuple(
            WrittenRequirement(where=f"{where}.{name}", text=text)
            for name, value in listed.items()
            if not _is_optional(value)
            for text in requirement(root, f"{where}.{name}", name, value)
        ),
        extras={
            extra: tuple(
                text
                for name in names
                if (value := named.get(canonicalize_name(name))) is not None
                for text in requirement(root, f"{where}.{name}", name, value)
            )
            for extra, names in table.get("extras", {}).items()
        },
        groups=groups,
    )


def specifier(constraint: str, where: str) -> str:
    """A constraint of Poetry's as PEP 440 has it; empty for ``*``.

    Alternatives exclude what is between them: ``^1 || ^3`` is ``>=1,<4,!=2.*``.
    Where that cannot be written, all from the lowest to the highest is allowed, and a
    warning says so.
    """
    choices = _choices(constraint, where)
    found = alternatives.union(choices)
    if found is None:
        found = alternatives.hull(choices)
        _warn_of_loose(constraint, where, ",".join(found))
    return ",".join(found)


def loose_specifier(constraint: str, where: str) -> str:
    """The same for a lock, which has chosen already: without the warning."""
    choices = _choices(constraint, where)
    return ",".join(alternatives.union(choices) or alternatives.hull(choices))


@functools.cache
def _warn_of_loose(constraint: str, where: str, taken: str) -> None:
    """Once: a project is read several times in a build."""
    log.warning(
        "%s: pip and uv cannot read %s; it is read as %s, so `relforge lock` may choose a "
        "version between the alternatives: write one range instead",
        where,
        constraint,
        taken,
    )


def requirement(root: Path, where: str, name: str, value: Any) -> tuple[str, ...]:
    """One dependency as PEP 508; several where each holds under a condition of its own."""
    if isinstance(value, list):
        return tuple(text for row in value for text in requirement(root, where, name, row))
    if isinstance(value, str):
        return (f"{name}{specifier(value, where)}",)
    if not isinstance(value, dict):
        raise SettingsError(f"{where}: expected a string or a table, found {value!r}")
    extras = f"[{','.join(value['extras'])}]" if value.get("extras") else ""
    marker = " and ".join(_markers(value, where))
    address = _address(root, value)
    head = f"{name}{extras}"
    head += f" @ {address}" if address else specifier(str(value.get("version", "*")), where)
    return (f"{head} ; {marker}" if marker else head,)


def _texts(root: Path, where: str, rows: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        text
        for name, value in rows.items()
        for text in requirement(root, f"{where}.{name}", name, value)
    )


def _choices(constraint: str, where: str) -> list[tuple[str, ...]]:
    rows = [row.strip() for row in re.split(r"\|\|?", constraint)]
    return [tuple(_specifiers(row, where)) for row in rows]


def _is_optional(value: Any) -> bool:
    return isinstance(value, dict) and value.get("optional", False) is True


def _address(root: Path, value: Mapping[str, Any]) -> str:
    inner = f"#subdirectory={value['subdirectory']}" if value.get("subdirectory") else ""
    if "git" in value:
        ref = value.get("rev") or value.get("tag") or value.get("branch") or ""
        return f"git+{_url(value['git'])}" + (f"@{ref}" if ref else "") + inner
    if "path" in value:
        return f"{(root / value['path']).resolve().as_uri()}{inner}"
    return f"{value['url']}{inner}" if "url" in value else ""


def _url(text: str) -> str:
    """An address; ``git@host:path``, as ssh(1) has it, is none of the kind that pip reads."""
    found = re.fullmatch(r"([\w.-]+@[\w.-]+):(?!//)(.+)", text)
    return f"ssh://{found[1]}/{found[2]}" if found else text


def _markers(value: Mapping[str, Any], where: str) -> Iterator[str]:
    if value.get("markers"):
        yield f"({value['markers']})"
    if value.get("platform"):
        yield f"sys_platform == '{value['platform']}'"
    if value.get("python"):
        for row in specifier(str(value["python"]), where).split(","):
            found = re.fullmatch(r"(\D+?)([\d.*]+)", row)
            if found:
                variable = "python_version" if found[2].count(".") < 2 else "python_full_version"
                yield f"{variable} {found[1]} '{found[2]}'"


def _specifiers(constraint: str, where: str) -> Iterator[str]:
    if constraint in ("", "*"):
        return
    rest = PIECE.sub("", constraint).replace(",", "").strip()
    if rest:
        raise SettingsError(f"{where}: {constraint!r} is not a version constraint")
    for operator, version in PIECE.findall(constraint):
        try:
            yield from _piece(operator, version)
        except InvalidVersion:
            raise SettingsError(f"{where}: {constraint!r} is not a version constraint") from None


def _piece(operator: str, version: str) -> Iterator[str]:
    if version == "*":
        return
    if "*" in version:
        yield f"{operator if operator in ('==', '!=') else '=='}{version}"
        return
    found = Version(version)
    if operator in ("", "=", "=="):
        yield f"=={version}"
    elif operator == "^":
        yield from (f">={version}", f"<{_next(found, _significant(found))}")
    elif operator == "~":
        yield from (f">={version}", f"<{_next(found, min(len(found.release), 2) - 1)}")
    else:
        yield f"{operator}{version}"


def _significant(version: Version) -> int:
    """Which number of a version `^` lets stay: the first that is not zero, of those written."""
    rows = version.release
    return next((index for index, number in enumerate(rows) if number), len(rows) - 1)


def _next(version: Version, index: int) -> str:
    """The first version of which that number is higher."""
    rows = [*version.release[:index], version.release[index] + 1]
    epoch = f"{version.epoch}!" if version.epoch else ""
    return epoch + ".".join(map(str, rows + [0] * (len(version.release) - len(rows))))
