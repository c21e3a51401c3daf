"""Each server keeps the contract, in the newest version that is locked for the tests."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.runtime.conftest import MiniRelease
from tests.runtime.service import contract
from tests.runtime.service.contract import ASGI, KINDS, WSGI, port, web
from tests.runtime.supervise.waiting import eventually, log, service, status

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]


# What uvicorn does by itself: test_uvicorn.py.
@pytest.fixture(params=[kind for kind in KINDS if kind != "uvicorn"])
def release(mini_release: Make, request: pytest.FixtureRequest) -> MiniRelease:
    server, application, options = KINDS[request.param]
    return mini_release(
        {"shop/web.py": application}, services={"web": web(server, options=options)}
    )


@pytest.mark.network
def test_it_starts_heals_and_drains(release: MiniRelease) -> None:
    contract.starts_when_its_application_is_there(release)
    contract.has_an_agent_in_the_worker(release)
    contract.reports_its_requests(release)
    contract.heals(release)
    contract.is_drained_without_a_lost_request(release)


@pytest.mark.network
@pytest.mark.parametrize(
    "release", ["gunicorn-gthread", "gunicorn-uvicorn", "hypercorn"], indirect=True
)
def test_the_last_request_of_a_kept_connection_is_answered(release: MiniRelease) -> None:
    contract.starts_when_its_application_is_there(release)
    contract.answers_the_last_request_of_a_kept_connection(release)


@pytest.mark.network
@pytest.mark.parametrize(
    "release", ["gunicorn-sync", "gunicorn-gthread", "hypercorn"], indirect=True
)
def test_a_short_time_out_hurries_it(release: MiniRelease) -> None:
    contract.starts_when_its_application_is_there(release)
    contract.hurries(release)


@pytest.mark.network
@pytest.mark.parametrize("release", ["hypercorn", "gunicorn-uvicorn"], indirect=True)
def test_a_websocket_learns_that_the_server_goes_away(release: MiniRelease) -> None:
    contract.starts_when_its_application_is_there(release)
    contract.closes_its_websockets(release)


@pytest.mark.network
@pytest.mark.parametrize("ws", ["websockets-sansio", "wsproto"])
def test_so_is_one_of_each_implementation_of_uvicorn(mini_release: Make, ws: str) -> None:
    release = mini_release(
        {"shop/web.py": ASGI}, services={"web": web("uvicorn", options={"ws": ws})}
    )
    contract.starts_when_its_application_is_there(release)
    contract.closes_its_websockets(release)


def test_two_workers_are_ready_together_and_each_has_an_agent(mini_release: Make) -> None:
    release = mini_release(
        {"shop/web.py": WSGI.replace("print", "time.sleep(0.2); print")},
        services={"web": web("gunicorn", options={"workers": 2})},
    )
    assert 0 == release.run("start").returncode
    assert 2 == log(release).partition("is running")[0].count("| startup")
    code = "__import__('os').getpid()"
    pids = [release.run("rpc", "--service", f"web.1.{n}", code).stdout for n in range(3)]
    assert f"{service(release, 'web')['pid']}\n" == pids[0]
    assert 3 == len(set(pids))
    assert 0 == release.run("stop").returncode
    assert [] == list((release.state / "run").glob("web.*"))


@pytest.mark.network
def test_a_worker_of_gevent_has_an_agent_and_heals(mini_release: Make) -> None:
    patched = "import gevent.socket, socket\nassert socket.socket is gevent.socket.socket\n"
    release = mini_release(
        {"shop/web.py": patched + WSGI},
        services={"web": web("gunicorn", options={"worker_class": "gevent"}, drain=2.0)},
    )
    contract.starts_when_its_application_is_there(release)
    contract.has_an_agent_in_the_worker(release)
    with socket.create_connection(("127.0.0.1", port(release))) as slow:
        slow.sendall(b"GET /slow HTTP/1.0\r\n\r\n")
        assert "'app'\n" == release.run("rpc", "app.__name__").stdout
        assert slow.recv(4096).startswith(b"HTTP/1.")
    contract.heals(release)
    stopped = release.run("stop")
    assert (0, "") == (stopped.returncode, stopped.stderr), log(release)
    assert [] == list((release.state / "run").glob("web.*"))


@pytest.mark.parametrize(
    ("server", "settings", "said"),
    [
        ("gunicorn", {"options": {"worker": 4}}, "did you mean workers?"),
        ("gunicorn", {"options": {"bind": "x"}}, "options.bind: the supervisor sets this"),
        ("gunicorn", {"options": {"workers": "x"}}, "services.web.options.workers: "),
        ("gunicorn", {"options": {"worker_class": "asgi"}}, 'for ASGI: worker_class = "uvicorn"'),
        ("gunicorn", {"target": "shop.web:application"}, "has no attribute 'application'"),
        ("hypercorn", {"options": {"acceslog": "-"}}, "did you mean accesslog?"),
        ("hypercorn", {"options": {"worker_class": "trio"}}, "'trio' is none of"),
        ("hypercorn", {"target": "shop.web:application"}, "has no attribute 'application'"),
    ],
)
def test_what_is_wrong_is_reported_by_start(
    mini_release: Make, server: str, settings: dict[str, Any], said: str
) -> None:
    release = mini_release({"shop/web.py": WSGI}, services={"web": web(server, **settings)})
    started = release.run("start")
    assert 1 == started.returncode
    assert said in started.stderr
    assert "stopped" == status(release)["state"]


def test_an_application_that_fails_to_start_is_the_reason(mini_release: Make) -> None:
    fails = ASGI.replace("startup.complete", "startup.failed")
    for server, options in (("hypercorn", {}), ("gunicorn", {"worker_class": "uvicorn"})):
        release = mini_release(
            {"shop/web.py": fails}, services={"web": web(server, options=options)}
        )
        started = release.run("start")
        assert 1 == started.returncode
        assert "web.1 exited with status" in started.stderr


@pytest.mark.network
def test_a_queue_is_emptied_before_a_sync_worker_ends(mini_release: Make) -> None:
    release = mini_release({"shop/web.py": WSGI}, services={"web": web("gunicorn")})
    assert 0 == release.run("start").returncode
    with socket.create_connection(("127.0.0.1", port(release))) as first:
        first.sendall(b"GET /slow HTTP/1.0\r\n\r\n")
        with socket.create_connection(("127.0.0.1", port(release))) as second:
            second.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert 0 == release.run("stop").returncode
            eventually(lambda: status(release)["state"] == "stopped")
            assert second.recv(4096).startswith(b"HTTP/1.0 200") or second.recv(4096)
