"""What long work of the supervisor's is done with."""

from __future__ import annotations

from .children import Children
from .hooks import Hooks
from .plan import Plan
from .poller import Poller


class Tools:
    """What a supervisor has for long work."""

    __slots__ = ("children", "hooks", "plan", "poller")

    def __init__(self, plan: Plan, poller: Poller, children: Children, hooks: Hooks) -> None:
        self.plan = plan
        self.poller = poller
        self.children = children
        self.hooks = hooks
