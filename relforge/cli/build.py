"""``relforge build`` and ``relforge release``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from relforge import cache, layout, steps
from relforge.cli import report
from relforge.cli.options import Env, Json, ProjectDir, Quiet, Target, Verbose
from relforge.config import configure
from relforge.release import Release


def build(
    env: Env = "prod",
    project: ProjectDir = Path(),
    target: Target = None,
    as_json: Json = False,
    verbose: Verbose = False,
    quiet: Quiet = False,
) -> None:
    """Assemble and check a runnable tree in _build/<env>/<name>-<version>/."""
    out = _start(verbose=verbose, quiet=quiet)
