"""A fresh process of the application, with exactly the configuration that ``start`` would load."""

from __future__ import annotations

import os
import sys

from .. import paths
from ..contract import manifest
from ..errors import CONFIG, Refusal
from ..protocol import questions
from ..wire import spawn as wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def execute(words: list[str]) -> NoReturn:
    """Load the configuration, then become ``boot_app.py fresh WORDS``; raises Refusal."""
    argv, environ, fd = _loaded(words)
    os.set_inheritable(fd, True)
    sys.stdout.flush()
    try:
        os.execve(argv[0], argv, environ)
    except OSError as error:
        raise _broken(argv[0], error) from None


class FreshProcess:
    """A process that was started; `wait` may be called again."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._status: int | None = None

    def wait(self) -> int:
        """Its exit status; the negative number of a signal that killed it."""
        if self._status is None:
            self._status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return self._status


def spawn(words: list[str], end: int) -> FreshProcess:
    """The same as a child, out of reach of the terminal's keys; raises Refusal.

    It has the descriptor ``end``, whose number there is its last word.
    """
    argv, environ, fd = _loaded([*words, str(wire.FIRST + 1)])
    environ[questions.CONFIG_FD] = str(wire.FIRST)
    try:
        return FreshProcess(wire.spawn(argv, environ, descriptors=(fd, end), session=True))
    except OSError as error:
        raise _broken(argv[0], error) from None


def _loaded(words: list[str]) -> tuple[list[str], dict[str, str], int]:
    """Command line, environment, and the descriptor of the configuration."""
    from ..config import loading

    root = manifest.root()
    contract = manifest.load(root)
    environ = paths.environ(root)
    problem = paths.make_state(paths.of(root))
    if problem and words[0] == "command":  # what evaluates needs no state: a tree may be read-only
        print(f"note: cannot create the state directory: {problem}", file=sys.stderr)
    fd = loading.load(root, contract, environ)
    python = os.path.join(root, contract["python"]["executable"])
    argv = wire.application(python, root, "fresh", *words)
    return argv, {**environ, questions.CONFIG_FD: str(fd)}, fd


def _broken(python: str, error: OSError) -> Refusal:
    return Refusal(f"{python}: {error.strerror}", hint="unpack the release again", code=CONFIG)
