"""The release tests itself, in its staging folder, with its own interpreter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from relforge import libraries, staged
from relforge.errors import UserError
from relforge.release import Release

SERVER_MODULES = {"uvicorn": "uvicorn"}


def step(release: Release) -> Release:
    """Import every entry point and server; look up every library of every ELF file.

    Raises UserError that names the setting, with the traceback of the import
    cut down to the user's code.
    """
    _check_libraries(release)
    if not staged.can_import(release):
        return replace(release, notes=(*release.notes, *_unchecked(release)))
    settings = release.settings
    answer = staged.ask(
        release,
        "check",
        {
            "imports": settings.check.imports,
            "targets": list(_targets(release)),
            "config": settings.check.config,
        },
        env=settings.check.env,
        hint="an entry point ended it while it was imported; `check.import = false` looks the "
        "modules up without running them",
    )
    for row in answer["failures"]:
        raise _error(release, row)
    return release


def _unchecked(release: Release) -> Iterator[str]:
    """What only a host of the release's CPU can tell."""
    names = [row["setting"] for row in _targets(release)]
    if names:
        yield (
            f"not checked: this host cannot run {release.target.machine} code, so nobody has "
            f"imported {', '.join(names)}"
        )


def _error(release: Release, row: dict[str, str]) -> UserError:
    for server, module in SERVER_MODULES.items():
        if row["message"].endswith(f"ModuleNotFoundError: No module named {module!r}"):
            return UserError(
                f"{row['setting']}: {server} is not among the release's dependencies",
                hint=f"add {server} to `project.dependencies`, then type: relforge lock",
            )
    message = row["message"].replace(f"{release.tree}/", "")
    return UserError(f"{row['setting']}: {message}", hint=row["hint"])


def _targets(release: Release) -> list[dict[str, Any]]:
    """What is imported, each with the setting that names it."""
    rows: list[dict[str, Any]] = []
    for service in release.settings.services:
        where = f"tool.relforge.services.{service.name}"
        if service.server:
            module = SERVER_MODULES[service.server]
            rows.append({"setting": f"{where}.server", "target": module, "kind": "server"})
        if service.kind != "exec":
            rows.append(
                {"setting": f"{where}.{service.kind}", "target": service.target, "kind": "entry"}
            )
    for command in release.settings.commands:
        where = f"tool.relforge.commands.{command.name}.call"
        rows.append({"setting": where, "target": command.call, "kind": "entry"})
    return rows


def _check_libraries(release: Release) -> None:
    """Refuse an ELF file that needs a library which is neither inside nor glibc's."""
    for path, lacking in libraries.missing(release):
        raise UserError(
            f"{path}: needs {', '.join(lacking)}, which is neither in the release nor part of "
            "glibc, and this host has none to bring along",
            hint="install the library here, take a wheel that brings it, or leave the package out",
        )
