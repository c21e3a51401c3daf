"""``relforge init``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from relforge.cli import report
from relforge.cli.options import Json, ProjectDir, Yes
from relforge.project import init as planning


def init(
    project: ProjectDir = Path(),
    yes: Yes = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite settings that are there.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print, and write nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Look at the project and write a commented [tool.relforge] that works."""
    plan = planning.plan(project)
    if not as_json:
        for line in plan.found:
            print(f"  {line}", file=sys.stderr)
    if dry_run:
        print(plan.text, end="")
        return
    replace = force
    if plan.replaces and not force and not yes and sys.stdin.isatty():
        replace = typer.confirm(
            f"{report.shown(plan.path)} has settings; overwrite them?", err=True
        )
    written = planning.apply(plan, replace=replace)
    if as_json:
        facts = {"written": [str(path) for path in written], "notes": list(plan.notes)}
        json.dump(facts, sys.stdout)
        print()
        return
    print("\nwrote " + ", ".join(report.shown(path) for path in written))
    print("\nNext:")
    for note in plan.notes or ("type: relforge build",):
        print(f"  {note}")
