"""Which modules the files of a release make, by their paths alone."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Modules:
    """The modules below some directories that are searched.  ``folders`` have files below them."""

    roots: tuple[str, ...]
    files: frozenset[str]  # without what follows the first dot of their names
    folders: frozenset[str]

    @classmethod
    def of(cls, paths: Iterable[str], roots: tuple[str, ...]) -> Modules:
        """What those files of a release are, to an interpreter that searches those roots."""
        files, folders = set(), set()
        for path in paths:
            if path.endswith((".py", ".so", ".pyc")):
                folder, _, name = path.rpartition("/")
                files.add(f"{folder}/{name.partition('.')[0]}")
                while folder and folder not in folders:
                    folders.add(folder)
                    folder = os.path.dirname(folder)
        return cls(roots=roots, files=frozenset(files), folders=frozenset(folders))

    def have(self, name: str) -> bool:
        """Whether a dotted name can be imported; what a regular package holds is its own matter."""
        return any(self._have(root, name.split(".")) for root in self.roots)

    def standard(self, name: str, short: str) -> bool:
        """Whether the standard library of the release has a file or package of that name."""
        folder = f"python/lib/python{short}"
        return any(
            place in self.files or place in self.folders
            for place in (f"{folder}/{name}", f"{folder}/lib-dynload/{name}")
        )

    def _have(self, folder: str, parts: list[str]) -> bool:
        for part in parts:
            folder = f"{folder}/{part}"
            if folder in self.files or f"{folder}/__init__" in self.files:
                return True
            if folder not in self.folders:
                return False
        return True
