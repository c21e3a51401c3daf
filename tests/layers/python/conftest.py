"""Relocated interpreters of this host, made once for all tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from relforge import cache, elf
from relforge.layers import python
from relforge.layers.python.step import make
from relforge.model.python_version import SUPPORTED
from relforge.model.release import Interpreter
from relforge.model.spec import PythonSettings
from relforge.support.errors import UserError

UNSHARE = ["unshare", "--mount", "--pid", "--fork", *(["-r"] if os.geteuid() else [])]
DEBIAN = "debian"  # the distribution's own, /usr/bin/python3.X
FREE_THREADED = "3.14t"
VERSIONS = (*SUPPORTED, FREE_THREADED, DEBIAN)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "stdlib: runs CPython's own regression tests (minutes)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A relocated interpreter; ``original`` is the prefix that it comes from."""

    interpreter: Interpreter
    settings: PythonSettings
    tree: cache.Tree
    original: Path

    @property
    def program(self) -> Path:
        return self.tree.path / "bin" / f"python{self.interpreter.short}"

    def place(self, directory: Path) -> Path:
        """Lay it out as in a release, and return that release's ``bin/python``."""
        cache.place(self.tree, directory / "python")
        (directory / "bin").mkdir()
        link = directory / "bin" / "python"
        link.symlink_to(f"../{self.interpreter.executable}")
        return link


@pytest.fixture(scope="session")
def cache_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def shared_cache(cache_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELFORGE_CACHE_DIR", str(cache_directory))


@pytest.fixture(scope="session")
def moved(cache_directory: Path) -> Callable[[str], Moved]:
    """``moved("3.12")``; skips where the host has none of that version."""
    made: dict[str, Moved] = {}

    def get(version: str) -> Moved:
        if version not in made:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("RELFORGE_CACHE_DIR", str(cache_directory))
                made[version] = _move(version, patch)
        return made[version]

    return get


@pytest.fixture(scope="session")
def any_moved(moved: Callable[[str], Moved]) -> Moved:
    """One that is not Debian's where there is one, so that its prefix shows the host."""
    for version in ("3.12", *VERSIONS):
        try:
            return moved(version)
        except pytest.skip.Exception:
            continue
    pytest.skip("this host has no interpreter that could be moved")


def _move(version: str, patch: pytest.MonkeyPatch) -> Moved:
    if version == DEBIAN:
        version = _of_debian()
        patch.setenv("PYENV_ROOT", "/nonexistent")
        patch.setenv("UV_PYTHON_INSTALL_DIR", "/nonexistent")
        patch.setenv("PATH", "/usr/bin:/bin")
    settings = PythonSettings(version=version)
    try:
        interpreter = python.find(settings, Path("/"))
    except UserError as error:
        pytest.skip(f"this host has no CPython {version}: {error.message.splitlines()[0]}")
    tree = cache.tree("python", interpreter.key, lambda draft: make(interpreter, settings, draft))
    original = interpreter.origin.parent.parent
    return Moved(interpreter=interpreter, settings=settings, tree=tree, original=original)


def _of_debian() -> str:
    for path in sorted(Path("/usr/bin").glob("python3.??")):
        site = Path(f"/usr/lib/{path.name}/site.py")
        if site.is_file() and "dist-packages" in site.read_text():
            return path.name.removeprefix("python")
    pytest.skip("this host has no Python of Debian's")


@dataclass(frozen=True, slots=True, kw_only=True)
class BareRoot:
    """A root file system that holds glibc and nothing else."""

    directory: Path

    def run(
        self, tree: Path, place: str, *words: str, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in it, with the tree at ``place``, read-only."""
        inside = self.directory / place.lstrip("/")
        inside.mkdir(parents=True, exist_ok=True)
        script = """
            set -eu
            root=$1 tree=$2 inside=$3; shift 3
            mount --bind "$tree" "$inside"
            mount -o remount,bind,ro "$inside"
            mount -t proc proc "$root/proc"
            mount -t tmpfs tmpfs "$root/tmp"
            mount -t tmpfs tmpfs "$root/dev/shm"
            cd /
            exec chroot "$root" "$@"
        """
        return subprocess.run(
            [*UNSHARE, "sh", "-c", script, "sh", self.directory, tree, inside, *words],
            # A user's PATH need not have the directory of chroot.
            env={"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", **(env or {})},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture(scope="session")
def namespaces() -> None:
    """Skip where this user may not make a mount namespace."""
    trial = subprocess.run([*UNSHARE, "mount", "-t", "proc", "proc", "/proc"], check=False)
    if trial.returncode:
        pytest.skip("this user may not make a mount namespace")


@pytest.fixture(scope="session")
def bare_root(namespaces: None, tmp_path_factory: pytest.TempPathFactory) -> BareRoot:
    root = tmp_path_factory.mktemp("root")
    for name in ("proc", "tmp", "dev/shm"):
        (root / name).mkdir(parents=True)
    (root / "dev" / "null").touch()
    (root / "dev" / "urandom").touch()
    for path in _glibc():
        target = root / str(path).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return BareRoot(directory=root)


def _glibc() -> list[Path]:
    """Its libraries where this host's loader finds them, and the loader under its own name."""
    own = elf.read(Path("/bin/sh").resolve())
    assert own is not None
    lines = subprocess.run(
        ["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    found = [line.split(" => ")[1].strip() for line in lines if " => " in line]
    libraries = [Path(path) for path in found if Path(path).name in elf.GLIBC]
    return [Path(own.interpreter), *(path for path in libraries if _is_like(path, own))]


def _is_like(path: Path, other: elf.Elf) -> bool:
    found = elf.read(path)
    return found is not None and found.machine == other.machine and found.bits == other.bits
