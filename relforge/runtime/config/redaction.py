"""Secrets of the configuration are masked in the tracebacks and errors that a process logs.

Exceptions carry what they could not use: a connection that fails names its
address, a parser shows its input.  So does `asyncio`, which logs their ``repr``.
What an application prints or logs by itself below ERROR is its own affair.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback

from . import view

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Any


def install() -> None:
    """For this process and those that it forks; idempotent."""
    if sys.excepthook is _raised:
        return
    sys.excepthook = _raised
    threading.excepthook = _in_thread
    _wrap_tracebacks()
    _wrap_logs()


def _wrap_tracebacks() -> None:
    """Exceptions are formatted by `traceback`: in `logging`, in servers, in this runtime."""
    kind: Any = traceback.TracebackException
    whole, last = kind.format, kind.format_exception_only

    def format_(self: Any, *args: Any, **options: Any) -> Iterator[str]:
        yield view.scrub("".join(whole(self, *args, **options)))

    def format_exception_only(self: Any, *args: Any, **options: Any) -> Iterator[str]:
        yield view.scrub("".join(last(self, *args, **options)))

    kind.format, kind.format_exception_only = format_, format_exception_only


def _wrap_logs() -> None:
    kind: Any = logging.Formatter
    plain = kind.format

    def format_(self: Any, record: logging.LogRecord) -> str:
        text: str = plain(self, record)
        return view.scrub(text) if record.levelno >= logging.ERROR else text

    kind.format = format_


def _raised(kind: type[BaseException], error: BaseException, frames: TracebackType | None) -> None:
    """As Python's own hook, which is written in C and asks nobody."""
    if sys.stderr is not None:
        traceback.print_exception(kind, error, frames, file=sys.stderr)


def _in_thread(row: Any) -> None:
    """As `threading`'s own hook."""
    if row.exc_type is SystemExit or sys.stderr is None:
        return
    name = row.thread.name if row.thread is not None else threading.get_ident()
    print(f"Exception in thread {name}:", file=sys.stderr)
    traceback.print_exception(row.exc_type, row.exc_value, row.exc_traceback, file=sys.stderr)
