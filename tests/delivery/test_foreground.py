"""`foreground` as systemd and as containers use it, on the artifact."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.delivery import customer
from tests.delivery.deployment import Deployment, eventually

pytestmark = pytest.mark.release


def heard(manager: socket.socket, line: str) -> list[str]:
    """The lines of the first message from now on that has this one."""
    while line not in (reported := manager.recv(4096).decode().splitlines()):
        pass
    return reported


def test_under_a_service_manager(shop: Deployment, state: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"{state}/notify")
        manager.settimeout(30)
        (state / "run").mkdir()
        under = shop.given(NOTIFY_SOCKET=f"{state}/notify", RUNTIME_DIRECTORY=f"{state}/run")
        process = under.popen("foreground", stderr=subprocess.STDOUT)
        assert f"MAINPID={process.pid}" in heard(manager, "READY=1")
        assert "running" == shop.status()["state"], "from a shell without systemd's variables"
        customer.page(shop.address())
        token = customer.buy(shop.address())
        assert token in customer.confirmation(shop.state / "mails", token)
        assert 1 == shop.run("start").returncode
        refused = shop.run("restart")
        assert 1 == refused.returncode
        assert "systemctl restart" in refused.stderr
        process.send_signal(signal.SIGTERM)
        heard(manager, "STOPPING=1")
        out, _ = process.communicate(timeout=30)
    assert 0 == process.returncode, out
    assert '"GET / HTTP/1.1" 200' in out, "the services' output is the journal's"
    assert [] == shop.processes()
    assert not (shop.state / "log").exists() or not list((shop.state / "log").iterdir())


@pytest.mark.rootfs
def test_as_pid_1_it_reaps_strangers_and_stops_on_sigterm(shop: Deployment) -> None:
    inside = subprocess.Popen(
        ["unshare", "--pid", "--fork", "--mount-proc", shop.program, "foreground"],
        env=shop.variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        eventually(lambda: shop.run("status").returncode == 0 and shop.service("web")["ready"])
        assert "1\n" == shop.ok("pid")
        customer.page(shop.address())
        orphans = "import subprocess; subprocess.run(['sh', '-c', '(sleep 0.2 &) ; (true &)'])"
        shop.ok("rpc", f"{orphans} and None")
        zombies = (
            "__import__('time').sleep(1) or [row for row in __import__('pathlib').Path('/proc')"
            ".glob('[0-9]*/stat') if ') Z ' in row.read_text()]"
        )
        assert "[]\n" == shop.ok("rpc", zombies)
        children = Path(f"/proc/{inside.pid}/task/{inside.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGTERM)
        out, _ = inside.communicate(timeout=30)
        assert 0 == inside.returncode, out
    finally:
        inside.kill()
        inside.wait()
