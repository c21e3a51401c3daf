"""O5: an end that was planned is no crash, and the successor of a server comes before it."""

from __future__ import annotations

from typing import Any

from relforge.runtime.supervise.rules import effects, events
from relforge.runtime.supervise.rules.world import RUNNING

from .simulation import Simulation

FAST = {"backoff": [0.5, 4.0], "intensity": [3, 30.0]}
ROOT = "/srv/shop/releases/2.0.0"


def outlived(shop: Simulation, name: str) -> None:
    shop.send(events.Outlived(shop.row(name).key))


def test_the_successor_serves_before_the_old_one_goes() -> None:
    shop = Simulation({"web": {"instances": 2}})
    shop.run(1.0)
    old = shop.program("web.1").pid
    outlived(shop, "web.1")
    shop.run(0.05)
    assert 3 == len(shop.alive)
    assert not any(program.asked for program in shop.alive.values())
    shop.run(2.0)
    assert {"web.1", "web.2"} == set(shop.versions())
    assert (2, RUNNING) == (len(shop.alive), shop.row("web.1").state)
    assert old != shop.program("web.1").pid
    assert 0 == shop.row("web.1").restarts


def test_all_at_once_come_one_after_the_other() -> None:
    shop = Simulation({"web": {**FAST, "instances": 8}})
    shop.run(5.0)
    before = {program.pid for program in shop.alive.values()}
    for number in range(1, 9):
        outlived(shop, f"web.{number}")
        outlived(shop, f"web.{number}")  # it says so until its successor is there
    shop.run(20.0)
    after = {program.pid for program in shop.alive.values()}
    assert 8 == len(after)
    assert not before & after
    assert 9 == shop.peak["web"]
    assert RUNNING == shop.world.state
    assert () == shop.world.queued


def test_a_successor_that_fails_leaves_the_old_one() -> None:
    shop = Simulation({"web": {}}, habits={"web": {}})
    shop.run(1.0)
    old = shop.program("web.1").pid
    shop.habits["web"] = {"ready": None, "dies": 0.1}
    outlived(shop, "web.1")
    shop.run(5.0)
    assert (old, RUNNING) == (shop.program("web.1").pid, shop.row("web.1").state)
    assert any("the process before it stays" in line for line in shop.log)
    shop.habits["web"] = {}
    outlived(shop, "web.1")
    shop.run(5.0)
    assert old != shop.program("web.1").pid


def test_an_upgrade_waits_for_it() -> None:
    shop = Simulation({"web": {}}, upgrade={"bake": 1.0, "health": None})
    shop.run(1.0)
    shop.following = shop.generation("2.0.0", {"web": {}})
    shop.habits["web", "1.0.0"] = {"ready": 3.0, "stop": 1.0}
    outlived(shop, "web.1")
    shop.ask("upgrade", root=ROOT)
    shop.run(20.0)
    assert {"web.1": "2.0.0"} == shop.versions()
    assert shop.world.switch is not None
    assert {"web": 2} == dict(shop.peak)


def test_an_upgrade_that_waits_can_be_given_up() -> None:
    shop = Simulation({"web": {}}, upgrade={"bake": 1.0, "health": None})
    shop.run(1.0)
    shop.following = shop.generation("2.0.0", {"web": {}})
    shop.habits["web", "1.0.0"] = {"ready": 3.0, "stop": 1.0}
    outlived(shop, "web.1")
    shop.ask("upgrade", root=ROOT)
    shop.run(1.0)
    shop.send(events.Left(7))
    shop.run(20.0)
    assert {"web.1": "1.0.0"} == shop.versions()
    assert (None, None, ()) == (shop.world.operation, shop.world.change, shop.world.queued)
    assert [shop.following] == [effect.generation for effect in shop.wanted(effects.Forget)]


def test_a_stop_in_the_middle() -> None:
    shop = Simulation({"web": {"instances": 3}})
    shop.run(1.0)
    for number in (1, 2, 3):
        outlived(shop, f"web.{number}")
    shop.run(0.05)
    shop.ask("stop")
    shop.run(10.0)
    assert shop.world.ended
    assert {} == shop.versions()


def test_a_process_that_ends_well_is_started_again_and_not_counted() -> None:
    shop = Simulation({"web": FAST}, hooks={"on_crash": {}})
    for _ in range(50):
        shop.run(1.0)
        shop.crash("web.1", 0)
        assert shop.row("web.1").due == shop.now  # at once
    shop.run(1.0)
    assert (RUNNING, 0) == (shop.row("web.1").state, shop.row("web.1").restarts)
    assert [] == shop.called


def test_one_that_has_nothing_to_do_is_not_started_in_a_circle() -> None:
    shop = Simulation({"job": FAST}, habits={"job": {"ready": 0.0}})
    started: list[Any] = []
    for _ in range(5):
        shop.run(0.01)
        shop.crash("job.1", 0)
        assert shop.row("job.1").due == shop.row("job.1").started + 0.5
        shop.run(0.5)
    started = shop.wanted(effects.Spawn)
    assert len(started) <= 6


def test_crashes_are_counted_for_each_instance() -> None:
    """Eight instances that lose their database once are no crash loop."""
    shop = Simulation({"web": {**FAST, "instances": 8, "required": True}})
    shop.run(5.0)
    for number in range(1, 9):
        shop.crash(f"web.{number}")
    shop.run(5.0)
    assert {RUNNING} == set(shop.states().values())


def test_who_was_replaced_meanwhile_has_no_successor_of_the_old_version() -> None:
    shop = Simulation({"web": {"instances": 2}}, upgrade={"bake": 1.0, "health": None})
    shop.run(1.0)
    shop.following = shop.generation("2.0.0", {"web": {"instances": 2}})
    shop.ask("upgrade", root=ROOT)
    shop.run(0.25)
    assert "starting" == shop.world.change.stage if shop.world.change else False
    outlived(shop, "web.1")
    shop.run(20.0)
    assert {"web.1": "2.0.0", "web.2": "2.0.0"} == shop.versions()
    assert 4 == len(shop.wanted(effects.Spawn))
    assert () == shop.world.queued


def test_while_an_upgrade_is_watched_nobody_is_replaced() -> None:
    """The process would be missing in what the next supervisor is given; it asks again."""
    shop = Simulation({"web": {"instances": 2}}, upgrade={"bake": 5.0, "health": None})
    shop.run(1.0)
    shop.following = shop.generation("2.0.0", {"web": {"instances": 2}})
    shop.ask("upgrade", root=ROOT)
    shop.run(3.0)
    outlived(shop, "web.1")
    assert (None, ()) == (shop.world.change, shop.world.queued)
    shop.run(5.0)
    assert shop.world.switch is not None
    assert [] == shop.world.coming


def test_one_that_is_being_started_is_not_taken_for_one_that_has_ended() -> None:
    """Found by `test_any_order`: for a moment there were two of a singleton."""
    shop = Simulation(
        {"web": {}, "clock": {"singleton": True}}, upgrade={"bake": 3.0, "health": None}
    )
    outlived(shop, "web.1")
    shop.run(0.1)
    shop.following = shop.generation("2.0.0", {"web": {}, "clock": {"singleton": True}})
    shop.ask("upgrade", root=ROOT)
    shop.run(0.3)
    shop.habits["clock", "2.0.0"] = {"start": False}
    outlived(shop, "clock.1")
    shop.run(30.0)
    assert 1 == shop.peak["clock"]
    assert {"web.1": "1.0.0", "clock.1": "1.0.0"} == shop.versions()
