"""Where a package comes from that is served with, and that the project's dependencies lack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from relforge.project.init import judge
from relforge.project.init.found import Found
from relforge.project.init.frameworks import FLOORS, FRAMEWORKS, TASK_QUEUES
from relforge.project.requirements import choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The keys of `dependencies` that bring them."""

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    add: tuple[str, ...] = ()  # names

    @property
    def requirements(self) -> tuple[str, ...]:
        """What is added, as requirements."""
        return tuple(f"{row}>={FLOORS[row]}" if row in FLOORS else row for row in self.add)

    @property
    def keys(self) -> dict[str, tuple[str, ...]]:
        """Those that have a value."""
        rows = {"extras": self.extras, "groups": self.groups, "add": self.requirements}
        return {name: value for name, value in rows.items() if value}


def of(found: Found) -> Completion:
    """By an extra or a group of the project's own, else by `add`, whichever tool locks the rest."""
    extras: list[str] = []
    groups: list[str] = []
    add: list[str] = []
    if found.lock is None and found.dependencies.readable and not found.dependencies.names:
        return Completion(add=tuple(_unwritten(found)))
    for name in judge.lacking(found):
        if extra := _holding(found.optional, name):
            extras.append(extra)
        elif group := _holding(found.groups, name):
            groups.append(group)
        else:
            add.append(name)
    return Completion(
        extras=tuple(dict.fromkeys(extras)),
        groups=tuple(dict.fromkeys(groups)),
        add=tuple(add),
    )


def _unwritten(found: Found) -> Iterator[str]:
    """The framework and the server of a project that writes no dependencies down at all."""
    rows = (found.names.modules[name].needs for name in found.contents.reached)
    imported = {name.partition(".")[0] for needs in rows for name, level in needs if not level}
    yield from sorted(imported & (FRAMEWORKS | TASK_QUEUES))
    if found.web.process is not None and found.web.process.server:
        yield found.web.process.server


def _holding(tables: Mapping[str, Iterable[str]], name: str) -> str:
    """The table that holds the package and is not for development."""
    rows = (key for key, texts in tables.items() if name in set(_names(texts)))
    return next((key for key in rows if not choice.DEVELOPMENT.search(key)), "")


def _names(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        try:
            yield canonicalize_name(Requirement(text).name)
        except InvalidRequirement:
            continue  # `relforge lock` refuses it, with its place
