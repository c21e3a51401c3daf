"""Everything that settings name can be imported: asked of the release's own interpreter."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from relforge.checks import outdated
from relforge.model.release import Finding, Release
from relforge.runtime.contract import reference
from relforge.runtime.contract.command import Command
from relforge.runtime.contract.service import Service
from relforge.tree import release_python

SERVER_MODULES = {"uvicorn": "uvicorn", "gunicorn": "gunicorn", "hypercorn": "hypercorn"}
RULE = "entry-points"
ARGUMENTS = 'declare what it takes: args = [{ name = "..." }]; a console script has argv = true'
MARK = "\x1frelforge: "  # as `relforge.runtime.selfcheck` has it
LINES = 10  # of what the application printed that an error shows
_CRASH = "Fatal Python error: "
CRASHED = (
    "`check.import = false` looks the modules up without running them; where it needs its "
    "deployment's configuration: `check = { env = {...}, config = {...} }`"
)
_WSGI = ("sync", "gthread", "gevent", "eventlet", "tornado")  # of gunicorn


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the interpreter said: an entry for each target, and the modules that it had then."""

    rows: tuple[dict[str, Any], ...]
    modules: frozenset[str] = frozenset()


def rule(release: Release) -> Iterator[Finding]:
    """Import every entry point and server, with the settings' own ``env`` and ``config``.

    The traceback of an import is cut down to the user's code.
    """
    yield from findings(release, ask(release))


def ask(release: Release) -> Answer:
    """Import them; a process that one of them ends goes on with the next."""
    if not release_python.can_import(release):
        return Answer(rows=())
    left = list(targets(release))
    rows: list[dict[str, Any]] = []
    modules: set[str] = set()
    while True:
        said, problem = _of_one_process(release, left)
        rows += (row for row in said if "setting" in row)
        modules.update(name for row in said for name in row.get("modules", ()))
        if not problem:
            return Answer(rows=tuple(rows), modules=frozenset(modules))
        culprit = left[len([row for row in said if "setting" in row])]
        module = culprit["target"].partition(":")[0]
        rows.append({"setting": culprit["setting"], **problem})
        done = {row["setting"] for row in rows}
        for row in left:
            if row["setting"] not in done and row["target"].partition(":")[0] == module:
                rows.append({"setting": row["setting"], **problem})
                done.add(row["setting"])
        left = [row for row in left if row["setting"] not in done]
        if not left:
            return Answer(rows=tuple(rows), modules=frozenset(modules))


def findings(release: Release, answer: Answer) -> Iterator[Finding]:
    """One for each reason; the entry points that it stops are its files."""
    for row in answer.rows:
        if "message" in row:
            yield _finding(release, row)


def _of_one_process(
    release: Release, wanted: Sequence[dict[str, Any]]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """What it answered, each failure with what was printed; and how it ended, if not as it should.

    Raises UserError where it ended before it came to the first of them.
    """
    settings = release.settings.check
    question = {"imports": settings.imports, "targets": wanted, "config": settings.config}
    reply = release_python.converse(release, "check", question, settings.env)
    said = [json.loads(line) for line in reply.lines if line.startswith("{")]
    printed = _by_setting(reply.output)
    for row in said:
        if "message" in row and row.get("severity") != "warning":
            row["message"] += _shown(printed.get(row["setting"], ""))
    finished = bool(said) and "modules" in said[-1]
    if finished:
        return said, {}
    answered = len([row for row in said if "setting" in row])
    if answered >= len(wanted) or wanted[answered]["setting"] not in printed:
        raise release_python.unanswered("check", reply)
    culprit = wanted[answered]
    name = culprit["target"].partition(":")[0]
    message = f"importing {name!r}: the process {reply.problem or 'ended with status 0'}"
    return said, {
        "message": message + _shown(printed[culprit["setting"]]),
        "hint": CRASHED,
        "cause": message,
    }


def _by_setting(output: str) -> dict[str, str]:
    """What was printed while each target was imported."""
    found: dict[str, str] = {}
    for part in output.split(MARK)[1:]:
        setting, _, text = part.partition("\n")
        found[setting] = found.get(setting, "") + text
    return found


def _shown(output: str) -> str:
    """Its last lines; of a crash the first, which name the place where it happened."""
    lines = output.rstrip().splitlines()
    crash = next((index for index, row in enumerate(lines) if row.startswith(_CRASH)), None)
    lines = lines[-LINES:] if crash is None else lines[crash : crash + LINES]
    return "\nit printed:\n" + "\n".join(f"  {line}" for line in lines) if lines else ""


def unchecked(release: Release) -> Iterator[str]:
    """What only a host of the release's CPU can tell."""
    names = [row["setting"] for row in targets(release)]
    if names and not release_python.can_import(release):
        yield (
            f"not checked: this host cannot run {release.target.machine} code, so nobody has "
            f"imported {', '.join(names)}"
        )


def _finding(release: Release, row: dict[str, str]) -> Finding:
    message, hint = row["message"].replace(f"{release.tree}/", ""), row["hint"]
    for server, module in SERVER_MODULES.items():
        if f"\nModuleNotFoundError: No module named {module!r}" in message:
            message = f"{server} is not among the release's dependencies"
            hint = f"add {server} to `project.dependencies`, then type: relforge lock"
    hint = outdated.hint(message, release.python.short) or hint
    place = row["setting"]
    if message.startswith("tool.relforge."):  # it names the very option
        place, _, message = message.partition(": ")
    severity: Literal["error", "warning"] = (
        "warning" if row.get("severity") == "warning" else "error"
    )
    return Finding(
        severity=severity,
        rule=RULE,
        path=place,
        message=message,
        hint=hint,
        topic=row.get("cause", ""),
    )


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


def targets(release: Release) -> list[dict[str, Any]]:
    """What is imported, each with the setting that names it."""
    rows: list[dict[str, Any]] = []
    for service in release.settings.services:
        where = f"tool.relforge.services.{service.name}"
        if service.server:
            module = SERVER_MODULES[service.server]
            # What the runtime does itself is no option of the server.
            given = {key: row for key, row in service.options.items() if key != "factory"}
            rows.append(
                {
                    "setting": f"{where}.server",
                    "target": module,
                    "kind": "server",
                    "service": {
                        "name": service.name,
                        "options": given,
                        "at_boot": _at_boot(service),
                    },
                }
            )
        if service.kind != "exec":
            rows.append(
                {
                    "setting": f"{where}.{service.kind}",
                    "target": service.target,
                    "kind": "entry",
                    "interface": _interface(service),
                    "cwd": _place(release, service.cwd),
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
                rows.append(
                    {
                        "setting": where,
                        "target": target,
                        "kind": "entry",
                        "call": _manner(command) if key == "call" else None,
                        "hint": ARGUMENTS,
                    }
                )
    return rows
