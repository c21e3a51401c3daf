"""What an operator can fix, and the exit codes that scripts rely on."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

DONE = 0
FAILED = 1
USAGE = 2
NOT_RUNNING = 3
FORCED = 4
NO_ANSWER = 5
LOCKED = 75
CONFIG = 78
INTERRUPTED = 130


class Refusal(Exception):
    """A command cannot go on, for a reason that the operator can fix.

    ``message`` says what and where, ``hint`` what to type or change next,
    ``code`` is the exit status of the command.  Printed once, by ``run_and_report``; any
    other exception is a bug.
    """

    def __init__(self, message: str, *, hint: str = "", code: int = FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


def run_and_report(work: Callable[[], int]) -> int:
    """Do the work of a command; its exit status, after whatever went wrong has been printed."""
    try:
        code = work()
        _flush()
        return code
    except Refusal as error:
        from .untrusted_text import harmless

        name = os.environ.get("RELEASE_NAME", "app")
        print(f"{name}: {harmless(error.message)}", file=sys.stderr)
        if error.hint:
            print(f"  {harmless(error.hint)}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`| head`); keep the interpreter from flushing once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return FAILED
    except OSError as error:
        if _flushes():
            raise  # it is not about the output
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        name = os.environ.get("RELEASE_NAME", "app")
        print(f"{name}: the output cannot be written: {error.strerror}", file=sys.stderr)
        return FAILED


def _flush() -> None:
    if sys.stdout is not None:  # None where the descriptor was closed when we were started
        sys.stdout.flush()


def _flushes() -> bool:
    try:
        _flush()
    except OSError:
        return False
    return True
