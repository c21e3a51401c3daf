"""Root's commands where the state directory is another user's: they gain that user nothing."""

from __future__ import annotations

import json
import time

import pytest

from tests.rootfs.bare import Bare
from tests.sample import Sample

pytestmark = [pytest.mark.rootfs, pytest.mark.release]

USER = 1000
ROOT = "/srv/ticketd"
VAR = f"{ROOT}/var"


@pytest.fixture
def program(bare: Bare, sample: Sample) -> str:
    """A release of root's in a deploy root, its state directory that of the service's user."""
    top = bare.unpack(sample.artifact, f"{ROOT}/releases")
    bare.directory(VAR, user=USER)
    return f"{top}/bin/ticketd"


def test_root_stops_what_the_services_user_started(bare: Bare, program: str) -> None:
    env = {"PORT": "0"}
    for words in (["migrate"], ["start"]):
        done = bare.run([program, *words], user=USER, env=env)
        assert 0 == done.returncode, done.stderr
    done = bare.run([program, "stop"])
    assert (0, "ticketd stopped\n") == (done.returncode, done.stdout)
    assert f"ticketd: running as {USER}, who owns {VAR}\n" == done.stderr
    assert [] == bare.processes()


# S1
def test_a_lock_that_names_another_process_gets_nobody_killed(bare: Bare, program: str) -> None:
    victim = bare.popen(["sh", "-c", "echo $$; exec sleep 600"])
    assert victim.stdout is not None
    pid = int(victim.stdout.readline())
    _hold_lock(bare, pid)
    done = bare.run([program, "stop", "--timeout", "1s"])
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert f"process {pid} here belongs to another user" in done.stderr
    assert 0 == bare.run(["sh", "-c", f"kill -0 {pid}"]).returncode
    victim.kill()


# O1
def test_a_lock_of_another_container_gets_no_process_of_this_one_killed(
    bare: Bare, program: str
) -> None:
    bystander = bare.popen(["sh", "-c", "echo $$; exec sleep 600"], user=USER)
    assert bystander.stdout is not None
    pid = int(bystander.stdout.readline())
    _hold_lock(bare, pid)
    done = bare.run([program, "stop", "--timeout", "1s"], user=USER)
    assert 1 == done.returncode
    assert f"process {pid} here is a different one" in done.stderr
    assert "another PID namespace" in done.stderr
    assert 0 == bare.run(["sh", "-c", f"kill -0 {pid}"]).returncode
    bystander.kill()


# S2
@pytest.mark.parametrize("link", ["lock", "log", "run"])
def test_a_link_of_the_services_user_leads_root_nowhere(
    bare: Bare, program: str, link: str
) -> None:
    bare.run(["sh", "-c", "mkdir /root/secret && echo precious >/root/secret/file"])
    target = "/root/secret/file" if link == "lock" else "/root/secret"
    bare.run(["ln", "-s", target, f"{VAR}/{link}"], user=USER)
    bare.run([program, "migrate"], env={"PORT": "0"})
    done = bare.run([program, "start"], env={"PORT": "0"})
    assert 0 != done.returncode
    assert "Traceback" not in done.stderr
    assert "precious\n" == bare.run(["cat", "/root/secret/file"]).stdout
    assert "file\n" == bare.run(["ls", "/root/secret"]).stdout


def _hold_lock(bare: Bare, pid: int) -> None:
    """The service's user holds the lock, which names another process."""
    content = json.dumps({"pid": pid, "groups": [pid], "run_dir": VAR, "mode": "daemon"})
    bare.run(["sh", "-c", f"printf %s '{content}' >{VAR}/lock"], user=USER)
    bare.popen(["flock", f"{VAR}/lock", "sleep", "600"], user=USER)
    deadline = time.monotonic() + 10
    while 0 == bare.run(["flock", "-n", f"{VAR}/lock", "true"], user=USER).returncode:
        assert time.monotonic() < deadline
        time.sleep(0.05)
