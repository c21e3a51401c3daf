"""``[tool.relforge.services.<name>]``: what can be written there, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from relforge.project.settings.services import check_depends, read_service
from relforge.project.settings.table import Table
from relforge.runtime.contract.service import Service
from relforge.support.errors import SettingsError


def worker(**rows: Any) -> Service:
    path = ("tool", "relforge", "services", "worker")
    return read_service("worker", Table({"run": "shop.worker:main", **rows}, path))


def test_what_is_not_written_changes_nothing() -> None:
    assert Service(name="worker", kind="run", target="shop.worker:main") == worker()


def test_durations_limits_and_names_are_typed() -> None:
    made = worker(
        watchdog="10s",
        kill_after=5,
        stop_signal="SIGINT",
        nice=-5,
        rlimits={"nofile": 4096, "as": "2 GB", "core": "none"},
        enabled="${worker.on}",
        singleton=True,
        depends=["db"],
        user="shop",
    )
    assert (10.0, 5.0, "SIGINT", -5) == (
        made.watchdog,
        made.kill_after,
        made.stop_signal,
        made.nice,
    )
    assert {"nofile": 4096, "as": 2_000_000_000, "core": -1} == made.rlimits
    assert ("${worker.on}", True, ("db",), "shop") == (
        made.enabled,
        made.singleton,
        made.depends,
        made.user,
    )


@pytest.mark.parametrize(
    ("rows", "said", "hint"),
    [
        ({"rlimits": {"nofiles": 1}}, "worker.rlimits.nofiles: there is no such", "`nofile`"),
        (
            {"rlimits": {"as": "2 elephants"}},
            "worker.rlimits.as: '2 elephants' has an unknown unit",
            "",
        ),
        ({"rlimits": {"nofile": -2}}, "worker.rlimits.nofile: -2 is negative", ""),
        ({"nice": 20}, "worker.nice: expected a whole number from -20 to 19", ""),
        ({"stop_signal": "SIGKILL"}, "worker.stop_signal: 'SIGKILL' is none of", ""),
        ({"stop_signal": "SIGTREM"}, "worker.stop_signal", "`SIGTERM`"),
        ({"watchdog": "200ms"}, "worker.watchdog: less than a second", ""),
        ({"enabled": "yes"}, "worker.enabled: expected true, false", ""),
        ({"singleton": True, "instances": 2}, "worker.singleton: there is one", ""),
        ({"watchdgo": 1}, "worker.watchdgo: unknown key", "`watchdog`"),
    ],
)
def test_what_is_wrong_is_refused(rows: dict[str, Any], said: str, hint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        worker(**rows)
    assert f"tool.relforge.services.{said}" in caught.value.message
    assert hint in caught.value.hint


def test_a_server_is_stopped_by_sigterm_alone() -> None:
    table = {"app": "a:b", "listen": ["127.0.0.1:0"], "stop_signal": "SIGINT"}
    with pytest.raises(SettingsError, match="a server is stopped by SIGTERM"):
        read_service("web", Table(table, ("tool", "relforge", "services", "web")))


def test_granian_is_refused_with_the_reason() -> None:
    table = {"app": "a:b", "listen": ["127.0.0.1:0"], "server": "granian"}
    with pytest.raises(SettingsError, match="cannot be handed one"):
        read_service("web", Table(table, ("tool", "relforge", "services", "web")))


def service(name: str, *depends: str) -> Service:
    return Service(name=name, kind="run", target="a:b", depends=depends)


def test_dependencies_go_somewhere_and_not_in_a_circle() -> None:
    check_depends((service("a", "b", "c"), service("b", "c"), service("c")))
    with pytest.raises(SettingsError) as caught:
        check_depends((service("web", "wroker"), service("worker")))
    assert "services.web.depends[0]: there is no service 'wroker'" in caught.value.message
    assert "did you mean `worker`?" == caught.value.hint
    with pytest.raises(SettingsError, match="a circle: a -> b -> a"):
        check_depends((service("a", "b"), service("b", "a")))
