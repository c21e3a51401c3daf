"""The one place where errors become text and exit codes."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any

import typer

from relforge.cli import json_error, report
from relforge.cli.commands import BEGIN, HELP, Commands
from relforge.cli.options import version_option
from relforge.support.errors import NO_ROOM, Exit, UserError

app = typer.Typer(
    cls=Commands,
    name="relforge",
    help="Turn a Python project into a self-contained release.",
    epilog=BEGIN,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=HELP,
)
app.callback()(version_option)

# The command line's own error, wherever typer keeps it.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]

_IN_THE_WAY = "a file is in the way of a directory that relforge needs: move or remove it"

# What a host can do to a build, and what to do about it.
_HOST_ERRORS = {
    errno.ENOSPC: NO_ROOM,
    errno.EDQUOT: NO_ROOM,
    errno.EROFS: "build in a directory that you can write to",
    errno.EACCES: "run as a user with read and write permission there",
    errno.EPERM: "run as a user with read and write permission there",
    errno.ENOTDIR: _IN_THE_WAY,
    errno.EEXIST: _IN_THE_WAY,
    errno.ENAMETOOLONG: "shorten the name",
    errno.EFBIG: "raise the limit on file size: ulimit -f unlimited",
    errno.ENFILE: "the host has too many open files",
    errno.ELOOP: "a symbolic link there points back to itself",
    errno.ESTALE: "the network file system went away; build again",
    errno.EMFILE: "raise the limit on open files: ulimit -n 4096",
    errno.EIO: "the disk reports errors; look at `dmesg`",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run relforge; returns the exit status."""
    # A build makes many values and few cycles: collecting was a tenth of a short one's time.
    gc.set_threshold(100_000, 20, 20)
    atexit.register(gc.freeze)  # nor is there anything to be found at the end
    _open_standard_streams()
    signal.signal(signal.SIGTERM, _terminated)
    as_json = json_error.is_wanted(sys.argv[1:] if arguments is None else arguments)
    try:
        status = app(args=arguments, standalone_mode=False)
        _flush()
    except UserError as error:
        _complain(error.message, error.hint, error.facts if as_json else None)
        return int(error.code)
    except _UsageError as error:
        _complain_of_usage(error, as_json)
        return Exit.USAGE
    except (KeyboardInterrupt, typer.Abort):
        status = Exit.INTERRUPTED
    except OSError as error:
        if error.errno == errno.EPIPE:
            return _nobody_reads()
        if error.errno not in _HOST_ERRORS:
            raise
        # A failed copy names the source first.
        place = error.filename2 or error.filename
        _complain(
            (f"{os.fsdecode(place)}: " if place else "") + os.strerror(error.errno),
            _HOST_ERRORS[error.errno],
            {} if as_json else None,
        )
        _drop_output()
        return Exit.FAILED
    if status == Exit.INTERRUPTED:  # what typer makes of Ctrl-C
        _complain("interrupted; nothing half-written was left behind", "", {} if as_json else None)
    return status if isinstance(status, int) else Exit.DONE


def _open_standard_streams() -> None:
    """Put /dev/null where a caller closed one of them, else the next file gets its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))


def _flush() -> None:
    try:
        sys.stdout.flush()
    except OSError as error:
        error.filename = "standard output"
        raise


def _nobody_reads() -> int:
    """The reader of a pipe went away, as `head` does: no reason to say anything."""
    _discard()
    return Exit.FAILED


def _drop_output() -> None:
    """Discard output that cannot be written: at its end the interpreter would exit with 120."""
    try:
        sys.stdout.flush()
    except OSError:
        _discard()


def _discard() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _terminated(_number: int, _frame: FrameType | None) -> None:
    """A polite kill is an interrupt: drafts are removed, commands that run are ended."""
    raise KeyboardInterrupt


def _show_json(message: str, hint: str, facts: dict[str, Any], *, where: str | None = None) -> None:
    """Where stdout cannot be written to, that is the error, and stderr has it."""
    try:
        json_error.show(message, hint, facts, where=where)
    except OSError:
        _drop_output()


def _complain_of_usage(error: Any, as_json: bool) -> None:
    """The command line's own words; ``where`` is the command."""
    error.show()
    if as_json:
        place = " ".join(["relforge", *_below(error.ctx)])
        _show_json(error.format_message(), f"{place} --help", {}, where=place)


def _below(context: Any) -> list[str]:
    """The names of the commands below `relforge`, whatever that was started as."""
    if context is None or context.parent is None:
        return []
    return [*_below(context.parent), context.info_name]


def _complain(message: str, hint: str, facts: dict[str, Any] | None) -> None:
    """To people, and with ``facts`` to the reader of `--json` as well."""
    if facts is not None:
        _show_json(message, hint, facts)
    console = report.console(quiet=False)
    console.show_cursor(True)  # a display that was interrupted while it began has hidden it
    console.print("error:", style="bold red", end=" ")
    console.print(message, markup=False)
    if hint:
        console.print(f"  {hint}", markup=False, style="cyan")
    sys.stderr.flush()
