"""The end: in the order of what depends on what, and within its time."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from relforge.runtime.stack_signals import TO_LOG
from relforge.runtime.supervise.rules import effects, events

from .simulation import Simulation

STUBBORN = {"web": {"stop": None}}


def test_a_signal_stops_all_and_the_status_is_0() -> None:
    shop = Simulation({"web": {}, "worker": {}})
    shop.run(1.0)
    shop.send(events.Signaled("SIGTERM"))
    assert "stopping" == shop.world.state
    shop.run(1.0)
    assert shop.world.ended
    assert (0, "") == (shop.world.outcome.code, shop.world.outcome.message)
    assert {} == shop.versions()


def test_the_sockets_close_before_anybody_is_asked_to_stop() -> None:
    shop = Simulation({"web": {}})
    shop.run(1.0)
    shop.send(events.Signaled("SIGTERM"))
    kinds = [type(effect) for effect in shop.done]
    assert kinds.index(effects.CloseSockets) < kinds.index(effects.Signal)


def test_what_depends_on_others_stops_first() -> None:
    shop = Simulation({"web": {"depends": ["db"]}, "db": {}}, habits={"web": {"stop": 2.0}})
    shop.run(1.0)
    shop.send(events.Signaled("SIGTERM"))
    shop.run(1.9)
    assert not shop.program("db.1").asked
    shop.run(0.2)
    assert shop.world.ended or shop.program("db.1").asked


def test_one_that_does_not_obey_prints_its_stacks_and_is_killed() -> None:
    shop = Simulation({"web": {"drain": 5.0, "kill_after": 3.0}}, habits=STUBBORN)
    shop.run(1.0)
    shop.ask("stop")
    shop.run(8.0)
    assert [TO_LOG] == [effect.number for effect in shop.wanted(effects.Signal)][2:]
    assert [] == shop.wanted(effects.Kill)
    shop.run(1.0)
    assert shop.world.ended
    assert (4, ("web.1",)) == (shop.world.outcome.code, shop.world.forced)


def test_a_server_of_ours_is_asked_to_hurry() -> None:
    row = {"kind": "app", "drain": 5.0, "kill_after": 3.0, "stop_signal": "SIGTERM"}
    shop = Simulation({"web": row}, habits=STUBBORN)
    shop.run(1.0)
    shop.ask("stop")
    shop.run(4.9)
    assert 2 == len(shop.wanted(effects.Signal))
    shop.run(0.2)
    assert signal.SIGTERM == shop.wanted(effects.Signal)[2].number


def test_a_time_out_is_for_all_of_it() -> None:
    shop = Simulation({"web": {"drain": 60.0}}, habits=STUBBORN)
    shop.run(1.0)
    shop.ask("stop", timeout=2.0)
    shop.run(2.6)
    assert shop.world.ended


def test_a_second_time_out_prolongs_nothing() -> None:
    habits: dict[Any, dict[str, Any]] = {"web": {"stop": 1.0}, "db": {"stop": None}}
    shop = Simulation({"web": {"depends": ["db"]}, "db": {"drain": 60.0}}, habits=habits)
    shop.run(1.0)
    shop.ask("stop", timeout=2.0)
    shop.ask("stop", timeout=30.0)
    shop.run(2.6)
    assert shop.world.ended


def test_a_second_signal_kills() -> None:
    shop = Simulation({"web": {"drain": 60.0}}, habits=STUBBORN)
    shop.run(1.0)
    shop.send(events.Signaled("SIGTERM"))
    shop.run(1.0)
    shop.send(events.Signaled("SIGINT"))
    shop.run(0.1)
    assert shop.world.ended
    assert 4 == shop.world.outcome.code


def test_one_that_survives_sigkill_is_left_behind() -> None:
    shop = Simulation({"web": {}}, habits=STUBBORN)
    shop.run(1.0)
    program = shop.program("web.1")
    del shop.alive[program.key]  # in an uninterruptible sleep: nothing reaches it
    shop.ask("stop", timeout=0.0)
    shop.run(20.0)
    assert shop.world.ended
    assert 1 == len(shop.wanted(effects.Abandon))


def test_pre_stop_comes_before_the_sockets_close_and_post_stop_at_the_end() -> None:
    shop = Simulation({"web": {}}, hooks={"pre_stop": {}, "post_stop": {}})
    shop.run(1.0)
    shop.ask("stop")
    assert [] == shop.wanted(effects.CloseSockets)
    shop.run(5.0)
    assert ["pre_stop", "post_stop"] == [name for name, _ in shop.called]
    assert shop.world.ended


def test_when_every_service_has_ended_that_is_the_end() -> None:
    """Found by these rules: with a hook post_stop the supervisor never ended."""
    shop = Simulation({"job": {"restart": "never"}}, hooks={"post_stop": {}})
    shop.run(1.0)
    shop.crash("job.1", 0)
    assert not shop.world.ended
    shop.run(1.0)
    assert shop.world.ended
    assert 0 == shop.world.outcome.code


def test_when_one_has_failed_the_end_says_so() -> None:
    shop = Simulation({"job": {"restart": "never"}, "other": {"restart": "never"}})
    shop.run(1.0)
    shop.crash("job.1", 3)
    shop.crash("other.1", 0)
    assert shop.world.ended
    assert (1, "every service has ended, not all of them well") == (
        shop.world.outcome.code,
        shop.world.outcome.message,
    )


def test_without_services_it_runs_until_it_is_stopped() -> None:
    shop = Simulation({})
    shop.run(100.0)
    assert "running" == shop.world.state
    shop.send(events.Signaled("SIGTERM"))
    assert shop.world.ended


def test_the_command_that_starts_is_interrupted() -> None:
    shop = Simulation({"web": {}}, habits={"web": {"ready": None}})
    shop.run(1.0)
    shop.send(events.StartInterrupted())
    shop.run(1.0)
    assert shop.world.ended
    assert "`start` was interrupted" == shop.world.outcome.message


def test_a_stop_while_one_is_being_started() -> None:
    shop = Simulation({"web": FASTEST, "worker": {}}, habits={"web": {"ready": None}})
    shop.send(events.Signaled("SIGTERM"))
    shop.run(1.0)
    assert shop.world.ended
    assert {} == shop.versions()


def test_a_client_that_has_asked_for_the_stop_is_answered_while_it_is_there() -> None:
    shop = Simulation({"web": {}})
    shop.run(1.0)
    shop.ask("stop", client=3)
    shop.ask("stop", client=4)
    assert [3, 4] == list(shop.world.waiting)
    shop.send(events.Left(3))
    assert [4] == list(shop.world.waiting)


@pytest.mark.parametrize("op", ["reload", "diff", "upgrade"])
def test_long_work_needs_a_release_that_runs(op: str) -> None:
    shop = Simulation({"web": {}})
    shop.ask(op, root="/srv/shop/releases/2.0.0")
    assert "it is starting" == shop.last()["failed"]
    shop.run(1.0)
    shop.ask("stop")
    shop.ask(op, root="/srv/shop/releases/2.0.0")
    assert "it is stopping" == shop.last()["failed"]


FASTEST = {"drain": 0.1}
