"""The environment variables that a module reads, and which of them it cannot do without.

What is read with a default, inside a function, or behind a question for it is optional.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from relforge.project.init import demanded, settings_fields
from relforge.project.init.environment_readers import EnvironmentReader
from relforge.project.init.environment_syntax import (
    ENVIRON,
    GETENV,
    KINDS,
    Variable,
    ends,
    plain,
    texts,
)
from relforge.project.init.syntax import dotted, is_guard

# What every process has, or what the release and the service's own manager set.
EVERYWHERE = frozenset({
    "CI", "HOME", "HOSTNAME", "LANG", "LC_ALL", "LOGNAME", "PATH", "PWD", "PYTHONPATH",
    "SHELL", "TEMP", "TERM", "TMP", "TMPDIR", "TZ", "USER", "VIRTUAL_ENV"
})  # fmt: skip


def variables(
    path: str, tree: ast.Module, imported: dict[str, str], nodes: Sequence[ast.AST] = ()
) -> tuple[Variable, ...]:
    """Those that the module reads; ``imported`` says what its names stand for.

    ``nodes`` are all nodes of the module, where somebody has walked it already.
    """
    tree, nodes = plain(tree, imported, nodes or tuple(ast.walk(tree)))
    found: dict[str, Variable] = {}
    reader = EnvironmentReader(tree, nodes, imported)
    guarded = set(_guarded(nodes))
    at_import = {id(node) for node in _at_import(tree)}
    kinds = _kinds(nodes)
    unsurvived = {id(node) for node in demanded.demanded(nodes, at_import)}
    for node in nodes:
        for name, needed, kind in reader.of(node):
            wanted = needed or id(node) in unsurvived
            wanted = wanted and id(node) in at_import and name not in guarded
            before = found.get(name)
            if before is None or (wanted and not before.needed):
                found[name] = Variable(
                    name=name,
                    path=path,
                    line=getattr(node, "lineno", 0),
                    needed=wanted,
                    kind=kind or kinds.get(id(node), "str"),
                )
    for row in settings_fields.fields(path, tree, imported, nodes):
        found.setdefault(row.name, row)
    return tuple(found.values())


def written(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """The variables that the module sets itself, where they are missing or always."""
    for node in nodes:
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            if dotted(node.value) in ENVIRON:
                yield from texts(node.slice)
        elif isinstance(node, ast.Call) and dotted(node.func).endswith("environ.setdefault"):
            yield from texts(*node.args[:1])


def _at_import(tree: ast.Module) -> Iterator[ast.AST]:
    """Nodes that are evaluated when the module is imported."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    rows: list[ast.AST] = [row for row in tree.body if not is_guard(row)]
    while rows:
        node = rows.pop()
        yield node
        if not isinstance(node, functions):
            rows.extend(ast.iter_child_nodes(node))


def _guarded(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """The variables whose absence the module asks about, or catches."""
    for node in nodes:
        if isinstance(node, ast.Compare) and any(
            isinstance(o, ast.In | ast.NotIn) for o in node.ops
        ):
            if any(dotted(row) in ENVIRON for row in node.comparators):
                yield from texts(node.left)
        elif isinstance(node, ast.Try):
            caught = " ".join(ast.unparse(row.type) for row in node.handlers if row.type)
            if re.search(r"KeyError|LookupError|Exception", caught):
                yield from texts(*(inner for row in node.body for inner in ast.walk(row)))
        elif isinstance(node, ast.If | ast.IfExp) and _asks(node.test):
            body = node.body if isinstance(node.body, list) else [node.body]
            if not any(ends(row) for row in body):
                behind = (inner for row in (node.test, *body) for inner in ast.walk(row))
                yield from texts(*behind)


def _asks(test: ast.expr) -> bool:
    """Whether a condition looks at the environment."""
    rows = (dotted(row) for row in ast.walk(test))
    return any(row in (*ENVIRON, *GETENV) for row in rows)


def _kinds(nodes: Sequence[ast.AST]) -> dict[int, str]:
    """What reads are turned into at once: ``int(os.environ["X"])``."""
    return {
        id(node.args[0]): KINDS[dotted(node.func)]
        for node in nodes
        if isinstance(node, ast.Call) and dotted(node.func) in ("int", "float") and node.args
    }
