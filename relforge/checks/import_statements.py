"""The absolute imports of a source, and whether they always run when it is imported."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

Row = tuple[str, int, bool]  # a dotted name, its line, whether it always runs

_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(:[A-Za-z_][\w.]*)?")
_LONGEST = 200  # characters of the name of a module
_OPTIONAL = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


def of(path: Path) -> list[Row]:
    """Every import of the source but those that it can do without; none where it does not parse.

    Of ``from a import b`` the name is ``a.b``.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError):  # a template, or for another Python
        return []
    return list(_in(tree.body, certain=True))


def names_in(path: Path) -> list[list[str]]:
    """All by which a source may reach others: ``[kind, name]`` each once.

    ``import`` with a dotted name, ``from`` with one that begins with the dots of a
    relative import, ``text`` with a string that may name a module.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError):
        return []
    found: dict[tuple[str, str], None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= dict.fromkeys(("import", alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            kind, module = ("from" if node.level else "import"), "." * node.level
            module += node.module or ""
            dot = "." if node.module else ""
            found |= dict.fromkeys((kind, f"{module}{dot}{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Constant) and _may_name(node.value):
            found["text", str(node.value).partition(":")[0]] = None
    return [list(row) for row in found]


def _may_name(value: object) -> bool:
    """Whether a constant may be the name of a module."""
    return isinstance(value, str) and len(value) < _LONGEST and bool(_DOTTED.fullmatch(value))


def _in(nodes: list[ast.stmt], *, certain: bool) -> Iterator[Row]:
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, certain
        elif isinstance(node, ast.ImportFrom):
            yield from _names(node, certain=certain)
        else:
            for block, always in _blocks(node):
                yield from _in(block, certain=certain and always)


def _names(node: ast.ImportFrom, *, certain: bool) -> Iterator[Row]:
    """Each name with its module: of a namespace package, that is one."""
    if node.module and not node.level:
        names = [f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*"]
        for name in names or [node.module]:
            yield name, node.lineno, certain


def _blocks(node: ast.stmt) -> Iterator[tuple[list[ast.stmt], bool]]:
    """The statements inside of a statement, and whether they run whenever it does."""
    if isinstance(node, ast.ClassDef):
        yield node.body, True
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.body, False
    elif isinstance(node, ast.Try | ast.TryStar):
        yield from _blocks_of_try(node)
    elif isinstance(node, ast.If):
        if _last_name(node.test) != "TYPE_CHECKING":
            yield node.body, False
        yield node.orelse, False
    elif isinstance(node, ast.With | ast.AsyncWith):
        if not any(_suppresses(item.context_expr) for item in node.items):
            yield node.body, True
    elif isinstance(node, ast.For | ast.AsyncFor | ast.While):
        yield [*node.body, *node.orelse], False
    elif isinstance(node, ast.Match):
        yield from ((case.body, False) for case in node.cases)


def _blocks_of_try(node: ast.Try | ast.TryStar) -> Iterator[tuple[list[ast.stmt], bool]]:
    """Nothing of an attempt that may fail, nor of what is done instead."""
    if any(_catches(handler.type) for handler in node.handlers):
        yield [*node.orelse, *node.finalbody], False
        return
    yield [*node.body, *node.orelse, *node.finalbody], True
    yield from ((handler.body, False) for handler in node.handlers)


def _catches(kind: ast.expr | None) -> bool:
    if kind is None:
        return True
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(_last_name(row) in _OPTIONAL for row in kinds)


def _suppresses(call: ast.expr) -> bool:
    if not isinstance(call, ast.Call) or _last_name(call.func) != "suppress":
        return False
    return any(_last_name(row) in _OPTIONAL for row in call.args)


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
