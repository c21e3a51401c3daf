"""The functions and classes that a module defines at its own level."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Set

from relforge.project.init.facts import Class, Function
from relforge.project.init.syntax import (
    Expression,
    assigned,
    dotted,
    expression,
    statements,
)


def functions(body: Iterable[ast.stmt]) -> Iterator[Function]:
    """Those among these statements, with what they return."""
    for node in statements(body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield _function(node)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Function:
    inner = list(ast.walk(node))
    local: dict[str, Expression] = {}
    for row in inner:
        if isinstance(row, ast.stmt):
            local |= {name: expression(value) for name, value in assigned(row)}
    given = node.args
    return Function(
        name=node.name,
        line=node.lineno,
        required=len(given.posonlyargs)
        + len(given.args)
        - len(given.defaults)
        + sum(default is None for default in given.kw_defaults),
        plain=not (given.vararg or given.kwarg or given.kwonlyargs),
        words=tuple(row.arg for row in given.args),
        is_async=isinstance(node, ast.AsyncFunctionDef),
        local=local,
        returns=tuple(expression(row.value) for row in inner if isinstance(row, ast.Return)),
        decorators=tuple(
            dotted(row.func if isinstance(row, ast.Call) else row) for row in node.decorator_list
        ),
        annotation=dotted(node.returns) if node.returns is not None else "",
    )


def unset(tree: ast.Module, nodes: list[ast.AST], bound: Set[str]) -> Iterator[str]:
    """``config: Config``, a name that nothing in the module binds: another module has to."""
    shared = {name for row in nodes if isinstance(row, ast.Global) for name in row.names}
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and node.value is None:
            name = dotted(node.target)
            if name and name not in bound and name not in shared:
                yield name


def classes(tree: ast.Module, *, whole: bool) -> Iterator[Class]:
    """Those at the module's level, with what they define and bind.

    ``whole`` is whether somebody may ask what their methods return and assign.
    """
    for node in statements(tree.body):
        if isinstance(node, ast.ClassDef):
            there = [
                row for row in node.body if isinstance(row, ast.FunctionDef | ast.AsyncFunctionDef)
            ]
            called = next((row for row in there if row.name == "__call__"), None)
            bound = {name for row in node.body for name, _ in assigned(row)}
            yield Class(
                name=node.name,
                bases=tuple(dotted(row) for row in node.bases),
                bound=frozenset(bound | {row.name for row in there}),
                called_with=tuple(row.arg for row in called.args.args[1:]) if called else (),
                methods={row.name: row for row in functions(node.body)} if whole else {},
                attributes=dict(_attributes(node)) if whole else {},
            )


def _attributes(node: ast.ClassDef) -> Iterator[tuple[str, Expression]]:
    """``self.app = FastAPI()``, in whichever method."""
    for row in ast.walk(node):
        if isinstance(row, ast.Assign):
            for target in row.targets:
                owner, _, name = dotted(target).rpartition(".")
                if owner == "self":
                    yield name, expression(row.value)


def decorators(nodes: list[ast.AST]) -> Iterator[str]:
    """The names of all decorators of functions, methods included."""
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for row in node.decorator_list:
                yield dotted(row.func if isinstance(row, ast.Call) else row)
