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
from .problems import Invalid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

NAME = "relforge-config"  # of the memfd, as /proc/PID/fd shows it
BOOT = "runtime/relforge/runtime/boot_app.py"
_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
_DEFAULT = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGCHLD)


def load(
    root: str, manifest: Mapping[str, Any], environ: Mapping[str, str], *, timeout: float = 60.0
) -> int:
    """Run the release's providers and return a sealed memfd with the configuration.

    The descriptor is close-on-exec, at offset 0; `read` gives its content.
    Raises Refusal (78) with every error, or where the providers do not end
    within ``timeout`` seconds.  Nothing is written to disk.
    """
    memory, found = _ask(root, manifest, environ, timeout, ())
    if found:
        os.close(memory)
        raise Invalid(found, name=manifest["name"])
    return memory


def explain(
    root: str, manifest: Mapping[str, Any], environ: Mapping[str, str], *, timeout: float = 60.0
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Each key, masked, with its origins, and the problems; raises Refusal as `load`."""
    memory, found = _ask(root, manifest, environ, timeout, ("explain",))
    try:
        rows: list[dict[str, Any]] = read(memory)["rows"]
    finally:
        os.close(memory)
    return rows, found


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


def _ask(
    root: str,
    manifest: Mapping[str, Any],
    environ: Mapping[str, str],
    timeout: float,
    words: tuple[str, ...],
) -> tuple[int, list[dict[str, str]]]:
    memory = os.memfd_create(NAME, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        ours, theirs = os.pipe()
        try:
            child = _Child(root, manifest, environ, (memory, theirs), words)
            os.close(theirs)
            theirs = -1
            answer = child.answer(ours, timeout)
        finally:
            os.close(ours)
            if theirs >= 0:
                os.close(theirs)
        if "refusal" in answer:
            raise Refusal(answer["refusal"], hint=answer["hint"], code=CONFIG)
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, _SEALS)
        os.lseek(memory, 0, os.SEEK_SET)
    except BaseException:
        os.close(memory)
        raise
    return memory, answer["problems"]


class _Child:
    """The loader process, in a process group of its own; never outlives `answer`."""

    def __init__(
        self,
        root: str,
        manifest: Mapping[str, Any],
        environ: Mapping[str, str],
        passed: tuple[int, int],
        words: tuple[str, ...],
    ) -> None:
        python = os.path.join(root, manifest["python"]["executable"])
        boot = os.path.join(root, BOOT)
        argv = [python, "-P", "-s", "-B", boot, "loader", *map(str, passed), root, *words]
        variables = {
            name: value for name, value in environ.items() if not name.startswith("RELFORGE_")
        }
        for fd in passed:
            os.set_inheritable(fd, True)
        try:
            self.pid = os.posix_spawn(
                python,
                argv,
                variables,
                file_actions=[(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)],
                setpgroup=0,
                setsigmask=(),
                setsigdef=_DEFAULT,
            )
        except OSError as error:
            raise Refusal(
                f"{python}: {error.strerror}", hint="unpack the release again", code=CONFIG
            ) from None
        finally:
            for fd in passed:
                os.set_inheritable(fd, False)

    def answer(self, pipe: int, timeout: float) -> dict[str, Any]:
        """The last message; the process and what it started are gone afterwards."""
        provider = ""
        deadline = time.monotonic() + timeout
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        buffer = b""
        try:
            while True:
                left = deadline - time.monotonic()
                if left <= 0 or not poll.poll(left * 1000):
                    self._end()
                    raise Refusal(
                        f"the configuration: {_provider(provider)} did not end within "
                        f"{timeout:g} s and was killed",
                        hint="give the provider a time-out of its own, or mend what it waits for",
                        code=CONFIG,
                    )
                chunk = os.read(pipe, 1 << 16)
                if not chunk:
                    status = self._end()
                    raise Refusal(
                        f"the configuration: {_provider(provider)} ended the loader ({status})",
                        hint="what it printed is above",
                        code=CONFIG,
                    )
                *lines, buffer = (buffer + chunk).split(b"\n")
                for line in lines:
                    message: dict[str, Any] = json.loads(line)
                    if "in" not in message:
                        return message
                    provider = message["in"]
        finally:
            self._end()

    def _end(self) -> str:
        """Kill the process group and reap; how the loader ended, the first time."""
        if not self.pid:
            return ""
        # A loader that is ending by itself has closed its pipe: let it tell its status.
        deadline = time.monotonic() + 0.2
        pid, status = self._wait(os.WNOHANG)
        while not pid and time.monotonic() < deadline:
            time.sleep(0.005)
            pid, status = self._wait(os.WNOHANG)
        _kill_group(self.pid)
        if not pid:
            _, status = self._wait(0)
        self.pid = 0
        if os.WIFSIGNALED(status):
            return f"signal {signal.Signals(os.WTERMSIG(status)).name}"
        return f"status {os.waitstatus_to_exitcode(status)}"

    def _wait(self, options: int) -> tuple[int, int]:
        try:
            return os.waitpid(self.pid, options)
        except ChildProcessError:  # the caller reaps everything, as PID 1 does
            return self.pid, 0


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # all of it is gone


def _provider(name: str) -> str:
    return f"the provider {name}" if name else "the loader"
