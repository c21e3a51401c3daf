"""``relforge lock``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from relforge import cache
from relforge.cli import report
from relforge.cli.options import Env, Json, ProjectDir, Quiet, Target, Verbose
from relforge.config import lockable
from relforge.deps.lock import write

DEFAULT = "pylock.toml"


def lock(
    env: Env = "prod",
    project: ProjectDir = Path(),
    target_name: Target = None,
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
    found = lockable(project, env, target_name)
    target = output or found.project.root / (found.settings.lock or DEFAULT)
    with report.watch(out)("lock"):
        write(found.project, found.settings, found.python, found.target, target)
    if as_json:
        facts = {
            "name": found.settings.name,
            "version": found.settings.version,
            "env": env,
            "target": str(found.target),
            "lock": str(target),
            "sha256": cache.sha256(target),
            "size": target.stat().st_size,
        }
        json.dump(facts, sys.stdout)
        print()
    elif not quiet:
        print(f"\n{report.shown(target)}\n\nNext:\n  relforge build --env {env}")
