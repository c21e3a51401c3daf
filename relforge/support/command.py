"""Running programs: their output goes to the log, and into the error when they fail."""

from __future__ import annotations

import collections
import errno
import logging
import os
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from relforge.support import environment
from relforge.support.errors import NO_ROOM, UserError

log = logging.getLogger("relforge.support.command")

_running: set[int] = set()  # process groups

TAIL = 40  # lines of a failed program's output that its error shows


def run(
    command: Sequence[str | Path],
    *,
    what: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    base: Mapping[str, str] | None = None,
    hint: str | Callable[[str], str] = "",
    tail: Callable[[Sequence[str]], Sequence[str]] = tuple,
    shown: int = TAIL,
    called: str = "",
) -> None:
    """Run a program whose output is for a human: each line goes to the log at level debug.

    ``what`` names the purpose in the error.  ``env`` is laid over ``base``, by
    default `environment.of_programs`.  Raises UserError with the ``shown`` last
    lines of the output where the program is missing or fails; it is named as
    ``called`` there, by default by its words.  ``hint`` may read these lines first,
    and ``tail`` take some of them.
    """
    words = [str(word) for word in command]
    log.debug("$ %s", _shown(words))
    last: collections.deque[str] = collections.deque(maxlen=shown)
    variables = {**(environment.of_programs() if base is None else base), **(env or {})}
    advice = "" if callable(hint) else hint
    with _started(words, what=what, cwd=cwd, env=variables, hint=advice) as process:
        assert process.stdout is not None
        for line in process.stdout:
            last.append(line.rstrip())
            log.debug("  %s", line.rstrip())
    if process.returncode:
        hint = hint("\n".join(last)) if callable(hint) else hint
        output = "\n".join(f"    {line}" for line in tail(tuple(last)))
        output = output or "    (it printed nothing)"
        if os.strerror(errno.ENOSPC) in output:
            hint = NO_ROOM
        program = called or f"`{_shown(words)}`"
        raise UserError(f"{what}: {program} {ending(process.returncode)}\n{output}", hint=hint)


def capture(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    base: Mapping[str, str] | None = None,
    stdin: str = "",
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program whose output is data; the caller reads the result and its status.

    It sees ``base`` (by default `environment.of_programs`) with ``env`` laid
    over.  Raises OSError where it cannot be started, and TimeoutExpired after
    ``timeout`` seconds, when it has been killed.
    """
    words = [str(word) for word in command]
    log.debug("$ %s", _shown(words))
    return subprocess.run(
        words,
        cwd=cwd,
        env={**(environment.of_programs() if base is None else base), **(env or {})},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )


def enclosed(
    command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run a program that sees ``env`` alone; where it is ended early, so is whatever it started.

    `end_all` ends it.  Raises OSError where it cannot be started, and
    TimeoutExpired after ``timeout`` seconds.
    """
    words = [str(word) for word in command]
    log.debug("$ %s", _shown(words))
    with subprocess.Popen(
        words,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        process_group=0,
    ) as process:
        _running.add(process.pid)
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            _running.discard(process.pid)
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def hint_of(error: OSError, program: str | Path) -> str:
    """What to do about a program that cannot be started."""
    if isinstance(error, PermissionError):
        found = shutil.which(program, mode=os.F_OK) or str(program)
        try:
            flags = os.statvfs(found).f_flag
        except OSError:
            flags = 0
        if flags & os.ST_NOEXEC:
            return (
                f"{found} is on a file system that is mounted noexec, where nothing can be run: "
                "put the project, RELFORGE_CACHE_DIR and TMPDIR on another one"
            )
    return f"is `{program}` installed, and on PATH?"


def path() -> str:
    """Where programs are looked for."""
    return os.environ.get("PATH", os.defpath)


def ending(status: int) -> str:
    """How a process ended, in words."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"


@contextmanager
def _started(
    words: Sequence[str],
    *,
    what: str,
    cwd: Path | None,
    env: Mapping[str, str],
    hint: str,
) -> Iterator[subprocess.Popen[str]]:
    """Start the program, and wait for it; an interrupt ends it, and whatever it started, at once.

    One that comes while the program is being started is held back until it can be ended.
    """
    let_go = _hold_interrupts()
    try:
        process = subprocess.Popen(
            words,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            process_group=0,
        )
    except OSError as error:
        let_go()
        place = f"{error.filename}: " if cwd and str(error.filename) == str(cwd) else ""
        raise UserError(
            f"{what}: cannot run `{_shown(words)}`: {place}{error.strerror}",
            hint=hint if place else hint_of(error, words[0]),
        ) from None
    with process:
        try:
            _running.add(process.pid)
            let_go()
            yield process
            process.wait()
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            _running.discard(process.pid)


def end_all() -> None:
    """End each program that `run` waits for in any thread, and whatever it started."""
    for group in tuple(_running):
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def _hold_interrupts() -> Callable[[], None]:
    """Keep interrupts from this thread until the function that is returned is called."""
    held: list[int] = []
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            if callable(signal.getsignal(number)):
                before[number] = signal.signal(number, lambda number, _: held.append(number))

    def let_go() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)
        if held:
            raise KeyboardInterrupt

    return let_go


def _shown(words: Sequence[str]) -> str:
    """The command, without the text of a program that is one of its words."""
    return shlex.join("..." if "\n" in word else word for word in words)
