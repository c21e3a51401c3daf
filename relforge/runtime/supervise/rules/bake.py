"""What has just taken over is watched for a while: nothing of it may fail.

| state | what happens | next |
|---|---|---|
| watching | every half second the health check is asked, where there is one | asking; over |
| asking | it answers, or takes too long | watching; over, after three bad answers in a row |

A process that ends, and a health check that fails, take an upgrade or a reload
back.  The end is followed by `events.Baked`.
"""

from __future__ import annotations

from .draft import Draft
from .effects import AskHealth, KillHealth
from .events import Baked
from .lifecycle import PROBE_LIMIT
from .replacement import FailureReason
from .values import Row
from .world import Process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..generation import Generation

ASKING = 0.5  # seconds between two questions
MISSES = 3  # as many in a row are too many


class Bake(Row):
    """``name`` is what is said to fail its health check; ``due`` is when `tick` is needed."""

    def __init__(self, draft: Draft, born: Generation, name: str) -> None:
        self.born = born
        self.name = name
        self.until = draft.now + born.bake
        self.asking = False
        self.misses = 0
        self.due: float | None = self.until if born.health is None else draft.now

    def tick(self, draft: Draft) -> None:
        """Do what is due."""
        if self.due is None or draft.now < self.due:
            return
        if self.asking:
            self.due = None
            draft.do(KillHealth())
        elif draft.now >= self.until and not (self.born.health and self.misses):
            if draft.world.hooks:
                self.due = draft.now + ASKING  # its child would be nobody's after a switch
            else:
                self._over(draft, None)
        else:
            self.asking = True
            self.due = draft.now + PROBE_LIMIT + ASKING
            draft.do(AskHealth(self.born))

    def answered(self, draft: Draft, *, ok: bool) -> None:
        """The health check is over."""
        self.asking = False
        self.misses = 0 if ok else self.misses + 1
        if self.misses >= MISSES:
            self._over(draft, FailureReason(f"{self.name} fails its health check"))
        else:
            soon = self.misses or draft.now < self.until
            self.due = draft.now + ASKING if soon else draft.now

    def crashed(self, draft: Draft, process: Process, reason: str) -> None:
        """A process has ended as it should not have."""
        if process.spec.awaited:
            self._over(draft, FailureReason(reason, process.key))

    def stop(self, draft: Draft) -> None:
        """It is not watched any longer."""
        self.due = None
        if self.asking:
            self.asking = False
            draft.do(KillHealth())

    def _over(self, draft: Draft, failure: FailureReason | None) -> None:
        self.stop(draft)
        draft.follow(Baked(failure))
