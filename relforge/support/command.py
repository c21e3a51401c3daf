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
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from relforge.support import environment
from relforge.support.errors import NO_ROOM, UserError

log = logging.getLogger("relforge.support.command")

_running: set[int] = set()  # process groups
_starting = threading.Lock()  # between a program's start and its place in the set
_ended = threading.Event()

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
    try:
        with _started(words, cwd=cwd, env=variables, stderr=subprocess.STDOUT) as process:
            assert process.stdout is not None
            for line in process.stdout:
                last.append(line.rstrip())
                log.debug("  %s", line.rstrip())
            process.wait()
    except OSError as error:
        if error.filename is None:
            raise
        raise _cannot_run(what, words, cwd, error, "" if callable(hint) else hint) from None
    if process.returncode:
        hint = hint("\n".join(last)) if callable(hint) else hint
        program = called or f"`{_shown(words)}`"
        raise failed(what, program, process.returncode, tail(tuple(last)), hint)


def failed(what: str, program: str, status: int, lines: Sequence[str], hint: str = "") -> UserError:
    """The error of a program that ended with that status and printed these lines."""
    output = "\n".join(f"    {line}" for line in lines) or "    (it printed nothing)"
    if os.strerror(errno.ENOSPC) in output:
        hint = NO_ROOM
    return UserError(f"{what}: {program} {ending(status)}\n{output}", hint=hint)


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
    over.  Where it is ended early, so is whatever it started.  Raises OSError
    where it cannot be started, and TimeoutExpired after ``timeout`` seconds, when
    it has been killed.
    """
    words = [str(word) for word in command]
    log.debug("$ %s", _shown(words))
    variables = {**(environment.of_programs() if base is None else base), **(env or {})}
    with _started(
        words, cwd=cwd, env=variables, stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        out, err = process.communicate(stdin, timeout=timeout)
    return subprocess.CompletedProcess(words, process.returncode, out, err)


@contextmanager
def conversation(words: Sequence[str], *, what: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program that is asked on its stdin and answers on its stdout, in bytes.

    At the end it is waited for, with its stdin closed; leaving early kills it.
    Raises UserError where it cannot be started.
    """
    log.debug("$ %s", _shown(words))
    pipe, variables = subprocess.PIPE, environment.of_programs()
    with ExitStack() as stack:
        try:
            process = stack.enter_context(
                _started(words, cwd=None, env=variables, stdin=pipe, stderr=pipe, text=False)
            )
        except OSError as error:
            raise _cannot_run(what, words, None, error, "") from None
        stack.callback(_close, process)
        yield process


def _close(process: subprocess.Popen[bytes]) -> None:
    """Close its stdin; a program that has ended does not read what is still in the buffer."""
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.close()


def _cannot_run(
    what: str, words: Sequence[str], cwd: Path | None, error: OSError, hint: str
) -> UserError:
    place = f"{error.filename}: " if cwd and str(error.filename) == str(cwd) else ""
    return UserError(
        f"{what}: cannot run `{_shown(words)}`: {place}{error.strerror}",
        hint=hint if place else hint_of(error, words[0]),
    )


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
                f"{found} is on a file system mounted noexec, from which no program can run: "
                "move the project, RELFORGE_CACHE_DIR and TMPDIR to another one"
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
    cwd: Path | None,
    env: Mapping[str, str],
    stderr: int,
    stdin: int = subprocess.DEVNULL,
    text: bool = True,
) -> Iterator[subprocess.Popen[Any]]:
    """Start the program; leaving early kills it at once, and whatever it started.

    An interrupt that comes while the program is being started is held back until it
    can be killed.  Raises OSError where it cannot be started, and KeyboardInterrupt
    after `end_all`.
    """
    let_go = _hold_interrupts()
    try:
        with _starting:
            if _ended.is_set():
                raise KeyboardInterrupt
            process = subprocess.Popen(
                words,
                cwd=cwd,
                env=env,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=text,
                errors="replace" if text else None,
                process_group=0,
            )
            _running.add(process.pid)
    except BaseException:
        let_go()
        raise
    with process:
        try:
            let_go()
            yield process
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            _running.discard(process.pid)


def end_all() -> None:
    """Kill each program that any thread waits for, and whatever it started.

    No thread starts another one until `allow`: work that was begun in parallel may
    have been between two of its programs.
    """
    with _starting:
        _ended.set()
        for group in tuple(_running):
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)


def allow() -> None:
    """Let programs be started again, after `end_all`."""
    _ended.clear()


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
