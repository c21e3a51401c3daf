"""`--offline` with a wheelhouse, where there is no network at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from relforge import cache
from relforge.layers.deps import pex
from tests.layers.deps.conftest import MakeWheel
from tests.layers.deps.test_pex import BACKEND

SETTINGS = f"""
[build-system]
requires = ["needed"]
build-backend = "backend"
backend-path = ["."]
[project]
name = "sourced"
version = "1.0"
dependencies = ["click"]
[tool.relforge]
python = {{ version = "3.{sys.version_info.minor}" }}
wheelhouse = "vendor"
"""


@pytest.mark.release
@pytest.mark.skipif(os.geteuid() != 0, reason="it needs root: unshare")
@pytest.mark.skipif(sys.version_info >= pex.VENDORED_UNTIL, reason="pex would have to fetch a pip")
def test_lock_and_release_need_no_network(tmp_path: Path, make_wheel: MakeWheel) -> None:
    """The application's own build requirements come from the wheelhouse, too."""
    root = tmp_path / "shop"
    root.mkdir()
    (root / "pyproject.toml").write_text(SETTINGS)
    (root / "backend.py").write_text(f"import needed\n{BACKEND}")
    click = make_wheel("click", "1.0", {"click.py": ""}, directory=root / "vendor")
    make_wheel("needed", "1.0", {"needed.py": ""}, directory=root / "vendor")
    unshare = shutil.which("unshare")
    assert unshare
    env = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    env["PIP_CONFIG_FILE"] = os.devnull

    def relforge(*words: str) -> subprocess.CompletedProcess[str]:
        command = [unshare, "-n", sys.executable, "-m", "relforge", *words, "-p", str(root)]
        return subprocess.run(
            command, env=env, capture_output=True, text=True, timeout=200, check=False
        )

    done = relforge("lock", "--offline", "--output", str(root / "requirements.lock"))
    assert 0 == done.returncode, done.stderr
    assert cache.sha256(click) in (root / "requirements.lock").read_text()
    done = relforge("build", "--offline")
    assert 0 == done.returncode, done.stderr
    for kept in ("wheels", "trees/wheel"):
        shutil.rmtree(cache.home() / kept)
    shutil.rmtree(root / "_build")  # what the wheelhouse lacks does not matter to a finished tree
    click.unlink()
    done = relforge("build", "--offline")
    assert 1 == done.returncode
    assert "requirements.lock:3: click==1.0 is not on this host" in done.stderr
    assert "pip download --no-deps" in done.stderr
