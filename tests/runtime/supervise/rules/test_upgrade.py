"""An upgrade: beside the old version, in its place, watched, and taken back where it fails."""

from __future__ import annotations

from typing import Any

import pytest

from relforge.runtime.supervise.rules import effects, events
from relforge.runtime.supervise.rules.world import RUNNING

from .simulation import Simulation

ROOT = "/srv/shop/releases/2.0.0"
NEW = ("web", "2.0.0")
BAKE = {"upgrade": {"bake": 10.0, "health": None}}
HEALTH = {"upgrade": {"bake": 10.0, "health": {"http": "http://127.0.0.1/"}}}


def running(services: dict[str, dict[str, Any]], **parts: Any) -> Simulation:
    """A shop of version 1.0.0, and a version 2.0.0 beside it."""
    shop = Simulation(services, **{**BAKE, **parts})
    shop.run(5.0)
    assert RUNNING == shop.world.state
    shop.following = shop.generation("2.0.0", services)
    return shop


def as_before(shop: Simulation) -> None:
    """The old version serves, and nothing of the new one is left."""
    assert shop.world.operation is None
    assert shop.world.change is None
    assert "1.0.0" == shop.world.generation.version
    assert {"1.0.0"} == set(shop.versions().values())
    assert {RUNNING} == set(shop.states().values())
    assert [] == shop.world.coming == shop.world.leaving
    assert shop.following in [effect.generation for effect in shop.wanted(effects.Forget)]


def test_the_new_ones_start_beside_the_old_ones_and_take_their_places() -> None:
    shop = running({"web": {"instances": 2}})
    shop.ask("upgrade", root=ROOT)
    shop.run(0.25)
    alive = sorted(program.version for program in shop.alive.values())
    assert ["1.0.0", "1.0.0", "2.0.0"] == alive
    assert not any(program.asked for program in shop.alive.values())
    shop.run(5.0)
    assert {"2.0.0"} == {program.version for program in shop.alive.values()}
    assert ["web.1", "web.2"] == [effect.name for effect in shop.wanted(effects.Rename)]
    assert shop.world.switch is None
    shop.run(10.0)
    assert shop.world.switch is not None
    assert 7 == shop.world.switch.client


def test_an_old_one_drains_only_when_every_new_one_is_ready() -> None:
    shop = running({"web": {"instances": 3}}, habits={NEW: {"ready": 2.0}})
    shop.ask("upgrade", root=ROOT)
    shop.run(6.0)
    old = [program for program in shop.alive.values() if program.version == "1.0.0"]
    assert 3 == len(old)
    assert not any(program.asked for program in old)
    shop.run(0.3)
    assert all(program.asked for program in old)


def test_of_a_singleton_there_is_never_more_than_one() -> None:
    rows: dict[str, Any] = {"web": {}, "clock": {"singleton": True}}
    rows["after"] = {"depends": ["clock"]}
    shop = running(rows)
    shop.ask("upgrade", root=ROOT)
    shop.run(20.0)
    assert "2.0.0" == shop.world.generation.version
    assert 1 == shop.peak["clock"]
    assert 2 == shop.peak["web"]


def test_a_singleton_takes_over_what_the_one_before_has_left() -> None:
    shop = running({"clock": {"singleton": True}}, habits={"clock": {"keeps": 33}})
    shop.ask("upgrade", root=ROOT)
    shop.run(20.0)
    assert [-1, 33] == [effect.kept for effect in shop.wanted(effects.Spawn)]
    assert [33] == [effect.fd for effect in shop.wanted(effects.CloseState)]


def test_a_singleton_that_fails_gives_the_place_back() -> None:
    habits = {("clock", "2.0.0"): {"ready": None, "dies": 1.0}, "clock": {"keeps": 33}}
    shop = running({"web": {}, "clock": {"singleton": True}}, habits=habits)
    pid = shop.program("web.1").pid
    shop.ask("upgrade", root=ROOT)
    shop.run(20.0)
    as_before(shop)
    assert pid == shop.program("web.1").pid
    assert 1 == shop.peak["clock"]
    assert 33 == shop.wanted(effects.Spawn)[-1].kept
    assert [33] == [effect.fd for effect in shop.wanted(effects.CloseState)]


@pytest.mark.parametrize(
    ("habits", "reason"),
    [
        ({"dies": 0.05}, "web.1 exited with status 1 before it was ready"),
        ({"ready": None}, "web.1 was not ready within 20s"),
        ({"start": False}, "web.1 cannot be started: No such file or directory"),
    ],
)
def test_what_fails_before_it_is_ready_changes_nothing(habits: dict[str, Any], reason: str) -> None:
    shop = running({"web": {"instances": 2}}, habits={NEW: habits})
    pids = {shop.program(name).pid for name in ("web.1", "web.2")}
    shop.ask("upgrade", root=ROOT)
    shop.run(30.0)
    as_before(shop)
    assert pids == {program.pid for program in shop.alive.values()}
    assert (reason, "1.0.0 serves as before") == (shop.last()["failed"], shop.last()["hint"])


def test_a_crash_while_the_old_ones_drain_is_taken_back() -> None:
    habits = {("web", "1.0.0"): {"stop": 3.0}, NEW: {"dies": 1.0}}
    shop = running({"web": {"drain": 5.0}}, habits=habits)
    shop.ask("upgrade", root=ROOT)
    shop.run(1.4)
    del shop.habits[NEW]  # started again it would live, and that does not count
    shop.run(30.0)
    as_before(shop)
    assert "web.1 exited with status 1" == shop.last()["failed"]


def test_a_crash_while_it_is_watched_is_taken_back() -> None:
    shop = running({"web": {}}, habits={NEW: {"dies": 5.0}})
    shop.ask("upgrade", root=ROOT)
    shop.run(30.0)
    as_before(shop)
    assert "web.1 exited with status 1: going back to 1.0.0" in shop.log


def test_one_that_nobody_waits_for_may_crash_while_it_is_watched() -> None:
    rows = {"web": {}, "mail": {"required": False}}
    shop = running(rows, habits={("mail", "2.0.0"): {"dies": 5.0}})
    shop.ask("upgrade", root=ROOT)
    shop.run(30.0)
    assert shop.world.switch is not None


def test_three_bad_answers_to_the_health_check_are_taken_back() -> None:
    shop = running({"web": {}}, **HEALTH)
    shop.ask("upgrade", root=ROOT)
    shop.run(1.0)
    shop.health = False
    shop.run(5.0)
    as_before(shop)
    assert "2.0.0 fails its health check" == shop.last()["failed"]
    assert len(shop.wanted(effects.AskHealth)) >= 3


def test_two_bad_answers_are_forgiven_and_end_well() -> None:
    shop = running({"web": {}}, **HEALTH)
    shop.ask("upgrade", root=ROOT)
    shop.run(1.0)
    shop.health = False
    shop.run(1.0)
    shop.health = True
    shop.run(20.0)
    assert shop.world.switch is not None


def test_what_is_no_release_of_ours_is_refused() -> None:
    shop = running({"web": {}})
    shop.following.manifest["name"] = "other"
    shop.ask("upgrade", root=ROOT)
    shop.run(1.0)
    assert 78 == shop.last()["code"]
    assert f"{ROOT} is a release of other" == shop.last()["failed"]


def test_a_runtime_that_cannot_take_over_is_refused() -> None:
    shop = running({"web": {}})
    shop.following.takes = (2,)
    shop.ask("upgrade", root=ROOT)
    shop.run(1.0)
    assert 78 == shop.last()["code"]
    assert "cannot take over" in shop.last()["failed"]
    as_before(shop)


def test_a_configuration_that_is_wrong_is_an_answer() -> None:
    shop = running({"web": {}})
    shop.refused = "db.url: required"
    shop.ask("upgrade", root=ROOT)
    shop.run(1.0)
    assert (78, "db.url: required") == (shop.last()["code"], shop.last()["failed"])
    assert shop.world.operation is None


def test_a_dry_run_says_what_would_become_of_each_service() -> None:
    shop = running({"web": {}, "gone": {}})
    shop.following = shop.generation("2.0.0", {"web": {}, "fresh": {}})
    shop.ask("upgrade", root=ROOT, dry=True)
    shop.run(1.0)
    rows = {row["name"]: row["change"] for row in shop.last()["services"]}
    assert {"fresh": "added", "gone": "removed", "web": "replaced"} == rows
    assert {"web.1": "1.0.0", "gone.1": "1.0.0"} == shop.versions()


def test_services_come_and_go() -> None:
    shop = running({"web": {}, "gone": {}})
    shop.following = shop.generation("2.0.0", {"web": {"instances": 2}, "fresh": {}})
    shop.ask("upgrade", root=ROOT)
    shop.run(20.0)
    assert {"web.1", "web.2", "fresh.1"} == set(shop.versions())
    assert {"web.1", "web.2", "fresh.1"} == set(shop.states())


@pytest.mark.parametrize("seconds", [0.1, 0.25, 0.4, 1.0, 3.0])
def test_the_client_goes_away(seconds: float) -> None:
    """Whatever stage it is in, the old version serves afterwards."""
    shop = running(
        {"web": {}, "clock": {"singleton": True}}, habits={("web", "1.0.0"): {"stop": 0.5}}
    )
    shop.ask("upgrade", root=ROOT)
    shop.run(seconds)
    shop.send(events.Left(7))
    shop.run(30.0)
    assert shop.world.operation is None
    assert {"1.0.0"} == {program.version for program in shop.alive.values()}
    assert {"web.1": RUNNING, "clock.1": RUNNING} == shop.states()
    assert 1 == shop.peak["clock"]


@pytest.mark.parametrize("seconds", [0.1, 0.25, 0.4, 1.0, 3.0])
def test_a_stop_in_the_middle(seconds: float) -> None:
    shop = running({"web": {}, "clock": {"singleton": True}}, habits={"clock": {"keeps": 33}})
    shop.ask("upgrade", root=ROOT)
    shop.run(seconds)
    shop.send(events.Signaled("SIGTERM"))
    shop.run(30.0)
    assert shop.world.ended
    assert {} == shop.versions()
    kept = [effect.fd for effect in shop.wanted(effects.CloseState)]
    asked = len(shop.wanted(effects.AskState))
    assert [33] * asked == kept


def test_one_operation_at_a_time() -> None:
    shop = running({"web": {}})
    shop.ask("upgrade", root=ROOT)
    shop.ask("reload", client=8)
    assert "its upgrade is under way" == shop.last(8)["failed"]


def test_a_hook_may_refuse_it() -> None:
    shop = running({"web": {}}, hooks={"pre_upgrade": {}})
    shop.problems["pre_upgrade"] = "the hook pre_upgrade exited with status 1"
    shop.ask("upgrade", root=ROOT)
    shop.run(5.0)
    as_before(shop)
    assert "the hook pre_upgrade exited with status 1" == shop.last()["failed"]


def test_it_does_not_switch_while_a_hook_runs() -> None:
    """The hook's process would be nobody's."""
    shop = running({"web": {}, "mail": {"required": False}}, hooks={"on_crash": {}})
    shop.hook_seconds = 60.0
    shop.ask("upgrade", root=ROOT)
    shop.run(5.0)
    shop.crash("mail.1")
    shop.run(20.0)
    assert shop.world.switch is None
    shop.run(60.0)
    assert shop.world.switch is not None


def test_one_that_cannot_become_the_other_goes_back() -> None:
    shop = running({"web": {}})
    shop.ask("upgrade", root=ROOT)
    shop.run(20.0)
    shop.send(events.NotSwitched("its interpreter does not start"))
    shop.run(5.0)
    as_before(shop)
    assert "its interpreter does not start" == shop.last()["failed"]


def test_the_old_version_does_not_come_back_either() -> None:
    habits: dict[Any, Any] = {NEW: {"dies": 5.0}}
    shop = running({"web": {}}, habits=habits)
    shop.ask("upgrade", root=ROOT)
    shop.run(3.0)
    habits["web", "1.0.0"] = {"start": False}
    shop.run(30.0)
    assert shop.world.operation is None
    assert "1.0.0 cannot be put back: web.1 cannot be started" in shop.last()["failed"]
    assert "`restart` stops and starts it" in shop.last()["hint"]


def test_the_rest_of_it_in_the_new_version() -> None:
    shop = Simulation({"web": {}}, hooks={"post_upgrade": {}}, begin=False)
    old = shop.generation("0.9.0", {"web": {}})
    shop.world.state, shop.world.started = RUNNING, True
    shop.send(events.Resumed(7, old, ""))
    assert old in [effect.generation for effect in shop.wanted(effects.Forget)]
    assert "1.0.0" == shop.last()["version"]
    assert [] == shop.called
    shop.ask("switched")
    shop.run(1.0)
    assert [("post_upgrade", {"old": "0.9.0", "version": "1.0.0"})] == shop.called
    assert 0 == shop.last()["code"]
    assert shop.world.operation is None


def test_a_client_that_does_not_switch_is_not_waited_for_for_ever() -> None:
    shop = Simulation({"web": {}}, hooks={"post_upgrade": {}}, begin=False)
    shop.world.state, shop.world.started = RUNNING, True
    shop.send(events.Resumed(7, shop.generation("0.9.0", {"web": {}}), ""))
    shop.run(59.0)
    assert [] == shop.called
    shop.run(2.0)
    assert 1 == len(shop.called)
