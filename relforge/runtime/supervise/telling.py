"""Processes that run are told a new configuration: by a short-lived child, which may wait."""

from __future__ import annotations

import json
import os
import time

from . import launch
from .children import Children
from .descriptors import high
from .generation import Generation
from .plan import Plan
from .process import Process, kill_group
from .systemd import FIRST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 10.0  # for all of them together
_SPARE = 5.0  # for the child itself


class Telling:
    """``done`` is called once, with what each process had to say: nothing where all is well.

    ``due`` is when it will have taken too long.
    """

    __slots__ = ("_child", "_done", "_names", "_said", "due")

    def __init__(
        self,
        plan: Plan,
        children: Children,
        new: Generation,
        rows: list[Process],
        changed: list[str],
        done: Callable[[dict[str, str]], None],
    ) -> None:
        self._done = done
        self._names = [str(row) for row in rows]
        self.due = time.monotonic() + SECONDS + _SPARE
        question = {
            "run": plan.paths.run,
            "processes": self._names,
            "changed": changed,
            "seconds": SECONDS,
        }
        self._said = high(os.memfd_create("relforge-told", os.MFD_CLOEXEC))
        try:
            self._child = _spawn(plan, new, json.dumps(question), self._said)
        except OSError:
            os.close(self._said)
            raise
        children.watch(self._child, self._ended)

    def kill(self) -> None:
        """End it; `done` is told that nobody could be told."""
        kill_group(self._child)

    def late(self) -> None:
        """It has taken too long."""
        self.due = float("inf")
        self.kill()

    def _ended(self, _status: int) -> None:
        data = os.pread(self._said, 1 << 20, 0)
        os.close(self._said)
        try:
            found = json.loads(data)
        except ValueError:
            found = dict.fromkeys(self._names, "it could not be told")
        self._done(found)


def _spawn(plan: Plan, new: Generation, question: str, said: int) -> int:
    boot = os.path.join(new.paths.root, launch.BOOT)
    return os.posix_spawn(
        new.python,
        [new.python, "-I", "-S", "-B", boot, "tell", question],
        launch.variables(plan, new),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, new.config, FIRST),
            (os.POSIX_SPAWN_DUP2, said, FIRST + 1),
        ],
        setpgroup=0,
        setsigmask=(),
        setsigdef=launch.DEFAULT,
    )
