"""The root file systems: made once, then kept below ``.cache/rootfs``.

`debian` is debootstrap's minbase, which holds no Python, with a static busybox
laid in.  `busybox` holds glibc's own files and busybox, and nothing else.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
DIRECTORIES = ("dev", "etc", "home", "proc", "root", "run", "srv", "sys", "tmp", "usr", "var")
MERGED = ("bin", "sbin", "lib", "lib64")  # links into usr/


def missing() -> str:
    """What this host lacks for these tests, "" where it lacks nothing."""
    if os.geteuid() != 0:
        return "they need root (mount, chroot)"
    for program in ("debootstrap", "unshare", "nsenter", "chroot", "mount", "systemd-nspawn"):
        if _program(program) is None:
            return f"`{program}` is not installed (run: make system)"
    return ""


def debian() -> Path:
    """A minimal Debian of the host's own suite, without Python."""
    name = suite()
    return once(name, lambda root: debootstrap(name, root, "busybox-static", mirror(name)))


def busybox() -> Path:
    """A file system of glibc and busybox only: its `sh` is busybox, there are no coreutils."""
    base = debian()
    return once(f"{base.name}-busybox", lambda root: _reduce(base, root))


def debootstrap(suite: str, root: Path, include: str, mirror: str) -> None:
    """Make the suite's minimal variant with those packages; it names no archive, no resolver."""
    program = _program("debootstrap")
    assert program
    # dpkg syncs each file otherwise: a minute of waiting for a tree that is made again at will.
    hasty = root / "etc/dpkg/dpkg.cfg.d/hasty"
    hasty.parent.mkdir(parents=True)
    hasty.write_text("force-unsafe-io\n")
    done = subprocess.run(
        [program, "--variant=minbase", f"--include={include}", suite, root, mirror],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"debootstrap failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    hasty.unlink()
    for trace in ("var/cache/apt/archives", "var/lib/apt/lists"):
        shutil.rmtree(root / trace)
    (root / "etc/apt/sources.list").write_text("")
    (root / "etc/resolv.conf").write_text("")
    (root / "etc/hostname").write_text("bare\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")


def _reduce(base: Path, root: Path) -> None:
    for name in DIRECTORIES:
        (root / name).mkdir()
    (root / "tmp").chmod(0o1777)
    for name in MERGED:
        (root / "usr" / name).mkdir()
        (root / name).symlink_to(f"usr/{name}")
    listing = next((base / "var/lib/dpkg/info").glob("libc6*.list"))
    for name in listing.read_text().splitlines():
        source = base / name.lstrip("/")
        if "/share/" in name or "/gconv/" in name or source.is_dir():
            continue
        target = root / name.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)
    for name in ("passwd", "group", "hosts", "nsswitch.conf"):
        shutil.copy2(base / "etc" / name, root / "etc" / name)
    shutil.copy2(base / "usr/bin/busybox", root / "usr/bin/busybox")
    subprocess.run(["chroot", root, "/bin/busybox", "--install", "-s"], check=True)


def once(name: str, make: Callable[[Path], None]) -> Path:
    """The root of that name; made under a temporary name, then renamed."""
    directory = Path(os.environ.get("RELFORGE_TEST_CACHE") or REPOSITORY / ".cache") / "rootfs"
    directory.mkdir(parents=True, exist_ok=True)
    place = directory / name
    with _locked(directory / f"{name}.lock"):
        if not place.is_dir():
            draft = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=directory))
            try:
                draft.chmod(0o755)
                make(draft)
                draft.rename(place)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
    return place


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def suite() -> str:
    """The name of this host's Debian."""
    lines = Path("/etc/os-release").read_text().splitlines()
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    return values.get("VERSION_CODENAME", "bookworm").strip('"')


def mirror(suite: str) -> str:
    """The archive that this host's own apt uses for the suite."""
    for codename, address in archives():
        if codename == suite:
            return address
    raise RuntimeError(f"apt knows no archive of {suite}; run: apt-get update")


def archives() -> list[tuple[str, str]]:
    """Codename and address of what this host's own apt reads."""
    rows = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [(codename, address) for codename, address in (row.split(" ", 1) for row in rows)]


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
