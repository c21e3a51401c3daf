"""``relforge init``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from relforge.cli import report
from relforge.cli.options import Json, ProjectDir, Yes
from relforge.layers.python import host
from relforge.model import python_version
from relforge.project import init as planning
from relforge.project.init import Plan
from relforge.support import progress


def init(
    project: ProjectDir = Path(),
    yes: Yes = False,
    force: Annotated[
        bool, typer.Option("--force", help="Rewrite the settings; your edits are lost.")
    ] = False,
    print_only: Annotated[
        bool, typer.Option("--print", "--dry-run", help="Print the settings; write nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the settings that the project needs."""
    project = _member(project)
    with progress.heard_by(_say):
        plan = planning.plan(project, pythons())
    if not as_json:
        for line in plan.found:
            print(f"  {line}", file=sys.stderr)
    replace = force or not plan.exists
    text = plan.text if replace else plan.missing
    written: tuple[Path, ...] = ()
    if not print_only and _wanted(plan, replace=replace, yes=yes, as_json=as_json):
        written = planning.apply(plan, replace=replace)
    if as_json:
        _print_json(plan, written, text)
    elif print_only:
        print(text, end="")
        for note in plan.notes:
            print(f"  {note}", file=sys.stderr)
    elif written:
        print("\nwrote " + ", ".join(report.shown(path) for path in written))
        _next(plan)
    else:
        _propose(plan)


def pythons() -> tuple[str, ...]:
    """The versions of this host that a release can have, such as 3.12."""
    found = (row.short for _, row in host.installed() if not host.refusal(row))
    fitting = (row for row in found if python_version.number(row) >= python_version.OLDEST)
    return tuple(dict.fromkeys(fitting))


def _member(project: Path) -> Path:
    """The member of a workspace that somebody at a terminal chooses; else the project itself."""
    names = planning.members(project)
    if not names or not sys.stdin.isatty():
        return project
    print("This is the root of a uv workspace, not a package.  Its members:\n")
    for number, name in enumerate(names, 1):
        print(f"  {number}  {name}")

    def chosen(answer: str) -> str:
        if answer in names:
            return answer
        if answer.isdecimal() and 1 <= int(answer) <= len(names):
            return names[int(answer) - 1]
        raise typer.BadParameter(f"expected a number from 1 to {len(names)}, or a directory")

    answer: str = typer.prompt("\nWhich one do you want to release?", value_proc=chosen)
    return project / answer


def _wanted(plan: Plan, *, replace: bool, yes: bool, as_json: bool) -> bool:
    """Whether to write: settings that are there get nothing added without a word of the user."""
    if replace:
        return True
    if not plan.missing or (as_json and not yes):
        return False
    if yes or not sys.stdin.isatty():
        return yes
    print(f"\n{plan.missing}", file=sys.stderr)
    return typer.confirm(f"Add this to {report.shown(plan.path)}?", err=True)


def _propose(plan: Plan) -> None:
    if plan.missing and not sys.stdin.isatty():
        print(f"{report.shown(plan.path)} has settings; the project also suggests:\n")
        print(plan.missing)
        print("To add this: relforge init --yes")
    elif not plan.missing:
        print(f"\n{report.shown(plan.path)} has settings, and none are missing")
        _next(plan)


def _next(plan: Plan) -> None:
    print("\nNext:")
    for note in plan.notes or ("run: relforge build",):
        print(f"  {note}")


def _print_json(plan: Plan, written: tuple[Path, ...], text: str) -> None:
    facts = {
        "written": [str(path) for path in written],
        "exists": plan.exists,
        "settings": text,
        "found": list(plan.found),
        "notes": list(plan.notes),
    }
    json.dump(facts, sys.stdout)
    print()


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K  {text}", end="\r", file=sys.stderr, flush=True)
