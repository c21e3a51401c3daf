"""The parent's side of the loader: providers run in a child, the result is a sealed memfd.

Cheap to import: the supervisor and the control commands use it.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import time

from ..errors import CONFIG, Refusal
from ..protocol import startup
from ..wire.descriptors import write
from ..wire.spawn import FIRST, application, spawn
from .problems import Invalid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

NAME = "relforge-config"  # of the memfd, as /proc/PID/fd shows it
_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


def load(
    root: str,
    manifest: Mapping[str, Any],
    environ: Mapping[str, str],
    *,
    timeout: float = 60.0,
    meanwhile: Callable[[], object] = lambda: None,
) -> int:
    """Run the release's providers and return a sealed memfd with the configuration.

    The descriptor is close-on-exec, at offset 0; `read` gives its content.
    Raises Refusal (78) with every error, or where something takes too long:
    each provider has its own time, ``timeout`` seconds are for the rest.
    Nothing is written to disk.  ``meanwhile`` is called while the loader is at work.
    """
    begun = Loading(root, manifest, environ, timeout=timeout)
    try:
        meanwhile()
    except BaseException:
        begun.close()
        raise
    memory, found = _ask(begun)
    if found:
        os.close(memory)
        raise Invalid(found, name=manifest["name"])
    return memory


def explain(
    root: str, manifest: Mapping[str, Any], environ: Mapping[str, str], *, timeout: float = 60.0
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Each key, masked, with its origins, and the problems; raises Refusal as `load`."""
    memory, found = _ask(Loading(root, manifest, environ, "explain", timeout=timeout))
    try:
        rows: list[dict[str, Any]] = read(memory)["rows"]
    finally:
        os.close(memory)
    return rows, found


def sealed(result: Mapping[str, Any]) -> int:
    """A memfd as `load` returns it, of a result that has been loaded elsewhere."""
    memory = os.memfd_create(NAME, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        write(memory, json.dumps(result).encode())
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, _SEALS)
        os.lseek(memory, 0, os.SEEK_SET)
    except BaseException:
        os.close(memory)
        raise
    return memory


def longest(config: Mapping[str, Any]) -> float:
    """Seconds that the providers of a manifest's ``config`` can take together, roughly."""
    seconds = 0.0
    for row in config["providers"]:
        retries = row.get("retries", 0)
        seconds += (row.get("timeout", 30.0) + 1) * (retries + 1) + 10 * retries
    return seconds


def read(fd: int) -> dict[str, Any]:
    """The content of a configuration's memfd, which stays usable."""
    size = os.fstat(fd).st_size
    chunks: list[bytes] = []
    at = 0
    while at < size:
        chunk = os.pread(fd, size - at, at)
        if not chunk:
            break
        chunks.append(chunk)
        at += len(chunk)
    result: dict[str, Any] = json.loads(b"".join(chunks))
    return result


class Loading:
    """The loader process, in a process group of its own, and what it has said so far.

    The caller polls ``fd`` until ``due`` (monotonic), then calls `go_on`; in
    the end `close`, after which neither the process nor what it started is there.
    """

    def __init__(
        self,
        root: str,
        manifest: Mapping[str, Any],
        environ: Mapping[str, str],
        *words: str,
        timeout: float = 60.0,
    ) -> None:
        self._timeout = timeout
        self._within = timeout
        self.due = time.monotonic() + timeout
        self._provider = ""
        self._buffer = b""
        self._pid = 0
        self._memory = os.memfd_create(NAME, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        self.fd, theirs = os.pipe()
        try:
            self._pid = _spawn(root, manifest, environ, (self._memory, theirs), words)
        except BaseException:
            self.close()
            raise
        finally:
            os.close(theirs)

    def go_on(self) -> tuple[int, list[dict[str, str]]] | None:
        """Read what there is; the sealed memfd, now the caller's, and the problems at the end.

        Raises Refusal (78) where the loader ended without an answer, or is over
        its time.
        """
        ready = select.poll()
        ready.register(self.fd, select.POLLIN)
        if not ready.poll(0):
            if time.monotonic() < self.due:
                return None
            self._end()
            raise Refusal(
                f"the configuration: {_provider(self._provider)} did not end within "
                f"{self._within:g} s and was killed",
                hint="give the provider a longer `timeout`, or fix what it waits for",
                code=CONFIG,
            )
        chunk = os.read(self.fd, 1 << 16)
        if not chunk:
            raise Refusal(
                f"the configuration: {_provider(self._provider)} ended the loader ({self._end()})",
                hint="its output is above",
                code=CONFIG,
            )
        *lines, self._buffer = (self._buffer + chunk).split(b"\n")
        for line in lines:
            message: dict[str, Any] = json.loads(line)
            if "in" not in message:
                return self._over(message)
            self._provider = message["in"]
            self._within = message["within"]
            # Its own alarm comes first; code that hears none is ended here.
            self.due = time.monotonic() + self._within + self._timeout / 10
        return None

    def close(self) -> None:
        """End the process with its group, and give back what is still ours; idempotent."""
        self._end()
        for fd in (self.fd, self._memory):
            if fd >= 0:
                os.close(fd)
        self.fd = self._memory = -1

    def _over(self, message: dict[str, Any]) -> tuple[int, list[dict[str, str]]]:
        self._end()
        startup.check(message)
        memory, self._memory = self._memory, -1
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, _SEALS)
        os.lseek(memory, 0, os.SEEK_SET)
        return memory, message["problems"]

    def _end(self) -> str:
        """Kill the process group and reap; how the loader ended, the first time."""
        if not self._pid:
            return ""
        # The pipe of a loader that is ending by itself ends first, and its status stays its own.
        ends = select.poll()
        ends.register(self.fd, select.POLLIN)
        ends.poll(200)
        _kill_group(self._pid)
        _, status = self._wait()
        self._pid = 0
        if os.WIFSIGNALED(status):
            return f"signal {signal.Signals(os.WTERMSIG(status)).name}"
        return f"status {os.waitstatus_to_exitcode(status)}"

    def _wait(self) -> tuple[int, int]:
        try:
            return os.waitpid(self._pid, 0)
        except ChildProcessError:  # the caller reaps everything, as PID 1 does
            return self._pid, 0


def _ask(loading: Loading) -> tuple[int, list[dict[str, str]]]:
    """Wait for the end of it."""
    try:
        while True:
            poll = select.poll()
            poll.register(loading.fd, select.POLLIN)
            poll.poll(max(loading.due - time.monotonic(), 0) * 1000 + 1)
            answer = loading.go_on()
            if answer is not None:
                return answer
    finally:
        loading.close()


def _spawn(
    root: str,
    manifest: Mapping[str, Any],
    environ: Mapping[str, str],
    passed: tuple[int, int],
    words: tuple[str, ...],
) -> int:
    python = os.path.join(root, manifest["python"]["executable"])
    numbers = [str(FIRST + at) for at in range(len(passed))]
    variables = {name: value for name, value in environ.items() if not name.startswith("RELFORGE_")}
    try:
        return spawn(
            application(python, root, "loader", *numbers, root, *words),
            variables,
            descriptors=passed,
        )
    except OSError as error:
        raise Refusal(
            f"{python}: {error.strerror}", hint="unpack the release again", code=CONFIG
        ) from None


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # all of it is gone


def _provider(name: str) -> str:
    return f"the provider {name}" if name else "the loader"
