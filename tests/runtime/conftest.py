"""A release without the builder: this repository's runtime, laid out as an artifact has it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import relforge
from relforge.layers.runtime import console_libraries
from relforge.model import layout
from relforge.tree.compiler import compile_tree
from tests import measured

PACKAGE = Path(relforge.__file__).parent
MANIFEST: dict[str, Any] = {
    "manifest": 1,
    "name": "shop",
    "version": "1.0.0",
    "env": "prod",
    "revision": None,
    "source_date": 1_700_000_000,
    "relforge": relforge.__version__,
    "target": {"system": "linux", "machine": os.uname().machine, "glibc": "2.17"},
    "python": {
        "version": sys.version.split()[0],
        "tag": f"cp3{sys.version_info.minor}",
        "source": "system",
        "executable": "python/bin/python3",
    },
    "lock": None,
    "layers": [],
    "services": {},
    "config": {"providers": [], "schema": {}, "export": {}, "strict": True},
    "log": {"size": 50_000_000, "age": 0.0, "keep": 5},
    "hooks": {},
    "commands": {},
    "upgrade": {"bake": 0.3, "health": None},
}
SERVICE: dict[str, Any] = {
    "kind": "run",
    "target": "shop.worker:main",
    "server": "",
    "options": {},
    "listen": [],
    "instances": 1,
    "restart": "always",
    "drain": 5.0,
    "ready": "notify",
    "ready_timeout": 20.0,
    "env": {},
    "cwd": None,
    "backoff": [0.1, 1.0],
    "intensity": [5, 30.0],
    "required": True,
}


class MiniRelease:
    """An unpacked release whose interpreter is the one that runs the tests."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(
        self, *args: str, env: dict[str, str] | None = None, timeout: float = 60, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """``bin/shop ARGS`` as a user would run it."""
        return subprocess.run(
            [self.root / "bin" / "shop", *args],
            env={"PATH": os.environ["PATH"], **(env or {})},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    @property
    def state(self) -> Path:
        deployed = self.root.parent.name == "releases"
        return (self.root.parents[1] if deployed else self.root) / "var"

    @property
    def runs(self) -> bool:
        """Whether a supervisor holds the lock."""
        try:
            with (self.state / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False


@pytest.fixture(scope="session")
def mini_template() -> Iterator[Path]:
    """What all of them share, by hard links: runtime with its bytecode, launcher, interpreter.

    A test that changes one of these files has to replace it, or all releases have the change:
    the run fails at its end where one was changed in place.
    """
    with tempfile.TemporaryDirectory(prefix="rf-") as directory:
        root = Path(directory) / "release"
        _fill(root)
        before = _facts(root)
        yield root
        assert before == _facts(root)


def _fill(root: Path) -> None:
    (root / "bin").mkdir(parents=True)
    (root / "release").mkdir()
    (root / "app").mkdir()  # as in a real release, where it may be empty
    runtime = root / "runtime" / "relforge"
    runtime.mkdir(parents=True)
    shutil.copy(PACKAGE / "__init__.py", runtime)
    shutil.copytree(
        PACKAGE / "runtime", runtime / "runtime", ignore=shutil.ignore_patterns("__pycache__")
    )
    measured.prepare(runtime / "runtime")
    for to, source in console_libraries.files():
        path = root / layout.CONSOLE_LIBS / to
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, path)
    shutil.copy(PACKAGE / "templates" / "launcher.sh", root / "bin" / "shop")
    (root / "bin" / "shop").chmod(0o755)
    _python(root)
    if not os.environ.get(measured.VARIABLE):  # bytecode names no file of this host
        compile_tree(Path(sys.executable), root / "runtime")


def _facts(root: Path) -> dict[str, tuple[int, int, int, int]]:
    """Mode, owner, size and time of each file."""
    found = {path: path.lstat() for path in root.rglob("*") if not path.is_dir()}
    return {
        str(path.relative_to(root)): (row.st_mode, row.st_uid, row.st_size, row.st_mtime_ns)
        for path, row in found.items()
    }


@pytest.fixture
def mini_release(mini_template: Path) -> Iterator[Callable[..., MiniRelease]]:
    """Make a release: ``mini_release(files={"shop/worker.py": ...}, services=..., config=...)``.

    ``at`` is where: ``at="releases/2.0.0"`` makes a deploy root of the directory
    that all releases of the test share.  ``files`` lie below ``app/``, which is
    on the application's path.  Whatever still runs at the end of the test is killed.
    """
    made: list[MiniRelease] = []
    # Short, because of the sockets: pytest's own directories are too deep for 107 bytes.
    directory = Path(tempfile.mkdtemp(prefix="rf-"))

    def make(files: dict[str, str] | None = None, *, at: str = "", **parts: Any) -> MiniRelease:
        root = directory / (at or f"shop-{len(made)}")
        shutil.copytree(mini_template, root, symlinks=True, copy_function=os.link)
        for name, text in (files or {}).items():
            path = root / "app" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        services = {name: {**SERVICE, **row} for name, row in parts.pop("services", {}).items()}
        config = {**MANIFEST["config"], **parts.pop("config", {})}
        manifest = {**MANIFEST, "services": services, "config": config, **parts}
        (root / "release" / "manifest.json").write_text(json.dumps(manifest, sort_keys=True))
        launch = {
            "name": manifest["name"],
            "version": manifest["version"],
            "env": manifest["env"],
            "python": manifest["python"]["executable"],
            "machine": manifest["target"]["machine"],
            "glibc": manifest["target"]["glibc"],
        }
        lines = "".join(f"{key} {value}\n" for key, value in launch.items())
        (root / "release" / "launch").write_text(lines)
        made.append(MiniRelease(root))
        return made[-1]

    yield make
    for release in made:
        if release.runs:
            release.run("stop", "--timeout", "2s")
    shutil.rmtree(directory, ignore_errors=True)


def _python(root: Path) -> None:
    """A virtual environment of the test's own interpreter, seeing its packages and ``app/``."""
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", "--system-site-packages", root / "python"],
        check=True,
    )
    site = next((root / "python" / "lib").glob("python3*/site-packages"))
    own = next(path for path in sys.path if path.endswith("site-packages"))
    (site / "relforge.pth").write_text(f"../../../../runtime\n../../../../app\n{own}\n")
