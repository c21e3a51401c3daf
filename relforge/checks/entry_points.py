"""Everything that settings name can be imported: asked of the release's own interpreter."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from relforge.checks import outdated
from relforge.checks.targets import SERVER_MODULES, targets
from relforge.model.release import Finding, Release
from relforge.tree import release_python

RULE = "entry-points"
MARK = "\x1frelforge: "  # as `relforge.runtime.selfcheck` has it
LINES = 10  # of what the application printed that an error shows
_CRASH = "Fatal Python error: "
CRASHED = (
    "`check.import = false` looks the modules up without running them; if the import needs its "
    "deployment's configuration: `check = { env = {...}, config = {...} }`"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryAnswer:
    """What the interpreter said: an entry for each target, and the modules that it had then."""

    rows: tuple[dict[str, Any], ...]
    modules: frozenset[str] = frozenset()


def rule(release: Release) -> Iterator[Finding]:
    """Import every entry point and server, with the settings' own ``env`` and ``config``.

    The traceback of an import is cut down to the user's code.
    """
    yield from findings(release, ask(release))


def ask(release: Release) -> EntryAnswer:
    """Import them; a process that one of them ends goes on with the next."""
    if not release_python.can_import(release):
        return EntryAnswer(rows=())
    left = list(targets(release))
    rows: list[dict[str, Any]] = []
    modules: set[str] = set()
    while True:
        said, problem = _of_one_process(release, left)
        rows += (row for row in said if "setting" in row)
        modules.update(name for row in said for name in row.get("modules", ()))
        if not problem:
            return EntryAnswer(rows=tuple(rows), modules=frozenset(modules))
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
            return EntryAnswer(rows=tuple(rows), modules=frozenset(modules))


def findings(release: Release, answer: EntryAnswer) -> Iterator[Finding]:
    """One for each reason; the entry points that it stops are its files."""
    for row in answer.rows:
        if "message" in row:
            yield _failed_target(release, row)


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
    """What only a host with the release's CPU can find out."""
    names = [row["setting"] for row in targets(release)]
    if names and not release_python.can_import(release):
        yield (
            f"not checked: this host cannot run {release.target.machine} code, so these were "
            f"not imported: {', '.join(names)}"
        )


def _failed_target(release: Release, row: dict[str, str]) -> Finding:
    message, hint = row["message"].replace(f"{release.tree}/", ""), row["hint"]
    for server, module in SERVER_MODULES.items():
        if f"\nModuleNotFoundError: No module named {module!r}" in message:
            message = f"{server} is not in the release's dependencies"
            hint = f"add {server} to `project.dependencies`, then run: relforge lock"
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
