"""What processes are started from: one release, one configuration, its sockets."""

from __future__ import annotations

import os

from ..config import loading, portion
from ..paths import Paths
from ..wire.descriptors import high
from .listener import Listener
from .specs import Spec
from .systemd import VARIABLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..schedule.job import JobSpec


class Generation:
    """A release with the configuration that was loaded for it.

    ``environ`` is what its launcher left for the processes, ``config`` the
    memfd, ``listeners`` are the sockets by service; two generations may share them.
    """

    def __init__(
        self, paths: Paths, manifest: dict[str, Any], environ: dict[str, str], config: int
    ) -> None:
        self.paths = paths
        self.manifest = manifest
        self.environ = environ
        self.config = config
        # What differs from the generation before, see `config.changes`; None: who knows.
        self.changes: list[dict[str, Any]] | None = None
        self.exports = True  # whether exported variables differ, too
        self.health: Any = None  # what to ask while it bakes
        self.takes: tuple[int, ...] = ()  # formats of a handover that its runtime understands
        self.specs: list[Spec] = []
        self.jobs: list[JobSpec] = []  # of the schedule
        self.portions: dict[str, int] = {}  # memfds of what services are handed, by their names
        self._withheld: dict[tuple[str, ...] | None, frozenset[str]] = {}
        self.listeners: dict[str, list[Listener]] = {}

    @property
    def version(self) -> str:
        version: str = self.manifest["version"]
        return version

    @property
    def bake(self) -> float:
        """Seconds in which nothing of it may fail, after it has taken the places of another."""
        seconds: float = self.manifest["upgrade"]["bake"]
        return seconds

    @property
    def python(self) -> str:
        """The interpreter, as an absolute path."""
        return os.path.join(self.paths.root, self.manifest["python"]["executable"])

    def variables(self) -> dict[str, str]:
        """What every child gets: the launcher's variables, without internal ones; directories."""
        environ = {
            name: value
            for name, value in self.environ.items()
            if not name.startswith("RELFORGE_") and name not in VARIABLES
        }
        return {**environ, **self.paths.variables()}

    def spec(self, name: str) -> Spec | None:
        """The service of that name."""
        return next((spec for spec in self.specs if spec.name == name), None)

    def portion(self, spec: Spec) -> int:
        """The configuration of a service's processes."""
        if spec.handed is None:
            return self.config
        if spec.name not in self.portions:
            result = loading.read(self.config)
            self.portions[spec.name] = high(loading.sealed(portion.of(result, spec.handed)))
        return self.portions[spec.name]

    def withheld(self, handed: tuple[str, ...] | None) -> frozenset[str]:
        """The variables to be kept from processes that are handed these keys, or all of them."""
        if self.config < 0:
            return frozenset()
        if handed not in self._withheld:
            result = loading.read(self.config)
            found = frozenset(result.get("unset", ()))  # a loader of 0.1.0 does not know it
            if handed is not None:
                found |= portion.hidden(result, handed, self.manifest["config"]["providers"])
            self._withheld[handed] = found
        return self._withheld[handed]

    def handed_variables(self, handed: tuple[str, ...] | None) -> dict[str, str]:
        """`variables` for a process that is handed these keys, or for None all of them."""
        kept = self.withheld(handed)
        return {name: text for name, text in self.variables().items() if name not in kept}

    def sockets(self) -> list[Listener]:
        """All of them, each once."""
        return list({id(row): row for rows in self.listeners.values() for row in rows}.values())

    def leave(self, other: Generation) -> None:
        """Close the sockets that ``other`` does not share."""
        shared = {id(row) for row in other.sockets()}
        for row in self.sockets():
            if id(row) not in shared:
                row.retire()

    def forget(self) -> None:
        """Let go of the configuration; idempotent."""
        for fd in self.portions.values():
            os.close(fd)
        self.portions.clear()
        if self.config >= 0:
            os.close(self.config)
            self.config = -1
