"""`make bench-upgrade`: versions replaced under load, and the requests that it costs.

Two versions of benchmarks/upgrading, for two Pythons, in a deploy root: uvicorn
and gunicorn behind the meter of benchmarks/meter.py, which tries nothing twice.

    upgrades    to and fro, with reloads between: nothing may fail
    failing     upgrades that crash, hang, or lose their supervisor: nothing may fail
    restart     the plain one: some must fail, else the meter does not work
    leaks       many upgrades: descriptors, processes, memory of the supervisor
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import page

HERE = Path(__file__).resolve().parent
PROJECT = HERE / "upgrading"
PATIENCE = 120  # seconds for one command
VERSIONS = {"1.0.0": "3.12", "2.0.0": "3.13"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--upgrades", type=int, default=20)
    parser.add_argument("--reloads", type=int, default=5)
    parser.add_argument("--failing", type=int, default=6)
    parser.add_argument("--leaks", type=int, default=50)
    parser.add_argument("--write", action="store_true", help="put the table into the documentation")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rf-") as name:
        shelf = Shelf.build(Path(name), VERSIONS)
        with shelf.running():
            reports = {
                "nothing": shelf.measured(lambda: time.sleep(5)),
                f"{given.upgrades} upgrades, {given.reloads} reloads": shelf.measured(
                    lambda: shelf.turns(given)
                ),
                f"{given.failing} upgrades that fail": shelf.measured(
                    lambda: shelf.failures(given.failing)
                ),
                "3 plain restarts": shelf.measured(shelf.restart),
            }
            leaks = shelf.leaks(given.leaks)
    text = table(reports) + f"\nAfter {given.leaks} upgrades: {leaks}.\n"
    print(text, end="")
    *graceful, control = reports.values()
    well = not any(row["failed"] for row in graceful) and bool(control["failed"])
    for row in graceful:
        print("".join(f"    {line}\n" for line in row["failed"][:3]), end="")
    print("nothing failed that must not" if well else "NOT as it must be")
    if given.write and well:
        page.put("upgrades", text)
    return 0 if well else 1


def table(reports: dict[str, dict[str, Any]]) -> str:
    """A line for each kind of change, with all that the meter counted."""
    lines = [
        "| under load | answered | failed | half within | 99 of 100 within |",
        "|---|---|---|---|---|",
    ]
    for what, row in reports.items():
        cells = [what, str(sum(row["answered"].values())), str(len(row["failed"]))]
        lines.append(f"| {' | '.join(cells)} | {row['p50']} ms | {row['p99']} ms |")
    lines += [
        "",
        f"{os.uname().machine}, {os.cpu_count()} cores, Python {' and '.join(VERSIONS.values())}.",
        "",
    ]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The deploy root with both versions."""

    root: Path
    config: Path
    addresses: tuple[str, ...]

    @classmethod
    def build(cls, directory: Path, versions: dict[str, str]) -> Shelf:
        """Build each version as a release for its Python, and install it."""
        shelf = cls(
            root=directory / "srv",
            config=directory / "config.toml",
            addresses=tuple(f"127.0.0.1:{free_port()}" for _ in range(2)),
        )
        shelf.configure()
        for version, python in versions.items():
            project = directory / version
            shutil.copytree(PROJECT, project)
            place = project / "pyproject.toml"
            text = place.read_text().replace(
                '"/etc/shelf/config.toml"', json.dumps(str(shelf.config))
            )
            text = text.replace('version = "1.0.0"', f'version = "{version}"')
            place.write_text(text.replace('version = "3.12"', f'version = "{python}"'))
            words = [sys.executable, "-m", "relforge", "release", "--quiet", "--project"]
            run([*words, project])
            (artifact,) = (project / "dist").glob("*.tar.gz")
            tree = project / "_build" / "prod" / f"shelf-{version}"
            run([tree / "bin" / "shelf", "install", artifact, "--root", shelf.root])
        shelf.call("upgrade", next(iter(versions)))
        return shelf

    @property
    def measured_addresses(self) -> tuple[str, ...]:
        """Where the meter asks."""
        return self.addresses

    @property
    def program(self) -> Path:
        releases = self.root / "releases"
        current = self.root / "current"
        return (current if current.exists() else releases / next(iter(VERSIONS))) / "bin" / "shelf"

    def call(self, *words: str, code: int = 0) -> str:
        done = subprocess.run(
            [self.program, *words],
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert code == done.returncode, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def configure(self, **values: Any) -> None:
        ports = [address.rpartition(":")[2] for address in self.addresses]
        rows = {"http.asgi": int(ports[0]), "http.wsgi": int(ports[1]), **values}
        lines = [f"{key} = {json.dumps(value)}\n" for key, value in rows.items()]
        self.config.write_text("".join(lines))

    def status(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.call("status", "--json"))
        return answer

    @contextmanager
    def running(self) -> Iterator[None]:
        self.call("start")
        try:
            yield
        finally:
            with suppress(subprocess.SubprocessError):
                self.call("stop", "--timeout", "20s")

    def measured(self, work: Callable[[], object]) -> dict[str, Any]:
        """Do it under load; what the meter saw."""
        with Load(self.measured_addresses) as load:
            work()
        return load.report

    def turns(self, given: Any) -> None:
        """Upgrades, with the reloads among them."""
        for number in range(given.upgrades):
            self.upgrade()
            if number < given.reloads:
                self.configure(turn=number + 1)
                self.call("reload")

    def upgrade(self) -> None:
        """To the other version."""
        now = self.status()["version"]
        (other,) = (version for version in VERSIONS if version != now)
        self.call("upgrade", other)
        assert other == self.status()["version"]

    def failures(self, count: int) -> None:
        """Upgrades that fail, each in its own way; the version that ran stays."""
        now = self.status()["version"]
        (other,) = (version for version in VERSIONS if version != now)
        for number in range(count):
            fault = ("crash", "hang", "killed")[number % 3]
            if fault == "killed":
                self.kill_the_new(other)
            else:
                self.configure(fault=f"{other} {fault}")
                self.call("upgrade", other, code=1)
            after = self.status()
            assert now == after["version"], after
            assert not after["operation"], after
        self.configure()

    def kill_the_new(self, version: str) -> None:
        """Kill what answers for the new version's supervisor, while it is asked."""
        supervisor = self.status()["pid"]
        command = subprocess.Popen(
            [self.program, "upgrade", version], stderr=subprocess.DEVNULL, text=True
        )
        mark = os.fsencode(f"{self.root}/releases/{version}/runtime/relforge/runtime/boot.py")
        deadline = time.monotonic() + PATIENCE
        killed = False
        while not killed and command.poll() is None and time.monotonic() < deadline:
            for pid in children(supervisor):
                if mark in words(pid):
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                        killed = True
        assert command.wait(PATIENCE) == 1

    def restart(self) -> None:
        for _ in range(3):
            self.call("restart")

    def leaks(self, count: int) -> str:
        """Growth from the fourth upgrade to the last one."""
        seen = []
        for number in range(max(count, 5)):
            self.upgrade()
            if number in (3, max(count, 5) - 1):
                seen.append(self.held())
        rows = [f"{key} {before} -> {seen[1][key]}" for key, before in seen[0].items()]
        assert seen[0]["descriptors"] == seen[1]["descriptors"], rows
        assert seen[0]["processes"] == seen[1]["processes"], rows
        assert seen[0]["files"] == seen[1]["files"], rows
        return ", ".join(rows)

    def held(self) -> dict[str, int]:
        pid = self.status()["pid"]
        field = Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0]
        return {
            "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
            "processes": len(children(pid)),
            "files": sum(len(files) for _, _, files in os.walk(self.root / "var")),
            "KiB": int(field),
        }


class Load:
    """The meter at work, as a context manager; ``report`` is what it saw, at the end."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self.report: dict[str, Any] = {}
        self._meter = subprocess.Popen(
            [sys.executable, HERE / "meter.py", *addresses],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Load:
        time.sleep(1)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                time.sleep(1)
                out, _ = self._meter.communicate(timeout=PATIENCE)
                self.report = json.loads(out)
        finally:
            self._meter.kill()
            self._meter.wait()

    def answered(self) -> int:
        """Requests so far."""
        assert self._meter.stdin and self._meter.stdout
        self._meter.stdin.write("\n")
        self._meter.stdin.flush()
        count: int = json.loads(self._meter.stdout.readline())["answered"]
        return count


def children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


def words(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def run(command: list[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


if __name__ == "__main__":
    sys.exit(main())
