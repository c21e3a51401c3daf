"""Takes a new configuration to processes that run: by a short-lived child, which may wait."""

from __future__ import annotations

import json
import os
import time

from ..protocol import questions
from ..wire.descriptors import high
from ..wire.spawn import bare, spawn
from .edge import Edge
from .generation import Generation
from .process import kill_group
from .rules.events import Pushed

SECONDS = 10.0  # for all of them together
_SPARE = 5.0  # for the child itself


class ConfigPush:
    """Posts a `Pushed` once, with the problem of each process by ``names``.

    ``due`` is when it will have taken too long.  Raises OSError.
    """

    def __init__(self, edge: Edge, new: Generation, names: list[str], changed: list[str]) -> None:
        self._edge = edge
        self._names = names
        self.due = time.monotonic() + SECONDS + _SPARE
        specs = {name: new.spec(name.rpartition(".")[0]) for name in names}
        # A service that the new configuration does not have is handed nothing of it.
        handed = {name: spec.handed if spec else () for name, spec in specs.items()}
        question = questions.config_push(edge.plan.paths.run, handed, changed, SECONDS)
        words = bare(new.python, new.paths.root, "push", json.dumps(question))
        self._said = high(os.memfd_create("relforge-answers", os.MFD_CLOEXEC))
        try:
            variables = new.variables()
            self._child = spawn(words, variables, descriptors=(new.config, self._said))
        except OSError:
            os.close(self._said)
            raise
        edge.watch(self._child, self._ended)

    def kill(self) -> None:
        """End it; what it has to say concerns nobody."""
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
            if not isinstance(found, dict) or set(found) != set(self._names):
                raise ValueError(data)
        except (ValueError, RecursionError):
            found = dict.fromkeys(self._names, "the new configuration could not be delivered")
        self._edge.post(Pushed(found))
