"""Directories that a Procfile, a Dockerfile or the words of a server name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from relforge.project.init.procfile import Program
from relforge.project.init.reading import Sources


def find(lines: tuple[Program, ...], program: Program | None, sources: Sources) -> Iterator[str]:
    """Directories that something names as the place where one works, or as a part of PYTHONPATH."""
    for row in (*lines, *([program] if program else ())):
        if row.line.main is not None:
            yield row.line.main.cwd
            yield from (value for key, value in row.line.main.env if key == "PYTHONPATH")
        server = row.server
        if server is not None and server.root:
            yield server.root.strip("./") or server.root
    for value in re.findall(r"PYTHONPATH[= ]\"?([\w./:$-]+)", sources.text("Dockerfile")):
        for path in value.split(":"):
            parts = PurePosixPath(path).parts
            yield from ("/".join(parts[number:]) for number in range(1, len(parts)))
