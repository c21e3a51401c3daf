"""Which modules the files of a release make, by their paths alone."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Modules:
    """The modules in the searched directories; ``directories`` have files below them."""

    roots: tuple[str, ...]
    files: frozenset[str]  # without what follows the first dot of their names
    directories: frozenset[str]

    @classmethod
    def of(cls, paths: Iterable[str], roots: tuple[str, ...]) -> Modules:
        """What those files of a release are, to an interpreter that searches those roots."""
        files, directories = set(), set()
        for path in paths:
            if path.endswith((".py", ".so", ".pyc")):
                directory, _, name = path.rpartition("/")
                files.add(f"{directory}/{name.partition('.')[0]}")
                while directory and directory not in directories:
                    directories.add(directory)
                    directory = os.path.dirname(directory)
        return cls(roots=roots, files=frozenset(files), directories=frozenset(directories))

    def have(self, name: str) -> bool:
        """Whether a dotted name can be imported; what a regular package holds is its own matter."""
        return any(self._have(root, name.split(".")) for root in self.roots)

    def standard(self, name: str, short: str) -> bool:
        """Whether the standard library of the release has a file or package of that name."""
        directory = f"python/lib/python{short}"
        return any(
            place in self.files or place in self.directories
            for place in (f"{directory}/{name}", f"{directory}/lib-dynload/{name}")
        )

    def _have(self, directory: str, parts: list[str]) -> bool:
        for part in parts:
            directory = f"{directory}/{part}"
            if directory in self.files or f"{directory}/__init__" in self.files:
                return True
            if directory not in self.directories:
                return False
        return True
