"""`make bench`: what a release costs, as ratios against what it could be compared with.

Every pair runs in turn, A B A B, so that a machine whose speed drifts slows
both; the ratio is the median of the pairs.  Nothing here passes or fails.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PROJECT = REPOSITORY / "sample_app"
ROUNDS = 15
BOOTS = 5
DEADLINE = 30.0


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="relforge-bench-") as name:
        directory = Path(name)
        artifact, tree = build(directory)
        plain = plain_environment(directory, tree)
        program, python = tree / "bin" / "ticketd", tree / "bin" / "python"
        environ = {"PATH": os.environ["PATH"], "PORT": str(free_port())}
        run([program, "migrate"], environ)
        print(f"\n{os.uname().machine}, {os.cpu_count()} cores, {ROUNDS} rounds, medians\n")
        print(f"{'':44}{'ours':>10}{'theirs':>10}{'ratio':>8}")
        compare("version  |  sh -c true", [program, "version"], ["sh", "-c", "true"], environ)
        run([program, "start"], environ)
        try:
            bare = [python, "-I", "-S", "-c", "pass"]
            compare("ping  |  python -I -S -c pass", [program, "ping"], bare, environ)
            compare("rpc 1  |  python -I -S -c pass", [program, "rpc", "1"], bare, environ)
        finally:
            run([program, "stop"], environ)
        boots(program, plain, tree, environ)
        sizes(artifact, tree)
    return 0


def build(directory: Path) -> tuple[Path, Path]:
    """The sample's artifact, and its tree unpacked."""
    words = [sys.executable, "-m", "relforge", "release", "--project", str(PROJECT), "--json"]
    report = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)
    artifact = Path(report["artifact"])
    run(["tar", "-xzf", artifact, "-C", directory])
    return artifact, directory / f"ticketd-{report['version']}"


def plain_environment(directory: Path, tree: Path) -> Path:
    """A virtual environment of the same Python, lock and application: what people do today."""
    place = directory / "plain"
    run([tree / "bin" / "python", "-m", "venv", "--without-pip", place])
    # The same interpreter and the same files, without anything of relforge around them.
    packages = next((tree / "python" / "lib").glob("python3*/site-packages"))
    site = next((place / "lib").glob("python3*/site-packages"))
    (site / "same.pth").write_text(f"{packages}\n{tree / 'runtime'}\n")
    return place / "bin" / "python"


def compare(title: str, ours: list[object], theirs: list[object], environ: dict[str, str]) -> None:
    """Print the medians of two commands, and of their ratio pair by pair."""
    pairs = [(timed(ours, environ), timed(theirs, environ)) for _ in range(ROUNDS + 1)][1:]
    row(title, pairs)


def boots(program: Path, plain: Path, tree: Path, environ: dict[str, str]) -> None:
    """From the command to the first page, against uvicorn started manually."""
    port = environ["PORT"]
    theirs = [plain, "-m", "uvicorn", "ticketd.web:app", "--port", port, "--log-level", "error"]
    environ = {**environ, "TICKETD_DB__URL": f"sqlite:///{tree}/var/ticketd.db"}
    pairs = [
        (
            first_page([program, "foreground"], environ, int(port)),
            first_page(theirs, environ, int(port)),
        )
        for _ in range(BOOTS + 1)
    ][1:]
    row("foreground to first page  |  uvicorn by hand", pairs)


def sizes(artifact: Path, tree: Path) -> None:
    files = [path for path in tree.rglob("*") if path.is_file() and not path.is_symlink()]
    unpacked = sum(path.stat().st_size for path in files)
    print(f"\nartifact {artifact.stat().st_size / 1e6:.1f} MB, unpacked {unpacked / 1e6:.1f} MB")


def row(title: str, pairs: list[tuple[float, float]]) -> None:
    ours = statistics.median(a for a, _ in pairs)
    theirs = statistics.median(b for _, b in pairs)
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"{title:44}{ours * 1e3:7.1f} ms{theirs * 1e3:7.1f} ms{ratio:8.2f}", flush=True)


def timed(words: list[object], environ: dict[str, str]) -> float:
    started = time.perf_counter()
    run(words, environ)
    return time.perf_counter() - started


def first_page(words: list[object], environ: dict[str, str], port: int) -> float:
    started = time.perf_counter()
    with running(words, environ):
        ask(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=5))
        return time.perf_counter() - started


def ask(request: Callable[[], object]) -> None:
    """Until it is answered; raises TimeoutError."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        try:
            request()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.002)
    raise TimeoutError("nothing answered")


@contextmanager
def running(words: list[object], environ: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        [str(word) for word in words],
        env=environ,
        cwd=PROJECT,  # where the application finds its settings when it runs manually
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(DEADLINE)


def run(words: list[object], environ: dict[str, str] | None = None) -> None:
    subprocess.run(
        [str(word) for word in words],
        env=environ,
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=DEADLINE,
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
