"""`make bench-peers`: relforge against what else packs a Python application.

Each peer builds the application in benchmarks/app from the same lock, with the
same interpreter, all downloads being on the disk.  Peers take turns, so that a
machine whose speed drifts slows all of them.  Nothing here passes or fails.

    --runs N         the median of so many (3)
    --only A,B       these peers alone
    --write          put the table into docs/explanation/benchmarks.md
"""

from __future__ import annotations

import argparse
import ctypes
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import page

REPOSITORY = Path(__file__).resolve().parents[1]
APP = REPOSITORY / "benchmarks" / "app"
WORK = REPOSITORY / ".cache" / "bench"
LIBC = ctypes.CDLL(None)
KCMP, KCMP_VM = {"x86_64": 312, "aarch64": 272}, 1  # asm/unistd.h, linux/kcmp.h
PYTHON = "3.11"
DEADLINE = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """``build`` makes the artifact of a project; ``forget`` removes what it keeps but downloads."""

    name: str
    build: Callable[[Place], Path]
    forget: Callable[[Place], None]
    run: Callable[[Place, Path], list[str]]  # unpacks, and returns what to start
    version: Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one peer works."""

    root: Path

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def out(self) -> Path:
        return self.root / "out"

    @property
    def cache(self) -> Path:
        return self.root / "cache"


def tool(name: str) -> str:
    """A program of the peers' environment."""
    return str(WORK / "tools" / "bin" / name)


def python() -> str:
    """The interpreter that all of them bring along."""
    found = shutil.which(f"python{PYTHON}")
    assert found, f"the benchmark needs python{PYTHON}"
    return os.path.realpath(found)


def shell(*words: object, cwd: Path | None = None, **env: str) -> None:
    # Nobody has this set, but for some build hosts: every program would compile itself each time.
    usual = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**usual, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{words[0]}: {done.stdout[-3000:]}")


# --- the peers


def relforge_build(place: Place) -> Path:
    words = [sys.executable, "-m", "relforge", "release", "--quiet", "--project", place.project]
    shell(*words, RELFORGE_CACHE_DIR=str(place.cache))
    return next((place.project / "dist").glob("*.tar.gz"))


def relforge_forget(place: Place) -> None:
    for path in (place.project / "dist", place.project / "_build"):
        shutil.rmtree(path, ignore_errors=True)
    kept = {"wheels", "backends", "pex"}  # what came from an index
    for path in place.cache.iterdir():
        if path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)


def relforge_run(place: Place, artifact: Path) -> list[str]:
    shell("tar", "-xzf", artifact, "-C", place.out)
    return [str(next(place.out.glob("bench-app-*")) / "bin" / "bench-app"), "foreground"]


def expert_build(place: Place) -> Path:
    script = REPOSITORY / "benchmarks" / "expert.sh"
    env = {"UV": tool("uv"), "UV_CACHE_DIR": str(place.cache)}
    shell("sh", script, place.project, python(), place.out, **env)
    return place.out / "app.tar.gz"


def expert_forget(place: Place) -> None:
    shutil.rmtree(place.out / "app", ignore_errors=True)


def expert_run(place: Place, artifact: Path) -> list[str]:
    shell("tar", "-xzf", artifact, "-C", place.out)
    return [str(place.out / "app" / "run")]


def shiv_build(place: Place) -> Path:
    artifact = place.out / "app.pyz"
    lock = place.project / "requirements.lock"
    site = place.out / "site"
    shutil.rmtree(site, ignore_errors=True)
    words = [python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    words += ["--no-deps", "--target", str(site), "--cache-dir", str(place.cache)]
    shell(*words, "--require-hashes", "-r", lock)
    shutil.copytree(place.project / "bench_app", site / "bench_app")
    shell(tool("shiv"), "--site-packages", site, "-e", "bench_app.__main__:main", "-o", artifact)
    return artifact


def shiv_run(place: Place, artifact: Path) -> list[str]:
    return [python(), str(artifact)]


def pex_build(place: Place) -> Path:
    return _pex(place, place.out / "app.pex")


def pex_packed_build(place: Place) -> Path:
    """A directory of one archive for each wheel, shipped as a tarball."""
    tree = place.out / "app"
    shutil.rmtree(tree, ignore_errors=True)
    _pex(place, tree, "--layout", "packed")
    shell("tar", "-C", place.out, "-cf", place.out / "app.tar", "app")
    return place.out / "app.tar"


def _pex(place: Place, artifact: Path, *more: str) -> Path:
    words = [tool("pex"), "-r", place.project / "requirements.lock", "-D", place.project]
    words += ["-e", "bench_app.__main__:main", "-o", artifact, "--python", python()]
    words += ["--venv", "prepend", "--compile", *more]
    shell(*words, cwd=place.project, PEX_ROOT=str(place.cache))
    return artifact


def pex_run(place: Place, artifact: Path) -> list[str]:
    return [python(), str(artifact)]


def pex_packed_run(place: Place, artifact: Path) -> list[str]:
    return [python(), str(place.out / "app")]


def pyinstaller_build(place: Place) -> Path:
    venv = WORK / "frozen"  # with the application's dependencies: PyInstaller looks there
    if not (venv / "whole").exists():
        shell(python(), "-m", "venv", "--clear", venv)
        pip = [venv / "bin" / "python", "-m", "pip", "install", "--quiet"]
        shell(*pip, "--require-hashes", "-r", APP / "requirements.lock")
        shell(*pip, "--require-hashes", "-r", REPOSITORY / "requirements-bench.lock")
        (venv / "whole").touch()
    words = [venv / "bin" / "pyinstaller", "--noconfirm", "--onedir", "--name", "app"]
    words += ["--add-data", f"{place.project}/bench_app/templates:bench_app/templates"]
    words += ["--hidden-import", "uvicorn.lifespan.on", "--collect-submodules", "uvicorn"]
    words += ["--collect-all", "psycopg", "--collect-all", "psycopg_binary"]
    words += ["--distpath", place.out, "--workpath", place.cache, "--specpath", place.root]
    words += ["--paths", place.project, place.project / "bench_app" / "__main__.py"]
    shell(*words, cwd=place.root)
    shell("tar", "-C", place.out, "-czf", place.out / "app.tar.gz", "app")
    return place.out / "app.tar.gz"


def pyinstaller_run(place: Place, artifact: Path) -> list[str]:
    return [str(place.out / "app" / "app")]


def forget_all(place: Place) -> None:
    for path in (place.out, place.root / "app.spec"):
        shutil.rmtree(path, ignore_errors=True)
    place.out.mkdir()


def pyinstaller_forget(place: Place) -> None:
    forget_all(place)
    shutil.rmtree(place.cache, ignore_errors=True)


def said(*words: str) -> Callable[[], str]:
    def version() -> str:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        return (done.stdout or done.stderr).split("\n")[0].split()[-1]

    return version


PEERS = (
    Peer(
        name="relforge",
        build=relforge_build,
        forget=relforge_forget,
        run=relforge_run,
        version=said(sys.executable, "-m", "relforge", "--version"),
    ),
    Peer(
        name="uv + tar + gzip -1",
        build=expert_build,
        forget=expert_forget,
        run=expert_run,
        version=lambda: subprocess.check_output([tool("uv"), "--version"], text=True).split()[1],
    ),
    Peer(
        name="shiv",
        build=shiv_build,
        forget=forget_all,
        run=shiv_run,
        version=lambda: said(tool("shiv"), "--version")().strip(","),
    ),
    Peer(
        name="pex",
        build=pex_build,
        forget=forget_all,
        run=pex_run,
        version=said(tool("pex"), "--version"),
    ),
    Peer(
        name="pex-packed",
        build=pex_packed_build,
        forget=forget_all,
        run=pex_packed_run,
        version=said(tool("pex"), "--version"),
    ),
    Peer(
        name="PyInstaller",
        build=pyinstaller_build,
        forget=pyinstaller_forget,
        run=pyinstaller_run,
        version=said(str(WORK / "frozen" / "bin" / "pyinstaller"), "--version"),
    ),
)


# --- what is measured


def seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def change(place: Place) -> None:
    """One line of the application."""
    with (place.project / "bench_app" / "web.py").open("a") as file:
        file.write(f"\nCHANGED = {time.time_ns()}\n")


def change_wheel(place: Place) -> None:
    """Another version of one wheel, `idna.lock`; and back, when called once more."""
    lock = place.project / "requirements.lock"
    kept = place.root / "other.lock"
    if not kept.exists():
        before, idna, rest = lock.read_text().partition("idna==")
        after = rest[rest.index("\njinja2==") + 1 :]
        kept.write_text(before + (REPOSITORY / "benchmarks" / "idna.lock").read_text() + after)
        assert idna
    other = kept.read_text()
    kept.write_text(lock.read_text())
    lock.write_text(other)


def first_page(peer: Peer, place: Place, artifact: Path) -> float:
    """From the unpacked artifact to the first answer, in seconds."""
    words = peer.run(place, artifact)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = place.root / "home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "PORT": str(port)}
    env |= {"PEX_ROOT": str(home / "pex"), "SHIV_ROOT": str(home / "shiv")}
    started = time.perf_counter()
    process = subprocess.Popen(
        words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0
    )
    try:
        while time.perf_counter() - started < DEADLINE:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
                    assert b"psycopg" in page.read()
                    return time.perf_counter() - started
            except (urllib.error.URLError, ConnectionError):
                assert process.poll() is None, f"{peer.name}: it ended with {process.returncode}"
                time.sleep(0.02)
        sys.exit(f"{peer.name}: no page within {DEADLINE} s")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def peak(action: Callable[[], object]) -> float:
    """The most memory that this process's children had together meanwhile, in MB."""
    most, done = 0, threading.Event()

    def look() -> None:
        nonlocal most
        while not done.wait(0.05):
            most = max(most, together(descendants(os.getpid())))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        action()
    finally:
        done.set()
        watcher.join()
    return most / 1e6


def together(pids: list[int]) -> int:
    """The memory of these processes in bytes; what some of them share counts once (PSS, proc(5)).

    Between vfork(2) and execve(2) a child is in its parent's memory, and counts for nothing.
    """
    return sum(share(pid) for pid in pids if not is_guest(pid))


def share(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:  # it has ended meanwhile
        return 0
    return int(text.partition("\nPss:")[2].split()[0]) * 1024 if "\nPss:" in text else 0


def is_guest(pid: int) -> bool:
    """Is this process in the memory of its parent?  kcmp(2) knows."""
    try:
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return True
    return LIBC.syscall(KCMP[os.uname().machine], pid, parent, KCMP_VM, 0, 0) == 0


def descendants(pid: int) -> list[int]:
    found = []
    try:
        paths = list(Path(f"/proc/{pid}/task").glob("*/children"))
        children = [int(word) for path in paths for word in path.read_text().split()]
    except OSError:  # it has ended meanwhile
        return []
    for child in children:
        found += [child, *descendants(child)]
    return found


ROWS = (
    "cold caches",
    "nothing changed",
    "one line changed",
    "one wheel changed",
    "first page",
    "artifact",
    "memory",
)
Figures = dict[str, list[float]]  # by row


def begin(peer: Peer) -> Place:
    """A project of its own, both versions of the wheel fetched."""
    place = Place(root=WORK / peer.name.split(" ", 1)[0])
    shutil.rmtree(place.root, ignore_errors=True)
    for directory in (place.out, place.cache):
        directory.mkdir(parents=True)
    shutil.copytree(APP, place.project)
    for _ in range(2):
        peer.build(place)
        change_wheel(place)
    return place


def turn(peer: Peer, place: Place, found: Figures) -> None:
    """Each kind of build once."""
    peer.forget(place)
    found["cold caches"].append(seconds(lambda: peer.build(place)))
    found["nothing changed"].append(seconds(lambda: peer.build(place)))
    change(place)
    found["one line changed"].append(seconds(lambda: peer.build(place)))
    if peer.name != "PyInstaller":  # it takes what is installed, and knows no lock
        change_wheel(place)
        found["one wheel changed"].append(seconds(lambda: peer.build(place)))
        change_wheel(place)


def end(peer: Peer, place: Place, found: Figures) -> None:
    """What one look at the result shows."""
    artifact = peer.build(place)
    found["artifact"].append(artifact.stat().st_size / 1e6)
    found["first page"].append(first_page(peer, place, artifact))
    change(place)
    found["memory"].append(peak(lambda: peer.build(place)))


def tools() -> None:
    """The peers' own environment, from its lock."""
    if not Path(tool("shiv")).exists():
        shell(sys.executable, "-m", "venv", "--clear", WORK / "tools")
        pip = [tool("python"), "-m", "pip", "install", "--quiet", "--require-hashes"]
        shell(*pip, "-r", REPOSITORY / "requirements-bench.lock")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    tools()
    wanted = [row for row in PEERS if not options.only or row.name in options.only.split(",")]
    print("fetching ...", file=sys.stderr, flush=True)
    places = {peer: begin(peer) for peer in wanted}
    figures: dict[Peer, Figures] = {peer: {row: [] for row in ROWS} for peer in wanted}
    for number in range(options.runs):
        for peer, place in places.items():
            print(f"{number + 1}. {peer.name} ...", file=sys.stderr, flush=True)
            turn(peer, place, figures[peer])
    for peer, place in places.items():
        end(peer, place, figures[peer])
    found = {
        peer: {row: statistics.median(values) if values else None for row, values in rows.items()}
        for peer, rows in figures.items()
    }
    text = table(found, options.runs)
    print(text)
    if options.write:
        page.put("table", text)


def table(found: dict[Peer, dict[str, float | None]], runs: int) -> str:
    names = " | ".join(f"{peer.name} {peer.version()}" for peer in found)
    lines = [f"| | {names} | the best peer takes |", f"|---|{'---|' * (len(found) + 1)}"]
    units = {"artifact": "MB", "memory": "MB"}
    for row in ROWS:
        unit = units.get(row, "s")
        places = 0 if unit == "MB" else 1
        figures = [values[row] for values in found.values()]
        cells = ["-" if one is None else f"{one:.{places}f} {unit}" for one in figures]
        lines.append(f"| {row} | {' | '.join(cells)} | {ratio(figures)} |")
    cores = f"{os.uname().machine}, {os.cpu_count()} cores, CPython {PYTHON}, medians of {runs}."
    return "\n".join([*lines, "", cores, ""])


def ratio(figures: list[float | None]) -> str:
    """How many times ours, the first, the best of the others is."""
    ours, *others = figures
    best = min((one for one in others if one is not None), default=None)
    return "-" if best is None or not ours else f"{best / ours:.1f} times"


if __name__ == "__main__":
    main()
