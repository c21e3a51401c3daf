"""What a lock is asked for, and what it depends on."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from relforge import cache
from relforge.layers.deps.direct_requirements import wanted
from relforge.layers.deps.package_sources import places
from relforge.layers.deps.pins import Pin
from relforge.layers.deps.platform import Platform, platform
from relforge.layers.deps.resolver_question import Question
from relforge.model.release import Interpreter, Target
from relforge.model.spec import Project, Settings
from relforge.project import lockfile

FORMAT = "3"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRequest:
    """Which lock is wanted: of whose requirements, for which Python, in which file.

    The file's name decides the format: ``pylock.toml``, ``pylock.<name>.toml``, or
    any other name for a hashed requirements file, which holds no addresses.
    """

    project: Project
    settings: Settings
    interpreter: Interpreter
    target: Target
    output: Path
    is_named: bool = False  # on the command line: a file that another tool wrote is replaced

    @property
    def wanted(self) -> tuple[str, ...]:
        """The direct requirements, sorted."""
        return tuple(sorted({text for _, text in wanted(self.project, self.settings)}))

    @property
    def python(self) -> Path | None:
        """The interpreter that asks packages what they need; None: there is none on this host."""
        here = self.interpreter.machine == os.uname().machine
        return self.interpreter.helper if here else None

    @property
    def platform(self) -> Platform:
        return platform(self.interpreter, self.target)

    @property
    def is_pylock(self) -> bool:
        return self.output.suffix == ".toml"

    @property
    def added(self) -> Path | None:
        """The file of `dependencies.add`, where another tool wrote the lock; None: all in one."""
        if self.is_named:
            return None
        return lockfile.beside(self.output, self.project.root, self.settings)

    @property
    def key(self) -> str:
        """What the lock depends on, apart from when it was made."""
        return self.key_of(self.wanted, "pylock" if self.is_pylock else "requirements")

    @property
    def constraints(self) -> tuple[str, ...]:
        """What limits versions without being a requirement."""
        asked = self.project.requirements
        return tuple(row.text for row in asked.constraints) if asked else ()

    def key_of(self, requirements: Iterable[str], kind: str) -> str:
        """The key of a lock of that kind which answers these requirements."""
        machine = self.target.machine if self.python is None else ""
        indexes = [
            f"{index.url} {index.default} {' '.join(index.packages)}".rstrip()
            for index in self.settings.packages.indexes
        ]
        facts = (
            kind,
            self.interpreter.short,
            machine,
            *indexes,
            *self.settings.packages.find_links,
        )
        limits = sorted(self.constraints)
        return cache.key("lock", FORMAT, *facts, "", *requirements, "", *limits)

    def question(
        self, requirements: Iterable[str], kept: Iterable[Pin], constraints: Iterable[str] = ()
    ) -> Question:
        """What a resolver is asked; ``kept`` stays where it fits."""
        return Question(
            requirements=tuple(requirements),
            kept=tuple(kept),
            python=self.python,
            target=self.platform,
            places=places(self.settings.packages, self.project.root),
            root=self.project.root,
            constraints=(*self.constraints, *constraints),
        )
