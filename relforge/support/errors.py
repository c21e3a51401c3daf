"""The one exception for what a user can fix."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from relforge.support.masking import mask

# What to do about a full disk.
NO_ROOM = "free some space, or set RELFORGE_CACHE_DIR and TMPDIR to a disk with more space"


class Exit(IntEnum):
    """The exit codes of every command, of the builder and of a release alike."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    LOCKED = 75
    CONFIG = 78
    INTERRUPTED = 130


class UserError(Exception):
    """Something that the user can fix.

    ``message`` is one paragraph: the place as the user wrote it, what was found
    and what was expected.  ``hint`` is the next thing to type or to change.
    It is printed once, by the command line; anything else that is raised is a
    bug and shows its traceback.  Neither shows a credential.
    """

    def __init__(self, message: str, *, hint: str = "", code: Exit = Exit.FAILED) -> None:
        self.message = mask(message)
        self.hint = mask(hint)
        super().__init__(self.message)
        self.code = code
        self.facts: dict[str, Any] = {}  # what `--json` prints beside the error


class SettingsError(UserError):
    """Settings that cannot be used; nothing has been written yet."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint, code=Exit.CONFIG)
