"""An aarch64 machine, emulated: a root of glibc, dash and busybox, and an interpreter's archive.

Everything comes from Debian's packages, unpacked and never installed.  The
kernel starts programs of that CPU by `binfmt_misc` in a user namespace of its
own, so nothing of this host changes.

    <.cache>/rootfs/<suite>-arm64/
      qemu             the emulator, static
      root/            what a bare machine has: no Python
      cpython.tar.gz   Debian's Python in the shape of install_only
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from relforge import elf
from tests.rootfs import base

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"  # here, and in the machine
PACKAGES = ("libc6", "dash", "busybox-static")
# What the kernel knows an aarch64 program by: magic, mask, see binfmt_misc.
MAGIC = r"\x7f\x45\x4c\x46\x02\x01\x01\x00" + r"\x00" * 8 + r"\x02\x00\xb7\x00"
MASK = r"\xff" * 7 + r"\x00" + r"\xff" * 8 + r"\xfe\xff\xff\xff"
ENTER = """
set -eu
root=$1 qemu=$2; shift 2
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
printf '%s' ":relforge:M::$magic:$mask:$qemu:F" >/proc/sys/fs/binfmt_misc/register
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
exec chroot "$root" "$@"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The emulated machine; ``archive`` holds ``version`` of CPython for it."""

    directory: Path

    @property
    def root(self) -> Path:
        return self.directory / "root"

    @property
    def archive(self) -> Path:
        return self.directory / "cpython.tar.gz"

    @property
    def version(self) -> str:
        (name,) = (path.name for path in self.directory.glob("python3.*"))
        return name.removeprefix("python")

    def run(
        self, *words: str, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in it, in namespaces that end with it."""
        unshare = ("unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork")
        return subprocess.run(
            [*unshare, "--kill-child", "sh", "-c", ENTER, "sh", *self._place(), *words],
            env={"PATH": PATH, "magic": MAGIC, "mask": MASK, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def _place(self) -> tuple[str, str]:
        return str(self.root), str(self.directory / "qemu")


def machine() -> Machine:
    """The machine, made once; raises RuntimeError where Debian's packages are out of reach."""
    return Machine(directory=base.once(f"{base.suite()}-arm64", _make))


def _make(directory: Path) -> None:
    apt = _Apt(directory=directory / "apt")
    apt.update()
    version = max(apt.names(r"^python3\.[0-9]+-minimal$"), key=_minor).removesuffix("-minimal")
    _fetch_emulator(directory)
    _lay_out_root(apt.packages(*PACKAGES), directory / "root")
    python = apt.packages(version, depends=True)
    _pack(python, version, directory / "cpython.tar.gz")
    (directory / version).touch()
    for left in ("apt", "host"):
        shutil.rmtree(directory / left)


def _fetch_emulator(directory: Path) -> None:
    """The static one: a package of its own until Debian 12, then the only one there is."""
    for package in ("qemu-user-static", "qemu-user"):
        unpacked = _unpack(_fetched(directory / "host" / package, ["apt-get", "download", package]))
        for name in ("qemu-aarch64-static", "qemu-aarch64"):
            if (program := unpacked / "usr/bin" / name).is_file():
                shutil.copy2(program.resolve(), directory / "qemu")
                return
    raise RuntimeError("neither qemu-user-static nor qemu-user has a program for aarch64")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Apt:
    """Debian's packages for arm64, from where this host's apt has its own."""

    directory: Path

    @property
    def options(self) -> list[str]:
        rows = {
            "APT::Architecture": "arm64",
            "APT::Architectures": "arm64",
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Dir::State": str(self.directory / "state"),
            "Dir::State::status": str(self.directory / "status"),
            "Dir::Cache": str(self.directory / "cache"),
        }
        return [word for key, value in rows.items() for word in ("-o", f"{key}={value}")]

    def update(self) -> None:
        for name in ("state/lists/partial", "cache/archives/partial"):
            (self.directory / name).mkdir(parents=True)
        (self.directory / "status").touch()
        _run(["apt-get", *self.options, "update"])

    def names(self, pattern: str) -> list[str]:
        found = _run(["apt-cache", *self.options, "search", "--names-only", pattern])
        return [line.split()[0] for line in found.splitlines()]

    def packages(self, *names: str, depends: bool = False) -> Path:
        """The packages, unpacked over each other; with ``depends`` all that they need."""
        fetched = self.directory / "-".join(names)
        if not depends:
            return _unpack(_fetched(fetched, ["apt-get", *self.options, "download", *names]))
        archives = self.directory / "cache" / "archives"
        words = ["install", "--yes", "--no-install-recommends", "--download-only", *names]
        _run(["apt-get", *self.options, *words])
        return _unpack(archives)


def _fetched(directory: Path, words: list[str]) -> Path:
    directory.mkdir(parents=True)
    _run(words, cwd=directory)
    return directory


def _unpack(debs: Path) -> Path:
    into = debs / "unpacked"
    for deb in sorted(debs.glob("*.deb")):
        _run(["dpkg-deb", "--extract", str(deb), str(into)])
    return into


def _lay_out_root(packages: Path, root: Path) -> None:
    shutil.copytree(packages, root, symlinks=True)
    for name in ("proc", "tmp", "srv", "dev", "usr/bin"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for name in ("bin", "lib", "sbin"):
        if not (root / name).exists():
            (root / name).symlink_to(f"usr/{name}")  # from Debian 13 on, packages know no other
    (root / "dev/null").touch()
    (root / "bin/sh").unlink(missing_ok=True)
    (root / "bin/sh").symlink_to("dash")
    for name in ("uname", "readlink", "cat", "ls"):
        (root / "usr/bin" / name).symlink_to("/bin/busybox")


def _pack(packages: Path, version: str, archive: Path) -> None:
    """Debian's Python as python-build-standalone would pack it, with its libraries."""
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        tar.add(packages / f"usr/bin/{version}", f"python/bin/{version}")
        stdlib = packages / "usr/lib" / version
        for path in sorted(stdlib.rglob("*")):
            outside = path.is_symlink() and os.readlink(path).startswith("/")
            if not path.is_dir() and not outside:
                tar.add(path, f"python/lib/{version}/{path.relative_to(stdlib)}")
        libraries = {
            path.name: path.resolve()
            for directory in ("lib", "usr/lib")
            for path in (packages / directory / "aarch64-linux-gnu").glob("*.so*")
        }
        for name, path in sorted(libraries.items()):
            if name not in elf.GLIBC and path.is_file():
                tar.add(path, f"python/lib/{name}")


def _minor(name: str) -> int:
    found = re.search(r"3\.(\d+)", name)
    return int(found[1]) if found else 0


def _run(words: list[str], cwd: Path | None = None) -> str:
    done = subprocess.run(
        words, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr[-2000:]}")
    return done.stdout
