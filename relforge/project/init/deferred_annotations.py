"""Annotations with names that exist for type checkers alone.

Python 3.14 evaluates annotations when somebody asks for them (PEP 649); the Pythons before it
do so when the function or class is defined, and fail.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from relforge.project.init.syntax import dotted, names, statements

SINCE = 14  # the minor version that defers them


def find(path: str, tree: ast.Module) -> str:
    """The first of a module, as ``shop/web.py:12 (Request)``; "" where there is none."""
    blocks = [row for row in tree.body if isinstance(row, ast.If) and _is_typing(row)]
    typed = {name for row in blocks for name in _bound(row.body)}
    if not typed or _is_deferred(tree):
        return ""
    rest = [row for row in tree.body if row not in blocks]
    rest += [inner for row in blocks for inner in row.orelse]
    typed -= set(_bound(rest))
    for node in _annotations(rest):
        for row in ast.walk(node):
            if isinstance(row, ast.Name) and row.id in typed:
                return f"{path}:{row.lineno} ({row.id})"
    return ""


def _is_typing(node: ast.If) -> bool:
    return dotted(node.test).rpartition(".")[2] == "TYPE_CHECKING"


def _is_deferred(tree: ast.Module) -> bool:
    rows = (row for row in tree.body if isinstance(row, ast.ImportFrom))
    return any(
        row.module == "__future__" and any(name.name == "annotations" for name in row.names)
        for row in rows
    )


def _bound(body: Iterable[ast.stmt]) -> Iterator[str]:
    for node in statements(body):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (row.asname or row.name.partition(".")[0] for row in node.names)
        elif isinstance(node, ast.Assign):
            yield from (name for target in node.targets for name in names(target))
        elif isinstance(node, ast.AnnAssign | ast.For):
            yield from names(node.target)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.With):
            yield from (name for row in node.items if row.optional_vars
                        for name in names(row.optional_vars))  # fmt: skip


def _annotations(body: Iterable[ast.stmt]) -> Iterator[ast.expr]:
    """Those that are evaluated when the module is imported."""
    for node in statements(body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = node.args
            rows = (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg)
            found = (node.returns, *(row.annotation for row in rows if row))
            yield from (row for row in found if row is not None)
        elif isinstance(node, ast.ClassDef):
            yield from _annotations(node.body)
        elif isinstance(node, ast.AnnAssign):
            yield node.annotation
