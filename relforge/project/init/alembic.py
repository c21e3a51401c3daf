"""Alembic's files, which a release needs to migrate."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from relforge.project.init.reading import Sources


def files(sources: Sources) -> tuple[str, ...]:
    """alembic.ini and the directory that it names."""
    found = []
    for path in sources.files:
        if PurePosixPath(path).name == "alembic.ini" and not sources.is_aside(path):
            found.append(path)
            place = re.search(r"^\s*script_location\s*=\s*(\S+)", sources.text(path), re.MULTILINE)
            said = (place[1] if place else "alembic").replace("%(here)s/", "").removeprefix("./")
            directory = str(PurePosixPath(path).parent / said)
            if sources.has(directory):
                found.append(directory)
    return tuple(found)
