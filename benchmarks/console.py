"""`make bench-console`: what the console costs, on one Python, beside Elixir's own release.

A release is built from a bare application (a loop that does nothing) for the
Python that is named; ratios are medians of pairs taken in turn.  Where `mix` is
installed, the same commands of a bare `mix release` stand beside ours.
Nothing here passes or fails.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pexpect

from relforge.runtime.client.connection import Client
from relforge.runtime.client.find import Address

ROUNDS = int(os.environ.get("ROUNDS", "15"))
EVALUATIONS = 2000
DEADLINE = 60
APPLICATION = """
import asyncio
from relforge.runtime import ready

async def main():
    ready()
    await asyncio.Event().wait()
"""
PROJECT = """
[project]
name = "bare"
version = "1.0"
requires-python = ">=3.11"
[tool.relforge]
app = ["bare.py"]
python = {{ version = "{version}" }}
services.web = {{ run = "bare:main" }}
"""


def main() -> int:
    versions = sys.argv[1:] or ["3.11", "3.12", "3.13"]
    with tempfile.TemporaryDirectory(prefix="rfb-") as name:
        folder = Path(name)
        theirs = elixir(folder)
        for version in versions:
            measure(folder / version, version, theirs)
    return 0


def measure(folder: Path, version: str, theirs: dict[str, float]) -> None:
    program = build(folder, version)
    python = program.parent / "python"
    began = time.perf_counter()
    run([program, "start"])
    run([program, "rpc", "1"])
    first = time.perf_counter() - began
    try:
        bare = [python, "-I", "-S", "-c", "pass"]
        libraries = program.parents[1] / "runtime" / "console-libs"
        toolkit = f"import sys; sys.path.append({str(libraries)!r}); import prompt_toolkit"
        print(f"\nPython {version}: medians of {ROUNDS} rounds")
        print(f"{'':44}{'ours':>10}{'of':>10}{'ratio':>8}{'elixir':>10}")
        row("version", [program, "version"], ["sh", "-c", "true"], theirs.get("version"))
        row("rpc 1  |  python -I -S -c pass", [program, "rpc", "1"], bare, theirs.get("rpc"))
        row("eval 1  |  python -I -S -c pass", [program, "eval", "1"], bare, theirs.get("eval"))
        row("pid  |  python -I -S -c pass", [program, "pid"], bare, theirs.get("pid"))
        pairs = [
            (prompt(program), timed([python, "-I", "-c", toolkit])) for _ in range(ROUNDS + 1)
        ][1:]
        show("console to prompt  |  import prompt_toolkit", pairs, theirs.get("remote"))
        print(f"{'start to the first answer':44}{first * 1e3:7.1f} ms", end="")
        print(f"{theirs['first'] * 1e3:33.1f} ms" if "first" in theirs else "")
        session(program)
    finally:
        run([program, "stop"])


def session(program: Path) -> None:
    """In one open session: an evaluation, an interrupt of a busy loop; the idle agent."""
    place = str(program.parents[1] / "var" / "run" / "web.1.sock")
    client = Client(Address("web", 1, place, []), "bench", 5.0)
    took = []
    for _ in range(EVALUATIONS):
        began = time.perf_counter()
        request = client.post("eval", source="1")
        while client.receive().get("id") != request:
            pass
        took.append(time.perf_counter() - began)
    took.sort()
    print(f"{'an evaluation in an open session':44}{took[len(took) // 2] * 1e3:7.3f} ms", end="")
    print(f"   99 %: {took[len(took) * 99 // 100] * 1e3:.3f} ms")
    ended = []
    for _ in range(ROUNDS):
        request = client.post("eval", source="print('in')\nwhile True: pass")
        client.receive()
        time.sleep(0.05)
        began = time.perf_counter()
        client.send({"op": "interrupt", "id": request})
        while client.receive().get("op") != "done":
            pass
        ended.append(time.perf_counter() - began)
    print(f"{'a busy loop interrupted':44}{statistics.median(ended) * 1e3:7.1f} ms", end="")
    print(f"   longest: {max(ended) * 1e3:.1f} ms")
    used = cpu(client.pid)
    time.sleep(5)
    print(f"{'CPU of the idle process in 5 s':44}{(cpu(client.pid) - used) * 1e3:7.1f} ms")
    client.close()


def build(folder: Path, version: str) -> Path:
    """A release of the bare application; its program."""
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT.format(version=version))
    (folder / "bare.py").write_text(APPLICATION)
    words = [sys.executable, "-m", "relforge", "build", "--project", folder, "--json"]
    done = subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE)
    return Path(folder, json.loads(done.stdout)["tree"], "bin", "bare").resolve()


def elixir(folder: Path) -> dict[str, float]:
    """The same of a bare `mix release`; nothing where there is no mix."""
    if shutil.which("mix") is None:
        print("no mix here: apt-get install elixir")
        return {}
    environ = {**os.environ, "MIX_ENV": "prod", "HOME": str(folder)}
    made = folder / "bare"
    for words, place in ((["new", "bare", "--sup"], folder), (["release", "--quiet"], made)):
        subprocess.run(
            ["mix", *words], cwd=place, env=environ, check=True, stdout=subprocess.DEVNULL
        )
    program = made / "_build" / "prod" / "rel" / "bare" / "bin" / "bare"
    began = time.perf_counter()
    run([program, "daemon"])
    while subprocess.run([program, "rpc", "1"], capture_output=True, check=False).returncode:
        pass
    found = {"first": time.perf_counter() - began}
    try:
        for name, words in {
            "version": ["version"],
            "rpc": ["rpc", "1"],
            "eval": ["eval", "1"],
            "pid": ["pid"],
        }.items():
            found[name] = statistics.median(timed([program, *words]) for _ in range(ROUNDS))
        found["remote"] = statistics.median(
            prompt(program, "remote", "iex(") for _ in range(min(ROUNDS, 5))
        )
    finally:
        run([program, "stop"])
    return found


def prompt(program: Path, command: str = "remote_console", sign: str = "web.1> ") -> float:
    """Seconds from the command to its prompt at a terminal."""
    began = time.perf_counter()
    child = pexpect.spawn(str(program), [command], env=environment(), timeout=DEADLINE)
    child.expect_exact(sign)
    took = time.perf_counter() - began
    child.close(force=True)
    return took


def row(title: str, ours: list[object], theirs: list[object], elixirs: float | None) -> None:
    pairs = [(timed(ours), timed(theirs)) for _ in range(ROUNDS + 1)][1:]
    show(title, pairs, elixirs)


def show(title: str, pairs: list[tuple[float, float]], elixirs: float | None) -> None:
    ours = statistics.median(a for a, _ in pairs)
    theirs = statistics.median(b for _, b in pairs)
    ratio = statistics.median(a / b for a, b in pairs)
    last = "" if elixirs is None else f"{elixirs * 1e3:7.1f} ms"
    print(f"{title:44}{ours * 1e3:7.1f} ms{theirs * 1e3:7.1f} ms{ratio:8.2f}{last}", flush=True)


def timed(words: list[object]) -> float:
    began = time.perf_counter()
    run(words)
    return time.perf_counter() - began


def run(words: list[object]) -> None:
    subprocess.run(
        [str(word) for word in words],
        env=environment(),
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        timeout=DEADLINE,
    )


def environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "HOME": os.environ["HOME"]}


def cpu(pid: int) -> float:
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
