"""What lines and files that start processes leave to do: a sentence each."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relforge.project.init import (
    running,
)
from relforge.project.init.found import Found


def of_procfile(found: Found) -> Iterator[str]:
    """Of the Procfile, of a compose file and of the files of other process managers."""
    for row in found.programs:
        if row.name == "release":
            yield (
                f"the Procfile's release line, `{row.line.text}`, is the command `release-phase`: "
                "it does not run automatically: run it before the first start, and set it as "
                "the hook pre_upgrade"
            )
        for number, words in enumerate(row.line.before):
            yield (
                f"the Procfile's {row.name} line runs `{words.text}` first: here that is the "
                f"command {running.before(row.name, number)}, which does not run automatically"
            )
    for path in ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"):
        names = _compose(found.sources.text(path))
        if names and not found.programs:
            yield f"{path} has the services {', '.join(names)}: their commands were not read"
    for path in ("uwsgi.ini", "supervisord.conf", "circus.ini"):
        if found.sources.has(path):
            yield f"{path} was not read: check that the settings have everything it starts"


def _compose(text: str) -> list[str]:
    body = re.search(r"^services:\s*\n((?:[ \t]+.*\n|\s*\n|#.*\n)*)", text + "\n", re.MULTILINE)
    rows = re.findall(r"^([ \t]+)([\w.-]+):\s*(?:#.*)?$", body[1], re.MULTILINE) if body else []
    least = min((len(indent) for indent, _ in rows), default=0)
    return [name for indent, name in rows if len(indent) == least]
