"""The interpreters that uv manages: `uv python install`."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from relforge.layers.python import host
from relforge.layers.python.probe import Probe
from relforge.model import python_version
from relforge.support import command
from relforge.support.errors import UserError


def find(version: str) -> Probe:
    """The newest one of that version, installed by uv where it is not there; raises UserError."""
    found = host.newest(version, (host.of_uv(),))
    if found is None:
        _install(version)
        found = host.newest(version, (host.of_uv(),))
    if found is None:
        raise UserError(
            f'tool.relforge.python.version: uv installed CPython "{version}", but it is not in '
            f"{host.of_uv().name}",
            hint="set UV_PYTHON_INSTALL_DIR to what `uv python dir` prints",
        )
    return found


def _install(version: str) -> None:
    program = shutil.which(
        "uv", path=f"{os.path.dirname(sys.executable)}:{os.environ.get('PATH', '')}"
    )
    if program is None:
        raise UserError(
            f'tool.relforge.python.source: uv has no CPython "{version}" in {host.of_uv().name}, '
            "and uv is not installed to fetch it",
            hint='run: pip install uv, or set source = "host"',
        )
    build = "+freethreaded" if python_version.is_threaded(version) else ""
    wanted = f"cpython-{python_version.plain(version)}{build}-linux-{os.uname().machine}-gnu"
    command.run(
        [program, "python", "install", "--no-bin", wanted],
        what=f"fetching CPython {version}",
        env={"UV_PYTHON_INSTALL_DIR": str(Path(host.of_uv().name))},
        hint=f"run: uv python install {version}, on a host with internet access "
        "(UV_PYTHON_INSTALL_MIRROR sets a mirror)",
    )
