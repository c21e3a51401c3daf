"""A process from its start to its end; its restarts, and what they mean for the others."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from relforge.runtime.stack_signals import TO_LOG
from relforge.runtime.supervise.rules import effects, events, lifecycle

from .simulation import Simulation

FAST = {"backoff": [0.5, 4.0], "intensity": [3, 30.0]}


def test_all_are_started_and_announced_once() -> None:
    shop = Simulation({"web": {"instances": 2}, "worker": {}})
    assert "starting" == shop.world.state
    shop.run(1.0)
    assert "running" == shop.world.state
    assert {"web.1": "running", "web.2": "running", "worker.1": "running"} == shop.states()
    assert 1 == shop.announced
    shop.run(100.0)
    assert 1 == shop.announced


def test_one_starts_when_what_it_depends_on_is_ready() -> None:
    shop = Simulation({"web": {"depends": ["db"]}, "db": {}}, habits={"db": {"ready": 2.0}})
    shop.run(1.9)
    assert ["db.1"] == list(shop.versions())
    shop.run(1.0)
    assert {"db.1", "web.1"} == set(shop.versions())


def test_one_that_is_not_ready_in_time_ends_the_start() -> None:
    shop = Simulation({"web": {"ready_timeout": 5.0}}, habits={"web": {"ready": None}})
    shop.run(4.9)
    assert "starting" == shop.world.state
    shop.run(1.0)
    assert shop.world.ended
    assert (1, "web.1 was not ready within 5s") == (
        shop.world.outcome.code,
        shop.world.outcome.message,
    )
    assert "never said that it is ready" in shop.world.outcome.hint
    assert 0 == shop.announced


def test_the_limit_of_start_counts_for_all_together() -> None:
    shop = Simulation({"web": {"ready_timeout": 60.0}}, habits={"web": {"ready": 50.0}}, wait=3.0)
    shop.run(10.0)
    assert shop.world.ended
    assert "web.1 was not ready within 3s" == shop.world.outcome.message


def test_a_service_that_nobody_waits_for_does_not_hold_up_the_start() -> None:
    rows: dict[str, Any] = {"web": {}, "mail": {"required": False}}
    shop = Simulation(rows, habits={"mail": {"ready": None}})
    shop.run(1.0)
    assert "running" == shop.world.state


def test_a_crash_while_all_starts_ends_the_start() -> None:
    shop = Simulation({"web": {}}, habits={"web": {"ready": None, "dies": 0.2}})
    shop.run(1.0)
    assert shop.world.ended
    assert "web.1 exited with status 1 before it was ready" == shop.world.outcome.message


def test_a_crash_is_followed_by_a_wait_and_a_start() -> None:
    shop = Simulation({"web": FAST})
    shop.run(1.0)
    shop.crash("web.1")
    assert "restarting" == shop.row("web.1").state
    assert "web.1 starts again in 0.5s" in shop.log
    shop.run(0.4)
    assert {} == shop.versions()
    shop.run(0.5)
    assert ("running", 1) == (shop.row("web.1").state, shop.row("web.1").restarts)


def test_the_wait_doubles() -> None:
    shop = Simulation({"web": FAST})
    waits = []
    for _ in range(3):
        shop.run(5.0)
        shop.crash("web.1")
        due = shop.row("web.1").due
        assert due is not None
        waits.append(due - shop.now)
    assert [0.5, 1.0, 2.0] == pytest.approx(waits)


def test_one_restart_too_many_ends_the_release() -> None:
    """`restarts.Restarts` decides that; where there is one service only, that is the end."""
    shop = Simulation({"web": {**FAST, "required": True}, "worker": {}})
    for _ in range(4):
        shop.run(5.0)
        shop.crash("web.1")
    shop.run(5.0)
    assert shop.world.ended
    assert 1 == shop.world.outcome.code
    assert "more than 3 restarts within 30s, giving up" in shop.world.outcome.message
    assert {} == shop.versions()


def test_what_is_not_required_fails_and_the_others_serve_on() -> None:
    shop = Simulation({"web": {}, "worker": {**FAST, "required": False}})
    for _ in range(4):
        shop.run(5.0)
        shop.crash("worker.1")
    shop.run(60.0)
    assert "running" == shop.world.state
    assert {"web.1": "running", "worker.1": "failed"} == shop.states()
    assert "giving up" in shop.row("worker.1").gave_up
    assert 1 == len(shop.wanted(effects.Show))


@pytest.mark.parametrize(
    ("policy", "code", "state"),
    [
        ("always", 0, "restarting"),
        ("always", 1, "restarting"),
        ("on-failure", 0, "stopped"),
        ("on-failure", 1, "restarting"),
        ("never", 0, "stopped"),
        ("never", 1, "failed"),
    ],
)
def test_the_policy_says_who_is_started_again(policy: str, code: int, state: str) -> None:
    shop = Simulation({"job": {"restart": policy, "required": False}, "web": {}})
    shop.run(1.0)
    shop.crash("job.1", code)
    assert state == shop.row("job.1").state


@pytest.mark.parametrize(
    ("code", "asked", "clean"),
    [
        (0, 0, True),
        (-signal.SIGQUIT, signal.SIGQUIT, True),
        (128 + signal.SIGQUIT, signal.SIGQUIT, True),
        (128 + signal.SIGTERM, signal.SIGQUIT, True),
        (-signal.SIGQUIT, 0, False),
        (-signal.SIGKILL, signal.SIGQUIT, False),
        (1, signal.SIGQUIT, False),
    ],
)
def test_to_die_of_the_signal_that_asks_for_the_end_is_clean(
    code: int, asked: int, clean: bool
) -> None:
    assert clean == lifecycle.is_clean(code, asked)


def test_who_depends_on_it_is_started_again_after_it() -> None:
    shop = Simulation({"web": {"depends": ["db"]}, "db": FAST, "other": {}})
    shop.run(1.0)
    pids = {name: shop.program(name).pid for name in ("web.1", "other.1")}
    shop.crash("db.1")
    assert shop.program("web.1").asked
    shop.run(0.2)
    assert {"other.1"} == set(shop.versions())
    shop.run(2.0)
    assert {"web.1", "db.1", "other.1"} == set(shop.versions())
    assert pids["web.1"] != shop.program("web.1").pid
    assert 0 == shop.row("web.1").restarts
    assert pids["other.1"] == shop.program("other.1").pid


def test_one_that_cannot_be_started_at_all() -> None:
    shop = Simulation({"web": {}}, habits={"web": {"start": False}})
    assert shop.world.ended
    assert "web.1 cannot be started: No such file or directory" == shop.world.outcome.message


def test_a_watchdog_that_is_fed_bites_nobody() -> None:
    shop = Simulation({"web": {"watchdog": 2.0}})
    shop.run(1.0)
    for _ in range(10):
        shop.send(events.Alive(shop.row("web.1").key))
        shop.run(1.5)
    assert 0 == shop.row("web.1").restarts


def test_a_watchdog_that_is_not_fed() -> None:
    shop = Simulation({"web": {"watchdog": 2.0, **FAST}})
    shop.run(4.0)
    assert [TO_LOG] == [effect.number for effect in shop.wanted(effects.Signal)]
    assert 1 == len(shop.wanted(effects.Kill))
    assert any("gave no sign of life within 2s and was killed" in line for line in shop.log)
    assert 1 == shop.row("web.1").restarts


def test_a_program_is_asked_whether_it_is_ready() -> None:
    probe = {"kind": "exec", "target": ["redis"], "ready": {"tcp": "127.0.0.1:1"}}
    shop = Simulation({"redis": probe})
    shop.run(1.0)
    assert "running" == shop.world.state
    assert 1 == len(shop.wanted(effects.Probe))
    shop = Simulation({"redis": probe}, habits={"redis": {"ready": None}})
    shop.run(10.0)
    assert "starting" == shop.world.state
    assert 10 < len(shop.wanted(effects.Probe)) < 20


def test_a_program_that_need_only_be_started() -> None:
    shop = Simulation({"cron": {"kind": "exec", "target": ["cron"], "ready": "started"}})
    shop.run(0.1)
    assert "running" == shop.world.state


def test_the_word_of_a_program_counts_only_where_ready_says_so() -> None:
    for ready, state in (("notify", "running"), ("started", "starting")):
        shop = Simulation(
            {"db": {"kind": "exec", "target": ["db"], "ready": ready}},
            habits={"db": {"ready": None}},
        )
        shop.send(events.Ready(shop.row("db.1").key))
        assert state == shop.row("db.1").state


def test_on_crash_is_called_once_at_a_time() -> None:
    shop = Simulation({"a": FAST, "b": FAST}, hooks={"on_crash": {}})
    shop.run(1.0)
    shop.crash("a.1")
    shop.crash("b.1")
    shop.run(5.0)
    assert [("on_crash", {"service": "a.1", "reason": "a.1 exited with status 1"})] == shop.called
    assert "on_crash is still running: not called for b.1" in shop.log


def test_without_a_hook_nobody_is_called() -> None:
    shop = Simulation({"a": FAST, "b": FAST})
    shop.run(1.0)
    shop.crash("a.1")
    shop.crash("b.1")
    assert [] == shop.called
    assert not any("on_crash" in line for line in shop.log)
    assert () == shop.world.hooks


def test_pre_start_comes_first_and_its_failure_is_the_end() -> None:
    shop = Simulation({"web": {}}, hooks={"pre_start": {}, "post_start": {}, "post_stop": {}})
    assert {} == shop.versions()
    shop.run(1.0)
    assert ["pre_start", "post_start"] == [name for name, _ in shop.called]
    shop = Simulation({"web": {}}, hooks={"pre_start": {}, "post_stop": {}}, begin=False)
    shop.problems["pre_start"] = "the hook pre_start exited with status 3"
    shop.send(events.Begun())
    shop.run(1.0)
    assert shop.world.ended
    assert "the hook pre_start exited with status 3" == shop.world.outcome.message
    assert ["pre_start"] == [name for name, _ in shop.called]


def test_what_a_failed_pre_start_has_printed_explains_the_end() -> None:
    shop = Simulation({"web": {}}, hooks={"pre_start": {}}, begin=False)
    shop.send(events.Begun())
    shop.send(events.HookEnded("pre_start", "it failed", ["no database there"]))
    assert (1, ["no database there"]) == (shop.world.outcome.code, shop.world.outcome.tail)


@pytest.mark.parametrize("name", ["post_start", "pre_stop", "post_stop"])
def test_the_failure_of_another_hook_is_reported_and_changes_nothing(name: str) -> None:
    shop = Simulation({"web": {}}, hooks={name: {}}, begin=False)
    shop.problems[name] = f"the hook {name} exited with status 3"
    shop.send(events.Begun())
    shop.run(1.0)
    assert "running" == shop.world.state
    shop.ask("stop")
    shop.run(5.0)
    assert shop.world.ended
    assert f"the hook {name} exited with status 3" in shop.log
    assert 0 == shop.world.outcome.code


def test_what_is_said_of_one_that_is_forgotten_concerns_nobody() -> None:
    shop = Simulation({"web": {}})
    shop.run(1.0)
    world = shop.world
    for event in (
        events.Ready(99),
        events.Alive(99),
        events.Ended(99, 1, "exited"),
        events.Probed(99, True),
        events.NotSpawned(99, "no"),
    ):
        shop.send(event)
    assert [effects.Kill] != [type(effect) for effect in shop.done[-1:]]
    shop.send(events.Spawned(99, 5))
    assert isinstance(shop.done[-1], effects.Kill)
    assert world.rows[0].state == shop.world.rows[0].state


def test_a_process_that_stopped_is_stopped_with_its_own_signal() -> None:
    shop = Simulation({"web": {"stop_signal": "SIGINT"}})
    shop.run(1.0)
    shop.ask("stop")
    numbers = [effect.number for effect in shop.wanted(effects.Signal)]
    assert [signal.SIGINT, signal.SIGCONT] == numbers
