"""The sample application's artifact on machines that hold no Python."""

from __future__ import annotations

import socket
import urllib.request

import pytest

from tests.rootfs.bare import Bare
from tests.sample import Sample

pytestmark = [pytest.mark.rootfs, pytest.mark.release]


@pytest.fixture(params=["bare", "busybox"])
def machine(request: pytest.FixtureRequest) -> Bare:
    found: Bare = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("user", [0, 1234])
def test_it_is_unpacked_started_used_and_stopped(machine: Bare, sample: Sample, user: int) -> None:
    top = machine.unpack(sample.artifact, "/srv/shop", user=user)
    port = _free_port()

    def shop(*words: str) -> str:
        done = machine.run([f"{top}/bin/ticketd", *words], user=user, env={"PORT": str(port)})
        assert (0, "") == (done.returncode, done.stderr)
        return done.stdout

    shop("migrate")
    shop("seed")
    shop("start")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
        assert "<title>" in answer.read().decode()
    assert "42\n" == shop("rpc", "6 * 7")
    assert shop("version").startswith("ticketd ")
    shop("stop")
    assert [] == machine.processes()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
