"""`make bench-runtime`: what a service costs under the supervisor, against the same manually.

The same server with the same socket options, interpreter and application, in
turns.  CPU per request says most on a machine that is not quiet.  Nothing here
passes or fails; each row names its limit.

    --quick     fewer rounds, for trying it out
    --write     put the table into docs/explanation/benchmarks.md
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import page
from bench import DEADLINE, PROJECT, ask, build, first_page, free_port, plain_environment, run

HERE = Path(__file__).resolve().parent
APP = "ticketd.web:app"
PATH = "/livez"
TICKS = os.sysconf("SC_CLK_TCK")
MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of everything."""

    pairs: int
    requests: int
    clients: int
    boots: int
    idle: float  # seconds
    crashes: int


FULL = Size(pairs=55, requests=4000, clients=8, boots=15, idle=30.0, crashes=500)
QUICK = Size(pairs=3, requests=800, clients=4, boots=3, idle=3.0, crashes=40)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The release, and the same application beside it."""

    program: Path
    plain: Path
    state: Path
    port: int
    size: Size

    @property
    def environ(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "PORT": str(self.port)}

    @property
    def by_hand(self) -> list[object]:
        return [self.plain, HERE / "by_hand.py", self.port, APP]

    @property
    def by_hand_environ(self) -> dict[str, str]:
        return {**self.environ, "TICKETD_DB__URL": f"sqlite:///{self.state}/ticketd.db"}

    @property
    def log(self) -> Path:
        """Where it prints to manually, as `start` has a log: what is printed costs both."""
        return self.state / "by-hand.log"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="relforge-bench-") as name:
        directory = Path(name)
        _, tree = build(directory)
        without_worker(tree)
        bench = Bench(
            program=tree / "bin" / "ticketd",
            plain=plain_environment(directory, tree),
            state=tree / "var",
            port=free_port(),
            size=QUICK if given.quick else FULL,
        )
        run([bench.program, "migrate"], bench.environ)
        rows = [
            *requests(bench, "foreground"),
            *requests(bench, "start"),
            *memory(bench),
            *boots(bench),
            *idle(bench),
            *crashes(bench, tree),
        ]
    text = table(rows, bench.size)
    print(text, end="")
    if given.write:
        page.put("runtime", text)
    return 0


Row = tuple[str, str, str, str]  # what, ours, manually, the limit


def requests(bench: Bench, word: str) -> list[Row]:
    """Requests per second, the slowest hundredth, and CPU of a request, pair by pair."""
    pairs = []
    for _ in range(bench.size.pairs + 1):
        with supervised(bench, word) as pid:
            ours = loaded(bench, pid)
        with by_hand(bench, bench.log if word == "start" else None) as pid:
            pairs.append((ours, loaded(bench, pid)))
    rows = []
    for key, name, limit, scale, form in (
        ("rate", "requests per second", "at least 0.98", 1.0, "{:.0f}"),
        ("p99", "99 of 100 within", "at most 1.02", 1e3, "{:.2f} ms"),
        ("cpu", "CPU of a request", "at most 1.02", 1e6, "{:.0f} µs"),
    ):
        values = [(a[key], b[key]) for a, b in pairs[1:]]
        ratio = statistics.median(a / b for a, b in values)
        ours, theirs = (statistics.median(side) * scale for side in zip(*values, strict=True))
        title = f"{name}, `{word}`"
        rows.append((title, f"{form.format(ours)} ({ratio:.3f})", form.format(theirs), limit))
    return rows


def loaded(bench: Bench, pid: int) -> dict[str, float]:
    """What the load generator has seen, and the server's CPU seconds for each request."""
    size = bench.size
    words = [
        *apart(pid),
        sys.executable,
        HERE / "load.py",
        bench.address,
        PATH,
        size.requests,
        size.clients,
    ]
    before = cpu(pid)
    done = subprocess.run([str(w) for w in words], stdout=subprocess.PIPE, check=True)
    answer: dict[str, float] = json.loads(done.stdout)
    assert not answer["failed"], answer
    return {**answer, "cpu": (cpu(pid) - before) / size.requests}


def apart(pid: int) -> list[str]:
    """Give a server's main thread a CPU, and the command that this precedes another one.

    Else chance has its say: who shares a CPU with whom.
    """
    if (os.cpu_count() or 1) < 2:
        return []
    os.sched_setaffinity(pid, {0})
    return ["taskset", "-c", "1"]


def memory(bench: Bench) -> list[Row]:
    """Resident after a few requests."""
    with supervised(bench, "foreground") as pid:
        loaded(bench, pid)
        supervisor, ours = resident(parent(pid)), resident(pid)
    with by_hand(bench) as pid:
        loaded(bench, pid)
        theirs = resident(pid)
    return [
        ("memory of the supervisor", f"{supervisor / MIB:.1f} MiB", "", "at most 16 MiB"),
        (
            "memory of the service",
            f"{ours / MIB:.1f} MiB (+{(ours - theirs) / MIB:.1f})",
            f"{theirs / MIB:.1f} MiB",
            "at most 3 MiB more",
        ),
    ]


def boots(bench: Bench) -> list[Row]:
    """From the command to the first page."""
    pairs = [
        (
            first_page([bench.program, "foreground"], bench.environ, bench.port),
            first_page(bench.by_hand, bench.by_hand_environ, bench.port),
        )
        for _ in range(bench.size.boots + 1)
    ][1:]
    more = statistics.median(a - b for a, b in pairs)
    ours, theirs = (statistics.median(side) * 1e3 for side in zip(*pairs, strict=True))
    return [
        ("first page", f"{ours:.0f} ms (+{more * 1e3:.0f})", f"{theirs:.0f} ms", "at most 60 more")
    ]


def idle(bench: Bench) -> list[Row]:
    """CPU of the supervisor, and of the service beyond the server's own."""
    seconds = bench.size.idle
    with supervised(bench, "foreground") as pid:
        time.sleep(1)
        before = cpu(parent(pid)), cpu(pid)
        time.sleep(seconds)
        supervisor, ours = cpu(parent(pid)) - before[0], cpu(pid) - before[1]
    with by_hand(bench) as pid:
        time.sleep(1)
        own = cpu(pid)
        time.sleep(seconds)
        theirs = cpu(pid) - own
    percent = [value / seconds * 100 for value in (supervisor, ours, theirs)]
    return [
        ("CPU of the supervisor at rest", f"{percent[0]:.3f} %", "", "under 0.1 %"),
        ("CPU of the service at rest", f"{percent[1]:.3f} %", f"{percent[2]:.3f} %", ""),
    ]


def crashes(bench: Bench, tree: Path) -> list[Row]:
    """A program is killed again and again: what is left over."""
    manifest = json.loads((tree / "release" / "manifest.json").read_text())
    row = {**manifest["services"]["web"], "kind": "exec", "target": ["sleep", "1000"]}
    row |= {"listen": [], "ready": "started", "backoff": [0.0, 0.0], "intensity": [10**9, 1.0]}
    manifest["services"]["crash"] = row
    (tree / "release" / "manifest.json").write_text(json.dumps(manifest))
    with supervised(bench, "start") as pid:
        supervisor = parent(pid)
        crash(bench, bench.size.crashes // 5)
        before = held(supervisor, bench.state)
        crash(bench, bench.size.crashes)
        after = held(supervisor, bench.state)
    more = {key: after[key] - before[key] for key in before}
    kib = more.pop("memory") // 1024
    text = ", ".join(f"{value:+d} {key}" for key, value in more.items())
    return [(f"after {bench.size.crashes} crashes", f"{text}, {kib:+d} KiB", "", "0")]


def crash(bench: Bench, times: int) -> None:
    for _ in range(times):
        pid = service(bench, "crash")
        os.kill(pid, signal.SIGKILL)
        ask(lambda pid=pid: changed(bench, pid))


def changed(bench: Bench, pid: int) -> None:
    if service(bench, "crash") in (None, pid):
        raise OSError("not yet")


def held(pid: int, state: Path) -> dict[str, int]:
    """What a supervisor holds, and what is in its directory."""
    proc = Path(f"/proc/{pid}")
    return {
        "descriptors": len(list((proc / "fd").iterdir())),
        "threads": len(list((proc / "task").iterdir())),
        "processes": len((proc / "task" / str(pid) / "children").read_text().split()),
        "files": sum(1 for _ in state.rglob("*")),
        "memory": resident(pid),
    }


@contextmanager
def supervised(bench: Bench, word: str) -> Iterator[int]:
    """Runs by that command; the pid of the web service."""
    process = started([bench.program, word], bench.environ)
    try:
        ask(lambda: ready(bench))
        found = service(bench, "web")
        assert found
        yield found
    finally:
        run([bench.program, "stop"], bench.environ)
        process.wait(DEADLINE)


@contextmanager
def by_hand(bench: Bench, log: Path | None = None) -> Iterator[int]:
    """The server alone; its pid."""
    process = started(bench.by_hand, bench.by_hand_environ, log)
    try:
        ask(lambda: connect(bench))
        yield process.pid
    finally:
        process.terminate()
        process.wait(DEADLINE)


def started(
    words: list[object], environ: dict[str, str], log: Path | None = None
) -> subprocess.Popen[bytes]:
    argv = [str(word) for word in words]
    with open(log or os.devnull, "ab") as out:
        return subprocess.Popen(argv, env=environ, cwd=PROJECT, stdout=out, stderr=out)


def connect(bench: Bench) -> None:
    with urllib.request.urlopen(f"http://{bench.address}{PATH}", timeout=5):
        pass


def ready(bench: Bench) -> None:
    if status(bench)["state"] != "running":
        raise OSError("not yet")


def status(bench: Bench) -> dict[str, object]:
    done = subprocess.run(
        [bench.program, "status", "--json"],
        env=bench.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def service(bench: Bench, name: str) -> int | None:
    """The pid of a service that is ready."""
    rows = status(bench)["services"]
    assert isinstance(rows, list)
    return next((row["pid"] for row in rows if row["name"] == name and row["ready"]), None)


def cpu(pid: int) -> float:
    """Seconds that all threads of a process have run."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def without_worker(tree: Path) -> None:
    """One service, as there is one manually."""
    path = tree / "release" / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["services"]["worker"]
    path.write_text(json.dumps(manifest))


def table(rows: list[Row], size: Size) -> str:
    lines = ["| | under the supervisor | manually | limit |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    cores = os.cpu_count()
    lines += ["", f"{os.uname().machine}, {cores} cores, medians of {size.pairs} pairs.", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
