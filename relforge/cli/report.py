"""The progress of a build: a live display on terminals, plain lines elsewhere."""

from __future__ import annotations

import logging
import os
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from relforge.model.release import Release
from relforge.runtime.untrusted_text import harmless, line
from relforge.support import progress
from relforge.support.masking import mask
from relforge.support.progress import Watch

MOST = 10  # warnings of one rule that are spelt out


class Harmless(Console):
    """Shows texts of others, names of files in wheels among them, and no terminal acts on them."""

    def print(self, *objects: Any, **options: Any) -> None:
        safe = (harmless(row) if isinstance(row, str) else row for row in objects)
        super().print(*safe, **options)


def console(quiet: bool) -> Console:
    """Where progress goes: stderr, and nowhere with ``--quiet``."""
    return Harmless(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)


def log_to(out: Console, *, verbose: bool) -> None:
    """Send what the steps log to the console: warnings always, all of it with ``--verbose``."""
    logger = logging.getLogger("relforge")
    logger.handlers = [_Printer(out)]
    logger.setLevel(logging.DEBUG if verbose else logging.WARNING)
    logger.propagate = False


class _Printer(logging.Handler):
    """Prints above the live display, one line a record, however wide the terminal is."""

    def __init__(self, out: Console) -> None:
        super().__init__()
        self._out = out

    def emit(self, record: logging.LogRecord) -> None:
        style = "yellow" if record.levelno >= logging.WARNING else "dim"
        self._out.print(f"  {mask(self.format(record))}", markup=False, style=style)


def watch(out: Console) -> Watch:
    """A display for `sequence.run`."""

    @contextmanager
    def step(name: str) -> Iterator[None]:
        started = time.monotonic()
        with _live(out, name):
            yield
        out.print(f"  {name:<10} {time.monotonic() - started:6.1f} s", markup=False)

    return step


def notes(out: Console, built: Release) -> None:
    """Name what a build did not do, what its target must have, and what it finds doubtful."""
    for note in built.notes:
        out.print(f"  note: {note}", markup=False, style="yellow")
    for rule in dict.fromkeys(row.rule for row in built.findings):
        rows = [row for row in built.findings if row.rule == rule]
        for row in rows[:MOST]:
            out.print(f"  warning: {row.path}: {row.message}", markup=False, style="yellow")
            if row.hint:
                out.print(f"    {row.hint}", markup=False, style="cyan")
        if len(rows) > MOST:
            more = (
                f"  warning: and {len(rows) - MOST} more of the rule {rule}; --json lists them all"
            )
            out.print(more, markup=False, style="yellow")


@contextmanager
def _live(out: Console, name: str) -> Iterator[None]:
    """A line that moves while the step runs, and shows what the step reports."""
    if not out.is_terminal:
        yield
        return
    with (
        out.status(name) as display,
        progress.heard_by(lambda text: display.update(f"{name}  [dim]{escape(line(text))}[/dim]")),
    ):
        yield


def human_size(size: int) -> str:
    """``12.3 MB``: powers of 1000, as disks and `ls --si` count."""
    number = float(size)
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"


def again(command: str, name: str | None, env: str, project: Path, target: str | None) -> str:
    """``relforge COMMAND`` of the same release, as it can be typed from here."""
    words = [name] if name else []
    words += ["--env", env]
    words += ["--project", str(project)] if project.resolve() != Path.cwd() else []
    words += ["--target", target] if target else []
    return f"relforge {command} {shlex.join(words)}"


def shown(path: Path) -> str:
    """The path as short as it can be typed from here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
