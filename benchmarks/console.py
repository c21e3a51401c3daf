"""`make bench-console`: what the console costs, on each Python, beside Elixir's own release.

A release is built from a bare application (a loop, and a few lines that answer
HTTP) for each Python that is named; ratios are medians of pairs taken in turn.
Where `mix` is installed, the same commands of a bare `mix release` stand beside
ours.  Nothing here passes or fails; each row names its limit.

    --quick     fewer rounds, for trying it out
    --write     put the table into docs/explanation/benchmarks.md
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import page
import pexpect
from runtime import MIB, apart, resident

from relforge.runtime.client.addresses import AgentAddress
from relforge.runtime.client.connection import AgentClient

SESSIONS = 8
CONNECTIONS = 2  # of the load: more would only wait for each other
DEADLINE = 60
APPLICATION = """
import asyncio
from relforge.runtime import ready

ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"
port = 0

class Answers(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
    def data_received(self, data):
        self.transport.write(ANSWER)

async def main():
    global port
    server = await asyncio.get_running_loop().create_server(Answers, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    ready()
    await asyncio.Event().wait()
"""
# The same process twice: `PATH` of a socket for the agent, or none.
MEMORY = """
import asyncio, sys, threading
if sys.argv[1]:
    from relforge.runtime.agent import server
    server.start(sys.argv[1], {"name": "bare", "service": "web", "instance": 1}, {}, {})
async def main():
    print("up", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of everything."""

    rounds: int
    evaluations: int
    lines: int  # of each session
    pairs: int  # of loads
    requests: int
    idle: float  # seconds


FULL = Size(rounds=15, evaluations=2000, lines=5000, pairs=151, requests=4000, idle=10.0)
QUICK = Size(rounds=3, evaluations=200, lines=500, pairs=3, requests=600, idle=1.0)
Row = tuple[str, str, str, str]  # what, ours, the limit, Elixir's


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("versions", nargs="*", metavar="VERSION")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    versions = given.versions or ["3.11", "3.12", "3.13"]
    size = QUICK if given.quick else FULL
    with tempfile.TemporaryDirectory(prefix="rfb-") as name:
        directory = Path(name)
        theirs = elixir(directory, size)
        measured = [measure(directory / version, version, size, theirs) for version in versions]
    text = table(versions, measured, size)
    print(text, end="")
    if given.write:
        page.put("console", text)
    return 0


def measure(directory: Path, version: str, size: Size, theirs: dict[str, float]) -> list[Row]:
    """All rows of one Python."""
    program = build(directory, version)
    python = program.parent / "python"
    began = time.perf_counter()
    run([program, "start"])
    run([program, "rpc", "1"])
    first = time.perf_counter() - began
    try:
        bare = [python, "-I", "-S", "-c", "pass"]
        libraries = program.parents[1] / "runtime" / "console-libs"
        toolkit = f"import sys; sys.path.append({str(libraries)!r}); import prompt_toolkit"

        def row(title: str, words: list[object], beside: list[object], limit: str) -> Row:
            pairs = [(timed(words), timed(beside)) for _ in range(size.rounds + 1)][1:]
            return compared(title, pairs, limit, theirs.get(str(words[1])))

        prompts = [
            (prompt(program), timed([python, "-I", "-c", toolkit])) for _ in range(size.rounds + 1)
        ][1:]
        at_most = "at most 3 times `import prompt_toolkit`"
        return [
            row("`version`", [program, "version"], ["sh", "-c", "true"], "Elixir's"),
            row("`rpc 1`", [program, "rpc", "1"], bare, "at most 4 times `python -I -S -c pass`"),
            row("`eval 1`", [program, "eval", "1"], bare, "Elixir's"),
            row("`pid`", [program, "pid"], bare, "Elixir's"),
            compared("`remote_console` to its prompt", prompts, at_most, theirs.get("remote")),
            (
                "`start` to the first answer",
                milliseconds(first),
                "Elixir's",
                milliseconds(theirs["first"]) if "first" in theirs else "",
            ),
            *session(program, size),
            *together(program, size),
            *loads(program, size),
            memory(directory, python, size),
        ]
    finally:
        run([program, "stop"])


def session(program: Path, size: Size) -> list[Row]:
    """In one open session: an evaluation, an interrupt of a busy loop; the idle process."""
    client = attach(program)
    took = []
    for _ in range(size.evaluations):
        began = time.perf_counter()
        finish(client, client.post("eval", source="1"))
        took.append(time.perf_counter() - began)
    ended = []
    for _ in range(size.rounds):
        request = client.post("eval", source="print('in')\nwhile True: pass")
        client.receive()
        time.sleep(0.05)
        began = time.perf_counter()
        client.send({"op": "interrupt", "id": request})
        finish(client, request)
        ended.append(time.perf_counter() - began)
    before = cpu(client.pid)
    time.sleep(size.idle)
    used = cpu(client.pid) - before
    client.close()
    longest = f"{milliseconds(statistics.median(ended))}, longest {milliseconds(max(ended))}"
    return [
        ("an evaluation in an open session", milliseconds(statistics.median(took)), "1 ms", ""),
        ("a busy loop interrupted", longest, "50 ms", ""),
        (f"CPU at rest in {size.idle:g} s, a session open", milliseconds(used), "1 ms", ""),
    ]


def together(program: Path, size: Size) -> list[Row]:
    """Eight sessions print at once: lines of another one, torn ones, and those out of turn."""
    clients = [attach(program) for _ in range(SESSIONS)]
    out: list[list[str]] = [[] for _ in clients]
    source = "for n in range({}): print('session {} line', n)"
    requests = [
        client.post("eval", source=source.format(size.lines, number))
        for number, client in enumerate(clients)
    ]
    threads = [
        threading.Thread(target=finish, args=row)
        for row in zip(clients, requests, out, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wrong = 0
    for number, said in enumerate(out):
        expected = [f"session {number} line {n}" for n in range(size.lines)]
        lines = "".join(said).splitlines()
        wrong += sum(a != b for a, b in zip(lines, expected, strict=False))
        wrong += abs(len(lines) - len(expected))
        clients[number].close()
    title = f"mixed lines of {SESSIONS} sessions that print at once"
    return [(title, f"{wrong} of {SESSIONS * size.lines}", "0", "")]


def loads(program: Path, size: Size) -> list[Row]:
    """Requests per second with an idle console attached, and without: pairs in turn."""
    client = attach(program)
    done = finish(client, client.post("eval", source="bare.port"))
    address, pid = f"127.0.0.1:{done['repr']}", client.pid
    client.close()
    pairs = []
    for number in range(size.pairs + 1):
        ways = {}
        for attached in (True, False) if number % 2 else (False, True):
            console = attach(program) if attached else None
            if console is not None:
                finish(console, console.post("eval", source="1"))
            ways[attached] = loaded(address, pid, size)
            if console is not None:
                console.close()
        pairs.append((ways[True], ways[False]))
    rate, cost = (statistics.median(a[i] for a, _ in pairs[1:]) for i in (0, 1))
    rates, costs = (statistics.median(a[i] / b[i] for a, b in pairs[1:]) for i in (0, 1))
    title = "requests per second, an idle console attached"
    return [
        (title, f"{rate:.0f} ({rates:.3f})", "at least 0.99 times those without", ""),
        ("CPU of a request, the same", f"{cost * 1e6:.1f} µs ({costs:.3f})", "at most 1.01", ""),
    ]


def loaded(address: str, pid: int, size: Size) -> tuple[float, float]:
    """Requests per second, and the process's CPU seconds for each."""
    load = Path(__file__).with_name("load.py")
    words = [*apart(pid), sys.executable, load, address, "/", size.requests, CONNECTIONS]
    before = cpu(pid)
    done = subprocess.run([str(w) for w in words], stdout=subprocess.PIPE, check=True)
    answer = json.loads(done.stdout)
    assert not answer["failed"], answer
    return float(answer["rate"]), (cpu(pid) - before) / size.requests


def memory(directory: Path, python: Path, size: Size) -> Row:
    """Resident memory of a process with an agent that nobody has talked to, less without one."""
    pairs = [
        (alone(python, str(directory / "r" / "web.1.sock")), alone(python, ""))
        for _ in range(size.rounds)
    ]
    more = statistics.median(a - b for a, b in pairs)
    return ("memory of an idle agent", f"{more / MIB:.2f} MiB", "2 MiB", "")


def alone(python: Path, path: str) -> int:
    words = [python, "-P", "-s", "-B", "-c", MEMORY, path]
    with subprocess.Popen(
        [str(word) for word in words], env=environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "up\n"
            return resident(process.pid)
        finally:
            process.kill()


def attach(program: Path) -> AgentClient:
    place = str(program.parents[1] / "var" / "run" / "web.1.sock")
    return AgentClient(AgentAddress("web", 1, place, []), "bench", 5.0)


def finish(client: AgentClient, request: int, out: list[str] | None = None) -> dict[str, Any]:
    """The outcome of an evaluation; what it prints goes to ``out``."""
    while True:
        message = client.receive()
        if message.get("op") == "out" and out is not None:
            out.append(message["data"])
        elif message.get("id") == request and message.get("op") == "done":
            return message


def build(directory: Path, version: str) -> Path:
    """A release of the bare application; its program."""
    directory.mkdir()
    (directory / "pyproject.toml").write_text(PROJECT.format(version=version))
    (directory / "bare.py").write_text(APPLICATION)
    words = [sys.executable, "-m", "relforge", "build", "--project", directory, "--json"]
    done = subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE)
    return Path(directory, json.loads(done.stdout)["tree"], "bin", "bare").resolve()


def elixir(directory: Path, size: Size) -> dict[str, float]:
    """The same of a bare `mix release`; nothing where there is no mix."""
    if shutil.which("mix") is None:
        print("no mix here: apt-get install elixir")
        return {}
    environ = {**os.environ, "MIX_ENV": "prod", "HOME": str(directory)}
    made = directory / "bare"
    for words, place in ((["new", "bare", "--sup"], directory), (["release", "--quiet"], made)):
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
            found[name] = statistics.median(timed([program, *words]) for _ in range(size.rounds))
        found["remote"] = statistics.median(
            prompt(program, "remote", "iex(") for _ in range(min(size.rounds, 5))
        )
    finally:
        run([program, "stop"])
        sweep(directory)
    return found


def sweep(directory: Path) -> None:
    """End what still runs from there: the release's epmd, which outlives it."""
    for proc in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (proc / "exe").readlink().is_relative_to(directory):
                os.kill(int(proc.name), signal.SIGTERM)


def prompt(program: Path, command: str = "remote_console", sign: str = "web.1> ") -> float:
    """Seconds from the command to its prompt at a terminal."""
    began = time.perf_counter()
    child = pexpect.spawn(str(program), [command], env=environment(), timeout=DEADLINE)
    child.expect_exact(sign)
    took = time.perf_counter() - began
    child.close(force=True)
    return took


def compared(
    title: str, pairs: list[tuple[float, float]], limit: str, elixirs: float | None
) -> Row:
    ours = statistics.median(a for a, _ in pairs)
    ratio = statistics.median(a / b for a, b in pairs)
    beside = "" if elixirs is None else milliseconds(elixirs)
    return (title, f"{milliseconds(ours)} ({ratio:.2f})", limit, beside)


def milliseconds(seconds: float) -> str:
    ms = seconds * 1e3
    return f"{ms:.2f} ms" if ms < 1 else f"{ms:.1f} ms" if ms < 100 else f"{ms:.0f} ms"


def table(versions: list[str], measured: list[list[Row]], size: Size) -> str:
    """A row for each thing, a column for each Python."""
    lines = [
        f"| | {' | '.join(f'CPython {version}' for version in versions)} | limit | Elixir |",
        "|---" * (len(versions) + 3) + "|",
    ]
    for rows in zip(*measured, strict=True):
        title, _, limit, beside = rows[0]
        lines.append(f"| {' | '.join((title, *(row[1] for row in rows), limit, beside))} |")
    cores = os.cpu_count()
    lines += ["", f"{os.uname().machine}, {cores} cores, medians of {size.rounds} pairs.", ""]
    return "\n".join(lines)


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
    )


def environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "HOME": os.environ["HOME"]}


def cpu(pid: int) -> float:
    """CPU seconds of a process, its threads that have ended included; clock_getcpuclockid(3)."""
    return time.clock_gettime((~pid << 3) | 2)


if __name__ == "__main__":
    sys.exit(main())
