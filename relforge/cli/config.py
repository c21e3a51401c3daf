"""``relforge config show``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import typer

from relforge.cli.commands import examples
from relforge.cli.options import Env, Json, ProjectDir, ReleaseName
from relforge.pipeline.configured import Configured, read_settings
from relforge.project.settings.table import dotted

app = typer.Typer(
    help="Print the settings of an environment.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _group() -> None:
    """Print the settings of an environment."""


@app.command(epilog=examples("relforge config show", "relforge config show --env staging --json"))
def show(
    name: ReleaseName = None, env: Env = "prod", project: ProjectDir = Path(), as_json: Json = False
) -> None:
    """Print each setting and where it comes from."""
    configured = read_settings(project, env, name)
    rows = list(_rows(configured))
    if as_json:
        json.dump(
            {key: {"value": value, "origin": origin} for key, value, origin in rows}, sys.stdout
        )
        print()
        return
    for key, value, origin in rows:
        print(f"{key} = {_toml(value)}  # {origin}")


def _rows(configured: Configured) -> list[tuple[str, Any, str]]:
    return [
        (dotted(reading.path[2:]), reading.value, configured.origin(reading))
        for reading in sorted(configured.readings, key=lambda reading: reading.path)
    ]


def _toml(value: Any) -> str:
    """One value on one line, as TOML writes it; a value that is not set as ``unset``."""
    if value is None:
        return "unset"
    if isinstance(value, dict):
        rows = ", ".join(f"{dotted((key,))} = {_toml(row)}" for key, row in value.items())
        return f"{{ {rows} }}" if rows else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(row) for row in value)}]"
    return json.dumps(value, ensure_ascii=False)
