"""A host that systemd boots, without Python; its network is its loopback, or one of `tests.fleet`.

Its disk is in memory and forgotten at the end.  It is gone when the process that
made it is, however that ends.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TypeVar

from tests.systemd import image

HOLDER = Path(__file__).with_name("holder.py")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CLONE_NEWNET = 0x40000000
T = TypeVar("T")


class Host:
    """Use it as a context manager; ``work`` is an empty directory of ours.

    ``disk`` is what it boots from, ``network`` a process whose network it is on.
    """

    def __init__(
        self, work: Path, name: str = "web1", *, disk: Path | None = None, network: int = 0
    ) -> None:
        self.name = name
        words = [sys.executable, "-I", "-S", str(HOLDER)]
        words += [str(disk or image.image()), str(work), name, *([str(network)] * bool(network))]
        self._holder = subprocess.Popen(
            [
                *("unshare", "--mount", "--propagation=private"),
                *("--pid", "--fork", "--kill-child", "--", *words),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._leader = 0
        self.up()

    def __enter__(self) -> Host:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def up(self) -> None:
        """Boot from what is on the disk; return when systemd has started everything."""
        self._leader = int(self._command("up"))

    def cut_power(self) -> None:
        """Everything stops at once; `up` boots again."""
        self._command("down")

    def close(self) -> None:
        """Cut the power and forget the disk; idempotent."""
        assert self._holder.stdin is not None and self._holder.stdout is not None
        self._holder.stdin.close()
        self._holder.wait(timeout=60)
        self._holder.stdout.close()

    def run(
        self,
        *words: object,
        user: str = "root",
        env: Mapping[str, str] | None = None,
        stdin: str | IO[bytes] = "",
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, with PATH and ``env`` alone in its environment.

        Raises subprocess.TimeoutExpired where it takes longer.
        """
        given: dict[str, Any] = {"input": stdin} if isinstance(stdin, str) else {"stdin": stdin}
        return subprocess.run(
            self._words(*words, user=user, env=env),
            **given,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def ok(self, *words: object, **options: Any) -> str:
        """What a command prints that has to succeed."""
        done = self.run(*words, **options)
        said = f"{done.stdout}{done.stderr}"
        assert 0 == done.returncode, f"{words}: {done.returncode}\n{said}"
        return done.stdout

    def popen(self, *words: object, user: str = "root") -> subprocess.Popen[str]:
        """Start a command; its output goes nowhere."""
        null = subprocess.DEVNULL
        argv = self._words(*words, user=user, env=None)
        return subprocess.Popen(argv, stdin=null, stdout=null, stderr=null, text=True)

    def path(self, path: str) -> Path:
        """A file of the host, as we reach it; do not follow absolute links."""
        return Path(f"/proc/{self._leader}/root{path}")

    def write(self, path: str, text: str, *, owner: str = "") -> None:
        place = self.path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        if owner:
            self.ok("chown", owner, path)

    def unpack(self, artifact: Path, to: str) -> str:
        """Unpack a tarball with the host's own tar; the path of its one directory in there."""
        self.path(to).mkdir(parents=True, exist_ok=True)
        before = set(self.path(to).iterdir())
        with artifact.open("rb") as file:
            self.ok("tar", "-xzf", "-", "-C", to, stdin=file, timeout=120)
        (made,) = set(self.path(to).iterdir()) - before
        return f"{to}/{made.name}"

    def inside(self, call: Callable[[], T]) -> T:
        """What a function returns, or raises, that runs on the host's network.

        A socket belongs to the network in which it was made, whatever uses it later.
        """
        network = os.open(f"/proc/{self._leader}/ns/net", os.O_RDONLY)

        def enter() -> None:
            # A network is a thread's own: the one that ran this is of no other use.
            if ctypes.CDLL(None, use_errno=True).setns(network, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")

        try:
            with ThreadPoolExecutor(1, initializer=enter) as pool:
                return pool.submit(call).result()
        finally:
            os.close(network)

    def get(self, url: str, *, timeout: float = 10) -> tuple[int, str]:
        """Ask the host for a page: status and text."""

        def ask() -> tuple[int, str]:
            with urllib.request.urlopen(url, timeout=timeout) as answer:
                return answer.status, answer.read().decode()

        return self.inside(ask)

    def unit(self, name: str, *properties: str) -> dict[str, str]:
        """Properties of a unit, as `systemctl show` has them."""
        words = [f"--property={','.join(properties)}"]
        lines = self.ok("systemctl", "show", *words, name).splitlines()
        return dict(line.split("=", 1) for line in lines)

    def journal(self, unit: str) -> list[dict[str, Any]]:
        """What the journal has of that unit since it booted, oldest first."""
        self.ok("journalctl", "--sync")
        text = self.ok("journalctl", "--boot", "--unit", unit, "--output=json", "--all")
        return [json.loads(line) for line in text.splitlines()]

    def processes(self, user: str) -> list[str]:
        """The command lines of what runs as that user."""
        text = self.run("ps", "--user", user, "-o", "args=", "-ww").stdout
        return sorted(text.splitlines())

    def _command(self, word: str) -> str:
        assert self._holder.stdin is not None and self._holder.stdout is not None
        self._holder.stdin.write(f"{word}\n")
        self._holder.stdin.flush()
        answer = self._holder.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.name}: its holder ended with {self._holder.wait()}")
        return answer.strip()

    def _words(self, *words: object, user: str, env: Mapping[str, str] | None) -> list[str]:
        enter = ["nsenter", f"--target={self._leader}", "-m", "-u", "-i", "-n", "-p", "-C", "--"]
        variables = {"PATH": PATH, "HOME": "/", "LC_ALL": "C.UTF-8", "TERM": "dumb", **(env or {})}
        clean = ["env", "-i", *(f"{name}={value}" for name, value in variables.items())]
        become = [] if user == "root" else ["setpriv", f"--reuid={user}", f"--regid={user}"]
        become += ["--init-groups"] if become else []
        return [*enter, *clean, *become, *map(str, words)]


def eventually(check: Callable[[], object], seconds: float = 30) -> None:
    """Return as soon as ``check()`` holds; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
