"""What a module imports: names, modules, and which of them it can do without."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from relforge.project.init.facts import Imported


def full(row: Imported) -> str:
    """The dotted name that is imported."""
    return ".".join(part for part in (row.module, row.name) if part)


def names(nodes: list[ast.AST]) -> Iterator[tuple[str, Imported]]:
    """Each name that an import binds, and what it stands for."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for row in node.names:
                first = row.name.partition(".")[0]
                yield row.asname or first, Imported(0, row.name if row.asname else first)
        elif isinstance(node, ast.ImportFrom):
            for row in node.names:
                yield row.asname or row.name, Imported(node.level, node.module or "", row.name)


def modules(nodes: list[ast.AST]) -> Iterator[tuple[str, int]]:
    """Each module that may be imported, with the level of a relative import."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((row.name, 0) for row in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            yield base, node.level
            for row in node.names:
                yield f"{base}.{row.name}".strip("."), node.level


def optional(nodes: list[ast.AST]) -> Iterator[str]:
    """Modules that are only imported where they are there, or under another Python."""
    asked: set[int] = set()
    for node in nodes:
        if isinstance(node, ast.Try):
            caught = " ".join(
                ast.unparse(row.type) if row.type else "Exception" for row in node.handlers
            )
            if re.search(r"ImportError|ModuleNotFoundError|Exception", caught):
                asked |= {id(inner) for inner in ast.walk(node)}
        elif isinstance(node, ast.If) and "version_info" in ast.unparse(node.test):
            asked |= {id(inner) for inner in ast.walk(node)}
    plain = [row for row in nodes if id(row) not in asked]
    hard = {name.partition(".")[0] for name, level in modules(plain) if not level}
    soft = [row for row in nodes if id(row) in asked]
    yield from {name.partition(".")[0] for name, level in modules(soft) if not level} - hard
