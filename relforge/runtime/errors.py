"""What an operator can mend, and the exit codes that scripts rely on."""

from __future__ import annotations

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
    """A command cannot go on, for a reason that the operator can mend.

    ``message`` says what and where, ``hint`` what to type or change next,
    ``code`` is the exit status of the command.  Printed once, by
    ``commands.main``; any other exception is a bug.
    """

    def __init__(self, message: str, *, hint: str = "", code: int = FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
