"""A hook: what a project has done at the turns of a release's life."""

from __future__ import annotations

from .record import key
from .run import CallOrExec
from .shapes import Seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

# Name: (when it runs, what its failure does), in the order of a life.
TURNS = {
    "pre_start": ("before the first process of a service starts", "nothing starts: exit 1"),
    "post_start": ("once everything is ready", "is reported"),
    "pre_stop": ("before the services stop; they are still serving", "is reported"),
    "post_stop": (
        "once all have stopped; not after a failed `pre_start`",
        "is reported",
    ),
    "pre_upgrade": ("before an upgrade changes anything", "the upgrade is canceled"),
    "post_upgrade": ("once the new version is serving", "is reported"),
    "on_crash": ("a process ended unexpectedly", "is reported"),
}
HOOKS = tuple(TURNS)


class Hook(CallOrExec):
    """One row of ``hooks``."""

    TARGETS: ClassVar[dict[str, str]] = {
        "call": "a callable; one with a parameter gets the facts of the hook, a dict",
        "exec": "a program, a list of strings; a first string with a `/` is a file of the release",
    }

    timeout: float = key(
        Seconds(least=0.001, reason="a hook must end: its timeout is more than 0", none=False),
        default=60.0,
        doc="after which it is stopped and counts as failed",
    )
