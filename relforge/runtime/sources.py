"""What the sources of a package say, without running any of them."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
from collections.abc import Iterator
from typing import Any

_SAYS_READY = re.compile(
    rb"\bready\(\)|\bimport\b.*\bready\b|READY=1|sd_?notify|relforge\.runtime", re.ASCII
)


def is_there(package: str) -> bool:
    """Whether it can be imported."""
    return importlib.util.find_spec(package) is not None


def first_missing(package: str) -> tuple[str, str] | None:
    """The first import of a module that is not there: its file and line, and the module."""
    for file in _sources(importlib.util.find_spec(package)):
        for imported, line in _imports(file):
            if not is_there(imported):
                return f"{file}:{line}", imported
    return None


def say_ready(target: str) -> bool:
    """Whether the sources of the target's package speak of readiness at all."""
    spec = importlib.util.find_spec(target.partition(":")[0].partition(".")[0])
    files = [*_sources(spec)] if spec is not None else []
    if not all(file and file.endswith(".py") for file in files):
        return True  # bytecode, or written in C
    return not files or any(_mentions_ready(file) for file in files)


def _mentions_ready(file: str) -> bool:
    with open(file, "rb") as source:
        return _SAYS_READY.search(source.read()) is not None


def _sources(spec: Any) -> Iterator[str]:
    if not spec.submodule_search_locations:
        yield spec.origin
    for directory in spec.submodule_search_locations or ():
        for parent, _, files in os.walk(directory):
            yield from (os.path.join(parent, file) for file in files if file.endswith(".py"))


def _imports(file: str) -> Iterator[tuple[str, int]]:
    """Top-level names that a source imports unconditionally, with their lines."""
    with open(file, "rb") as source:
        tree = ast.parse(source.read(), file)
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0], node.lineno
