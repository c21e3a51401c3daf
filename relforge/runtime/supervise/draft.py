"""The next world while it is made, with what has to be done and what follows at once."""

from __future__ import annotations

from . import levels
from .effects import Extend, Say
from .values import Value
from .world import World


class Draft:
    """A copy of the world that the rules may change; ``effects`` in the order of their asking.

    ``inbox`` are events that one rule leaves for another: `decide.step` takes
    them when the rule is done.
    """

    __slots__ = ("effects", "inbox", "now", "world")

    def __init__(self, world: World, now: float) -> None:
        self.world = world.copy()
        self.now = now
        self.effects: list[Value] = []
        self.inbox: list[Value] = []

    def do(self, effect: Value) -> None:
        self.effects.append(effect)

    def follow(self, event: Value) -> None:
        """Have another rule look at this, still in this step."""
        self.inbox.append(event)

    def say(self, text: str, level: int = levels.INFO) -> None:
        self.do(Say(text, level))

    def extend(self, seconds: float) -> None:
        self.do(Extend(seconds))
