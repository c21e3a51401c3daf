"""What the modules at the edge share: what a supervisor works with, and how they report."""

from __future__ import annotations

from .plan import Plan
from .poller import Poller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .rules.values import Value


class Edge:
    """``post(event)``: something has happened.  ``errands`` are children other than services."""

    def __init__(self, plan: Plan, poller: Poller, post: Callable[[Value], None]) -> None:
        self.plan = plan
        self.poller = poller
        self.post = post
        self.errands: dict[int, Callable[[int], None]] = {}

    def watch(self, pid: int, ended: Callable[[int], None]) -> None:
        """Call ``ended(wait status)`` when this child of ours is gone, with all of its group."""
        self.errands[pid] = ended
