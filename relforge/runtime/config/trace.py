"""Tracebacks that begin where the project's own code does."""

from __future__ import annotations

import os
import traceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def of_user(error: BaseException) -> str:
    """The traceback without the frames of relforge and of Python's import system."""
    frames = error.__traceback__
    while frames is not None and _foreign(frames):
        frames = frames.tb_next
    found = traceback.TracebackException(type(error), error, frames)
    found.stack = traceback.StackSummary.from_list(
        [row for row in found.stack if not row.filename.startswith("<frozen importlib")]
    )
    return "".join(found.format()).rstrip()


def _foreign(frame: TracebackType) -> bool:
    name = frame.tb_frame.f_code.co_filename
    return name.startswith((_OURS, "<frozen")) or "/importlib/__init__.py" in name
