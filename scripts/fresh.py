"""`make fresh`: the README's two commands on a Debian that has what the README asks for, no more.

For each suite debootstrap makes a root file system of its minimal variant with python3, make,
git and ca-certificates; it is kept as those of `tests.rootfs.base` are.  Each run writes to a
layer above it that is forgotten at its end.  A fresh clone of HEAD is put there, and the
commands run as on a user's own machine, in a root, mounts and processes of their own.

What this host needs to reach its package indexes (resolver, proxies, certificates, sources of
apt, configuration of pip and npm) is carried in for the time of the run.  The network is the
host's.  Run it as ``python3 -m scripts.fresh``; SUITES and FRESH choose what runs.  Debian sid has
several Pythons, and PYTHON chooses one: it is where relforge runs on what no Debian release has.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.rootfs import base

REPOSITORY = Path(__file__).resolve().parents[1]
SUITES = {"bookworm": "Debian 12", "trixie": "Debian 13", "sid": "Debian sid"}
DEFAULT = "bookworm trixie"
ROLLING = "sid"  # without archives of updates and of security
PACKAGES = "python3,make,git,ca-certificates"
# Where there are several Pythons: PYTHON names the one to use, as it does for each target.
PYTHONS = {"sid": ("3.13", "3.14", "3.15")}
PROGRAMS = {"debootstrap": "debootstrap", "unshare": "util-linux", "git": "git"}  # of this host
PARTS = ("demo", "test", "unit", "agent", "upgrade", "quick", "release")
PASSED_ON = ("PYTHON", "TESTS")  # variables of make: which interpreter, which tests
ROOMY = 8 << 30  # bytes of memory with which the short parts write to no disk: they take two
CLONE = "/srv/relforge"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# How this host reaches what it downloads.
CARRIED = re.compile(
    r"(?i:(https?|ftp|all|no)_proxy)|(PIP|UV|NPM_CONFIG|npm_config)_\w+"
    r"|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS|GIT_SSL_CAINFO"
)
LOCAL_PATH = re.compile(r"""(?:^|[\s=,'"]|file://)(/[^\s,'"]+)""", re.M)
CERTIFICATES = Path("/usr/local/share/ca-certificates")


def main(suites: list[str], parts: list[str]) -> int:
    for kind, given, known in (("SUITES", suites, SUITES), ("FRESH", parts, PARTS)):
        if unknown := [name for name in given if name not in known]:
            print(f"{kind} names {', '.join(unknown)}; known: {', '.join(known)}", file=sys.stderr)
            return 2
    if os.geteuid():
        print("`make fresh` needs root: debootstrap, mount, pivot_root", file=sys.stderr)
        return 1
    os.environ["PATH"] = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    lacking = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    install = ["scripts/apt.sh", *lacking]
    if lacking and subprocess.run(install, cwd=REPOSITORY, check=False).returncode:
        return 1
    if subprocess.check_output(["git", "status", "--porcelain"], cwd=REPOSITORY):
        print("== what is not committed is not in the fresh clone", flush=True)
    started = time.monotonic()
    with ThreadPoolExecutor() as pool:  # most of it waits for the network
        bases = dict(zip(suites, pool.map(_base, suites), strict=True))
    took = time.monotonic() - started
    print(f"== root file systems of {', '.join(suites)}: {took:.0f} s", flush=True)
    failed = [suite for suite in suites if not _run(suite, bases[suite], parts)]
    if failed:
        print(f"== make fresh failed on {', '.join(SUITES[name] for name in failed)}", flush=True)
    return 1 if failed else 0


def _base(suite: str) -> Path:
    """The suite's root file system, which nobody may write to."""
    mirror = base.mirror(base.suite())
    return base.once(
        "-".join([f"{suite}-fresh", *PYTHONS.get(suite, ())]),
        lambda root: base.debootstrap(suite, root, include=_packages(suite), mirror=mirror),
    )


def _packages(suite: str) -> str:
    more = (f"python{version},python{version}-venv" for version in PYTHONS.get(suite, ()))
    return ",".join([PACKAGES, *more])


def _run(suite: str, lower: Path, parts: list[str]) -> bool:
    """Run the parts in a machine of that suite; whether all went well."""
    print(f"\n== {SUITES[suite]}, bare but for {_packages(suite)}", flush=True)
    with tempfile.TemporaryDirectory(prefix="relforge-fresh-") as work:
        done = subprocess.run(
            [
                *("unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child"),
                *("--", sys.executable, "-m", "scripts.fresh", "--enter"),
                *(suite, str(lower), work, *parts),
            ],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    return done.returncode == 0


def enter(suite: str, lower: str, work: Path, parts: list[str]) -> None:
    """Lay out the machine, make its root this process's, and become what runs in it."""
    root = work / "root"
    if "test" not in parts and _memory() >= ROOMY:
        _mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", work)
    _mount_root(lower, work, root)
    _carry_network(suite, root)
    _carry_indexes(root)
    subprocess.run(
        ["git", "clone", "--quiet", f"file://{REPOSITORY}", f"{root}{CLONE}"], check=True
    )
    os.chdir(root)
    Path("host").mkdir()
    subprocess.run(["pivot_root", ".", "host"], check=True)
    os.chdir("/")
    subprocess.run(["umount", "--lazy", "/host"], check=True)
    Path("/host").rmdir()
    kept = {name: value for name, value in os.environ.items() if CARRIED.fullmatch(name)}
    kept |= {name: value for name in PASSED_ON if (value := os.environ.get(name))}
    env = {**kept, "PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8", "TERM": "dumb"}
    os.execve("/bin/sh", ["sh", f"{CLONE}/scripts/fresh.sh", *parts], env)


def _memory() -> int:
    """What this host could give away, in bytes."""
    found = re.search(r"^MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text(), re.M)
    return int(found[1]) * 1024 if found else 0


def _mount_root(lower: str, work: Path, root: Path) -> None:
    for name in ("root", "upper", "scratch"):
        (work / name).mkdir(mode=0o755)
    # Not in the way that `work` was made: tests run as other users.
    work.chmod(0o755)
    options = f"lowerdir={lower},upperdir={work}/upper,workdir={work}/scratch"
    _mount("-t", "overlay", "-o", options, "overlay", root)
    _mount("-t", "proc", "proc", root / "proc")
    for name in ("dev", "sys"):
        _mount("--rbind", f"/{name}", root / name)
    _mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", root / "run")


def _carry_network(suite: str, root: Path) -> None:
    """Names, and apt's sources for the suite as this host has them for its own."""
    for name in ("resolv.conf", "hosts"):
        shutil.copy(f"/etc/{name}", root / "etc" / name)
    own = base.suite()
    rows = dict.fromkeys(base.archives())
    lines = [
        f"deb {address} {codename.replace(own, suite, 1)} main\n"
        for codename, address in rows
        if codename == own or (codename.startswith(f"{own}-") and suite != ROLLING)
    ]
    (root / "etc/apt/sources.list").write_text("".join(lines))
    dump = subprocess.check_output(["apt-config", "dump", "Acquire"], text=True)
    (root / "etc/apt/apt.conf.d/99host").write_text(dump)
    _copy(Path("/etc/apt/auth.conf.d"), root)
    if CERTIFICATES.is_dir():
        _copy(CERTIFICATES, root)
        subprocess.run(["chroot", root, "update-ca-certificates"], check=True, capture_output=True)


def _carry_indexes(root: Path) -> None:
    """The configuration of pip and npm, with the files and directories that it names."""
    found = []
    for path in _configuration():
        _copy(path, root)
        files = [path] if path.is_file() else sorted(path.rglob("*"))
        found += [file.read_text(errors="replace") for file in files if file.is_file()]
    found += [value for name, value in os.environ.items() if CARRIED.fullmatch(name)]
    for name in sorted({name for text in found for name in LOCAL_PATH.findall(text)}):
        _show(Path(name), root)


def _configuration() -> Iterator[Path]:
    home = Path.home()
    system = os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    for path in (
        Path("/etc/pip.conf"),
        *(Path(name) / "pip" for name in system.split(":")),
        *(home / ".config/pip", home / ".pip", home / ".npmrc"),
        Path(os.environ.get("PIP_CONFIG_FILE") or os.devnull),
    ):
        if path.is_dir() or path.is_file():
            yield path


def _show(path: Path, root: Path) -> None:
    """A path of this host at the same place in there, read-only, where nothing is.

    With all below the first directory that is not there: an index of files refers to others
    beside it.
    """
    if not path.exists() or (root / str(path).lstrip("/")).exists():
        return
    above = [row for row in (path, *path.parents) if not (root / str(row).lstrip("/")).exists()]
    if path.is_file() and len(above) == 1:
        _copy(path, root)
        return
    place = root / str(above[-1]).lstrip("/")
    place.mkdir()
    _mount("--bind", above[-1], place)
    _mount("-o", "remount,bind,ro", place)


def _copy(path: Path, root: Path) -> None:
    place = root / str(path).lstrip("/")
    if path.is_dir():
        shutil.copytree(path, place, dirs_exist_ok=True)
    elif path.is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)


def _mount(*words: str | Path) -> None:
    subprocess.run(["mount", *words], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--enter"]:
        enter(sys.argv[2], sys.argv[3], Path(sys.argv[4]), sys.argv[5:])
    suites = (os.environ.get("SUITES") or DEFAULT).replace(",", " ").split()
    parts = (os.environ.get("FRESH") or "demo test").replace(",", " ").split()
    sys.exit(main(suites, parts))
