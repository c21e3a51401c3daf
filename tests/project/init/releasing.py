"""From a fixture project to a release: `relforge init`, `lock` and `build`, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.delivery.deployment import Deployment

PROJECTS = Path(__file__).parent / "projects"


def released(
    place: Path,
    name: str,
    change: Callable[[Path], None] = lambda root: None,
    env: Mapping[str, str] | None = None,
) -> Deployment:
    """A copy of that project, changed, initialized, locked and built."""
    root = place / "p"
    shutil.copytree(PROJECTS / name, root, ignore=shutil.ignore_patterns("__pycache__"))
    change(root)
    relforge(root, "init")
    relforge(root, "lock")
    tree = Path(json.loads(relforge(root, "build", "--json"))["tree"])
    (program,) = (path for path in (tree / "bin").iterdir() if path.name != "python")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        free = str(probe.getsockname()[1])
    state = place / "s"
    state.mkdir()
    return Deployment(program=program, state=state, env={"PORT": free, **(env or {})})


def relforge(root: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "relforge", *words],
        cwd=root,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert 0 == done.returncode, done.stderr[-4000:]
    return done.stdout


def get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return str(answer.read().decode())
