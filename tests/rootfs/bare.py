"""A machine without Python: a root file system in namespaces of its own.

Processes that a command leaves behind live on until the machine goes.  The
network is the host's, so a test asks 127.0.0.1 for a page.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

HOLDER = Path(__file__).with_name("holder.py")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
Argument = str | Path


class Bare:
    """Use it as a context manager; ``work`` is an empty directory of the host.

    Commands get an environment of PATH alone, no terminal and an empty standard
    input, unless a test says otherwise.
    """

    def __init__(self, lower: Path, work: Path) -> None:
        self._root = work / "root"
        namespaces = ("--mount", "--pid", "--fork", "--kill-child", "--propagation=private")
        self._holder = subprocess.Popen(
            ["unshare", *namespaces, "--", sys.executable, "-I", "-S", HOLDER, lower, work],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._holder.stdout is not None
        line = self._holder.stdout.readline()
        if not line:
            raise RuntimeError(f"no bare machine: unshare ended with {self._holder.wait()}")
        self._pid = int(line)

    def __enter__(self) -> Bare:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill every process of the machine and forget what was written to it; idempotent."""
        assert self._holder.stdin is not None and self._holder.stdout is not None
        self._holder.stdin.close()
        self._holder.wait(timeout=30)
        self._holder.stdout.close()

    def run(
        self,
        argv: Sequence[Argument],
        *,
        user: int = 0,
        env: Mapping[str, str] | None = None,
        cwd: str = "/",
        stdin: str = "",
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end.

        A command that does not end (or leaves a child behind that holds its
        output) raises subprocess.TimeoutExpired, and the machine is closed.
        """
        process = self.popen(argv, user=user, env=env, cwd=cwd, stdin=subprocess.PIPE)
        try:
            out, err = process.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired:
            self.close()
            out, err = process.communicate()
            raise subprocess.TimeoutExpired(list(argv), timeout, out, err) from None
        return subprocess.CompletedProcess(list(argv), process.returncode, out, err)

    def popen(
        self,
        argv: Sequence[Argument],
        *,
        user: int = 0,
        env: Mapping[str, str] | None = None,
        cwd: str = "/",
        stdin: int | IO[Any] = subprocess.DEVNULL,
    ) -> subprocess.Popen[str]:
        """Start a command whose output a test reads while it runs.

        A signal to the returned process reaches ``nsenter``, not the command:
        send it with `run(["kill", ...])`.
        """
        words = [str(word) for word in argv]
        if cwd != "/":
            words = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', cwd, *words]
        chroot = ["chroot", f"--userspec={user}:{user}", "--groups=", str(self._root)]
        return subprocess.Popen(
            [*self._nsenter(), "env", "-i", *_assignments(env), *chroot, *words],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def use_shell(self, name: str) -> None:
        """Make ``dash``, ``bash`` or ``busybox`` the machine's ``/bin/sh``."""
        if not self.path(f"/usr/bin/{name}").exists():
            raise ValueError(f"there is no {name} in this machine")
        link = self.path("/usr/bin/sh")
        link.unlink()
        link.symlink_to(name)

    def unpack(self, artifact: Path, to: str = "/srv", *, user: int = 0) -> str:
        """Unpack a tarball with the machine's own tar; the path of its one directory in there."""
        directory = self.directory(to, user=user)
        before = set(directory.iterdir())
        with artifact.open("rb") as file:
            tar = self.popen(["tar", "-xzf", "-", "-C", to], user=user, stdin=file)
            _, err = tar.communicate(timeout=120)
        if tar.returncode:
            raise RuntimeError(f"tar: {err}")
        (made,) = set(directory.iterdir()) - before
        return f"{to}/{made.name}"

    def directory(self, path: str, *, user: int = 0) -> Path:
        """A directory of the machine that the user owns, made where it is not there."""
        place = self.path(path)
        place.mkdir(parents=True, exist_ok=True)
        if user:
            # Through the machine's own name: the path crosses /proc/PID/root.
            self.run(["chown", f"{user}:{user}", path])
        return place

    def bind(self, source: Path, to: str) -> None:
        """Show a directory of the host at that path of the machine, read-only."""
        self.directory(to)
        self._mount("--bind", str(source), f"{self._root}{to}")
        self._mount("-o", "remount,bind,ro", f"{self._root}{to}")

    def read_only(self, path: str) -> None:
        """Make that directory of the machine a read-only mount."""
        place = f"{self._root}{path}"
        self._mount("--bind", place, place)
        self._mount("-o", "remount,bind,ro", place)

    def path(self, path: str) -> Path:
        """A file of the machine, as the host reaches it; do not follow absolute links."""
        return Path(f"/proc/{self._pid}/root{self._root}{path}")

    def processes(self) -> list[str]:
        """The command lines of what runs in the machine, but for its PID 1."""
        found = []
        for directory in self.path("/proc").iterdir():
            if directory.name.isdigit() and directory.name != "1":
                try:
                    words = (directory / "cmdline").read_text().split("\0")
                except OSError:
                    continue
                if words != [""]:
                    found.append(" ".join(words).strip())
        return sorted(found)

    def _nsenter(self) -> list[str]:
        return ["nsenter", f"--target={self._pid}", "--mount", "--pid", "--"]

    def _mount(self, *words: str) -> None:
        subprocess.run([*self._nsenter(), "mount", *words], check=True)


def _assignments(env: Mapping[str, str] | None) -> list[str]:
    return [f"{name}={value}" for name, value in {"PATH": PATH, **(env or {})}.items()]
