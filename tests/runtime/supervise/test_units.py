"""The systemd unit, read by systemd's own checker where there is one."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runtime.conftest import MiniRelease

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
        "Type=notify",
        "KillMode=mixed",
        "TimeoutStartSec=100",
        "TimeoutStopSec=50",
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
