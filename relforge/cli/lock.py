"""``relforge lock``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from relforge.cli import report
from relforge.cli.options import Env, Json, ProjectDir, Quiet, Verbose
from relforge.config import lockable
from relforge.deps.lock import write

DEFAULT = "pylock.toml"


def lock(
    env: Env = "prod",
    project: ProjectDir = Path(),
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The lock to write: *.toml is PEP 751, anything else a hashed requirements file.",
            metavar="FILE",
            show_default="`lock` of the settings, else pylock.toml",
        ),
    ] = None,
    as_json: Json = False,
    verbose: Verbose = False,
    quiet: Quiet = False,
) -> None:
    """Resolve the project's dependencies, once, into a lock with hashes."""
    out = report.console(quiet)
    report.log_to(out, verbose=verbose)
    found = lockable(project, env)
    target = output or found.project.root / (found.settings.lock or DEFAULT)
    with report.watch(out)("lock"):
        write(found.project, found.settings, found.python, found.target, target)
    if as_json:
        json.dump({"name": found.settings.name, "env": env, "lock": str(target)}, sys.stdout)
        print()
    elif not quiet:
        print(f"\n{report.shown(target)}\n\nNext:\n  relforge build --env {env}")
