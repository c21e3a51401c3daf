"""The next world while it is made, with what has to be done and what follows at once."""

from __future__ import annotations

from . import levels
from .effects import Extend, KillLoad, Load, RunHook, Say
from .events import HookEnded
from .values import Value
from .world import World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..generation import Generation


class Draft:
    """A copy of the world that the rules may change; ``effects`` in the order of their asking.

    ``inbox`` are events that one rule leaves for another: `decide.step` takes
    them when the rule is done.
    """

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

    def run_hook(
        self, name: str, generation: Generation, facts: dict[str, str] | None = None
    ) -> None:
        """Run a hook; one that the release does not have is over at once."""
        world = self.world
        world.hooks = (*world.hooks, name)
        if name in generation.manifest["hooks"]:
            self.do(RunHook(name, generation, facts or {}))
        else:
            self.follow(HookEnded(name))

    def load(self, root: str, *, listen: bool = True) -> None:
        """Load the release at ``root``; only the answer to the last such question counts."""
        world = self.world
        world.last_key += 1
        world.loading = world.last_key
        self.do(Load(world.loading, root, listen))

    def kill_load(self) -> None:
        if self.world.loading:
            self.world.loading = 0
            self.do(KillLoad())
