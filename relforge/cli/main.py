"""The one place where errors become text and exit codes."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence

import click
import typer
from rich.console import Console

from relforge.cli import build, config, init, lock
from relforge.cli.options import version_option
from relforge.errors import Exit, UserError

app = typer.Typer(
    name="relforge",
    help="Turn a Python project into a self-contained release.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.callback()(version_option)
app.command("init")(init.init)
app.command("lock")(lock.lock)
app.command("build")(build.build)
app.command("release")(build.release)
app.add_typer(config.app, name="config")

# What a full disk, a read-only file system or a missing permission raise, and what to do.
_HOST_ERRORS = {
    errno.ENOSPC: "free some space, or set RELFORGE_CACHE_DIR and TMPDIR to a roomier disk",
    errno.EDQUOT: "free some space, or set RELFORGE_CACHE_DIR and TMPDIR to a roomier disk",
    errno.EROFS: "build in a folder that can be written",
    errno.EACCES: "run as a user who may write there",
    errno.EPERM: "run as a user who may write there",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run relforge; returns the exit status."""
    try:
        app(args=arguments, standalone_mode=False)
    except UserError as error:
        _complain(error.message, error.hint)
        return int(error.code)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.UsageError as error:
        error.show()
        return Exit.USAGE
    except (KeyboardInterrupt, click.Abort):
        _complain("interrupted; nothing half-done was left behind", "")
        return Exit.INTERRUPTED
    except OSError as error:
        if error.errno not in _HOST_ERRORS:
            raise
        place = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        _complain(f"{place}{error.strerror}", _HOST_ERRORS[error.errno])
        return Exit.FAILED
    return Exit.DONE


def _complain(message: str, hint: str) -> None:
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print("error:", style="bold red", end=" ")
    console.print(message, markup=False)
    if hint:
        console.print(f"  {hint}", markup=False, style="cyan")
    sys.stderr.flush()
