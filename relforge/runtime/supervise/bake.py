"""What has just taken over is watched for a while: nothing of it may fail.

Of an upgrade and of a reload: a process that ends, and a health check that
fails three times in a row, take either back.
"""

from __future__ import annotations

import time

from . import probes
from .change import Failure
from .generation import Generation
from .process import Process, kill_group
from .tools import Tools

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

ASKING = 0.5  # seconds between two questions
MISSES = 3  # as many in a row are too many


class Bake:
    """Calls ``over(failure)`` once: None where all went well; ``due`` is when `tick` is needed.

    ``name`` is what is said to fail its health check.
    """

    def __init__(
        self, tools: Tools, born: Generation, name: str, over: Callable[[Failure | None], None]
    ) -> None:
        self._tools = tools
        self._born = born
        self._name = name
        self._over: Callable[[Failure | None], None] | None = over
        self._until = time.monotonic() + born.bake
        self._probe = 0
        self._misses = 0
        self.due: float | None = self._until if born.health is None else time.monotonic()

    def tick(self, now: float) -> float | None:
        """Do what is due; when the next thing is."""
        if self._over is None or self.due is None or now < self.due:
            return self.due
        if self._probe:
            kill_group(self._probe)
            self.due = None
        elif now >= self._until and not (self._born.health and self._misses):
            if self._tools.hooks.busy:  # its child would be nobody's after a switch
                self.due = now + ASKING
            else:
                self._end(None)
        elif self._born.health is None:
            self.due = self._until
        else:
            self._ask()
        return self.due

    def crashed(self, process: Process, reason: str) -> None:
        """A process has ended as it should not have."""
        if process.spec.awaited:
            self._end(Failure(reason, process))

    def stop(self) -> None:
        """It is not watched any longer, and nobody is told."""
        self._over = None
        if self._probe:
            kill_group(self._probe)

    def _ask(self) -> None:
        self.due = time.monotonic() + probes.TIMEOUT + ASKING
        try:
            self._probe = probes.ask(self._tools.plan, self._born, self._born.health)
        except OSError:
            self._answered(-1)
            return
        self._tools.children.watch(self._probe, self._answered)

    def _answered(self, status: int) -> None:
        self._probe = 0
        if self._over is None:
            return
        self._misses = 0 if status == 0 else self._misses + 1
        if self._misses >= MISSES:
            self._end(Failure(f"{self._name} fails its health check"))
            return
        now = time.monotonic()
        self.due = now + ASKING if self._misses or now < self._until else now

    def _end(self, failure: Failure | None) -> None:
        over, self._over, self.due = self._over, None, None
        if over is not None:
            over(failure)
