"""``relforge python list`` and ``relforge python export``."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from relforge.cache.housekeeping import usage
from relforge.cli import report
from relforge.cli.commands import examples
from relforge.cli.options import Env, Json, ProjectDir, Quiet, Verbose, file_to_write
from relforge.layers.python import find
from relforge.layers.python.candidates import interpreters
from relforge.layers.python.export import export as write
from relforge.model.spec import PythonSettings, StripSettings
from relforge.pipeline.configured import read_settings
from relforge.project.settings.python import refusal
from relforge.support.errors import SettingsError, UserError

app = typer.Typer(
    help="List or export Python interpreters.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
COLUMNS = ("VERSION", "SIZE", "FROM", "PATH", "")


@app.callback()
def _group() -> None:
    """List or export Python interpreters."""


@app.command("list", epilog=examples("relforge python list"))
def list_(as_json: Json = False) -> None:
    """Print the interpreters of this host.

    Those that `source = "host"` and `"uv"` can take, or why they cannot.
    """
    found = interpreters()
    if as_json:
        json.dump([asdict(row) for row in found], sys.stdout)
        print()
        return
    rows = [COLUMNS]
    for row in found:
        size = report.human_size(row.size) if row.size else "-"
        remark = row.refusal or (f"used by {', '.join(row.taken)}" if row.taken else "")
        rows.append((row.version, size, row.origin, row.path, remark))
    widths = [max(len(row[at]) for row in rows) for at in range(len(COLUMNS))]
    for line in rows:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())


@app.command(epilog=examples("relforge python export --version 3.12"))
def export(
    version: Annotated[
        str | None,
        typer.Option(
            "--version",
            help="An interpreter of this host, such as 3.12.",
            metavar="VERSION",
            show_default="from the project's settings",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The archive to write.",
            metavar="FILE",
            callback=file_to_write,
            show_default="cpython-<version>-<target>.tar.gz",
        ),
    ] = None,
    env: Env = "prod",
    project: ProjectDir = Path(),
    as_json: Json = False,
    verbose: Verbose = False,
    quiet: Quiet = False,
) -> None:
    """Write an interpreter as an archive.

    The archive can be unpacked anywhere; `source = "archive"` takes it.
    """
    report.log_to(report.console(quiet), verbose=verbose)
    settings = _settings(version, env, project)
    found = find(settings, project, asked="--version") if version else find(settings, project)
    target = f"linux-{found.machine}"
    path = output or Path(f"cpython-{found.spelled}-{target}.tar.gz")
    if not path.name.endswith(".tar.gz"):
        raise UserError(f"{path}: the archive's name must end in .tar.gz")
    with usage.for_a_build():
        made = write(found, settings, path)
    facts = {"archive": str(path), "version": found.spelled, "target": target}
    if as_json:
        sizes = {"glibc": made.glibc, "sha256": made.sha256, "size": made.size}
        json.dump({**facts, **sizes}, sys.stdout)
        print()
    elif not quiet:
        print(f"{path}")
        print(
            f"  {report.human_size(made.size)}, runs on {target} with glibc {made.glibc} or newer"
        )
        print(f"  sha256 {made.sha256}")
        print("\nTo use it, replace `python = ...` with:\n\n[tool.relforge.python]")
        print(f'version = "{found.spelled}"\nsource = "archive"')
        print(f'archive = "{path}"\nsha256 = "{made.sha256}"')


def _settings(version: str | None, env: str, project: Path) -> PythonSettings:
    if version is not None:
        if why := refusal(version):
            raise UserError(f"--version: {why}", hint="run: relforge python list")
        return PythonSettings(version=version, strip=StripSettings().symbols)
    settings = read_settings(project, env).settings.python
    if settings.source == "system":
        raise SettingsError(
            'tool.relforge.python.source: with "system", the release has no interpreter to export',
            hint="run: relforge python export --version 3.12",
        )
    return settings
