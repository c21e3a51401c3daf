"""``[tool.relforge.services.<name>]``: what can be written there, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from relforge.model.spec import ConfigSettings
from relforge.project.settings.services import check_depends, handed_nothing, read_service
from relforge.project.settings.table import Table
from relforge.runtime.contract.service import Service
from relforge.support.errors import SettingsError


def worker(**rows: Any) -> Service:
    path = ("tool", "relforge", "services", "worker")
    return read_service("worker", Table({"run": "shop.worker:main", **rows}, path))


def test_what_is_not_written_changes_nothing() -> None:
    assert Service(name="worker", kind="run", target="shop.worker:main") == worker()


def test_another_users_service_says_what_it_is_handed() -> None:
    """S26: a build warns of one that does not, and names the line to add."""
    config = ConfigSettings(schema={"db.url": {"type": "str"}})
    silent = [worker(), worker(user="nobody", config=[]), worker(user="nobody", config=["*"])]
    assert [] == list(handed_nothing(silent, config))
    assert [] == list(handed_nothing([worker(user="nobody")], ConfigSettings()))
    (warning,) = handed_nothing([*silent, worker(user="nobody")], config)
    assert "tool.relforge.services.worker: it has its own `user`" in warning
    assert 'config = ["db.url", "http.*"]' in warning
    assert ((), None, ("a",)) == (
        worker(user="nobody").handed,
        worker(group="daemon").handed,
        worker(user="nobody", config=["a"]).handed,
    )


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
        ({"rlimits": {"nofiles": 1}}, "worker.rlimits.nofiles: unknown limit", "`nofile`"),
        (
            {"rlimits": {"as": "2 elephants"}},
            "worker.rlimits.as: '2 elephants' has an unknown unit",
            "",
        ),
        ({"rlimits": {"nofile": -2}}, "worker.rlimits.nofile: -2 is negative", ""),
        ({"nice": 20}, "worker.nice: expected a whole number from -20 to 19", ""),
        ({"stop_signal": "SIGKILL"}, "worker.stop_signal: 'SIGKILL' is none of", ""),
        ({"stop_signal": "SIGTREM"}, "worker.stop_signal", "`SIGTERM`"),
        ({"watchdog": "200ms"}, "worker.watchdog: under a second", ""),
        ({"enabled": "yes"}, "worker.enabled: expected true, false", ""),
        ({"singleton": True, "instances": 2}, "worker.singleton: it has one instance", ""),
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
    with pytest.raises(SettingsError, match="a server is stopped with SIGTERM"):
        read_service("web", Table(table, ("tool", "relforge", "services", "web")))


def test_granian_is_refused_with_the_reason() -> None:
    table = {"app": "a:b", "listen": ["127.0.0.1:0"], "server": "granian"}
    with pytest.raises(SettingsError, match="cannot inherit one"):
        read_service("web", Table(table, ("tool", "relforge", "services", "web")))


def service(name: str, *depends: str) -> Service:
    return Service(name=name, kind="run", target="a:b", depends=depends)


def test_dependencies_go_somewhere_and_not_in_a_circle() -> None:
    check_depends((service("a", "b", "c"), service("b", "c"), service("c")))
    with pytest.raises(SettingsError) as caught:
        check_depends((service("web", "wroker"), service("worker")))
    assert "services.web.depends[0]: no such service: 'wroker'" in caught.value.message
    assert "did you mean `worker`?" == caught.value.hint
    with pytest.raises(SettingsError, match="circular dependency: a -> b -> a"):
        check_depends((service("a", "b"), service("b", "a")))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("no address at all", "listen[0]: 'no address at all' is not an address"),
        ("127.0.0.1:99999", "listen[0]: '127.0.0.1:99999': a port is a number from 0 to 65535"),
        ("127.0.0.1", "listen[0]: '127.0.0.1' is not an address"),
    ],
)
def test_what_nobody_can_listen_on_is_refused(address: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        worker(listen=[address])
    assert f"tool.relforge.services.worker.{said}" == caught.value.message


def test_a_duration_may_have_several_units() -> None:
    assert (5400.0, 90.0) == (worker(drain="1h30m").drain, worker(drain="1m 30s").drain)


@pytest.mark.parametrize(
    ("ready", "said", "hint"),
    [
        ({"http": "localhost"}, "ready.http: 'localhost' is not an address such as", ""),
        ({"http": 5}, "ready.http: expected", ""),
        ({"tcp": "localhost"}, "ready.tcp: 'localhost' is not an address", "HOST:PORT"),
        ({"tcp": "unix:/x"}, "ready.tcp: 'unix:/x' is not \"host:port\"", ""),
        ({"exec": []}, "ready.exec: expected", ""),
        ({"exec": "true"}, "ready.exec: expected", ""),
        ({"tpc": "a:1"}, "ready: expected exactly one of `http`, `tcp`, `exec`", "{ tcp ="),
        ({}, "ready: expected exactly one of", ""),
        ("soon", "ready: 'soon' is not a way to become ready", '"notify"'),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(ready: Any, said: str, hint: str) -> None:
    table = {"exec": ["nginx"], "ready": ready}
    with pytest.raises(SettingsError) as caught:
        read_service("web", Table(table, ("tool", "relforge", "services", "web")))
    assert caught.value.message.startswith(f"tool.relforge.services.web.{said}")
    assert hint in caught.value.hint


def test_a_variable_that_no_process_can_have_is_refused() -> None:
    for name in ("", "A=B", "A\0"):
        with pytest.raises(SettingsError, match=r"worker\.env\..*environment variable"):
            worker(env={name: "x"})
