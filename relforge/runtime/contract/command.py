"""A command of the project's own: ``bin/<name> <command>``."""

from __future__ import annotations

from .record import Record, key
from .run import CallOrExec
from .shapes import Anything, Choice, Flag, Once, Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, ClassVar, Self

MODES = ("eval", "rpc", "exec")
TYPES = ("str", "int", "float", "flag")

# The names of the commands that every release has; a command of the project's own has another.
RESERVED = frozenset(
    {
        *("completion", "config", "console", "daemon", "describe", "drain", "eval"),
        *("foreground", "help"),
        *("install", "logs", "pid", "ping", "prune", "releases", "reload", "remote"),
        *("nodes", "remote_console", "restart", "rollback", "rpc", "run", "schedule", "stacks"),
        *("start", "status"),
        *("stop", "tasks", "top", "undrain", "uninstall", "units", "upgrade", "version"),
    }
)


class Argument(Record):
    """Of a command; a name that begins with ``--`` is an option."""

    name: str = key(
        Text(),
        default="",
        shown="(required)",
        doc='`"revision"`, or `"--dry-run"`, which is the parameter `dry_run`',
    )
    type: str = key(
        Choice(*TYPES),
        default="str",
        doc='`"str"`, `"int"`, `"float"`, or for an option `"flag"`: true if given',
    )
    default: str | int | float | None = key(
        Anything(),
        default=None,
        doc="makes an argument optional; an option without a default is `None`",
    )
    help: str = key(Text(), default="", doc="its line in `--help`")


class Command(CallOrExec):
    """One row of ``commands``."""

    TARGETS: ClassVar[dict[str, str]] = {
        "call": 'a callable, `"pkg.module:name"`; '
        "[what it takes](../how-to/write-commands.md#what-a-command-takes)",
        "exec": (
            "instead: a program and its first arguments, a list of strings; those of the "
            "command line follow. A first string with a `/` is a file of the release"
        ),
    }

    mode: str = key(
        Choice(*MODES),
        default="eval",
        shown='`"eval"`; `"exec"` with `exec`',
        doc='`"eval"`: in a fresh process, with the configuration that `start` would load; '
        '`"rpc"`: in the live process',
    )
    service: str = key(
        Text(),
        default="",
        shown="as `rpc`",
        doc='which service\'s process, for the mode `"rpc"`',
    )
    help: str = key(Text(), default="", doc="its line in `bin/<name> help`")
    args: tuple[Argument, ...] = key(
        Anything(), default=(), doc="a list of tables, its arguments; see below"
    )
    argv: bool = key(
        Flag(),
        default=False,
        kinds=("call",),
        doc="`true`: `call` is a console script, which reads its arguments from `sys.argv`",
    )
    confirm: str = key(
        Text(),
        default="",
        doc="a question that is asked before it runs; `--yes` answers it, and is required "
        "without a terminal",
    )
    once: bool | str | dict[str, tuple[str, ...]] = key(
        Once(),
        default=False,
        doc="`true`: once for each version, state directory, arguments and configuration, and one "
        'at a time; `{ by = ["db.url"] }`: only these keys of the configuration count; or a '
        "callable that returns a lock, for a fleet; `--again` repeats it",
    )
    cwd: str | None = key(
        Text(),
        default=None,
        references=True,
        shown="the caller's",
        doc="the working directory, relative to the release",
    )

    @classmethod
    def of(cls, row: Mapping[str, Any], **more: Any) -> Self:
        args = tuple(Argument.of(argument) for argument in row.get("args", ()))
        return super().of(row, **more, args=args)
