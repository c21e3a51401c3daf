"""Variables that a module reads without a default, and does not survive the absence of.

``URL = os.getenv("DATABASE_URL")`` alone asks for nothing; ``create_engine(URL)`` behind it does.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeGuard

from relforge.project.init.environment_syntax import GETENV, ends
from relforge.project.init.syntax import dotted

# Calls that fail with None as their first argument, by the last part of their names.
_TAKERS = frozenset({
    "Database", "Fernet", "Path", "create_async_engine", "create_engine", "float", "from_url",
    "int", "make_url"
})  # fmt: skip


def demanded(nodes: Sequence[ast.AST], at_import: set[int]) -> Iterator[ast.Call]:
    """The calls of `getenv` whose None the module cannot use, among those made at import."""
    bound = _bound(nodes, at_import)
    asked = set(_asked(nodes))
    for node in nodes:
        for value in _used(node) if id(node) in at_import else ():
            named = isinstance(value, ast.Name) and value.id not in asked
            read = bound.get(dotted(value)) if named else value
            if read is not None and _is_open(read):
                yield read
    for name in refused(node for node in nodes if id(node) in at_import):
        if name in bound:
            yield bound[name]
    yield from _of_django(nodes, at_import)


def refused(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """``if X is None: raise ...``, ``if not X: sys.exit()``, ``assert X``."""
    for node in nodes:
        if isinstance(node, ast.If) and any(ends(row) for row in node.body):
            tests = node.test.values if isinstance(node.test, ast.BoolOp) else [node.test]
            yield from (dotted(row) for test in tests for row in _absent(test))
        elif isinstance(node, ast.Assert):
            yield dotted(node.test.left if isinstance(node.test, ast.Compare) else node.test)


def _absent(test: ast.expr) -> Iterator[ast.expr]:
    """What a condition says is missing."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = test.operand
        rows = inner.args if isinstance(inner, ast.Call) and dotted(inner.func) == "all" else []
        listed = (row for arg in rows if isinstance(arg, ast.List | ast.Tuple) for row in arg.elts)
        yield from (inner, *listed)
    elif isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is | ast.Eq):
        other = test.comparators[0]
        yield from (test.left,) if isinstance(other, ast.Constant) and not other.value else ()


def _of_django(nodes: Sequence[ast.AST], at_import: set[int]) -> Iterator[ast.Call]:
    """The key of a site, which Django takes in no other way."""
    rows = {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign) and id(node) in at_import
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    key = rows.get("SECRET_KEY")
    if "INSTALLED_APPS" in rows and key is not None and _is_open(key):
        yield key


def _bound(nodes: Sequence[ast.AST], at_import: set[int]) -> dict[str, ast.Call]:
    """The names that hold what `getenv` answered, and that nothing else is put into."""
    stored = Counter(
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    return {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign) and id(node) in at_import and _is_open(node.value)
        for target in node.targets
        if isinstance(target, ast.Name) and stored[target.id] == 1
    }


def _is_open(node: ast.AST) -> TypeGuard[ast.Call]:
    """``os.getenv("X")``, with no default or with None."""
    if not isinstance(node, ast.Call) or dotted(node.func) not in GETENV or not node.args:
        return False
    given = [*node.args[1:], *(row.value for row in node.keywords)]
    return all(isinstance(row, ast.Constant) and row.value is None for row in given)


def _used(node: ast.AST) -> Iterator[ast.expr]:
    """What may not be None: the argument of some calls, the object of a method, a part of a sum."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from (node.left, node.right)
    elif not isinstance(node, ast.Call):
        return
    elif dotted(node.func).rpartition(".")[2] in _TAKERS and node.args:
        yield node.args[0]
    elif isinstance(node.func, ast.Attribute):
        yield node.func.value


def _asked(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """Names that a condition looks at: the module knows that they may be None."""
    for node in nodes:
        tests: list[ast.expr] = []
        if isinstance(node, ast.If | ast.IfExp | ast.While | ast.Assert):
            tests = [node.test]
        elif isinstance(node, ast.BoolOp):
            tests = node.values
        for test in tests:
            yield from (row.id for row in ast.walk(test) if isinstance(row, ast.Name))
