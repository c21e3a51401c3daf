"""The disk that the hosts boot from: the bare Debian of `tests.rootfs`, and systemd on top.

It holds no Python.  Made once, then kept below ``.cache/rootfs``.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.rootfs import base

PACKAGES = ("systemd", "systemd-sysv", "dbus", "procps")
# Nothing waits for hardware, a network or a terminal, and nothing comes by while tests run.
MASKED = (
    "apt-daily-upgrade.timer",
    "apt-daily.timer",
    "console-getty.service",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty@tty1.service",
    "systemd-networkd-wait-online.service",
    "systemd-resolved.service",
    "systemd-timesyncd.service",
)


def image() -> Path:
    """A Debian of this host's own suite that boots; nobody may write to it."""
    bare = base.debian()
    return base.once(f"{bare.name}-systemd", lambda root: _make(bare, root))


def more(name: str, *packages: str) -> Path:
    """The same with more packages, under a name of its own."""
    booting, suite = image(), base.debian().name
    return base.once(f"{suite}-{name}", lambda root: _add(booting, suite, root, packages))


def _make(bare: Path, root: Path) -> None:
    _add(bare, bare.name, root, PACKAGES)
    for name in MASKED:
        (root / "etc/systemd/system" / name).symlink_to("/dev/null")
    # Each host is given one of its own.
    (root / "etc/machine-id").write_text("")


def _add(lower: Path, suite: str, root: Path, packages: tuple[str, ...]) -> None:
    subprocess.run(["cp", "-a", f"{lower}/.", root], check=True)
    with _network(suite, root):
        _inside(root, "apt-get", "update")
        _inside(root, "apt-get", "install", "-y", "--no-install-recommends", *packages)
    for trace in ("var/cache/apt", "var/lib/apt/lists", "var/log", "usr/share/doc"):
        shutil.rmtree(root / trace, ignore_errors=True)
        (root / trace).mkdir(parents=True)


@contextmanager
def _network(suite: str, root: Path) -> Iterator[None]:
    """The archive and the resolver of this host, for the time of the ``with``."""
    sources, resolver = root / "etc/apt/sources.list", root / "etc/resolv.conf"
    policy = root / "usr/sbin/policy-rc.d"
    sources.write_text(f"deb {base.mirror(suite)} {suite} main\n")
    shutil.copy("/etc/resolv.conf", resolver)
    policy.write_text("#!/bin/sh\nexit 101\n")  # start nothing: invoke-rc.d(8)
    policy.chmod(0o755)
    try:
        yield
    finally:
        sources.write_text("")
        resolver.write_text("")
        policy.unlink()


def _inside(root: Path, *words: str) -> None:
    done = subprocess.run(
        ["chroot", root, "/usr/bin/env", "DEBIAN_FRONTEND=noninteractive", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
