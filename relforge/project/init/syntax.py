"""Expressions of a module, as far as `relforge init` asks about them; nothing of it is run."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """``app`` or ``api.app``, as the module writes it."""

    dotted: str


@dataclass(frozen=True, slots=True)
class Text:
    """A string literal."""

    value: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call of something that has a name."""

    callee: str
    args: tuple[Expression, ...] = ()
    keywords: tuple[tuple[str, Expression], ...] = ()

    def argument(self, position: int, keyword: str) -> Expression | None:
        """The argument at that position or of that name."""
        named = dict(self.keywords).get(keyword)
        return named or (self.args[position] if position < len(self.args) else None)


@dataclass(frozen=True, slots=True)
class Other:
    """What has no name: a literal, a comprehension, an operation."""

    keys: tuple[str, ...] = ()  # of a dictionary with literal keys


Expression = Name | Text | Call | Other


def expression(node: ast.AST | None) -> Expression:
    """The expression of a node."""
    if isinstance(node, ast.Await):
        return expression(node.value)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return Text(node.value)
    if isinstance(node, ast.Call) and dotted(node.func):
        return Call(
            dotted(node.func),
            tuple(expression(row) for row in node.args),
            tuple((row.arg, expression(row.value)) for row in node.keywords if row.arg),
        )
    if isinstance(node, ast.Dict):
        keys = (row.value for row in node.keys if isinstance(row, ast.Constant))
        return Other(tuple(key for key in keys if isinstance(key, str)))
    return Name(dotted(node)) if node is not None and dotted(node) else Other()


def dotted(node: ast.AST) -> str:
    """``a.b.c`` of nested attributes, "" where something else stands in between."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def names(target: ast.AST) -> Iterator[str]:
    """The names that an assignment to this target binds."""
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for row in target.elts:
            yield from names(row)


def assigned(node: ast.stmt) -> Iterator[tuple[str, ast.expr | None]]:
    """Each name that this statement binds by an assignment, with its value."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if pairs := _pairs(target, node.value):  # app, worker = FastAPI(), Celery()
                yield from ((name, value) for one, value in pairs for name in names(one))
                continue
            first = target
            while isinstance(first, ast.Tuple) and first.elts and isinstance(node.value, ast.Call):
                first = first.elts[0]  # app, rt = fast_app()
            own = {*names(first)} if isinstance(first, ast.Name) else set()
            yield from ((name, node.value if name in own else None) for name in names(target))
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        yield from ((name, node.value) for name in names(node.target))


def _pairs(target: ast.expr, value: ast.expr) -> tuple[tuple[ast.expr, ast.expr], ...]:
    """Each of several targets with its own value; none where one value is for all of them."""
    rows = (ast.Tuple, ast.List)
    if not isinstance(target, rows) or not isinstance(value, rows):
        return ()
    starred = any(isinstance(row, ast.Starred) for row in (*target.elts, *value.elts))
    if starred or len(target.elts) != len(value.elts):
        return ()
    return tuple(zip(target.elts, value.elts, strict=True))


def statements(body: Iterable[ast.stmt], *, guarded: bool = False) -> Iterator[ast.stmt]:
    """The statements that run when a module is imported, those of `if` and `try` included.

    ``guarded`` takes in what stands behind ``if __name__ == "__main__"``.
    """
    for node in body:
        yield node
        if isinstance(node, ast.If) and is_guard(node) and not guarded:
            yield from statements(node.orelse, guarded=guarded)
            continue
        for name in ("body", "handlers", "orelse", "finalbody"):
            if isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While):
                rows = getattr(node, name, [])
                for row in rows:
                    inner = row.body if isinstance(row, ast.ExceptHandler) else [row]
                    yield from statements(inner, guarded=guarded)


def conditions(body: Iterable[ast.stmt]) -> Iterator[tuple[int, str]]:
    """The statements that run under a condition, by their `id`, with its text."""
    for node in body:
        if isinstance(node, ast.If):
            for inner in statements([*node.body, *node.orelse]):
                yield id(inner), ast.unparse(node.test)


def is_guard(node: ast.stmt) -> bool:
    """Whether this is ``if __name__ == "__main__":``."""
    return isinstance(node, ast.If) and any(
        isinstance(row, ast.Constant) and row.value == "__main__" for row in ast.walk(node.test)
    )
