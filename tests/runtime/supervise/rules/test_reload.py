"""A reload: the configuration taken to the processes that it concerns, and taken back."""

from __future__ import annotations

from typing import Any

import pytest

from relforge.runtime.supervise.rules import effects, events
from relforge.runtime.supervise.rules.world import RUNNING

from .simulation import Simulation

BAKE = {"upgrade": {"bake": 10.0, "health": None}}
HOT = [{"key": "limit", "old": "1", "new": "2", "origin": "env", "hot": True}]
COLD = [{**HOT[0], "hot": False}]


def running(services: dict[str, dict[str, Any]], **parts: Any) -> Simulation:
    """A shop whose next load finds the same services and nothing changed."""
    shop = Simulation(services, **{**BAKE, **parts})
    shop.run(5.0)
    shop.following = shop.generation("1.0.0", services)
    return shop


def pids(shop: Simulation) -> dict[str, int]:
    return {program.name: program.pid for program in shop.alive.values()}


def test_nothing_has_changed() -> None:
    shop = running({"web": {}, "worker": {}})
    before = pids(shop)
    shop.ask("reload")
    shop.run(1.0)
    assert (0, [], [], []) == tuple(
        shop.last()[name] for name in ("code", "changed", "told", "replaced")
    )
    assert before == pids(shop)


def test_what_is_hot_is_passed_on_and_nobody_is_replaced() -> None:
    shop = running({"web": {}, "worker": {}})
    shop.following.changes = HOT
    before = pids(shop)
    shop.ask("reload")
    shop.run(20.0)
    assert ["web.1", "worker.1"] == shop.last()["told"]
    assert [] == shop.last()["replaced"]
    assert before == pids(shop)
    assert "limit: 1 -> 2 (env)" in shop.log


def test_who_cannot_take_it_up_is_replaced() -> None:
    shop = running({"web": {}, "worker": {}})
    shop.following.changes = HOT
    shop.answers["worker.1"] = "it has no handler"
    before = pids(shop)
    shop.ask("reload")
    shop.run(20.0)
    assert (["web.1"], ["worker.1"]) == (shop.last()["told"], shop.last()["replaced"])
    assert before["web.1"] == pids(shop)["web.1"]
    assert before["worker.1"] != pids(shop)["worker.1"]


def test_what_is_cold_replaces_everybody() -> None:
    shop = running({"web": {"instances": 2}, "worker": {"singleton": True}})
    shop.following.changes = COLD
    before = pids(shop)
    shop.ask("reload")
    shop.run(20.0)
    assert ["web.1", "web.2", "worker.1"] == sorted(shop.last()["replaced"])
    assert not set(before.values()) & set(pids(shop).values())
    assert 1 == shop.peak["worker"]


@pytest.mark.parametrize(
    ("handed", "concerned"),
    [
        (None, True),
        (["limit"], True),
        (["*"], True),
        (["db.*"], False),
        ([], False),
    ],
)
@pytest.mark.parametrize("hot", [True, False])
def test_a_key_concerns_the_services_that_are_handed_it(
    handed: list[str] | None, concerned: bool, hot: bool
) -> None:
    """S26: whose own keys did not change is neither replaced nor asked."""
    shop = running({"web": {"config": handed}, "worker": {}})
    shop.following.changes = HOT if hot else COLD
    before = pids(shop)
    shop.ask("reload")
    shop.run(20.0)
    names = ["web.1", "worker.1"] if concerned else ["worker.1"]
    assert names == sorted(shop.last()["told" if hot else "replaced"])
    assert (hot or not concerned) == (before["web.1"] == pids(shop)["web.1"])


def test_another_users_service_is_handed_nothing_that_it_does_not_name() -> None:
    shop = running({"web": {"user": "nobody"}, "worker": {}})
    shop.following.changes = COLD
    before = pids(shop)
    shop.ask("reload")
    shop.run(20.0)
    assert ["worker.1"] == shop.last()["replaced"]
    assert before["web.1"] == pids(shop)["web.1"]


def test_only_the_service_whose_settings_differ_is_replaced() -> None:
    shop = running({"web": {}, "worker": {}})
    shop.following = shop.generation("1.0.0", {"web": {}, "worker": {"env": {"A": "1"}}})
    before = pids(shop)
    shop.ask("reload")
    shop.run(20.0)
    assert ["worker.1"] == shop.last()["replaced"]
    assert before["web.1"] == pids(shop)["web.1"]


def test_a_variable_of_the_environment_concerns_everybody() -> None:
    shop = running({"web": {}, "worker": {}})
    shop.following.environ["TZ"] = "UTC"
    shop.following.environ["PWD"] = "/tmp"
    shop.ask("reload")
    shop.run(20.0)
    assert ["web.1", "worker.1"] == sorted(shop.last()["replaced"])


def test_one_that_has_failed_gets_another_chance() -> None:
    row = {"required": False, "intensity": [1, 30.0], "backoff": [0.1, 0.1]}
    shop = running({"web": {}, "worker": row})
    for _ in range(2):
        shop.crash("worker.1")
        shop.run(2.0)
    assert "failed" == shop.row("worker.1").state
    shop.following = shop.generation("1.0.0", {"web": {}, "worker": row})
    shop.ask("reload")
    shop.run(20.0)
    assert {"web.1": RUNNING, "worker.1": RUNNING} == shop.states()


@pytest.mark.parametrize("ready", [None, 0.1])
def test_what_fails_with_the_new_configuration_is_taken_back(ready: float | None) -> None:
    """Not ready at all, or it dies while it is watched."""
    shop = running({"web": {}, "worker": {}})
    shop.following = shop.generation("1.0.0", {"web": {}, "worker": {"env": {"A": "1"}}})
    shop.following.changes = HOT
    shop.habits["worker"] = {"ready": ready, "dies": 2.0}
    before = pids(shop)
    old = shop.world.generation
    shop.ask("reload")
    shop.run(1.0)
    shop.habits["worker"] = {}
    shop.run(20.0)
    assert shop.last()["failed"].startswith("worker.1 exited with status 1")
    assert "the configuration before is in force again" == shop.last()["hint"]
    assert shop.world.generation is old
    assert before["web.1"] == pids(shop)["web.1"]
    assert {"web.1": RUNNING, "worker.1": RUNNING} == shop.states()
    # Processes that applied the new configuration get the old one again.
    assert [shop.following, old] == [effect.generation for effect in shop.wanted(effects.Push)]
    assert [shop.following] == [effect.generation for effect in shop.wanted(effects.Forget)]


def test_a_configuration_that_is_wrong_changes_nothing() -> None:
    shop = running({"web": {}})
    shop.refused = "db.url: required"
    before = pids(shop)
    shop.ask("reload")
    shop.run(1.0)
    assert (78, "db.url: required") == (shop.last()["code"], shop.last()["failed"])
    assert before == pids(shop)


def test_the_service_manager_is_notified_of_both_ends() -> None:
    shop = running({"web": {}})
    shop.send(events.Signaled("SIGHUP"))
    assert 1 == len(shop.wanted(effects.Reloading))
    assert [] == shop.wanted(effects.Steady)
    shop.run(20.0)
    assert 1 == len(shop.wanted(effects.Steady))
    # The end of what is under way is the word for both.
    shop.ask("reload")
    shop.send(events.Signaled("SIGHUP"))
    assert 1 == len(shop.wanted(effects.Steady))
    shop.run(20.0)
    assert (2, 2) == (len(shop.wanted(effects.Reloading)), len(shop.wanted(effects.Steady)))


def test_a_reload_while_it_starts_is_not_taken_for_the_end_of_the_start() -> None:
    shop = Simulation({"web": {}})
    shop.send(events.Signaled("SIGHUP"))
    assert [] == shop.wanted(effects.Reloading) + shop.wanted(effects.Steady)
    assert "it is starting" in shop.log


def test_it_goes_on_without_its_client() -> None:
    shop = running({"web": {}})
    shop.following.changes = COLD
    before = pids(shop)
    shop.ask("reload")
    shop.run(0.1)
    shop.send(events.Left(7))
    shop.run(20.0)
    assert before != pids(shop)
    assert shop.world.operation is None


@pytest.mark.parametrize("seconds", [0.1, 0.25, 0.35, 1.0, 5.0])
def test_a_stop_in_the_middle(seconds: float) -> None:
    shop = running({"web": {}, "worker": {}})
    shop.following = shop.generation("1.0.0", {"web": {}, "worker": {"env": {"A": "1"}}})
    shop.following.changes = HOT
    shop.ask("reload")
    shop.run(seconds)
    shop.send(events.Signaled("SIGTERM"))
    shop.run(30.0)
    assert shop.world.ended
    assert {} == pids(shop)
    assert "the reload ends: everything is stopped" == shop.last()["failed"]


def test_config_diff_looks_and_changes_nothing() -> None:
    shop = running({"web": {}, "worker": {}})
    shop.following = shop.generation("1.0.0", {"web": {}, "worker": {"env": {"A": "1"}}})
    shop.following.changes = HOT
    before = pids(shop)
    shop.ask("diff")
    assert not shop.wanted(effects.Load)[0].listen
    shop.run(5.0)
    assert (HOT, ["worker.1"]) == (shop.last()["changes"], shop.last()["replaced"])
    assert before == pids(shop)
    assert [shop.following] == [effect.generation for effect in shop.wanted(effects.Forget)]


def test_an_answer_that_nobody_waits_for_is_let_go() -> None:
    shop = running({"web": {}})
    shop.ask("diff")
    shop.send(events.Left(7))
    assert 1 == len(shop.wanted(effects.KillLoad))
    shop.run(5.0)
    assert [shop.following] == [effect.generation for effect in shop.wanted(effects.Forget)]
    # Nor is it taken for the answer to a later question.
    shop.following = shop.generation("1.0.0", {"web": {}})
    shop.ask("reload", client=8)
    shop.send(events.Loaded(1, shop.generation("3.0.0", {})))
    shop.run(5.0)
    assert 0 == shop.last(8)["code"]
    assert "1.0.0" == shop.world.generation.version


def test_all_are_replaced_though_nothing_has_changed() -> None:
    """O6: a certificate is renewed, a process leaks."""
    shop = running({"web": {"instances": 2}, "clock": {"singleton": True}})
    before = pids(shop)
    shop.ask("reload", every=True)
    shop.run(20.0)
    assert ["clock.1", "web.1", "web.2"] == sorted(shop.last()["replaced"])
    assert not set(before.values()) & set(pids(shop).values())
    assert 1 == shop.peak["clock"]


@pytest.mark.parametrize(
    ("only", "replaced"),
    [("web", ["web.1", "web.2"]), ("web.2", ["web.2"]), ("clock.1", ["clock.1"])],
)
def test_one_service_or_one_instance_is_replaced(only: str, replaced: list[str]) -> None:
    shop = running({"web": {"instances": 2}, "clock": {"singleton": True}})
    shop.following.changes = HOT
    before = pids(shop)
    shop.ask("reload", only=only)
    shop.run(20.0)
    after = pids(shop)
    assert replaced == sorted(name for name in after if after[name] != before[name])
    assert replaced == sorted(shop.last()["replaced"])
    assert set(before) - set(replaced) == set(shop.last()["told"])


def test_a_failed_service_is_started_again_by_its_name() -> None:
    row = {"required": False, "intensity": [1, 30.0], "backoff": [0.1, 0.1]}
    shop = running({"web": {}, "worker": row})
    for _ in range(2):
        shop.crash("worker.1")
        shop.run(2.0)
    before = pids(shop)
    shop.ask("reload", only="worker")
    shop.run(20.0)
    assert RUNNING == shop.row("worker.1").state
    assert before["web.1"] == pids(shop)["web.1"]


@pytest.mark.parametrize("only", ["other", "web.3"])
def test_a_service_that_is_not_there(only: str) -> None:
    shop = running({"web": {"instances": 2}})
    shop.ask("reload", only=only)
    assert (2, f"the release has no service {only!r}") == (
        shop.last()["code"],
        shop.last()["failed"],
    )
    assert shop.world.operation is None


@pytest.mark.parametrize("signaled", [False, True])
def test_a_health_check_that_fails_takes_it_back(signaled: bool) -> None:
    """P48: what serves, and serves wrongly; a SIGHUP is watched as well."""
    shop = running({"web": {}}, upgrade={"bake": 10.0, "health": {"exec": ["check"]}})
    shop.following.changes = COLD
    old = shop.world.generation
    if signaled:
        shop.send(events.Signaled("SIGHUP"))
    else:
        shop.ask("reload")
    shop.run(1.0)
    shop.health = False
    shop.run(20.0)
    assert "the release fails its health check: going back to the configuration before" in shop.log
    assert shop.world.generation is old
    assert {"web.1": RUNNING} == shop.states()
    assert shop.world.operation is None


def test_a_crash_while_the_old_ones_drain_is_taken_back() -> None:
    shop = running({"web": {"drain": 5.0}}, upgrade={"bake": 0.0, "health": None})
    shop.following.changes = COLD
    old = shop.world.generation
    shop.habits["web"] = {"stop": 3.0}
    shop.program("web.1").habits = {**shop.program("web.1").habits, "stop": 3.0}
    shop.ask("reload")
    shop.run(1.0)
    assert "draining" == (shop.world.change and shop.world.change.stage)
    shop.crash("web.1", 7)
    shop.run(20.0)
    assert "web.1 exited with status 7" == shop.last()["failed"]
    assert shop.world.generation is old
    assert {"web.1": RUNNING} == shop.states()


def test_one_starts_when_the_one_before_it_is_ready() -> None:
    """In the order of `depends`; what may run once, and who depends on that, at the end."""
    rows: dict[str, dict[str, Any]] = {
        "beat": {"singleton": True},
        "mail": {"depends": ["beat"]},
        "api": {"depends": ["store"]},
        "store": {"instances": 2},
    }
    shop = running(rows)
    shop.following.changes = COLD
    before = len(shop.done)
    shop.ask("reload")
    shop.run(20.0)
    names = {row.key: str(row) for row in shop.world.rows}
    started = [row.key for row in shop.done[before:] if isinstance(row, effects.Spawn)]
    order = ["store.1", "store.2", "api.1", "beat.1", "mail.1"]
    assert order == [names[key] for key in started]
    ready = [line.removesuffix(" is ready") for line in shop.log if line.endswith(" is ready")]
    assert order == ready

    # Where the first one fails, the others are not even started.
    pids_before, before = pids(shop), len(shop.done)
    shop.following = shop.generation("1.0.0", rows)
    shop.following.changes = COLD
    shop.habits["store"] = {"ready": None, "dies": 0.1}
    shop.ask("reload")
    shop.run(20.0)
    assert "store.1 exited with status 1 before it was ready" == shop.last()["failed"]
    assert 1 == sum(isinstance(row, effects.Spawn) for row in shop.done[before:])
    assert pids_before == pids(shop)
