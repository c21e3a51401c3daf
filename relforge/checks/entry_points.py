"""Everything that settings name can be imported: asked of the release's own interpreter."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Literal

from relforge.model.release import Finding, Release
from relforge.runtime.contract.command import Command
from relforge.runtime.contract.run import Run
from relforge.runtime.contract.service import Service
from relforge.tree import release_python

SERVER_MODULES = {"uvicorn": "uvicorn", "gunicorn": "gunicorn", "hypercorn": "hypercorn"}
RULE = "entry-points"
ARGUMENTS = 'declare what it takes: args = [{ name = "..." }]; a console script has argv = true'


def rule(release: Release) -> Iterator[Finding]:
    """Import every entry point and server, with the settings' own ``env`` and ``config``.

    The traceback of an import is cut down to the user's code.
    """
    yield from programs(release)
    if not release_python.can_import(release):
        return
    settings = release.settings
    question = {
        "imports": settings.check.imports,
        "targets": list(_targets(release)),
        "config": settings.check.config,
    }
    answer = release_python.ask(
        release,
        "check",
        question,
        env=settings.check.env,
        hint="an entry point ended it while it was imported; `check.import = false` looks the "
        "modules up without running them",
    )
    for row in answer["failures"]:
        yield _finding(release, row)


def programs(release: Release) -> Iterator[Finding]:
    """Commands and hooks that are files of the release are there, and can be run."""
    settings = release.settings
    runs: list[tuple[str, Run]] = [(f"commands.{row.name}", row) for row in settings.commands]
    runs += [(f"hooks.{row.name}", row) for row in settings.hooks]
    for where, run in runs:
        word = run.words[0] if run.words else ""
        if "/" not in word or word.startswith("/") or "${" in word:
            continue
        path = release.tree / word
        problem = "" if path.is_file() else "there is no such file in the release"
        if not problem and not os.access(path, os.X_OK):
            problem = "nobody may execute this file"
        if problem:
            yield Finding(
                severity="error",
                rule=RULE,
                path=f"tool.relforge.{where}",
                message=f"{word}: {problem}",
                hint='put it there: overlays = [{ copy = "...", to = "' + word + '", '
                'mode = "0755" }]',
            )


def unchecked(release: Release) -> Iterator[str]:
    """What only a host of the release's CPU can tell."""
    names = [row["setting"] for row in _targets(release)]
    if names and not release_python.can_import(release):
        yield (
            f"not checked: this host cannot run {release.target.machine} code, so nobody has "
            f"imported {', '.join(names)}"
        )


def _finding(release: Release, row: dict[str, str]) -> Finding:
    message, hint = row["message"].replace(f"{release.tree}/", ""), row["hint"]
    for server, module in SERVER_MODULES.items():
        if message.endswith(f"ModuleNotFoundError: No module named {module!r}"):
            message = f"{server} is not among the release's dependencies"
            hint = f"add {server} to `project.dependencies`, then type: relforge lock"
    severity: Literal["error", "warning"] = (
        "warning" if row.get("severity") == "warning" else "error"
    )
    return Finding(severity=severity, rule=RULE, path=row["setting"], message=message, hint=hint)


def _interface(service: Service) -> str:
    """What the server takes, where it takes one alone; a factory is not called to find out."""
    if service.server != "gunicorn" or service.options.get("factory"):
        return ""
    return "asgi" if "uvicorn" in str(service.options.get("worker_class", "").lower()) else "wsgi"


def _manner(command: Command) -> dict[str, Any] | None:
    """How the function of a command is called; nobody knows of one in a live process."""
    if command.args:
        names = [row.name.lstrip("-").replace("-", "_") for row in command.args]
        return {"by_name": names}
    return None if command.mode == "rpc" else {"by_words": not command.argv}


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
                {
                    "setting": f"{where}.{service.kind}",
                    "target": service.target,
                    "kind": "entry",
                    "interface": _interface(service),
                    "call": {} if service.kind == "run" else None,
                    "says_ready": service.kind == "run" and service.ready == "notify",
                    "hint": "name a function without required parameters",
                }
            )
    for hook in release.settings.hooks:
        if hook.call:
            where = f"tool.relforge.hooks.{hook.name}"
            rows.append(
                {
                    "setting": where,
                    "target": hook.call,
                    "kind": "entry",
                    "call": {"by_facts": True},
                    "hint": "it may take one parameter",
                }
            )
    for command in release.settings.commands:
        for key, target in (("call", command.call), ("once", command.once)):
            if isinstance(target, str) and target:
                where = f"tool.relforge.commands.{command.name}.{key}"
                manner = _manner(command) if key == "call" else None
                rows.append(
                    {
                        "setting": where,
                        "target": target,
                        "kind": "entry",
                        "call": manner,
                        "hint": ARGUMENTS,
                    }
                )
    return rows
