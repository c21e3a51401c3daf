"""What of a project is run from the command line."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from relforge.project.init.applications import counts, module, parse
from relforge.runtime.contract.command import RESERVED

MANAGE = "manage.py"
NO_PROGRAMS = frozenset({"conftest.py", "fabfile.py", "noxfile.py", "setup.py", "tasks.py"})
_COMMAND = re.compile(r"[a-z][a-z0-9_-]*")


def find(
    root: Path, files: Iterable[str], scripts: Mapping[str, str], *, serves: bool
) -> tuple[tuple[str, str], ...]:
    """Commands for the release: name and callable.

    Django's ``manage.py`` always is one.  Where nothing is served, so are console
    scripts, or else programs with a ``main()`` behind the usual guard.
    """
    there = set(files)
    manage = {"manage": "manage:main"} if _has_main(root / MANAGE, MANAGE in there) else {}
    others: Mapping[str, str] = {}
    if not serves and not manage:
        others = scripts or dict(_programs(root, sorted(there)))
    return tuple(
        (name, call)
        for name, call in {**manage, **others}.items()
        if _COMMAND.fullmatch(name) and name not in RESERVED
    )


def _programs(root: Path, files: Iterable[str]) -> Iterator[tuple[str, str]]:
    for file in files:
        path = PurePosixPath(file)
        inner = file.removeprefix("src/").count("/")
        top = inner == 0 or (inner == 1 and path.name == "__main__.py")
        if top and counts(file) and path.name not in NO_PROGRAMS and _has_main(root / file, True):
            name = path.parent.name if path.name == "__main__.py" else path.stem
            yield name.replace("_", "-"), f"{module(file)}:main"


def _has_main(path: Path, there: bool) -> bool:
    """A program with the guard, whose ``main`` can be called with nothing."""
    tree = parse(path) if there else None
    body = tree.body if tree else []
    guard = any(isinstance(row, ast.If) and "__main__" in ast.unparse(row.test) for row in body)
    mains = (row for row in body if isinstance(row, ast.FunctionDef) and row.name == "main")
    free = any(len(row.args.args) == len(row.args.defaults) for row in mains)
    return free and (guard or path.name == "__main__.py")
