"""A hook: what a project has done at the turns of a release's life."""

from __future__ import annotations

from .record import key
from .run import Run
from .shapes import Program, Seconds, Target, Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, ClassVar

# Name: (when it runs, what its failure does), in the order of a life.
TURNS = {
    "pre_start": ("before the first process of a service starts", "nothing starts: exit 1"),
    "post_start": ("once everything is ready", "is reported"),
    "pre_stop": ("before the services are asked to stop; they still serve", "is reported"),
    "post_stop": (
        "once all of them are gone; not after a `pre_start` that failed",
        "is reported",
    ),
    "pre_upgrade": ("before an upgrade touches anything", "there is no upgrade"),
    "post_upgrade": ("once the new version serves", "is reported"),
    "on_crash": ("a process ended that should not have", "is reported"),
}
HOOKS = tuple(TURNS)


class Hook(Run):
    """One row of ``hooks``."""

    TARGETS: ClassVar[dict[str, str]] = {
        "call": "a callable; one with a parameter gets the facts of the hook, a dict",
        "exec": "a program, a list of words; a first word with a `/` in it is a file of the "
        "release",
    }

    name: str = key(Text(), doc="", setting=False)
    call: str = key(Target(), default="", doc="", setting=False)
    exec: tuple[str, ...] = key(Program(), default=(), doc="", references=True, setting=False)
    timeout: float = key(
        Seconds(least=0.001, reason="a hook must end: its timeout is more than 0", none=False),
        default=60.0,
        doc="after which it is stopped, and has failed",
    )

    @classmethod
    def which(cls, row: Mapping[str, Any]) -> str:
        return "exec" if row.get("exec") else "call"

    @property
    def target_key(self) -> str:
        return "exec" if self.exec else "call"

    @property
    def function(self) -> str:
        return self.call

    @property
    def words(self) -> tuple[str, ...]:
        return self.exec

    def put_words(self, words: tuple[str, ...]) -> dict[str, object]:
        return {"exec": words}
