"""What settings name and a release has to import: services, hooks, commands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from relforge.model.release import Release
from relforge.runtime.contract import reference
from relforge.runtime.contract.command import Command
from relforge.runtime.contract.hook import Hook
from relforge.runtime.contract.job import Job
from relforge.runtime.contract.service import Service

SERVER_MODULES = {"uvicorn": "uvicorn", "gunicorn": "gunicorn", "hypercorn": "hypercorn"}
ARGUMENTS = 'declare its arguments: args = [{ name = "..." }]; a console script has argv = true'
_WSGI = ("sync", "gthread", "gevent", "eventlet", "tornado")  # of gunicorn


def targets(release: Release) -> list[dict[str, Any]]:
    """What is imported, each with the setting that names it."""
    settings = release.settings
    return [
        *(row for service in settings.services for row in _of_service(release, service)),
        *(_of_hook(hook) for hook in settings.hooks if hook.call),
        *(row for command in settings.commands for row in _of_command(command)),
        *(_of_job(job) for job in settings.schedule if job.call),
    ]


def _of_service(release: Release, service: Service) -> Iterator[dict[str, Any]]:
    where = f"tool.relforge.services.{service.name}"
    if service.server:
        # What the runtime does itself is not an option of the server.
        given = {key: row for key, row in service.options.items() if key != "factory"}
        yield {
            "setting": f"{where}.server",
            "target": SERVER_MODULES[service.server],
            "kind": "server",
            "service": {"name": service.name, "options": given, "at_boot": _at_boot(service)},
        }
    if service.kind != "exec":
        yield {
            "setting": f"{where}.{service.kind}",
            "target": service.target,
            "kind": "entry",
            "interface": _interface(service),
            "cwd": _place(release, service.cwd),
            "call": {} if service.kind == "run" else None,
            "says_ready": service.kind == "run" and service.ready == "notify",
            "hint": "name a function without required parameters",
        }


def _of_job(job: Job) -> dict[str, Any]:
    return {
        "setting": f"tool.relforge.schedule.{job.name}",
        "target": job.call,
        "kind": "entry",
        "call": None,
        "hint": "name a function",
    }


def _of_hook(hook: Hook) -> dict[str, Any]:
    return {
        "setting": f"tool.relforge.hooks.{hook.name}",
        "target": hook.call,
        "kind": "entry",
        "call": {"by_facts": True},
        "hint": "it takes at most one parameter",
    }


def _of_command(command: Command) -> Iterator[dict[str, Any]]:
    for key, target in (("call", command.call), ("once", command.once)):
        if isinstance(target, str) and target:
            yield {
                "setting": f"tool.relforge.commands.{command.name}.{key}",
                "target": target,
                "kind": "entry",
                "call": _manner(command) if key == "call" else None,
                "hint": ARGUMENTS,
            }


def _interface(service: Service) -> str:
    """What the server takes, where it takes one alone; a factory is not called to find out.

    What a worker class takes that is not gunicorn's own is its own matter.
    """
    if service.server != "gunicorn" or service.options.get("factory"):
        return ""
    kind = str(service.options.get("worker_class", "sync"))
    if "uvicorn" in kind.lower():
        return "asgi"
    return "wsgi" if kind in _WSGI or kind.startswith("gunicorn.workers.") else ""


def _at_boot(service: Service) -> list[str]:
    """The options whose values the configuration gives."""
    return [
        name
        for name, value in service.options.items()
        if any(reference.keys(text) for _, text in reference.texts(value, name))
    ]


def _manner(command: Command) -> dict[str, Any] | None:
    """How the function of a command is called; nobody knows of one in a live process."""
    if command.args:
        names = [row.name.lstrip("-").replace("-", "_") for row in command.args]
        return {"by_name": names}
    return None if command.mode == "rpc" else {"by_words": not command.argv}


def _place(release: Release, cwd: str | None) -> str:
    """The directory that a service works in, where the build has it."""
    return cwd if cwd and "${" not in cwd and (release.tree / cwd).is_dir() else ""
