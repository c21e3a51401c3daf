"""The systemd unit, read by systemd's own checker where there is one."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runtime.conftest import MiniRelease

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]


@pytest.mark.parametrize("level", ["basic", "standard", "strict"])
def test_a_unit_that_systemd_understands(mini_release: Make, tmp_path: Path, level: str) -> None:
    release = mini_release(
        services={"worker": {"drain": 40.0, "ready_timeout": 90.0, "listen": ["0.0.0.0:80"]}}
    )
    result = release.run("units", "--level", level)
    assert (0, "") == (result.returncode, result.stderr)
    rows = result.stdout.splitlines()
    assert f'ExecStart="{release.root}/bin/shop" foreground' in rows
    for row in (
        "NotifyAccess=main",
        "WatchdogSec=30",
        "KillMode=mixed",
        "TimeoutStartSec=100",
        "TimeoutStopSec=53",
        "RestartPreventExitStatus=78",
    ):
        assert row in rows
    assert ("CapabilityBoundingSet=CAP_NET_BIND_SERVICE" in rows) == (level != "basic")
    if checker := shutil.which("systemd-analyze"):
        unit = tmp_path / "shop.service"
        unit.write_text(result.stdout)
        verdict = subprocess.run(
            [checker, "verify", unit], capture_output=True, text=True, check=False
        )
        assert "shop.service" not in verdict.stderr


@pytest.mark.parametrize(
    ("version", "kind", "reported"),
    [("252", "notify", True), ("253", "notify-reload", True), ("257", "notify-reload", False)],
)
def test_the_unit_fits_the_systemd_that_is_there(
    mini_release: Make, tmp_path: Path, version: str, kind: str, reported: bool
) -> None:
    program = tmp_path / "systemctl"
    program.write_text(f"#!/bin/sh\necho 'systemd {version} ({version}.1-1)'\n")
    program.chmod(0o755)
    release = mini_release(services={"worker": {}})
    rows = release.run("units", env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}).stdout.split("\n")
    assert f"Type={kind}" in rows
    assert reported == ("Environment=FDSTORE=64" in rows), "systemd 254 says it itself"


def test_a_socket_unit_has_the_addresses_of_the_configuration(mini_release: Make) -> None:
    release = mini_release(
        services={
            "web": {"listen": ["0.0.0.0:${port}", "[::]:${port}"]},
            "admin": {"listen": ["unix:admin.sock"]},
        },
        config={"schema": {"port": {"type": "int", "default": 8000}}},
    )
    result = release.run("units", "--socket")
    assert (0, "") == (result.returncode, result.stderr)
    first, second = result.stdout.split("# /etc/systemd/system/shop.service\n")
    assert first.startswith("# /etc/systemd/system/shop.socket\n")
    rows = first.splitlines()
    for row in ("0.0.0.0:8000", "[::]:8000", "/run/shop/admin.sock"):
        assert f"ListenStream={row}" in rows
    assert "BindIPv6Only=ipv6-only" in rows
    assert "Requires=shop.socket" in second.splitlines()


def test_a_socket_unit_has_the_mode_and_the_group_of_the_configuration(mini_release: Make) -> None:
    """O14: systemd makes the sockets, and they are for whom the settings name."""
    listen = ["127.0.0.1:8000", "unix:/run/shop/web.sock,mode=0660,group=daemon"]
    result = mini_release(services={"web": {"listen": listen}}).run("units", "--socket")
    assert (0, "") == (result.returncode, result.stderr)
    rows = result.stdout.splitlines()
    assert {"SocketMode=0660", "SocketGroup=1", "ListenStream=/run/shop/web.sock"} <= {*rows}

    plain = mini_release(services={"web": {"listen": ["127.0.0.1:8000"]}}).run("units", "--socket")
    assert "SocketMode" not in plain.stdout

    two = {"web": {"listen": [listen[1]]}, "admin": {"listen": ["unix:admin.sock"]}}
    result = mini_release(services=two).run("units", "--socket")
    assert 78 == result.returncode
    assert "services.web.listen[0] and services.admin.listen[0] have different" in result.stderr


def test_what_cannot_be_a_socket_unit_is_reported(mini_release: Make) -> None:
    both = mini_release().run("units", "--socket", "--instances")
    assert (2, True) == (both.returncode, "exclude each other" in both.stderr)
    nowhere = mini_release(services={"worker": {}}).run("units", "--socket")
    assert (1, True) == (nowhere.returncode, "no service" in nowhere.stderr)
    free = mini_release(services={"web": {"listen": ["127.0.0.1:0"]}}).run("units", "--socket")
    assert (78, True) == (free.returncode, "needs a fixed port" in free.stderr)


def test_an_installed_release_is_started_through_current(
    mini_release: Make, tmp_path: Path
) -> None:
    release = mini_release()
    deploy = tmp_path / "s r%v"
    (deploy / "releases").mkdir(parents=True)
    root = deploy / "releases" / "1.0.0"
    release.root.rename(root)
    (deploy / "current").symlink_to("releases/1.0.0")
    text = MiniRelease(root).run("units").stdout
    assert f'ExecStart="{tmp_path}/s r%%v/current/bin/shop" foreground\n' in text
    assert f'Environment="RELEASE_STATE_DIR={tmp_path}/s r%%v/var"\n' in text
    assert 2 == MiniRelease(root).run("units", "--level", "paranoid").returncode


def test_services_of_other_users_keep_what_becoming_them_takes(mini_release: Make) -> None:
    row = {"target": "shop.worker:main", "user": "nobody", "drain": 30.0, "kill_after": 40.0}
    release = mini_release(services={"a": row})
    text = release.run("units").stdout
    assert "CapabilityBoundingSet=CAP_CHOWN CAP_KILL CAP_SETGID CAP_SETUID\n" in text
    assert "TimeoutStopSec=80\n" in text
    strict = release.run("units", "--level", "strict")
    assert (1, "") == (strict.returncode, strict.stdout)
    assert "cannot run at the level strict" in strict.stderr
