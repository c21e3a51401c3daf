"""Takes a new configuration to processes that run: by a short-lived child, which may wait."""

from __future__ import annotations

import json
import os
import time

from ..protocol import questions
from ..wire.descriptors import high
from ..wire.spawn import bare, spawn
from . import launch
from .children import Children
from .generation import Generation
from .plan import Plan
from .process import Process, kill_group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 10.0  # for all of them together
_SPARE = 5.0  # for the child itself


class ConfigPush:
    """``done`` is called once, with the problem of each process, "" where there is none.

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
        handed = {str(row): row.spec.config for row in rows}
        question = questions.config_push(plan.paths.run, handed, changed, SECONDS)
        words = bare(new.python, new.paths.root, "push", json.dumps(question))
        self._said = high(os.memfd_create("relforge-answers", os.MFD_CLOEXEC))
        try:
            environ = launch.variables(plan, new)
            self._child = spawn(words, environ, descriptors=(new.config, self._said))
        except OSError:
            os.close(self._said)
            raise
        children.watch(self._child, self._ended)

    def kill(self) -> None:
        """End it; `done` is called all the same."""
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
            found = dict.fromkeys(self._names, "the new configuration could not be delivered")
        self._done(found)
