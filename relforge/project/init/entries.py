"""The modules with which a release begins, and what they import from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from relforge.project.init.contents import Contents
from relforge.project.init.dependencies import Dependencies
from relforge.project.init.django import Settings
from relforge.project.init.names import Names
from relforge.project.init.processes import OwnCommand, Process
from relforge.project.init.program_words import modules_of
from relforge.project.init.reading import Sources

_LONGEST = 20_000  # characters of a script


def of_programs(
    processes: Iterable[Process], commands: Iterable[OwnCommand], settings: Settings | None
) -> list[str]:
    """The modules with which something of the release begins."""
    found = [name for process in processes for name in process.modules]
    found += [name for command in commands for name in command.modules]
    return found if settings is None else [*found, settings.module, *settings.apps()]


def of_files(sources: Sources, paths: Iterable[str]) -> Iterator[str]:
    """The modules that scripts and files of configuration name: ``module = shop:app``."""
    for path in paths:
        yield from modules_of(tuple(re.split(r"[\s=,;'\"]+", sources.text(path)[:_LONGEST])))


def imported(known: Names, chosen: Contents, asked: Dependencies) -> frozenset[str]:
    """The modules that what goes in imports; setuptools brings distutils."""
    rows = [known.modules[name] for name in chosen.reached]
    names = {
        name.partition(".")[0]
        for row in rows
        for name, level in row.needs
        if not level and name.partition(".")[0] not in row.optional
    }
    return frozenset(names - ({"distutils"} if "setuptools" in asked else set()))
