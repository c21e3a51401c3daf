"""The plan of ``relforge init``, and carrying it out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli

from relforge import cache
from relforge.project.init import document, judge, look, merge, notes, settings_tables, workspace
from relforge.project.init.document import Table
from relforge.project.toml_document import read_toml
from relforge.support.errors import SettingsError, UserError

TABLE = "tool.relforge"
IGNORED = ("_build/", "dist/")
_HEADER = re.compile(r"""\s*\[\[?([\w."'\s-]+)\]\]?\s*(#.*)?$""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be written, and what there is to say about it.  Nothing is written yet."""

    root: Path
    path: Path  # pyproject.toml, or relforge.toml where there is none
    text: str  # the settings alone
    content: bytes  # the whole file
    exists: bool  # settings are there already
    missing: str  # what those lack; "" where nothing is missing
    merged: bytes | None  # the whole file with that added; None where it cannot be
    ignore: tuple[str, ...]  # lines for the .gitignore that is there
    found: tuple[str, ...]  # what was seen, a line each
    notes: tuple[str, ...]  # what is left to do, a line each


def plan(root: Path, available: Iterable[str] | None = None) -> Plan:
    """Look at the project and say what to write; raises UserError.

    ``available`` are the Pythons of this host, such as 3.12; None where nobody looked.
    """
    root = root.resolve()
    if not root.is_dir():
        raise UserError(f"{root}: no such directory")
    if names := workspace.members(root):
        raise workspace.refusal(root, names)
    own, pyproject = root / "relforge.toml", root / "pyproject.toml"
    path = own if own.is_file() or not pyproject.is_file() else pyproject
    above = TABLE if path == pyproject else ""
    existing = _existing(path, own)
    found = judge.judged(look.look(root, available))
    tables = settings_tables.of(found)
    settings = document.render(tables, above)
    exists = existing is not None
    lacking = merge.missing(existing, tables, found) if existing is not None else ()
    content = settings.encode() if path == own else _with(pyproject, settings, exists)
    return Plan(
        root=root,
        path=path,
        text=settings,
        content=content,
        exists=exists,
        missing=document.render(lacking, above, whole=False) if lacking else "",
        merged=_merged(path, lacking, above) if lacking else None,
        ignore=_ignore(root),
        found=tuple(notes.seen(found)),
        notes=tuple(notes.left(found)),
    )


def apply(plan: Plan, *, replace: bool = False) -> tuple[Path, ...]:
    """Write what was planned; return the files that changed.

    Settings that are there get what they lack; ``replace`` writes them again.
    Raises UserError where what is missing cannot be added to the file as it is.
    """
    content = plan.content
    if plan.exists and not replace:
        if not plan.missing:
            return ()
        if plan.merged is None:
            raise UserError(
                f"{plan.path}: cannot add the missing settings without changing existing ones",
                hint="add them yourself from: relforge init --print",
            )
        content = plan.merged
    cache.write(plan.path, content)
    if not plan.ignore:
        return (plan.path,)
    gitignore = plan.root / ".gitignore"
    cache.write(gitignore, _append(gitignore.read_bytes(), "\n".join(plan.ignore) + "\n"))
    return (plan.path, gitignore)


def _existing(path: Path, own: Path) -> dict[str, Any] | None:
    """The settings that are there."""
    if path == own:
        return read_toml(own) if own.is_file() else None
    found = _tool(path).get("relforge")
    if found is not None and not isinstance(found, dict):
        raise SettingsError(f"{path}: {TABLE}: expected a table")
    return found


def _merged(path: Path, lacking: tuple[Table, ...], above: str) -> bytes | None:
    """The file with these tables added; None where TOML does not allow that."""
    before = path.read_bytes()
    top = [row for table in lacking if not table.name for row in table.rows]
    rest = tuple(table for table in lacking if table.name)
    lines = [line for row in top for line in f"{row.key} = {row.value}".splitlines()]
    kept = _inserted(before, lines, above) if lines else before
    addition = document.render(rest, above, whole=False) if rest else ""
    after = _append(kept, f"\n{addition}") if addition else kept
    try:
        old, new = tomli.loads(before.decode()), tomli.loads(after.decode())
    except tomli.TOMLDecodeError:
        return None
    return after if _contains(new, old) else None


def _inserted(content: bytes, lines: list[str], above: str) -> bytes:
    """The lines below the header of the settings' own table."""
    rows = content.decode().splitlines(keepends=True)
    ending = "\r\n" if b"\r\n" in content else "\n"
    place = 0
    if above:
        headers = (
            number + 1
            for number, row in enumerate(rows)
            if (match := _HEADER.match(row)) and re.sub(r"[\s\"']", "", match[1]) == above
        )
        place = next(headers, -1)
    if place < 0:
        rows += [ending, f"[{above}]{ending}"]
        place = len(rows)
    return "".join((*rows[:place], *(f"{line}{ending}" for line in lines), *rows[place:])).encode()


def _contains(new: Any, old: Any) -> bool:
    """Whether all of the old value is in the new one, unchanged."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(key in new and _contains(new[key], value) for key, value in old.items())
    return bool(new == old)


def _tool(pyproject: Path) -> dict[str, Any]:
    tool = read_toml(pyproject).get("tool", {})
    if not isinstance(tool, dict):
        raise SettingsError(f"{pyproject}: tool: expected a table")
    return tool


def _with(pyproject: Path, settings: str, replaces: bool) -> bytes:
    """The file with the settings at its end, every other byte as it was."""
    before = pyproject.read_bytes()
    kept = _without_settings(before) if replaces else before
    after = _append(kept, f"\n{settings}" if kept.strip() else settings)
    try:
        unharmed = _others(tomli.loads(after.decode())) == _others(tomli.loads(before.decode()))
    except tomli.TOMLDecodeError:
        unharmed = False
    if not unharmed:
        raise UserError(
            f"{pyproject}: cannot add [{TABLE}] without changing existing settings",
            hint=f"write the tables of `tool` as [tool.x], remove the rest of {TABLE}, and try "
            "again",
        )
    return after


def _without_settings(content: bytes) -> bytes:
    """The file without the tables of relforge; what is theirs ends at the next other header."""
    kept: list[bytes] = []
    ours = False
    for line in content.splitlines(keepends=True):
        header = _HEADER.match(line.decode())
        if header:
            name = re.sub(r"[\s\"']", "", header[1])
            ours = name == TABLE or name.startswith(f"{TABLE}.")
        if not ours:
            kept.append(line)
    return b"".join(kept).rstrip() + (b"\r\n" if b"\r\n" in content else b"\n")


def _append(content: bytes, addition: str) -> bytes:
    """The addition in the file's own line ending, on a line of its own."""
    ending = "\r\n" if b"\r\n" in content else "\n"
    gap = ending if content and not content.endswith(b"\n") else ""
    return content + (gap + addition.replace("\n", ending)).encode()


def _others(data: dict[str, Any]) -> dict[str, Any]:
    tool = {key: value for key, value in data.get("tool", {}).items() if key != "relforge"}
    return {**data, "tool": tool}


def _ignore(root: Path) -> tuple[str, ...]:
    path = root / ".gitignore"
    if not path.is_file():
        return ()
    there = {line.strip().strip("/") for line in path.read_text(errors="replace").splitlines()}
    return tuple(line for line in IGNORED if line.strip("/") not in there)
