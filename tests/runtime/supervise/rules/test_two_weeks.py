"""Two weeks in a few seconds: restarts and reloads without end, and nothing grows."""

from __future__ import annotations

from typing import Any

from relforge.runtime.supervise.rules.values import Row
from relforge.runtime.supervise.rules.world import RUNNING
from tests.faults.profiles import SOAK

from .simulation import Simulation

TIMES = 10 if SOAK else 1
RESTARTS, RELOADS = 1000 * TIMES, 100 * TIMES
SERVICES: dict[str, dict[str, Any]] = {
    "web": {"instances": 2, "backoff": [0.1, 0.1], "intensity": [5, 30.0]},
    "clock": {"singleton": True, "backoff": [0.1, 0.1]},
    "after": {"depends": ["clock"]},
}


def size(value: object) -> int:
    """How many values hang on that one, without what a release has read."""
    if isinstance(value, Row):
        return 1 + sum(map(size, vars(value).values()))
    if isinstance(value, dict):
        return sum(size(key) + size(item) for key, item in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return 1 + sum(map(size, value))
    return 1


def lean(shop: Simulation) -> None:
    """The simulation's own records are not what is measured."""
    shop.done.clear()
    shop.log.clear()
    shop.sent.clear()
    shop.called.clear()


def test_restarts_and_reloads_without_end() -> None:
    shop = Simulation(SERVICES, upgrade={"bake": 1.0, "health": None})
    shop.run(60.0)
    sizes = []
    for number in range(RESTARTS):
        shop.crash(("web.1", "web.2", "clock.1")[number % 3])
        shop.run(60.0)
        lean(shop)
        if number % (RESTARTS // RELOADS) == 0:
            shop.following = shop.generation("1.0.0", SERVICES)
            shop.following.environ["ROUND"] = str(number)  # so that all are replaced
            shop.ask("reload")
            shop.run(60.0)
            assert 0 == shop.last()["code"]
            sizes.append(size(shop.world))
    shop.run(3600.0)
    assert {RUNNING} == set(shop.states().values())
    assert max(sizes[RELOADS // 2 :]) <= max(sizes[: RELOADS // 2]), "the world has grown"
    assert 1 == shop.peak["clock"]
