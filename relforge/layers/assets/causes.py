"""Why a command of the assets failed, by what it printed; and what to do about that."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

INPUTS = "it runs in a copy that contains only what `assets.inputs` names"
TRACEBACK = "Traceback (most recent call last):"
LINES = 10  # of a traceback: its end says what is wrong
_VARIABLE = re.compile(r"KeyError: '([A-Za-z_][A-Za-z0-9_]*)'")
_NAMED_VARIABLE = re.compile(
    r"(?:[Ss]et the |variable |environment variable )[`'\"]?([A-Z][A-Z0-9_]{2,})"
)
_CONFIGURATION = (
    "ImproperlyConfigured",
    "UndefinedValueError",  # decouple
    "ValidationError",  # pydantic
    "MissingEnvironmentVariable",
    "the configuration",
)
_MISSING = (
    re.compile(r"No such file or directory: '([^']+)'"),
    re.compile(r"ENOENT: no such file or directory, \w+ '([^']+)'"),
    re.compile(r"(?:Cannot find module|Could not resolve|Can't resolve) [\"']([./][^\"']*)[\"']"),
    re.compile(r"^(?:\S+: )*(?:can(?:no|')t (?:open|access|stat) )?'?(\S+?)'?: No such file", re.M),
)


def hint(output: str, work: Path, root: Path) -> str:
    """What to do, by the cause; ``work`` is the copy of the project that the command ran in."""
    last = "\n".join(output.splitlines()[-LINES:])
    if "environ" in output and (match := _VARIABLE.search(last)):
        return _variable(match[1])
    if any(word in last for word in _CONFIGURATION):
        match = _NAMED_VARIABLE.search(last)
        return _variable(match[1] if match else "NAME")
    for pattern in _MISSING:
        if match := pattern.search(last):
            return _path(match[1], work, root)
    return INPUTS


def tail(lines: Sequence[str]) -> Sequence[str]:
    """The lines that are worth showing."""
    starts = [index for index, line in enumerate(lines) if line.strip() == TRACEBACK]
    return lines[-LINES:] if starts and len(lines) - starts[-1] > LINES else lines


def _variable(name: str) -> str:
    return (
        "it needs configuration: set it for the build in [tool.relforge.check], "
        f'env = {{ {name} = "..." }}, or for a schema, config = {{ "key" = ... }}'
    )


def _path(path: str, work: Path, root: Path) -> str:
    """What to do about a file that is missing in the copy."""
    inner = os.path.relpath(path, work) if os.path.isabs(path) else os.path.normpath(path)
    if inner.startswith(".."):
        return f"{path} does not exist; {INPUTS}"
    there = (root / inner).exists()
    where = "is in the project, but not in" if there else "is not in"
    return f'{inner} {where} `assets.inputs`: {INPUTS}; add "{inner}" to it'
