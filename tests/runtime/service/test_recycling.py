"""O5, O6: a process is replaced by plan, and no request is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.runtime.conftest import MiniRelease
from tests.runtime.service.test_uvicorn import ASGI, web
from tests.runtime.supervise.asking import Asking
from tests.runtime.supervise.waiting import eventually, log, service, status

pytestmark = [pytest.mark.process, pytest.mark.network]

Make = Callable[..., MiniRelease]


def address(release: MiniRelease) -> str:
    place: str = service(release, "web")["listen"][0]
    return place


def rows(release: MiniRelease) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = status(release)["services"]
    return found


@pytest.mark.parametrize(
    ("server", "options"),
    [
        ("uvicorn", {"access_log": False, "limit_max_requests": 60}),
        ("hypercorn", {"max_requests": 60}),
    ],
)
def test_a_server_that_has_had_its_requests(
    mini_release: Make, server: str, options: dict[str, Any]
) -> None:
    """More of them than `intensity` would allow for crashes."""
    row = web(server=server, options=options, instances=2, intensity=[2, 60.0], drain=5.0)
    release = mini_release({"shop/web.py": ASGI}, services={"web": row})
    assert 0 == (started := release.run("start")).returncode, started.stderr
    with Asking(address(release), keep=True) as one, Asking(address(release)) as other:
        eventually(lambda: log(release).count("another process takes its place") >= 5, 60)
    assert [] == one.failed + other.failed
    assert len(set(one.answers + other.answers)) >= 5  # process ids
    assert [0, 0] == [row["restarts"] for row in rows(release)]
    assert "giving up" not in log(release)
    assert 0 == release.run("stop").returncode


def test_reload_replaces_what_it_is_asked_for(mini_release: Make) -> None:
    row = web(options={"access_log": False}, instances=2)
    release = mini_release({"shop/web.py": ASGI}, services={"web": row})
    assert 0 == release.run("start").returncode
    before = [row["pid"] for row in rows(release)]
    with Asking(address(release)) as asking:
        assert "nothing has changed\n" == release.run("reload").stdout
        assert "reloaded: web.2\n" == release.run("reload", "web.2").stdout
        after = [row["pid"] for row in rows(release)]
        assert (before[0] == after[0], before[1] == after[1]) == (True, False)
        assert "reloaded: web.1, web.2\n" == release.run("reload", "--all").stdout
        assert not {*before, *after} & {row["pid"] for row in rows(release)}
        refused = release.run("reload", "wbe")
        assert 2 == refused.returncode
        assert "the release has no service 'wbe'\n  there are web.1, web.2" in refused.stderr
        assert 2 == release.run("reload", "web", "--all").returncode
    assert [] == asking.failed
    assert 0 == release.run("stop").returncode


def test_restart_of_one_service_names_the_command_for_it(mini_release: Make) -> None:
    release = mini_release({"shop/web.py": ASGI}, services={"web": web()})
    refused = release.run("restart", "web")
    assert 2 == refused.returncode
    assert "to replace the processes of one service: reload web" in refused.stderr
