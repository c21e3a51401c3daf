"""Whatever happens, in whatever order: what has to hold of every world.

Hypothesis invents services, habits and sequences of events, and shortens a
sequence after which something does not hold.
"""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from relforge.runtime.supervise.rules import effects, events
from relforge.runtime.supervise.rules.replacement import FORWARD
from relforge.runtime.supervise.rules.world import ENDED, RUNNING, STARTING, STOPPING
from tests.faults.profiles import examples

from .simulation import Simulation

NAMES = ("cache", "clock", "web")
SERVICES = st.fixed_dictionaries(
    {
        "web": st.fixed_dictionaries(
            {
                "instances": st.integers(1, 3),
                "depends": st.sampled_from([[], ["cache"]]),
                "watchdog": st.sampled_from([0.0, 30.0]),
            }
        ),
        "clock": st.just({"singleton": True, "drain": 1.0}),
        "cache": st.fixed_dictionaries(
            {
                "kind": st.just("exec"),
                "target": st.just(["redis"]),
                "ready": st.sampled_from(["started", "notify", {"tcp": "127.0.0.1:1"}]),
                "required": st.sampled_from([None, False]),
                "restart": st.sampled_from(["always", "on-failure", "never"]),
            }
        ),
    }
)
HABITS = st.fixed_dictionaries(
    {
        "ready": st.sampled_from([0.05, 0.5, 3.0, 3.0, None]),
        "stop": st.sampled_from([0.0, 0.2, 2.0, None]),
        "dies": st.sampled_from([None, None, None, 0.02, 0.3, 4.0]),
        "start": st.sampled_from([True, True, True, True, False]),
        "keeps": st.sampled_from([-1, 40]),
    }
)
GOOD: dict[str, Any] = {"ready": 0.05, "stop": 0.1, "dies": None, "start": True}
HOT = [{"key": "limit", "old": "1", "new": "2", "origin": "env", "hot": True}]


class AnyOrder(RuleBasedStateMachine):
    """A shop whose first version is well; what comes after it need not be."""

    @initialize(services=SERVICES, hooks=st.sets(st.sampled_from(["on_crash", "pre_stop"])))
    def begin(self, services: dict[str, Any], hooks: set[str]) -> None:
        self.services = services
        self.shop = Simulation(
            services,
            habits={name: dict(GOOD) for name in NAMES},
            hooks={name: {} for name in hooks},
            upgrade={"bake": 3.0, "health": None},
        )

    @rule(seconds=st.sampled_from([0.01, 0.1, 0.3, 1.0, 5.0, 40.0]))
    def wait(self, seconds: float) -> None:
        self.shop.run(seconds)

    @rule(name=st.sampled_from(NAMES), habits=HABITS)
    def change_habits(self, name: str, habits: dict[str, Any]) -> None:
        self.shop.habits[name, "2.0.0"] = habits

    @rule(name=st.sampled_from(NAMES), code=st.sampled_from([0, 1, -9]))
    def crash(self, name: str, code: int) -> None:
        for program in list(self.shop.alive.values()):
            if program.service.name == name:
                self.shop._end(program, code)
                return

    @rule(hot=st.booleans(), changed=st.booleans())
    def reload(self, hot: bool, changed: bool) -> None:
        self._following(self.shop.world.generation.version)
        if changed:
            self.shop.following.changes = [{**HOT[0], "hot": hot}]
        self.shop.send(events.Signaled("SIGHUP"))

    @rule(instances=st.integers(1, 3))
    def upgrade(self, instances: int) -> None:
        self.services = {**self.services}
        self.services["web"] = {**self.services["web"], "instances": instances}
        self._following("2.0.0")
        self.shop.ask("upgrade", root="/srv/shop/releases/2.0.0")

    @rule(name=st.sampled_from(["web.1", "web.2", "clock.1"]))
    def outlived(self, name: str) -> None:
        """A process asks for its successor."""
        for row in self.shop.world.rows:
            if str(row) == name and row.key in self.shop.alive:
                self.shop.send(events.Outlived(row.key))

    @rule(only=st.sampled_from(["", "web", "web.1", "clock"]))
    def replace_some(self, only: str) -> None:
        self._following(self.shop.world.generation.version)
        self.shop.ask("reload", client=8, only=only, every=not only)

    @rule()
    def the_client_leaves(self) -> None:
        self.shop.send(events.Left(7))

    @rule(answer=st.sampled_from(["", "no handler"]), name=st.sampled_from(["web.1", "clock.1"]))
    def answers(self, answer: str, name: str) -> None:
        self.shop.answers[name] = answer

    @rule()
    def not_switched(self) -> None:
        if self.shop.world.switch is not None:
            self.shop.send(events.NotSwitched("no memory"))

    @rule(key=st.integers(1, 12))
    def late_words(self, key: int) -> None:
        """What a process has said arrives when nobody thinks of it any more."""
        for event in (events.Alive(key), events.Ready(key), events.Executed(key)):
            if key in self.shop.alive or self.shop.world.process(key) is None:
                self.shop.send(event)

    @rule(really=st.sampled_from([False] * 9 + [True]))
    def stop(self, really: bool) -> None:
        if really:
            self.shop.send(events.Signaled("SIGTERM"))

    def _following(self, version: str) -> None:
        self.shop.following = self.shop.generation(version, self.services)

    @invariant()
    def one_of_a_singleton(self) -> None:
        assert self.shop.peak["clock"] <= 1

    @invariant()
    def nobody_who_serves_is_asked_to_go_before_the_new_ones_serve(self) -> None:
        """Nor by anybody else than a stop, or one that it depends on."""
        world = self.shop.world
        change = world.change
        if change is None or change.stage not in FORWARD or world.state == STOPPING:
            return
        for row in world.rows:
            if row.spec.name == "web" and not row.spec.depends and row.pid and row.ready:
                assert not self.shop.alive[row.key].asked, f"{row} serves, and is asked to go"

    @invariant()
    def what_lives_is_known(self) -> None:
        world = self.shop.world
        known = {row.key: row for row in world.all}
        for key, program in self.shop.alive.items():
            assert known[key].pid == program.pid
        for row in world.all:
            if row.pid:
                assert row.key in self.shop.alive
            if row.state in (STARTING, RUNNING, STOPPING):
                assert row.pid

    @invariant()
    def something_is_awaited(self) -> None:
        """No process is in a state out of which nothing would ever lead it."""
        for row in self.shop.world.all:
            if row.state in (STARTING, STOPPING):
                assert row.due is not None, f"{row} is {row.state} for ever"

    @invariant()
    def a_failure_leaves_the_world_as_it_was(self) -> None:
        world = self.shop.world
        planned = world.change is not None and world.change.asker
        if world.operation is None and world.state == RUNNING and not planned:
            assert world.change is None
            assert () == world.queued
            assert [] == world.coming == world.leaving
            assert {row.generation for row in world.rows} <= {world.generation}

    @invariant()
    def what_is_handed_over_is_whole(self) -> None:
        """Another version's supervisor gets the processes that have places, and no others."""
        world = self.shop.world
        if world.switch is not None:
            assert world.change is None
            assert [] == world.coming == world.leaving
            assert () == world.queued

    @invariant()
    def every_configuration_is_let_go_once(self) -> None:
        world = self.shop.world
        let_go = [id(effect.generation) for effect in self.shop.wanted(effects.Forget)]
        assert len(let_go) == len(set(let_go))
        assert id(world.generation) not in let_go

    @invariant()
    def nothing_grows(self) -> None:
        world = self.shop.world
        assert len(world.all) <= 20
        assert len(world.restarts) <= 2 * len(NAMES)

    def teardown(self) -> None:
        """Every world reaches its end."""
        if not hasattr(self, "shop"):
            return
        self.shop.send(events.Signaled("SIGTERM"))
        self.shop.run(200.0)
        world = self.shop.world
        assert world.ended, self.shop.states()
        assert all(row.state in ENDED for row in world.all)
        assert {} == self.shop.alive
        asked, closed = (self.shop.wanted(kind) for kind in (effects.AskState, effects.CloseState))
        assert len(closed) <= len(asked)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(examples(150), stateful_step_count=30)
