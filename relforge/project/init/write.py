"""The plan of ``relforge init``, and carrying it out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli

from relforge import cache
from relforge.project.init import detect, text
from relforge.project.init.detect import DetectedProject
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
    replaces: bool  # settings that are there already
    ignore: tuple[str, ...]  # lines for the .gitignore that is there
    found: tuple[str, ...]  # what was seen, a line each
    notes: tuple[str, ...]  # what is left to do, a line each


def plan(root: Path) -> Plan:
    """Look at the project and say what to write; raises UserError."""
    root = root.resolve()
    if not root.is_dir():
        raise UserError(f"{root}: there is no such folder")
    found = detect.look(root)
    own, pyproject = root / "relforge.toml", root / "pyproject.toml"
    path = own if own.is_file() or not pyproject.is_file() else pyproject
    settings = text.render(found, TABLE if path == pyproject else "")
    replaces = own.is_file() or (path == pyproject and "relforge" in _tool(pyproject))
    content = settings.encode() if path == own else _with(pyproject, settings, replaces)
    return Plan(
        root=root,
        path=path,
        text=settings,
        content=content,
        replaces=replaces,
        ignore=_ignore(root),
        found=tuple(_found(found)),
        notes=tuple(_notes(found)),
    )


def apply(plan: Plan, *, replace: bool = False) -> tuple[Path, ...]:
    """Write what was planned; return the files that changed.

    Raises UserError where settings are there already and ``replace`` is not said.
    """
    if plan.replaces and not replace:
        where = f"[{TABLE}]" if plan.path.name == "pyproject.toml" else "the settings"
        raise UserError(
            f"{plan.path}: {where} would be overwritten",
            hint="to write anew: relforge init --force",
        )
    cache.write(plan.path, plan.content)
    if not plan.ignore:
        return (plan.path,)
    gitignore = plan.root / ".gitignore"
    cache.write(gitignore, _append(gitignore.read_bytes(), "\n".join(plan.ignore) + "\n"))
    return (plan.path, gitignore)


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
            f"{pyproject}: [{TABLE}] cannot be added without touching what is there",
            hint=f"write the tables of `tool` as [tool.x], remove what is there of {TABLE}, "
            "and try again",
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


def _found(found: DetectedProject) -> list[str]:
    lines = [f"Python {found.python}"]
    if found.web:
        lines.append(f"{found.web.framework}: {found.web.target}")
    if found.celery:
        lines.append(f"Celery: {found.celery.target}")
    if found.programs:
        lines.append(f"Procfile: {', '.join(row.name for row in found.programs)}")
    if found.lock:
        lines.append(f"lock: {found.lock}")
    if found.assets:
        lines.append(f"assets: {' '.join(found.assets.run[-1])} in {found.assets.cwd}")
    if found.trees:
        lines.append(f"sources: {', '.join(found.trees)}")
    return lines


def _notes(found: DetectedProject) -> list[str]:
    notes = []
    if found.web and found.dependencies and found.server not in found.dependencies:
        notes.append(f"{found.server} serves the application: add it to the project's dependencies")
    if found.uncollected:
        notes.append(
            'Django\'s static files are not collected: write STATIC_ROOT = BASE_DIR / "staticfiles"'
        )
    if found.others:
        others = ", ".join(application.target for application in found.others)
        notes.append(f"there are further applications: {others}")
    for row in found.programs:
        if row.name == "release":
            notes.append(
                f"the Procfile's release line, `{row.command}`, is not run by itself: "
                "make it a command with `once = true`, or the hook pre_upgrade"
            )
    if not found.web and not found.celery and not found.commands and not found.processes:
        notes.append("no web application was found: see services.worker in the settings")
    if found.src_without_build:
        notes.append("the sources lie in src/, and nothing builds them: write a [project] table")
    applications = [row for row in (found.web, found.celery) if row is not None]
    if applications and not found.lock and not found.dependencies:
        names = dict.fromkeys(row.framework.lower() for row in applications)
        names |= {found.server: None} if found.web else {}
        rows = ", ".join(f'"{name}"' for name in names)
        notes.append(
            f"no dependencies are written down: dependencies = [{rows}] below [project] of a "
            "pyproject.toml, then type: relforge lock"
        )
    if not found.lock and not found.declared and found.dependencies:
        notes.append(
            "relforge locks what `project.dependencies` of a pyproject.toml says: write it there, "
            "or give requirements.txt hashes (pip-compile --generate-hashes)"
        )
    elif not found.lock and found.dependencies:
        notes.append("there is no lock of the dependencies yet; type: relforge lock")
    if found.variables:
        notes.append(f"the sources need {', '.join(found.variables)}: see `check` in the settings")
    return notes
